"""Every setting: its name, type, default and one sentence (the reference page is printed from here).

One frozen object; `bootstrap` hands its values down as plain arguments and nothing below it knows that
settings exist. The numbers come from RFC 5321 §4.5.3.2 and from the limits that other servers proved.
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from socket import gethostname
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sztafeta.account.dns_hosts import HOST_NAMES
from sztafeta.config.network import (
    Address,
    DomainPattern,
    Host,
    HostName,
    NameServer,
    PeerPort,
    Port,
)
from sztafeta.config.units import Duration, Period, Size, format_size
from sztafeta.delivery.egress import SHARED
from sztafeta.delivery.tls_policy import TlsRequirement


def _time_zone(written: str) -> str:
    try:
        ZoneInfo(written)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        text = f"{written!r} is not a time zone; write for example Europe/Warsaw or UTC"
        raise ValueError(text) from None
    return written


TimeZone = Annotated[str, AfterValidator(_time_zone)]


SMALLEST_MESSAGE_SIZE = 64 * 1024
"""Octets of content that every server takes (RFC 5321 §4.5.3.1.7)."""


class Section(BaseModel):
    """A table of the settings file; unknown keys are errors."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True
    )


class TlsMode(Enum):
    """How a listener comes to TLS."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Listener(Section):
    """A port that takes mail."""

    name: str
    """How logs and metrics call it."""
    address: Address = "::"
    """The local address to listen on; `::` is every address, IPv4 too."""
    port: Port
    """The port; 0 lets the system choose a free one."""
    tls: TlsMode = TlsMode.STARTTLS
    """`none`, `starttls` (offered, RFC 3207) or `implicit` (from the first byte, RFC 8314)."""
    cleartext_auth: bool = True
    """Offer AUTH without TLS, to the SMTP accounts that are allowed to use it."""
    proxy_protocol: bool = False
    """Expect a PROXY protocol header, v1 or v2, before the first byte; connections without are closed."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """The networks whose PROXY protocol header is believed."""

    @model_validator(mode="after")
    def _a_proxy_is_named(self) -> Self:
        if self.proxy_protocol and not self.trusted_proxies:
            raise ValueError("proxy_protocol needs trusted_proxies: name the proxies' networks")
        return self


class Tls(Section):
    """The certificate that the listeners show."""

    certificate: Path | None = None
    """PEM file with the certificate and its chain; without one, a self-signed certificate is made."""
    key: Path | None = None
    """PEM file with the private key; both files are read again when they change."""

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together: set both or none")
        return self


class Limits(Section):
    """How much one client may ask of us."""

    message_size: Size = 10 * 1024 * 1024
    """The largest message that is taken (RFC 1870); RFC 5321 §4.5.3.1.7 asks for at least 64 KB."""
    recipients: int = Field(default=1000, ge=100)
    """Recipients of one message; RFC 5321 §4.5.3.1.8 asks for at least 100."""
    connections: int = Field(default=2000, ge=1)
    """Open connections of all clients together."""
    reserve: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """The share of all connections that only clients who have logged in may hold."""
    connections_per_address: int = Field(default=50, ge=1)
    """Open connections of one IP address."""
    unauthenticated_per_address: int = Field(default=30, ge=1)
    """Open connections of one IP address that have not logged in yet."""
    connections_per_account: int = Field(default=50, ge=1)
    """Open connections of one SMTP account, as new accounts get it; `account set` changes one."""
    messages_per_connection: int = Field(default=0, ge=0)
    """Messages after which a client must connect anew; 0 is no limit."""
    recipients_per_hour: int = Field(default=0, ge=0)
    """Recipients of one SMTP account, an hour's worth at once; 0 is no limit."""
    idle: Period = timedelta(seconds=300)
    """How long a client may be silent (RFC 5321 §4.5.3.2.7)."""
    slowest_rate: int = Field(default=500, ge=0)
    """Octets a second below which a message that takes over a minute is cut off; 0 switches it off."""
    tls_handshake: Period = timedelta(seconds=10)
    """How long a TLS handshake may take."""
    tls_handshakes: int = Field(default=256, ge=1)
    """TLS handshakes under way at once."""
    hops: int = Field(default=50, ge=1)
    """Received fields from which on a message is held to be in a loop (RFC 5321 §6.3)."""
    errors: int = Field(default=20, ge=1)
    """Protocol errors after which a session is closed with 421."""
    junk_commands: int = Field(default=100, ge=1)
    """Commands that lead nowhere (NOOP, RSET, VRFY …) after which a session is closed with 421."""
    login_failures_per_minute: int = Field(default=10, ge=1)
    """Failed logins of one IP address in a minute."""
    login_failures_per_day: int = Field(default=50, ge=1)
    """Failed logins of one IP address in a day."""
    accept: Period = timedelta(seconds=25)
    """How long the store may take to commit a message before the client is told to try again."""
    free_space: Annotated[float, Field(ge=0, lt=1)] = 0.10
    """The share of the disk that must stay free for mail to be taken."""

    @field_validator("message_size")
    @classmethod
    def _a_message_fits(cls, octets: int) -> int:
        if octets < SMALLEST_MESSAGE_SIZE:
            least = format_size(SMALLEST_MESSAGE_SIZE)
            raise ValueError(f'{format_size(octets)} is too small; write at least "{least}"')
        return octets


class Timeouts(Section):
    """How long a receiver may think (RFC 5321 §4.5.3.2)."""

    connect: Period = timedelta(seconds=30)
    """To open a connection to one address."""
    tls: Period = timedelta(seconds=30)
    """To finish a TLS handshake."""
    banner: Period = timedelta(seconds=300)
    """To greet."""
    command: Period = timedelta(seconds=300)
    """To answer EHLO, STARTTLS, MAIL and RCPT."""
    data: Period = timedelta(seconds=120)
    """To answer DATA."""
    block: Period = timedelta(seconds=180)
    """To take a block of the message."""
    dot: Period = timedelta(seconds=600)
    """To answer the final dot; too short a time makes duplicates."""
    quit: Period = timedelta(seconds=5)
    """To answer QUIT."""
    attempt: Period = timedelta(minutes=30)
    """For a whole attempt, however busy the receiver keeps us."""


class Delivery(Section):
    """How mail leaves."""

    retries: tuple[Period, ...] = Field(
        default=tuple(timedelta(minutes=wait) for wait in (2, 10, 20, 30, 60, 120, 240)),
        min_length=1,
    )
    """The wait after each failed attempt; the last one repeats."""
    jitter: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """How far a wait may be drawn away from its value, as a share."""
    ttl: Period = timedelta(hours=48)
    """How long a message is tried, as new SMTP accounts get it; `account set` changes one."""
    connections: int = Field(default=500, ge=1)
    """Outbound connections of all sites together."""
    connections_per_site: int = Field(default=20, ge=1)
    """Outbound connections to the receivers behind one set of MX hosts."""
    transactions_per_connection: int = Field(default=100, ge=1)
    """Messages sent over one connection before it is closed."""
    idle: Period = timedelta(seconds=60)
    """How long an idle outbound connection is kept."""
    first_backoff: Period = timedelta(minutes=1)
    """How long a site that cannot be reached or says 421 is left alone at first; it doubles."""
    longest_backoff: Period = timedelta(minutes=15)
    """How long it is left alone at most between two probes."""
    recipients_per_transaction: int = Field(default=100, ge=1)
    """Recipients of one message offered together (RFC 5321 §4.5.3.1.8)."""
    chunking: bool = False
    """Use BDAT with receivers that offer CHUNKING (RFC 3030)."""
    signing_threads: int = Field(default=2, ge=1)
    """Threads that make DKIM signatures."""
    timeouts: Timeouts = Timeouts()


class Dns(Section):
    """Where names are looked up."""

    nameservers: tuple[NameServer, ...] = ()
    """Resolvers to ask, as `address` or `address:port`; none means those of the system."""
    timeout: Period = timedelta(seconds=5)
    """How long one name server may take."""
    lifetime: Period = timedelta(seconds=20)
    """How long one look-up may take with all its tries."""
    in_flight: int = Field(default=50, ge=1)
    """Look-ups under way at once."""
    ask_private_zones: bool = False
    """Ask customers' name servers at private and loopback addresses, too; where they are is said by DNS."""
    zone_port: PeerPort = 53
    """The port at which customers' name servers are asked; another one is for laboratories."""


class RouteSetting(Section):
    """A smarthost for some domains, instead of their MX."""

    domains: tuple[DomainPattern, ...] = Field(min_length=1)
    """The domains it is for; `*.example.com` is what is below that one, and `*` is every domain."""
    host: Host
    """Name or address of the hop. A route may lead to private and loopback addresses."""
    port: PeerPort = 25
    """Its port."""
    tls: TlsRequirement = TlsRequirement.OPPORTUNISTIC
    """`none`, `opportunistic`, `encrypted` or `verified`."""


class Egress(Section):
    """The address and name we send from."""

    name: str = "default"
    """How logs and metrics call it."""
    ehlo_name: HostName | None = None
    """The name to say in EHLO; the hostname unless set. Its A, AAAA and PTR records should agree."""
    ipv4: Address | None = None
    """The local IPv4 address; the system chooses unless set."""
    ipv6: Address | None = None
    """The local IPv6 address; the system chooses unless set."""


class DedicatedSource(Section):
    """An address and name that one customer has alone; its SMTP accounts may choose to send from it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,39}$")]
    """How accounts, logs and the panel call it: lower-case letters, digits, dots and hyphens."""
    customer: str
    """The name of the customer it belongs to."""
    ehlo_name: HostName | None = None
    """The name to say in EHLO; the hostname unless set. Its A, AAAA and PTR records should agree."""
    ipv4: Address | None = None
    """The local IPv4 address; unless set, nothing is sent from it over IPv4."""
    ipv6: Address | None = None
    """The local IPv6 address; unless set, nothing is sent from it over IPv6."""

    @model_validator(mode="after")
    def _it_has_an_address(self) -> Self:
        if self.ipv4 is None and self.ipv6 is None:
            raise ValueError(f'"{self.name}" needs an address of its own: set ipv4, ipv6 or both')
        if ":" in (self.ipv4 or "") or ":" not in (self.ipv6 or ":"):
            raise ValueError(f'"{self.name}": ipv4 is like 192.0.2.7 and ipv6 like 2001:db8::7')
        return self


class Http(Section):
    """The operator's HTTP port: health and metrics."""

    address: Address = "127.0.0.1"
    """The local address; anything but loopback shows health and metrics to whoever can reach it."""
    port: Port = 8025
    """The port; 0 lets the system choose a free one."""


class Api(Section):
    """The HTTP API. It speaks plain HTTP: put a proxy with TLS before it, or leave it on loopback."""

    enabled: bool = True
    """Whether the port is opened."""
    address: Address = "127.0.0.1"
    """The local address."""
    port: Port = 8080
    """The port; 0 lets the system choose a free one."""
    base_url: str | None = None
    """How the API is reached from outside, e.g. https://api.example.com; links begin with it."""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    """Proxies whose word about the client's address (X-Forwarded-For) is believed."""


class SmsProvider(Enum):
    """Who delivers text messages."""

    NONE = "none"
    SMSAPI = "smsapi"
    HTTP = "http"
    CONSOLE = "console"


class Sms(Section):
    """The gateway for the text messages that bring first passwords."""

    provider: SmsProvider = SmsProvider.NONE
    """`none`, `smsapi`, `http` (a POST of `to`, `text`, `from` as JSON), or `console`: into the log."""
    url: str | None = None
    """Where messages are posted; `smsapi` knows its own."""
    token: SecretStr | None = None
    """Sent as a Bearer token."""
    sender: str = ""
    """The name or number that messages come from, if the gateway lets it be chosen."""

    @model_validator(mode="after")
    def _the_provider_has_what_it_needs(self) -> Self:
        if self.provider is SmsProvider.SMSAPI and self.token is None:
            raise ValueError("smsapi needs token: make one in SMSAPI's panel")
        if self.provider is SmsProvider.HTTP and self.url is None:
            raise ValueError("http needs url: where messages are posted")
        return self


class DomainConnect(Section):
    """A DNS host that publishes customers' records by Domain Connect: your template is registered there."""

    dns_host: str
    """The host as the panel calls it, for example Cloudflare."""
    url: str
    """Where its pages for people begin, which it calls urlSyncUX; https only."""
    provider_id: str = Field(min_length=1)
    """The providerId of the registered template."""
    service_id: str = Field(min_length=1)
    """The serviceId of the registered template; `domain connect-template` prints one to register."""

    @field_validator("dns_host")
    @classmethod
    def _the_panel_knows_it(cls, name: str) -> str:
        if name not in HOST_NAMES:
            known = ", ".join(sorted(HOST_NAMES, key=str.lower))
            raise ValueError(
                f'"{name}" is not a DNS host that the panel can tell; it knows {known}'
            )
        return name

    @field_validator("url")
    @classmethod
    def _it_is_an_https_address(cls, url: str) -> str:
        if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?", url):
            raise ValueError("write for example https://dcc.example.com")
        return url.rstrip("/")


class Panel(Section):
    """The customers' panel; it is on the port of the HTTP API, below `/panel`."""

    enabled: bool = True
    """Whether there is a panel."""
    base_url: str | None = None
    """How the panel is reached from outside, e.g. https://panel.example.com; links begin with it."""
    session_idle: Duration = timedelta(hours=12)
    """How long a session lives without being used."""
    session_lifetime: Duration = timedelta(days=7)
    """How long a session lives at most."""
    require_second_step: bool = True
    """Whether administrators of a customer with a verified domain must set up a second step at login."""
    time_zone: TimeZone = "Europe/Warsaw"
    """The zone in which the panel shows times, and whose days its statistics count."""
    free_recipients: int = Field(default=24_000, ge=0)
    """Recipients that a customer may send to in a month free of charge; the month's meter shows them."""
    service_name: str = "Sztafeta"
    """What letters and text messages call the service."""
    mail_account: str | None = None
    """The operator's own SMTP account, whose login sends the panel's letters; sign-up needs one."""
    mail_from: str | None = None
    """The address that the panel's letters come from; its domain is one of that account's customer."""
    terms_url: str | None = None
    """Where the terms of service are that whoever signs up accepts."""
    sms: Sms = Sms()
    domain_connect: tuple[DomainConnect, ...] = ()
    """Hosts at which the panel offers to publish records."""

    @model_validator(mode="after")
    def _letters_have_an_account_and_an_address(self) -> Self:
        if (self.mail_account is None) != (self.mail_from is None):
            raise ValueError("mail_account and mail_from go together: set both or none")
        return self


class Domains(Section):
    """Customers' sending domains: what they are asked to publish, and the watch over it."""

    spf: tuple[str, ...] = ()
    """SPF mechanisms that name the hosts we send from, such as include:spf.example.net; else `a:our-name`."""
    dkim_zone: HostName | None = None
    """A zone of yours for customers' DKIM keys: they publish CNAMEs into it; `domain zone` prints it."""
    return_path_host: HostName | None = None
    """Where customers' return-path CNAMEs lead; without it they are not asked for one."""
    tracking_host: HostName | None = None
    """Where customers' tracking CNAMEs lead; without it they are not asked for one."""
    look_every: Period = timedelta(hours=12)
    """Between two looks at the records of a domain that is in order."""
    look_when_broken: Period = timedelta(minutes=30)
    """Between two looks at a domain of which a record vanished."""
    grace: Duration = timedelta(hours=12)
    """How long mail is taken from a domain after its DKIM record was seen to be gone."""


class LogFormat(Enum):
    """The looks of a log line."""

    AUTO = "auto"
    JSON = "json"
    PRETTY = "pretty"


class LogLevel(Enum):
    """The least grave lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Log(Section):
    """What is written to standard error."""

    level: LogLevel = LogLevel.INFO
    """`debug`, `info`, `warning` or `error`."""
    format: LogFormat = LogFormat.AUTO
    """`json`, `pretty`, or `auto`: pretty on a terminal and JSON elsewhere."""


class Retention(Section):
    """How long what is settled is kept."""

    messages: Duration = timedelta(days=15)
    """Messages, their recipients, attempts and events, counted from the last recipient's final state."""


def _production_listeners() -> tuple[Listener, ...]:
    return (
        Listener(name="relay", port=25),
        Listener(name="submission", port=587),
        Listener(name="alternative", port=2525),
        Listener(name="submissions", port=465, tls=TlsMode.IMPLICIT),
    )


class Settings(BaseSettings):
    """All settings of one process."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        use_attribute_docstrings=True,
        env_prefix="SZTAFETA_",
        env_nested_delimiter="__",
    )

    hostname: HostName = Field(default_factory=gethostname)
    """This host's full name: it greets clients, stands in Received, and is said in EHLO."""
    data_directory: Path = Path("/var/lib/sztafeta")
    """Where the queue, big messages and keys live; a local disk that survives a restart."""
    database_url: SecretStr | None = None
    """`postgresql://user:password@host/name`; without one, SQLite in the data directory."""
    master_key: Path | None = None
    """File with the key under which DKIM keys are sealed; `master.key` in the data directory unless set."""
    accept_unsafe_storage: bool = False
    """Start although mail would not be safe on this database or disk; said in the log every hour."""
    node_name: str | None = None
    """This node's name among those that share the database; the hostname unless set."""
    drain: Duration = timedelta(seconds=25)
    """How long open sessions and deliveries may finish after SIGTERM."""
    listeners: tuple[Listener, ...] = Field(default_factory=_production_listeners)
    """The ports that take mail."""
    tls: Tls = Tls()
    limits: Limits = Limits()
    delivery: Delivery = Delivery()
    dns: Dns = Dns()
    routes: tuple[RouteSetting, ...] = ()
    """Domains that go to a fixed host instead of their MX; the first that names the domain counts."""
    egress: Egress = Egress()
    dedicated_sources: tuple[DedicatedSource, ...] = ()
    """Addresses that customers have alone."""
    http: Http = Http()
    api: Api = Api()
    panel: Panel = Panel()
    domains: Domains = Domains()
    log: Log = Log()
    retention: Retention = Retention()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `sources.load` hands over counts: an object does not read the world by itself."""
        return (init_settings,)

    @field_validator("database_url")
    @classmethod
    def _names_a_database_we_know(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not re.match(r"postgresql://.|sqlite:///.", url.get_secret_value()):
            raise ValueError("must be postgresql://user:password@host/name or sqlite:///<file>")
        return url

    @model_validator(mode="after")
    def _sources_have_names_and_addresses_of_their_own(self) -> Self:
        taken = {SHARED, self.egress.name, self.egress.ipv4, self.egress.ipv6} - {None}
        for one in self.dedicated_sources:
            for value in (one.name, one.ipv4, one.ipv6):
                if value in taken:
                    text = (
                        f'dedicated source "{one.name}": {value} is taken; nobody else may have it'
                    )
                    raise ValueError(text)
            taken |= {one.name, one.ipv4, one.ipv6} - {None}
        return self

    @model_validator(mode="after")
    def _listeners_have_names_of_their_own(self) -> Self:
        names = [listener.name for listener in self.listeners]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two listeners are called "{name}": give each its own name')
        return self
