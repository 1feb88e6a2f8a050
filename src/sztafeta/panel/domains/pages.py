"""Sending domains: the list, one domain with its records, and the records for whoever has the link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response
from wtforms import StringField

from sztafeta.account.dns_exports.terraform import PROVIDERS, provider_of
from sztafeta.account.member import Area, Right
from sztafeta.panel.domains.exports import File, octodns_of, terraform_of, zone_file_of
from sztafeta.panel.domains.shown import ShownDomain, shown
from sztafeta.panel.forms import Form, at_most, required
from sztafeta.panel.needs import ANYBODY, Needs
from sztafeta.panel.pages import Pages
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.domain_records import DomainReport
from sztafeta.service.fault import Refusal

pages = Pages("domains")

READ: Final = Needs(Area.DOMAINS, Right.READ)
WRITE: Final = Needs(Area.DOMAINS, Right.WRITE)
LIST: Final = "/panel/domains"
WATCHED_FOR: Final = timedelta(minutes=10)
"""How long a page goes on asking by itself."""
NO_MORE: Final = 286
"""What htmx takes for the end of its asking."""


class NewDomainForm(Form):
    """A domain to send from."""

    domain = StringField(
        N_("Domain"), [required(N_("Write a domain, for example example.com.")), at_most(253)]
    )


REFUSALS: Final = {
    "invalid": N_("This is not a domain that mail is sent from. Write it like example.com."),
    "already_there": N_(
        "This domain is in use already. If it is yours and somebody else added it, tell customer service."
    ),
}


# -- the list --------------------------------------------------------------------------------------


@pages.get("/domains", needs=READ)
async def list_domains(visit: Visit) -> Response:
    """List the customer's domains as they were seen last."""
    return await _list(visit, visit.blank(NewDomainForm))


@pages.post("/domains", needs=WRITE)
async def add_domain(visit: Visit) -> Response:
    """Claim a domain; its page says what to publish."""
    form = await visit.filled(NewDomainForm)
    if not form.validate():
        return await _list(visit, form, http_status=422)
    made = await visit.desk.domains.claim(visit.customer_id, form.domain.data.strip())
    if isinstance(made, Refusal):
        form.domain.errors = [REFUSALS[made.code]]
        return await _list(visit, form, http_status=made.http_status)
    await _note(visit, "domain.added", made.domain)
    return visit.go(_path(made.domain), visit.gettext("Domain added. Now publish its records."))


async def _list(visit: Visit, form: NewDomainForm, http_status: int = 200) -> Response:
    reports = await visit.desk.domain_records.all_of(visit.customer_id)
    return visit.page(
        "domains/list.html",
        http_status=http_status,
        domains=[_shown(visit, report) for report in reports],
        form=form,
        may_write=WRITE.allows(visit.member),
    )


# -- one domain ------------------------------------------------------------------------------------


@pages.get("/domains/{domain}", needs=READ)
async def see_domain(visit: Visit) -> Response:
    """Show a domain's records, expected and found."""
    report = await visit.desk.domain_records.kept(visit.customer_id, _name(visit))
    if isinstance(report, Refusal):
        return visit.not_found()
    return await _page(visit, report)


@pages.post("/domains/{domain}/look", needs=READ)
async def look_at_domain(visit: Visit) -> Response:
    """Look for the records now; a waiting page gets only what changed."""
    report = await visit.desk.domain_records.look(visit.customer_id, _name(visit))
    if isinstance(report, Refusal):
        return visit.not_found()
    if not visit.is_partial:
        return visit.go(_path(report.domain.domain) + _variant(visit))
    return await _changes(visit, _shown(visit, report))


@pages.post("/domains/{domain}/rotate", needs=WRITE)
async def rotate_keys(visit: Visit) -> Response:
    """Make other keys; the present ones sign until the new ones are seen."""
    domain = await visit.desk.domains.rotate(visit.customer_id, _name(visit))
    if isinstance(domain, Refusal):
        return visit.not_found()
    await _note(visit, "domain.keys-rotated", domain.domain)
    notice = visit.gettext("New keys made. Publish their records; the old ones sign until then.")
    return visit.go(_path(domain.domain), notice)


@pages.post("/domains/{domain}/remove", needs=WRITE)
async def remove_domain(visit: Visit) -> Response:
    """Forget a domain and its keys."""
    domain = await visit.desk.domains.remove(visit.customer_id, _name(visit))
    if isinstance(domain, Refusal):
        return visit.not_found()
    await visit.desk.shared_records.end(visit.customer_id, domain.domain)
    await _note(visit, "domain.removed", domain.domain)
    return visit.go(LIST, visit.gettext("Domain removed."))


@pages.get("/domains/{domain}/zone-file", needs=READ)
async def download_zone_file(visit: Visit) -> Response:
    """Give the records as a zone file takes them."""
    return await _download(visit, _zone_file)


@pages.get("/domains/{domain}/octodns", needs=READ)
async def download_octodns(visit: Visit) -> Response:
    """Give the records as OctoDNS takes them."""
    return await _download(visit, _octodns)


@pages.get("/domains/{domain}/terraform", needs=READ)
async def download_terraform(visit: Visit) -> Response:
    """Give the records as resources of Terraform; `for` names its provider."""
    return await _download(visit, _terraform)


# -- for whoever has the link ----------------------------------------------------------------------


@pages.post("/domains/{domain}/share", needs=WRITE)
async def share_records(visit: Visit) -> Response:
    """Make a link to the records, shown this once."""
    token = await visit.desk.shared_records.share(visit.customer_id, _name(visit))
    report = await visit.desk.domain_records.kept(visit.customer_id, _name(visit))
    if isinstance(token, Refusal) or isinstance(report, Refusal):
        return visit.not_found()
    await _note(visit, "domain.records-shared", report.domain.domain)
    return await _page(visit, report, link=f"{visit.desk.base_url}/panel/records/{token}")


@pages.post("/domains/{domain}/unshare", needs=WRITE)
async def end_links(visit: Visit) -> Response:
    """Let no link to the records work any more."""
    report = await visit.desk.domain_records.kept(visit.customer_id, _name(visit))
    if isinstance(report, Refusal):
        return visit.not_found()
    if await visit.desk.shared_records.end(visit.customer_id, report.domain.domain):
        await _note(visit, "domain.links-ended", report.domain.domain)
    return visit.go(_path(report.domain.domain), visit.gettext("The links work no more."))


@pages.get("/records/{token}", needs=ANYBODY)
async def see_shared_records(visit: Visit) -> Response:
    """Show the records alone."""
    report = await visit.desk.shared_records.find(str(visit.request.path_params["token"]))
    if report is None:
        return visit.page("domains/link_ended.html", http_status=404)
    return visit.page("domains/shared.html", domain=_shown(visit, report), **_choice(visit))


@pages.get("/records/{token}/zone-file", needs=ANYBODY)
async def download_shared_zone_file(visit: Visit) -> Response:
    """Give the records of a link as a zone file takes them."""
    return await _shared_download(visit, _zone_file)


@pages.get("/records/{token}/octodns", needs=ANYBODY)
async def download_shared_octodns(visit: Visit) -> Response:
    """Give the records of a link as OctoDNS takes them."""
    return await _shared_download(visit, _octodns)


@pages.get("/records/{token}/terraform", needs=ANYBODY)
async def download_shared_terraform(visit: Visit) -> Response:
    """Give the records of a link as resources of Terraform; `for` names its provider."""
    return await _shared_download(visit, _terraform)


# -- files for programs ----------------------------------------------------------------------------

Export = Callable[[Visit, DomainReport], File]


async def _download(visit: Visit, export: Export) -> Response:
    report = await visit.desk.domain_records.kept(visit.customer_id, _name(visit))
    return visit.not_found() if isinstance(report, Refusal) else _file(visit, report, export)


async def _shared_download(visit: Visit, export: Export) -> Response:
    report = await visit.desk.shared_records.find(str(visit.request.path_params["token"]))
    if report is None:
        return visit.page("domains/link_ended.html", http_status=404)
    return _file(visit, report, export)


def _file(visit: Visit, report: DomainReport, export: Export) -> Response:
    made = export(visit, report)
    return visit.download(made.text.encode(), made.name, "text/plain; charset=utf-8")


def _zone_file(visit: Visit, report: DomainReport) -> File:
    return zone_file_of(report, by_cname=_is_by_cname(visit))


def _octodns(visit: Visit, report: DomainReport) -> File:
    return octodns_of(report, by_cname=_is_by_cname(visit))


def _terraform(visit: Visit, report: DomainReport) -> File:
    wanted = provider_of(visit.request.query_params.get("for", ""))
    return terraform_of(report, wanted or PROVIDERS[0], by_cname=_is_by_cname(visit))


# -- how they answer -------------------------------------------------------------------------------


async def _page(visit: Visit, report: DomainReport, *, link: str = "") -> Response:
    domain = _shown(visit, report)
    return visit.page(
        "domains/domain.html",
        domain=domain,
        link=link,
        links=await visit.desk.shared_records.count(visit.customer_id, domain.id),
        may_write=WRITE.allows(visit.member),
        opened=int(visit.now.timestamp()),
        **_choice(visit),
    )


async def _changes(visit: Visit, domain: ShownDomain) -> Response:
    """Answer a page that waits: the table if it changed, else only when we looked."""
    form = await visit.form()
    opened = str(form.get("opened", ""))
    is_late = not opened.isdecimal() or len(opened) > 12 or _age(visit, opened) > WATCHED_FOR
    is_over = domain.report.is_in_order or is_late
    is_same = form.get("seen") == domain.digest
    answer = visit.page(
        "domains/changes.html",
        http_status=NO_MORE if is_over else 200,
        domain=domain,
        is_same=is_same,
        is_over=is_over,
        **_choice(visit),
    )
    if is_same:
        answer.headers["HX-Reswap"] = "none"
    return answer


def _age(visit: Visit, opened: str) -> timedelta:
    return timedelta(seconds=visit.now.timestamp() - int(opened))


def _shown(visit: Visit, report: DomainReport) -> ShownDomain:
    return shown(
        report,
        by_cname=_is_by_cname(visit),
        grace=visit.desk.domain_records.plan.grace,
        language=visit.language,
        registrations=visit.desk.domain_connect,
    )


def _choice(visit: Visit) -> dict[str, Any]:
    return {"offers_cname": visit.desk.domain_records.offers_cname, "providers": PROVIDERS}


def _is_by_cname(visit: Visit) -> bool:
    """A CNAME is cut by no editor and changes hands without its owner: it is offered first."""
    wanted = visit.request.query_params.get("dkim", "cname")
    return visit.desk.domain_records.offers_cname and wanted != "txt"


def _variant(visit: Visit) -> str:
    wanted = visit.request.query_params.get("dkim", "")
    return f"?dkim={wanted}" if wanted in ("txt", "cname") else ""


def _name(visit: Visit) -> str:
    return str(visit.request.path_params["domain"])


def _path(domain: str) -> str:
    return f"{LIST}/{quote(domain, safe='')}"


async def _note(visit: Visit, action: str, domain: str) -> None:
    await visit.desk.audit.note(visit.member, action, domain, address=visit.address)
