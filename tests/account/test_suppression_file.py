"""Lists of suppressed addresses: whose export it is, and what its lines say."""

from __future__ import annotations

import pytest

from sztafeta.account.suppression_file import Line, guarded, read_listing

EXPORTS = [
    (
        "SendGrid",
        "status,reason,email,created\n5.1.1,550 no such user,ann@example.net,1700000000\n",
        "bounce",
    ),
    ("SendGrid", "email,created\nann@example.net,1700000000\n", ""),
    ("Mailgun", "address,code,error,created_at\nann@example.net,550,No such user,x\n", "bounce"),
    ("Mailgun", "address,tags,created_at\nann@example.net,*,x\n", ""),
    (
        "Postmark",
        '"EmailAddress","SuppressionReason","Origin","CreatedAt"\nann@example.net,SpamComplaint,R,x\n',
        "complaint",
    ),
    (
        "EmailLabs",
        "id;account;email;source;reason;comment\n1;a;ann@example.net;panel;hardbounce;x\n",
        "bounce",
    ),
    (
        "Sztafeta",
        "address,reason,source,comment,created_at\nann@example.net,unsubscribe,api,,x\n",
        "unsubscribe",
    ),
    ("", "ann@example.net\n", ""),
]


@pytest.mark.parametrize(("service", "text", "reason"), EXPORTS)
def test_an_export_is_known_by_its_header(service: str, text: str, reason: str) -> None:
    listing, lines = read_listing("\ufeff" + text)
    (line,) = lines
    assert (listing.service, line.address, line.reason) == (service, "ann@example.net", reason)


def test_an_open_quotation_mark_spoils_no_other_line() -> None:
    _, lines = read_listing('address\n"ann@example.net\nbob@example.net\n\n')
    assert list(lines)[-1] == Line(3, "bob@example.net", "", "")


def test_an_empty_file_holds_nothing() -> None:
    assert list(read_listing("")[1]) == []


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx"])
def test_no_spreadsheet_takes_a_text_for_a_formula(text: str) -> None:
    """W-09."""
    assert guarded(text) == f"'{text}"
    assert guarded("ann@example.net") == "ann@example.net"
