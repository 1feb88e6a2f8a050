"""Domain Connect: a link by which an owner has their DNS host publish our records.

It is draft-ietf-dconn-domainconnect-03. A host applies only a template that was registered with it. The link
names the template and gives its variables, and the owner's own browser follows it: we connect to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from sztafeta.account.dns_records import (
    DMARC_RECORD,
    RETURN_PATH_LABEL,
    TRACKING_LABEL,
    TTL,
    ExpectedRecord,
    OurNames,
    Purpose,
    relative_name,
)

ALGORITHMS: Final = ("rsa", "ed25519")
"""Of keys; a domain has one of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Where a template of ours is registered."""

    dns_host: str
    """The host's name, as `dns_hosts` has it."""
    url: str
    """What the host calls urlSyncUX, without a slash at its end."""
    provider_id: str
    service_id: str


# -- the link --------------------------------------------------------------------------------------


def apply_url(
    registration: Registration, *, domain: str, zone: str, records: Sequence[ExpectedRecord]
) -> str:
    """Ask the host to publish these records of a domain (the synchronous flow)."""
    host = relative_name(domain, zone)
    asked = {
        "domain": zone,
        **({} if host == "@" else {"host": host}),
        **_variables(records),
        "groupId": ",".join(dict.fromkeys(record.purpose.value for record in records)),
    }
    provider, service = quote(registration.provider_id, ""), quote(registration.service_id, "")
    path = f"v2/domainTemplates/providers/{provider}/services/{service}/apply"
    return f"{registration.url}/{path}?{urlencode(asked)}"


def _variables(records: Sequence[ExpectedRecord]) -> dict[str, str]:
    """Give the selectors and, unless the operator's zone holds them, the keys."""
    found: dict[str, str] = {}
    for record in records:
        if record.purpose is Purpose.DKIM:
            tags = dict(_tag(part) for part in record.key.split(";"))
            found[f"{tags['k']}selector"] = record.selector
            if not record.delegate:
                found[f"{tags['k']}key"] = tags["p"]
    return found


def _tag(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return name, value


# -- the template ----------------------------------------------------------------------------------


def template(
    *, provider_id: str, service_id: str, service_name: str, ours: OurNames
) -> Mapping[str, Any]:
    """Write the template to register with DNS hosts; each kind of record is a group of its own."""
    return {
        "providerId": provider_id,
        "providerName": service_name,
        "serviceId": service_id,
        "serviceName": service_name,
        "version": 1,
        "description": f"Lets {service_name} sign and send mail for the domain",
        "variableDescription": "rsaselector, ed25519selector: names of DKIM keys;"
        " rsakey, ed25519key: the public keys",
        "syncBlock": False,
        "warnPhishing": True,
        "hostRequired": False,
        "records": [*_dkim(ours), *_advice(ours)],
    }


def _dkim(ours: OurNames) -> list[dict[str, Any]]:
    return [_dkim_record(algorithm, ours.dkim_zone) for algorithm in ALGORITHMS]


def _dkim_record(algorithm: str, zone: str) -> dict[str, Any]:
    selector = f"%{algorithm}selector%"
    host = f"{selector}._domainkey"
    if zone:
        return _cname(Purpose.DKIM, host, f"{selector}.%fqdn%.{zone}")
    return _txt(Purpose.DKIM, host, f"v=DKIM1; k={algorithm}; p=%{algorithm}key%")


def _advice(ours: OurNames) -> list[dict[str, Any]]:
    """SPF is merged into the owner's; a DMARC policy is asked for only where there is none in order."""
    found: list[dict[str, Any]] = []
    if ours.spf:
        rules = " ".join(ours.spf)
        found.append(_record(Purpose.SPF, type="SPFM", host="@", spfRules=rules))
    dmarc = _txt(Purpose.DMARC, "_dmarc", DMARC_RECORD)
    conflict = {"txtConflictMatchingMode": "Prefix", "txtConflictMatchingPrefix": "v=DMARC1"}
    found.append(dmarc | conflict)
    if ours.return_path:
        found.append(_cname(Purpose.RETURN_PATH, RETURN_PATH_LABEL, ours.return_path))
    if ours.tracking:
        found.append(_cname(Purpose.TRACKING, TRACKING_LABEL, ours.tracking))
    return found


def _cname(purpose: Purpose, host: str, target: str) -> dict[str, Any]:
    return _record(purpose, type="CNAME", host=host, pointsTo=target, ttl=TTL)


def _txt(purpose: Purpose, host: str, data: str) -> dict[str, Any]:
    return _record(purpose, type="TXT", host=host, data=data, ttl=TTL)


def _record(purpose: Purpose, **fields: Any) -> dict[str, Any]:
    return {"groupId": purpose.value, **fields}
