"""TXT look-ups, from a name server on loopback."""

from __future__ import annotations

from datetime import timedelta

from tests.doubles.zone_server import Misbehaviour, ZoneServer

from sztafeta.net.resolver import ResolverSettings
from sztafeta.net.texts import DnsTexts
from sztafeta.service.ports import TextAnswer

ZONE = {
    "key.example.com": {"TXT": ['"v=DKIM1; " "p=abc"']},
    "two.example.com": {"TXT": ['"a"', '"b"']},
    "alias.example.com": {"CNAME": ["key.example.com."]},
    "lost.example.com": {"CNAME": ["nowhere.example.net."]},
    "other.example.com": {"MX": ["10 mx.example.com."]},
    "ill.example.com": Misbehaviour.SERVFAIL,
}


async def asked(server: ZoneServer, name: str) -> TextAnswer:
    settings = ResolverSettings(nameservers=(server.address,), lifetime=timedelta(seconds=2))
    return await DnsTexts(settings).texts(name)


async def test_the_strings_of_a_record_are_put_together() -> None:
    """RFC 6376 §3.6.2.2: without anything between them."""
    async with ZoneServer(ZONE) as server:
        assert await asked(server, "key.example.com") == TextAnswer(texts=("v=DKIM1; p=abc",))
        assert set((await asked(server, "two.example.com")).texts) == {"a", "b"}


async def test_where_an_alias_leads_is_told() -> None:
    async with ZoneServer(ZONE) as server:
        found = await asked(server, "alias.example.com")
        assert found == TextAnswer(texts=("v=DKIM1; p=abc",), alias="key.example.com")
        lost = await asked(server, "lost.example.com")
        assert lost == TextAnswer(alias="nowhere.example.net")


async def test_nothing_is_told_from_no_answer() -> None:
    async with ZoneServer(ZONE) as server:
        assert await asked(server, "nobody.example.com") == TextAnswer()
        assert await asked(server, "other.example.com") == TextAnswer()
        assert await asked(server, "ill.example.com") == TextAnswer(has_answered=False)


async def test_each_question_is_asked_afresh() -> None:
    """Whoever just published a record wants to know about now."""
    async with ZoneServer(ZONE) as server:
        texts = DnsTexts(ResolverSettings(nameservers=(server.address,)))
        assert await texts.texts("new.example.com") == TextAnswer()
        server.zone["new.example.com"] = {"TXT": ['"x"']}
        assert await texts.texts("new.example.com") == TextAnswer(texts=("x",))
