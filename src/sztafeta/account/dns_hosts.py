"""Where a zone is administered, told by its name servers, and how records are entered there.

The words of a zone editor are its own, in the language it speaks. They come from the host's manual and from
guides to it; what was not found there is left empty, and a general word takes its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

THE_DOMAIN: Final = "@"
"""In a path: here the domain is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordForm:
    """The way to the form for a record, and what its fields are called; empty: not known."""

    path: tuple[str, ...] = ()
    """Menu entries from the login to the list of records."""
    add: str = ""
    """What opens an empty form."""
    type_field: str = ""
    name_field: str = ""
    value_field: str = ""
    alias_field: str = ""
    """What the value of a CNAME is called, if it is not the same."""
    ttl_field: str = ""
    save: str = ""


UNKNOWN_FORM: Final = RecordForm()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsHost:
    """An operator of name servers, and the habits of its zone editor."""

    name: str
    root: str = "@"
    """How the domain itself is written there; empty: the field is left empty."""
    wants_quotes: bool = False
    """Texts are entered in quotation marks, in pieces of at most 255 octets."""
    wants_dot: bool = False
    """The value of a CNAME is entered with a dot at its end; without it the zone would be appended."""
    has_proxy: bool = False
    """A proxy stands before CNAMEs until it is switched off."""
    form: RecordForm = UNKNOWN_FORM
    polish_form: RecordForm | None = None
    """The same form as it is read in Polish; None: it is not translated, or not known."""
    terraform: str = ""
    """The key of its Terraform provider; empty: it has none that we write for."""

    def form_in(self, language: str) -> RecordForm:
        """Give the form in a language, or in the one that it has."""
        return (self.polish_form or self.form) if language == "pl" else self.form


CLOUDFLARE: Final = DnsHost(
    name="Cloudflare",
    has_proxy=True,
    terraform="cloudflare",
    form=RecordForm(
        path=(THE_DOMAIN, "DNS", "Records"),
        add="Add record",
        type_field="Type",
        name_field="Name",
        value_field="Content",
        alias_field="Target",
        ttl_field="TTL",
        save="Save",
    ),
)
GODADDY: Final = DnsHost(
    name="GoDaddy",
    form=RecordForm(
        path=("Domain Portfolio", THE_DOMAIN, "DNS"),
        add="Add New Record",
        type_field="Type",
        name_field="Name",
        value_field="Value",
        ttl_field="TTL",
        save="Save",
    ),
    polish_form=RecordForm(
        path=("Portfolio domen", THE_DOMAIN, "DNS"),
        add="Dodaj nowy rekord",
        type_field="Typ",
        name_field="Nazwa",
        value_field="Wartość",
        ttl_field="TTL",
        save="Zapisz",
    ),
)
DIGITALOCEAN: Final = DnsHost(
    name="DigitalOcean",
    terraform="digitalocean",
    form=RecordForm(
        path=("Networking", "Domains", THE_DOMAIN),
        name_field="Hostname",
        value_field="Value",
        alias_field="Is an alias of",
        ttl_field="TTL",
        save="Create Record",
    ),
)
OVH: Final = DnsHost(
    name="OVHcloud",
    root="",
    wants_dot=True,
    terraform="ovh",
    form=RecordForm(
        path=("Web Cloud", "Domain names", THE_DOMAIN, "DNS zone"),
        add="Add an entry",
        name_field="Sub-domain",
        ttl_field="TTL",
    ),
    polish_form=RecordForm(
        path=("Web Cloud", "Domeny", THE_DOMAIN, "Strefa DNS"),
        add="Dodaj rekord",
        name_field="Subdomena",
        value_field="Wartość",
        ttl_field="TTL",
    ),
)
HOME_PL: Final = DnsHost(
    name="home.pl", root="", form=RecordForm(path=("Domeny", THE_DOMAIN, "Opcje"))
)
NAZWA_PL: Final = DnsHost(
    name="nazwa.pl",
    root="",
    form=RecordForm(
        path=("Moje usługi", "Domeny", THE_DOMAIN, "konfiguruj"),
        type_field="Typ",
        name_field="Nazwa",
        value_field="Wartość",
        ttl_field="TTL",
    ),
)
DHOSTING: Final = DnsHost(
    name="dhosting", form=RecordForm(path=("Domeny", THE_DOMAIN, "Akcje", "Zarządzaj DNS"))
)
ZENBOX: Final = DnsHost(name="Zenbox")
CYBER_FOLKS: Final = DnsHost(name="cyber_Folks")
LH: Final = DnsHost(name="LH.pl")
SEOHOST: Final = DnsHost(name="SEOHOST")
IONOS: Final = DnsHost(
    name="IONOS",
    form=RecordForm(
        path=("Menu", "Domains & SSL", THE_DOMAIN, "DNS"),
        name_field="Host name",
        alias_field="Points to",
        ttl_field="TTL",
    ),
)
HETZNER: Final = DnsHost(name="Hetzner", wants_dot=True, terraform="hcloud")
GOOGLE: Final = DnsHost(
    name="Google Cloud DNS",
    root="",
    wants_quotes=True,
    wants_dot=True,
    terraform="google",
    form=RecordForm(
        path=("Cloud DNS", THE_DOMAIN),
        add="Add standard",
        type_field="Resource record type",
        name_field="DNS name",
        ttl_field="TTL",
        save="Create",
    ),
)
AZURE: Final = DnsHost(
    name="Azure DNS",
    form=RecordForm(
        path=("DNS zones", THE_DOMAIN, "Recordsets"),
        add="Add",
        type_field="Type",
        name_field="Name",
        value_field="Value",
        alias_field="Alias",
        ttl_field="TTL",
        save="Add",
    ),
)
ROUTE_53: Final = DnsHost(
    name="Amazon Route 53",
    root="",
    wants_quotes=True,
    terraform="aws",
    form=RecordForm(
        path=("Hosted zones", THE_DOMAIN),
        add="Create record",
        type_field="Record type",
        name_field="Record name",
        value_field="Value",
        ttl_field="TTL (seconds)",
        save="Create records",
    ),
)
"""Its servers are called ns-2048.awsdns-64.com, .net, .org and .co.uk."""

HOSTS: Final[Sequence[tuple[str, DnsHost]]] = (
    (".ns.cloudflare.com", CLOUDFLARE),
    (".domaincontrol.com", GODADDY),
    (".digitalocean.com", DIGITALOCEAN),
    (".ovh.net", OVH),
    (".anycast.me", OVH),
    (".home.pl", HOME_PL),
    (".nazwa.pl", NAZWA_PL),
    (".dhosting.pl", DHOSTING),
    (".zenbox.pl", ZENBOX),
    (".cyberfolks.pl", CYBER_FOLKS),
    (".lh.pl", LH),
    (".seohost.pl", SEOHOST),
    (".ui-dns.com", IONOS),
    (".ui-dns.de", IONOS),
    (".ui-dns.org", IONOS),
    (".ui-dns.biz", IONOS),
    (".ns.hetzner.com", HETZNER),
    (".ns.hetzner.de", HETZNER),
    (".googledomains.com", GOOGLE),
    (".azure-dns.com", AZURE),
    (".azure-dns.net", AZURE),
    (".azure-dns.org", AZURE),
    (".azure-dns.info", AZURE),
)
"""Endings of the names of their servers."""

HOST_NAMES: Final = frozenset(host.name for _, host in HOSTS) | {ROUTE_53.name}


def dns_host(servers: Sequence[str]) -> DnsHost | None:
    """Find out who runs these name servers; None: nobody we know."""
    for server in servers:
        if ".awsdns-" in server:
            return ROUTE_53
        for ending, host in HOSTS:
            if f".{server}".endswith(ending):
                return host
    return None
