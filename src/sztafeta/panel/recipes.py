"""Ready settings in the panel: recipes filled in with our host and ports and the customer's login."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sztafeta.account.recipes import PROGRAMS, Access, Part, Program, Tls, recipe
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.panel.entrance import Entrance
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit

SUBMISSION: Final = 587
PLACEHOLDER: Final = N_("YOUR-PASSWORD")
NO_DOMAIN: Final = "example.com"


@dataclass(frozen=True, slots=True)
class Way:
    """A port, and how TLS begins there."""

    tls: Tls
    port: int


def ways_in(entrance: Entrance) -> Sequence[Way]:
    """Give the ports that programs may use, the usual one first."""
    ways = []
    if entrance.port is not None:
        ways.append(Way(Tls.STARTTLS, entrance.port))
    if entrance.tls_port is not None:
        ways.append(Way(Tls.IMPLICIT, entrance.tls_port))
    return ways or [Way(Tls.STARTTLS, SUBMISSION)]


def parts_of(
    visit: Visit, account: SmtpAccount, program: Program, way: Way, password: str = ""
) -> Sequence[Part]:
    """Write the settings of one program; a placeholder stands for a password that is not given."""
    entrance = visit.desk.entrance
    access = Access(
        host=entrance.host,
        port=way.port,
        tls=way.tls,
        login=account.login,
        password=password or visit.gettext(PLACEHOLDER),
        sender=f"shop@{min(account.sending_domains, default=NO_DOMAIN)}",
    )
    return recipe(program, access, visit.language)


def recipes_of(
    visit: Visit, account: SmtpAccount, password: str
) -> Sequence[tuple[Program, Sequence[Part]]]:
    """Write the settings of every program, with a password that was just drawn."""
    way = ways_in(visit.desk.entrance)[0]
    return [(one, parts_of(visit, account, one, way, password)) for one in PROGRAMS]
