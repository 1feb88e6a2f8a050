"""A customer's firm: what stands on its invoices and what it sends; how its numbers are read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import phonenumbers
from stdnum.exceptions import ValidationError
from stdnum.pl import nip as nip_numbers

_POSTCODE: Final = re.compile(r"(\d{2})[\s-]?(\d{3})")
_LEGAL_FORM: Final = re.compile(
    r"\b(sp(ółka|\.)?\s*(z\s*\.?\s*o\.?\s*o\.?|j\.?|k\.?|p\.?|c\.?)|s\.?\s?a\.?|p\.?s\.?a\.?)(?=\W|$)",
    re.IGNORECASE,
)
_LONGEST_NAME: Final = 30
_UNCOMPOSED: Final = str.maketrans("łŁ", "lL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The firm behind a customer; empty fields were never told."""

    name: str = ""
    nip: str = ""
    """Ten digits."""
    street: str = ""
    postcode: str = ""
    city: str = ""
    sends: str = ""
    """What it sends, in its own words."""
    terms_accepted_at: datetime | None = None


def read_nip(text: str) -> str | None:
    """Read a tax number, with or without blanks, dashes and PL; None when it cannot be one."""
    try:
        digits: str = nip_numbers.validate(text)
    except ValidationError:
        return None
    return None if len(set(digits)) == 1 else digits  # 0000000000 and 1111111111 add up, too


def shown_nip(digits: str) -> str:
    """Write a tax number as people read it."""
    return "-".join((digits[:3], digits[3:6], digits[6:8], digits[8:]))


def read_postcode(text: str) -> str | None:
    """Read a Polish postcode, with or without its dash."""
    found = _POSTCODE.fullmatch(text.strip())
    return f"{found[1]}-{found[2]}" if found else None


def read_phone(text: str) -> str | None:
    """Read a telephone number as E.164; without a country it is Polish."""
    try:
        number = phonenumbers.parse(text, "PL")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def account_name_of(company_name: str) -> str:
    """Make of a firm's name the name of its account, which stands in its SMTP logins."""
    plain = unicodedata.normalize("NFKD", _LEGAL_FORM.sub("", company_name).translate(_UNCOMPOSED))
    letters = plain.encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_LONGEST_NAME].strip("-")
    return name or "firma"
