"""The last wall against dialling what must not be dialled (R-67): asked for every address, on any port.

Whatever DNS, a route or a bug says, no packet goes to an address that is not a public one, or to ourselves,
unless a configured route names it. In demo mode only the named addresses are dialled at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from sztafeta.delivery.forbidden import is_forbidden

Target = tuple[str, int]
"""An address and a port."""


@dataclass(frozen=True, slots=True)
class AddressWall:
    """Which addresses may be dialled; texts are compared in their canonical form."""

    own: Iterable[str] = ()
    """Public addresses of this node: mail for them would come back to us."""
    only: Iterable[Target] | None = None
    """Demo: nothing but these."""
    _own: frozenset[str] = field(init=False, repr=False)
    _only: frozenset[Target] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own", frozenset(map(canonical, self.own)))
        object.__setattr__(self, "_only", None if self.only is None else _targets(self.only))

    def refuses(self, address: str, port: int, *, is_configured: bool = False) -> bool:
        """Say whether this address must not be dialled on this port.

        `is_configured`: a configured route leads there, by address or by name.
        """
        target = canonical(address), port
        if self._only is not None:
            return target not in self._only
        return not is_configured and (target[0] in self._own or is_forbidden(address))


def canonical(address: str) -> str:
    """Write an address in its one form; a v4-mapped one as the IPv4 address that it leads to."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(parsed)


def _targets(targets: Iterable[Target]) -> frozenset[Target]:
    return frozenset((canonical(address), port) for address, port in targets)
