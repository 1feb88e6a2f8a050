"""Release: the one way out of the test inbox. One message, one address, confirmed, and written down."""

from __future__ import annotations

from starlette.responses import Response
from wtforms import BooleanField, StringField

from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.delivery.queue_id import to_text
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.panel.forms import Form, at_most, required
from sztafeta.panel.pages import Pages
from sztafeta.panel.template_pages.trial import caller_of
from sztafeta.panel.test_inbox.found import WRITE, find, path_of
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.sandbox import Letter

pages = Pages("test-inbox")


class ReleaseForm(Form):
    """To whom, and that it is meant."""

    to = StringField(N_("To"), [required(), at_most(320)])
    confirmed = BooleanField(N_("Yes, send this mail for real to this address"))


@pages.get("/test-inbox/{message}/release", needs=WRITE)
async def ask_release(visit: Visit) -> Response:
    """Ask where it should go: to the member, unless another address is typed."""
    letter = await find(visit)
    if letter is None:
        return visit.not_found()
    return _ask(visit, letter, visit.blank(ReleaseForm, data={"to": visit.member.email}))


@pages.post("/test-inbox/{message}/release", needs=WRITE)
async def release_letter(visit: Visit) -> Response:
    """Send it for real, to this address alone."""
    letter = await find(visit)
    if letter is None:
        return visit.not_found()
    form = await visit.filled(ReleaseForm)
    to = _address(visit, form) if form.validate() else None
    if to is None:
        return _ask(visit, letter, form)
    account = await _account(visit, letter)
    if account is None:
        return _ask(visit, letter, form, visit.gettext("The SMTP account that sent it is gone."))
    outcome = await visit.desk.sandbox.release(letter, account, to, caller_of(visit, account))
    if isinstance(outcome, Refusal):
        return _ask(visit, letter, form, f"{outcome.text} {outcome.fix}".strip())
    await visit.desk.audit.note(
        visit.member,
        "test-inbox.released",
        to_text(letter.record.message_id),
        address=visit.address,
        after={"to": str(to), "as": to_text(outcome.message_id)},
    )
    notice = visit.gettext("Accepted for delivery to %(address)s.") % {"address": to}
    return visit.go(path_of(letter.record.message_id), notice)


def _address(visit: Visit, form: ReleaseForm) -> Mailbox | None:
    """Read the address; any but the member's own has to be confirmed."""
    written = form.to.data.strip()
    try:
        mailbox = parse_mailbox(written)
    except AddressFault:
        form.to.errors = [visit.gettext("Write one whole address, for example anna@example.com.")]
        return None
    if written.lower() != visit.member.email.lower() and not form.confirmed.data:
        form.confirmed.errors = [
            visit.gettext("This is not your own address: confirm that you mean it.")
        ]
        return None
    return mailbox


async def _account(visit: Visit, letter: Letter) -> SmtpAccount | None:
    found = await visit.desk.account_administration.smtp_accounts(visit.member.customer_name)
    wanted = letter.record.account_id
    return next((one for one in found if one.account_id == wanted and one.enabled), None)


def _ask(visit: Visit, letter: Letter, form: ReleaseForm, trouble: str = "") -> Response:
    return visit.page(
        "test_inbox/release.html",
        record=letter.record,
        form=form,
        trouble=trouble,
        here=path_of(letter.record.message_id),
    )
