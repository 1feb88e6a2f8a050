"""Administrator › My profile › Firm: what stands on invoices, and what the firm sends."""

from __future__ import annotations

from starlette.responses import Response

from sztafeta.account.company import Company, shown_nip
from sztafeta.panel.needs import ADMINISTRATOR
from sztafeta.panel.pages import Pages
from sztafeta.panel.people.cookies import client_of
from sztafeta.panel.people.forms import CompanyForm
from sztafeta.panel.people.profile import HERE
from sztafeta.panel.visit import Visit

pages = Pages("company")


@pages.get("/profile/company", needs=ADMINISTRATOR)
async def company(visit: Visit) -> Response:
    """Show what the firm says of itself."""
    told = await visit.desk.people.people.company(visit.customer_id)
    shown = {
        "company": told.name,
        "street": told.street,
        "postcode": told.postcode,
        "city": told.city,
        "sends": told.sends,
    }
    return _page(visit, visit.blank(CompanyForm, data=shown), told)


@pages.post("/profile/company", needs=ADMINISTRATOR)
async def change_company(visit: Visit) -> Response:
    """Write it; a NIP that is known stays."""
    verb = visit.desk.people.people
    form = await visit.filled(CompanyForm)
    if not form.validate():
        return _page(visit, form, await verb.company(visit.customer_id), http_status=422)
    changed = Company(
        name=form.company.data,
        nip=form.nip.data or "",
        street=form.street.data,
        postcode=form.postcode.data,
        city=form.city.data,
        sends=form.sends.data or "",
    )
    await verb.change_company(visit.member, changed, client_of(visit))
    return visit.go(HERE, visit.gettext("The firm's data was saved."))


def _page(visit: Visit, form: CompanyForm, told: Company, *, http_status: int = 200) -> Response:
    nip = shown_nip(told.nip) if told.nip else ""
    return visit.page("people/company.html", http_status=http_status, form=form, nip=nip)
