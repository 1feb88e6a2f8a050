"""DKIM records as zone editors leave them: each mistake has its name."""

from __future__ import annotations

import pytest

from sztafeta.account.sending_domain import KeyAlgorithm
from sztafeta.mail.dkim_key import make_key, record_text
from sztafeta.mail.dkim_record import TEXTS, RecordState, judge_record

WANTED = record_text(make_key("s", KeyAlgorithm.RSA))
OTHER = record_text(make_key("s", KeyAlgorithm.RSA))


@pytest.mark.parametrize(
    ("found", "alias", "state"),
    [
        ([WANTED], "", RecordState.FOUND),
        ([WANTED], "keys.example.net", RecordState.FOUND),
        ([WANTED.replace("; ", ";")], "", RecordState.FOUND),
        ([WANTED[:255] + " " + WANTED[255:]], "", RecordState.FOUND),
        (["p=" + WANTED.partition("p=")[2]], "", RecordState.FOUND),
        ([], "", RecordState.MISSING),
        ([], "keys.example.net", RecordState.ALIASED),
        ([OTHER], "keys.example.net", RecordState.ALIASED),
        ([OTHER], "", RecordState.OTHER_KEY),
        ([f'"{WANTED}"'], "", RecordState.QUOTED),
        ([f'"{WANTED[:255]}" "{WANTED[255:]}"'], "", RecordState.QUOTED),
        ([WANTED.replace(";", "\\;")], "", RecordState.QUOTED),
        ([WANTED[:255]], "", RecordState.CUT),
        (["v=spf1 -all"], "", RecordState.NOT_DKIM),
        (["v=DKIM1; k=rsa; p="], "", RecordState.NOT_DKIM),
        ([WANTED, OTHER], "", RecordState.SEVERAL),
    ],
)
def test_what_dns_holds_is_judged_by_what_it_was_to_hold(
    found: list[str], alias: str, state: RecordState
) -> None:
    """RFC 6376 §3.6.1: white space and the default of k mean nothing."""
    assert judge_record(WANTED, found, alias) is state


def test_every_state_says_what_to_do() -> None:
    assert TEXTS.keys() == set(RecordState)
