"""Mailboxes and domains: the one parser for SMTP paths, header fields and, later, the API.

A domain is kept as lower-case A-labels (RFC 5890), a local part exactly as it was written, because
only the receiving domain may interpret it (RFC 5321 §2.4). What two programs could read in two ways is
refused, with a sentence that says what to change: comments, a second `@`, a full stop that only looks
like one. Parsing takes linear time.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Final

import idna

from sztafeta.value import value

MAX_LOCAL_PART: Final = 64
"""Octets, as written (RFC 5321 §4.5.3.1.1)."""
MAX_DOMAIN: Final = 253
"""Octets of A-labels: what the DNS can hold (RFC 1035 §3.1), under the 255 of RFC 5321 §4.5.3.1.2."""


@value(frozen=True, slots=True)
class Mailbox:
    """A local part and a domain (RFC 5321 §2.3.11); `str()` gives the form for the wire."""

    local_part: str
    """As written, unquoted; may hold UTF-8 (RFC 6531)."""
    domain: str
    """Lower-case A-labels without a trailing dot, or an address literal in brackets."""

    @property
    def needs_smtputf8(self) -> bool:
        """Say whether only a receiver with SMTPUTF8 can take this address (RFC 6531 §3.2)."""
        return not self.local_part.isascii()

    def __str__(self) -> str:
        return f"{quote_local_part(self.local_part)}@{self.domain}"


class AddressFault(ValueError):
    """The text is not an address; the message says what to change."""


# atext = ALPHA / DIGIT / specials (RFC 5322 §3.2.3) / UTF8-non-ascii (RFC 6531 §3.3)
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
_ATEXT8 = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]"
# Dot-string = Atom *("." Atom) (RFC 5321 §4.1.2)
_DOT_STRING = re.compile(rf"{_ATEXT8}+(?:\.{_ATEXT8}+)*")
# sub-domain = Let-dig [Ldh-str] (RFC 5321 §4.1.2), of at most 63 octets (RFC 1035 §2.3.4)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PLAIN = re.compile(rf"({_ATEXT}+(?:\.{_ATEXT}+)*)@({_LABEL}(?:\.{_LABEL})*)")
# Quoted-string = DQUOTE *QcontentSMTP DQUOTE (RFC 5321 §4.1.2)
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~\x80-\U0010ffff]|\\[ -~])*)"@(.*)', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)")
# Letters that only look like a full stop; IDNA2003 took them for one (RFC 3490 §3.1), mail does not.
_FALSE_DOTS = re.compile("[\u3002\uff0e\uff61]")
# Control, surrogate, line, paragraph and space characters outside ASCII: never in an address.
_NEVER = frozenset({"Cc", "Cs", "Zl", "Zp", "Zs"})
UNSEEN: Final = re.compile(
    "[\x80-\x9f\xad\u180e\u200b\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""What nobody sees, or what turns the text around it: soft hyphens, zero-width spaces, bidirectional
overrides and the like (S-45). The joiners and marks that some scripts need are not among them."""


def parse_mailbox(text: str) -> Mailbox:
    """Read `local-part@domain` (RFC 5321 §4.1.2, RFC 6531 §3.3).

    Raises:
        AddressFault: the text is something else, or could be read in two ways.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is not None:
        local_part, domain = plain.groups()
        fits = len(local_part) <= MAX_LOCAL_PART and len(domain) <= MAX_DOMAIN
        if fits and not domain[-1].isdigit():
            return Mailbox(local_part, domain.lower())
    return _parse_unusual_mailbox(text)


def _parse_unusual_mailbox(text: str) -> Mailbox:
    """Read quoted, international and bracketed forms, and find the words for what is wrong."""
    if text.startswith('"'):
        local_part, domain = _split_quoted(text)
    else:
        local_part, domain = _split_dotted(text)
    if UNSEEN.search(local_part) or any(
        unicodedata.category(char) in _NEVER for char in local_part if char > "~"
    ):
        raise AddressFault("the part before @ holds an invisible character")
    return Mailbox(local_part, parse_domain(domain))


def _split_quoted(text: str) -> tuple[str, str]:
    quoted = _QUOTED.fullmatch(text)
    if quoted is None:
        raise AddressFault('a quoted local part looks like "local part"@example.com')
    inner, domain = quoted.groups()
    _refuse_long_local_part(f'"{inner}"')
    if not inner:
        raise AddressFault("the part before @ is empty")
    return _QUOTED_PAIR.sub(r"\1", inner), domain


def _split_dotted(text: str) -> tuple[str, str]:
    local_part, at, domain = text.partition("@")
    if not at:
        raise AddressFault("an address has the form user@example.com")
    if "@" in domain:
        raise AddressFault("an address has one @; put a local part that holds another in quotes")
    _refuse_long_local_part(local_part)
    if _DOT_STRING.fullmatch(local_part) is None:
        raise AddressFault("the part before @ is empty or holds a character that needs quotes")
    return local_part, domain


def _refuse_long_local_part(local_part: str) -> None:
    if len(local_part.encode("utf-8", "surrogatepass")) > MAX_LOCAL_PART:
        # RFC 5321 §4.5.3.1.1
        raise AddressFault(f"the part before @ has more than {MAX_LOCAL_PART} octets")


def parse_domain(text: str) -> str:
    """Read a domain or an address literal; give lower-case A-labels without a trailing dot.

    U-labels follow IDNA2008 (RFC 5891) after lower-casing; nothing else is mapped, so that a look-alike
    is refused instead of becoming another name.

    Raises:
        AddressFault: the text is not a domain.
    """
    if text.startswith("["):
        return _parse_literal(text)
    domain = (text if text.isascii() else _to_a_labels(text)).removesuffix(".").lower()
    if len(domain) > MAX_DOMAIN:
        raise AddressFault(f"the domain has more than {MAX_DOMAIN} octets")
    if _DOMAIN.fullmatch(domain) is None:
        raise AddressFault("the part after @ is not a domain name")
    if domain.rpartition(".")[2].isdigit():  # no top-level domain is a number (RFC 3696 §2)
        raise AddressFault("write an IP address in brackets: user@[192.0.2.1]")
    return domain


def _to_a_labels(text: str) -> str:
    """Turn U-labels into A-labels (RFC 5891 §4, RFC 6531 §3.2)."""
    if _FALSE_DOTS.search(text):
        raise AddressFault("the domain holds a character that looks like a full stop")
    if len(text) > MAX_DOMAIN:
        raise AddressFault(f"the domain has more than {MAX_DOMAIN} octets")
    try:
        return idna.encode(unicodedata.normalize("NFC", text.lower())).decode("ascii")
    except UnicodeError as fault:
        raise AddressFault("the domain is not a valid internationalised name") from fault


def shown_domain(domain: str) -> str:
    """Give a domain as people write it (RFC 5890 §2.3.2.1); one without such a form stays as it is."""
    try:
        return idna.decode(domain)
    except idna.IDNAError:
        return domain


def _parse_literal(text: str) -> str:
    """Read `[192.0.2.1]` or `[IPv6:2001:db8::1]` (RFC 5321 §4.1.3)."""
    inner = text[1:-1]
    try:
        if not text.endswith("]"):
            raise ValueError(text)
        if inner[:5].lower() == "ipv6:":
            if "%" in inner:  # a zone means something on one machine only (RFC 4007 §11.2)
                raise ValueError(text)
            return f"[IPv6:{ipaddress.IPv6Address(inner[5:])}]"
        return f"[{ipaddress.IPv4Address(inner)}]"
    except ValueError as fault:
        raise AddressFault(
            "an address literal looks like [192.0.2.1] or [IPv6:2001:db8::1]"
        ) from fault


def quote_local_part(local_part: str) -> str:
    """Write a local part for the wire, in quotes only if it needs them (RFC 5321 §4.1.2)."""
    if _DOT_STRING.fullmatch(local_part) is not None:
        return local_part
    escaped = local_part.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
