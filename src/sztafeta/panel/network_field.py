"""A field for an IP allow-list: networks on lines, empty for everywhere."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, Final

from wtforms import TextAreaField

from sztafeta.panel.texts import N_

Networks = tuple[IPv4Network | IPv6Network, ...]

MOST: Final = 100
WRONG: Final = N_("This is no address or network; write for example 192.0.2.7 or 192.0.2.0/24.")
TOO_MANY: Final = N_("At most 100 networks: join neighbours, for example as 192.0.2.0/24.")


class NetworksField(TextAreaField):  # type: ignore[misc]
    """Gives a tuple of networks."""

    data: Networks

    def _value(self) -> str:
        """Write what is shown in the field."""
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(str(network) for network in self.data or ())

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent. Raises: ValueError, with what to change."""
        words = str(valuelist[0] if valuelist else "").replace(",", " ").split()
        if len(words) > MOST:
            raise ValueError(TOO_MANY)
        try:
            self.data = tuple(ip_network(word, strict=False) for word in words)
        except ValueError:
            self.data = ()
            raise ValueError(WRONG) from None
