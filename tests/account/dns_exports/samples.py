"""Records to write, and texts that are hard to write."""

from __future__ import annotations

from hypothesis import strategies as st

from sztafeta.account.dns_records import ExpectedRecord, Purpose, RecordType, plain_text

HARD = st.sampled_from(["${x}", "%{i}", "$", '"', "'", "\\", ";", ' "" ', "#", "ż", "}", "\\;"])
TEXTS = (
    st.lists(HARD | st.text(min_size=1, max_size=300), min_size=1, max_size=6)
    .map("".join)
    .map(plain_text)
    .filter(lambda text: "\\;" not in text)
)
"""Texts as an owner's own SPF record may hold them; OctoDNS cannot say a backslash before a semicolon."""


def a_txt(text: str, name: str = "e1._domainkey.shop.example") -> ExpectedRecord:
    return ExpectedRecord(purpose=Purpose.DKIM, type=RecordType.TXT, name=name, value=text)


def a_cname(name: str, target: str) -> ExpectedRecord:
    return ExpectedRecord(purpose=Purpose.TRACKING, type=RecordType.CNAME, name=name, value=target)
