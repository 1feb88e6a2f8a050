"""A trial: a version with test data, sent to one address as real mail; one's own unless another is typed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from wtforms import SelectField, StringField, TextAreaField

from sztafeta.account.api_key import Mode
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.panel.forms import Form, at_most, options, required
from sztafeta.panel.pages import Pages
from sztafeta.panel.template_pages import found
from sztafeta.panel.template_pages.found import WRITE
from sztafeta.panel.template_pages.starters import SAMPLE
from sztafeta.panel.texts import N_
from sztafeta.panel.visit import Visit
from sztafeta.service.fault import Refusal
from sztafeta.service.sending.call import Caller, Person
from sztafeta.service.sending.sent import Fate, Sent
from sztafeta.service.template_preview import DataFault, read_data
from sztafeta.service.templates import WholeTemplate, call_of_test

pages = Pages("templates")


class TrialForm(Form):
    """From whom, to whom, with what."""

    account = SelectField(N_("Sends as the SMTP account"), [required()])
    author = StringField(N_("Sender"), [required(), at_most(320)])
    to = StringField(N_("To"), [required(), at_most(320)])
    data = TextAreaField(N_("Test data (JSON)"))


@pages.get("/templates/{template}/send-test", needs=WRITE)
async def try_template(visit: Visit) -> Response:
    """Ask where to send it."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    accounts = await found.accounts_of(visit)
    samples = await visit.desk.previews.samples(whole.template.template_id)
    form = visit.blank(
        TrialForm,
        data={
            "author": _author(accounts),
            "to": visit.member.email,
            "data": samples[0].data if samples else SAMPLE,
        },
    )
    return _ask(visit, whole, form, accounts)


@pages.post("/templates/{template}/send-test", needs=WRITE)
async def send_trial(visit: Visit) -> Response:
    """Send it."""
    whole = await found.find(visit)
    if whole is None:
        return visit.not_found()
    form, accounts = await visit.filled(TrialForm), await found.accounts_of(visit)
    form.account.choices = options((one.login, one.login) for one in accounts)
    if not form.validate():
        return _ask(visit, whole, form, accounts)
    account = next(one for one in accounts if one.login == form.account.data)
    trouble = await _send(visit, whole, form, account)
    if trouble:
        return _ask(visit, whole, form, accounts, trouble)
    await found.note(visit, "template.tried", whole.template, to=form.to.data)
    notice = visit.gettext("Sent to %(address)s.") % {"address": form.to.data}
    return visit.go(found.path_of(whole.template), notice)


async def _send(visit: Visit, whole: WholeTemplate, form: TrialForm, account: SmtpAccount) -> str:
    """Send it; say why not, or nothing."""
    try:
        data = read_data(form.data.data or "")
    except DataFault as fault:
        form.data.errors = [str(fault).replace("%", "%%")]
        return visit.gettext("The test data cannot be read.")
    rendered = await visit.desk.templates.render(whole, data)
    if isinstance(rendered, Refusal):
        return found.said(visit, rendered)
    call = call_of_test(
        rendered[0],
        author=Person(address=form.author.data.strip(), pointer="/from"),
        to=Person(address=form.to.data.strip(), pointer="/to"),
    )
    sent = await visit.desk.sending.send(caller_of(visit, account), call)
    if isinstance(sent, Refusal):
        return " ".join([sent.text, *(one.text for one in sent.faults)])
    if isinstance(sent, Sent) and sent.messages[0].fate is not Fate.ACCEPTED:
        return visit.gettext("Nothing was sent: the address is suppressed or cannot be read.")
    return ""


def caller_of(visit: Visit, account: SmtpAccount) -> Caller:
    """Say who sends, in the verbs' words."""
    return Caller(
        account=account,
        mode=Mode.LIVE,
        key_id="",
        address=visit.address,
        client=visit.request.headers.get("user-agent", "")[:200],
        door="panel",
    )


def _author(accounts: Sequence[SmtpAccount]) -> str:
    """Give an address that the first account may send from, or nothing."""
    domains = [sorted(one.sending_domains) for one in accounts]
    return next((f"test@{names[0]}" for names in domains if names), "")


def _ask(
    visit: Visit,
    whole: WholeTemplate,
    form: TrialForm,
    accounts: Sequence[SmtpAccount],
    trouble: str = "",
) -> Response:
    form.account.choices = options((one.login, one.login) for one in accounts)
    return visit.page(
        "templates/trial.html",
        template=whole.template,
        version=whole.version,
        form=form,
        trouble=trouble,
        has_accounts=bool(accounts),
        here=found.path_of(whole.template),
    )
