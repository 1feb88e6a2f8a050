"""EmailLabs' API v1 on our host: `/api/<action>`, forms in, JSON as `text/html` out (emaillabs.md §1).

Its clients depend on its quirks: `code` is a number and mirrors the HTTP status, a list that matches nothing
is 404, and one bad recipient hides inside `200 Message sent`. App Key is any name, Secret Key a key of ours.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.account.api_key import ApiKey, Scope
from sztafeta.account.smtp_account import SmtpAccount
from sztafeta.api.caller import caller_of, client_address, key_text
from sztafeta.api.compat.emaillabs_calls import CallFault, read_call
from sztafeta.api.compat.emaillabs_rows import (
    blacklist_row,
    counted,
    log_rows,
    sort_rows,
    within,
)
from sztafeta.api.compat.emaillabs_words import FINAL_STATES, REASON_OF, REASONS, read_time
from sztafeta.api.compat.php_form import FormFault, Tree, parse_form, text_at
from sztafeta.api.desk import Desk, at_desk
from sztafeta.api.json_text import to_json
from sztafeta.delivery.suppression import suppressed_form
from sztafeta.mail.address import AddressFault, Mailbox, parse_mailbox
from sztafeta.mail.template_source import MissingRule, TemplateSource
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import MessageQuery, Suppression
from sztafeta.service.sent import Fate, Replayed, SentMessage
from sztafeta.service.templates import TemplateWish, shown_id

router = APIRouter(prefix="/api", include_in_schema=False)

MEDIA_TYPE: Final = "text/html;charset=UTF-8"
LETTERS: Final = string.ascii_letters + string.digits
MOST_ROWS: Final = 1000
LONGEST_PERIOD: Final = timedelta(days=62)
NO_ROWS: Final = "No data"


class Answer(Exception):
    """Ends an action with an answer that is not a success."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Visit:
    """One call: who, what, and where the desk is."""

    request: Request
    desk: Desk
    key: ApiKey
    form: Tree
    """The body's fields, or for GET the query's."""
    rest: tuple[str, ...]
    """What stands in the path behind the action."""


@dataclass(frozen=True, slots=True)
class Found:
    """What an action gives."""

    message: str | None = None
    data: Any = None
    total: int | None = None
    """Rows that match, whatever the page holds."""
    extra: Mapping[str, Any] | None = None


async def act(request: Request) -> Response:
    """Do an action."""
    try:
        visit = await _visit(request)
        action = request.path_params["action"].partition("/")[0]
        doer, scope = _ACTIONS.get((action, request.method), (None, Scope.READ))
        if doer is None:
            raise Answer(404, f"Unknown action {action}")
        if not visit.key.may(scope):
            raise Answer(401, f"The key lacks the scope {scope.value}")
        found = await doer(visit)
        return _answer(200, "success", found)
    except Answer as answer:
        return _answer(answer.code, "error", Found(message=str(answer)))
    except (CallFault, FormFault) as fault:
        return _answer(500, "error", Found(message=str(fault)))


async def _visit(request: Request) -> Visit:
    desk = at_desk(request)
    proved = await desk.keys.prove(
        key_text(request.headers.get("authorization", "")), client_address(request)
    )
    if isinstance(proved, Refusal):
        raise Answer(401, "App Key is invalid")
    if request.method == "GET":
        octets = request.scope["query_string"]
    else:
        async with desk.bodies.body(request) as body:
            octets = body.octets or request.scope["query_string"]
    rest = request.path_params["action"].split("/")[1:]
    return Visit(request, desk, proved, parse_form(octets), tuple(unquote(one) for one in rest))


def _answer(code: int, status: str, found: Found) -> Response:
    """Write the envelope; clients test `code` as a number."""
    envelope: dict[str, Any] = {}
    if found.total is not None:
        envelope["number_of_elements"] = found.total
    envelope |= {
        "data": found.data,
        "req_id": "".join(secrets.choice(LETTERS) for _ in range(10)),
        "message": found.message,
        "status": status,
        "code": code,
        **(found.extra or {}),
    }
    return Response(to_json(envelope), code, headers={"content-type": MEDIA_TYPE})


# -- sending --------------------------------------------------------------------------------------


async def _send(visit: Visit) -> Found:
    return await _send_form(visit, is_template=False)


async def _send_template(visit: Visit) -> Found:
    return await _send_form(visit, is_template=True)


async def _send_form(visit: Visit, *, is_template: bool) -> Found:
    account = await _account(visit, text_at(visit.form, "smtp_account"))
    call = read_call(visit.form, is_template=is_template)
    caller = replace(caller_of(visit.request, visit.key), account=account)
    outcome = await visit.desk.sending.send(caller, call)
    if isinstance(outcome, Replayed):
        raise Answer(500, "The call was taken for an earlier one")
    if isinstance(outcome, Refusal):
        raise Answer(500, _reason(outcome))
    return Found(message="Message sent", data=[_pair(one) for one in outcome.messages])


def _pair(one: SentMessage) -> dict[str, str]:
    """Give recipient → Message-ID; what went wrong stands behind it (emaillabs.md §1.4)."""
    if one.fate is Fate.ACCEPTED:
        return {one.address: one.header_message_id}
    if one.fate is Fate.SUPPRESSED:
        return {
            one.address: f"{one.header_message_id} > Address: {one.address} is on the blacklist."
        }
    why = "Address has white sign." if " " in one.address.strip() else ""
    text = f"{one.header_message_id} > Address: {one.address} is incorrect. {why}"
    return {one.address: text.strip()}


def _reason(refusal: Refusal) -> str:
    return " ".join([refusal.text, *(fault.text for fault in refusal.faults[:5])])


async def _account(visit: Visit, login: str) -> SmtpAccount:
    if not login:
        raise Answer(500, "Field 'smtp_account' is required")
    if login == visit.key.account.login:
        return visit.key.account
    account = await visit.desk.accounts.smtp_account(login)
    if account is None or account.customer_id != visit.key.customer_id:
        raise Answer(500, f"SMTP account {login} does not exist")
    return account


async def _add_template(visit: Visit) -> Found:
    html, text = text_at(visit.form, "html"), text_at(visit.form, "txt", "text")
    if not (html or text):
        raise Answer(500, "Field 'html' is required")
    wish = TemplateWish(
        name=text_at(visit.form, "name") or "EmailLabs template",
        missing=MissingRule.BLANK,
        source=TemplateSource(html=html, text=text),
    )
    templates, customer_id = visit.desk.templates, visit.key.customer_id
    made = await templates.create(customer_id, wish, visit.key.name)
    if isinstance(made, Refusal):
        raise Answer(500, _reason(made))
    template_id = shown_id(made.template)
    published = await templates.publish(customer_id, template_id, None)
    if isinstance(published, Refusal):
        raise Answer(500, _reason(published))
    return Found(message="Template added", extra={"template_id": template_id})


# -- the log --------------------------------------------------------------------------------------


async def _emails(visit: Visit) -> Found:
    terms = _filter(visit)
    query = await _query(visit, terms)
    limit, offset = _page(visit)
    records = await visit.desk.feed.find_messages(query, limit=limit, offset=offset)
    total = await visit.desk.feed.count_messages(query)
    rows = [row for _, row in log_rows(records)]
    return _listed(sort_rows(rows, text_at(visit.form, "sort")), total)


async def _smtp_events(visit: Visit) -> Found:
    word = visit.rest[0] if visit.rest else ""
    if word not in FINAL_STATES:
        raise Answer(404, f"Unknown status {word}")
    if not FINAL_STATES[word]:
        raise Answer(404, NO_ROWS)
    query = replace(
        await _query(visit, _filter(visit)),
        states=FINAL_STATES[word],
        accepted_from=read_time(text_at(visit.form, "from_time")),
        accepted_to=read_time(text_at(visit.form, "to_time")),
    )
    limit, offset = _page(visit)
    records = await visit.desk.feed.find_messages(query, limit=limit, offset=offset)
    rows = [row for found, row in log_rows(records) if found == word or word == "injected"]
    return _listed(sort_rows(rows, text_at(visit.form, "sort")), len(rows))


async def _nothing(visit: Visit) -> Found:
    """Opens and clicks: nothing is tracked, so nothing matches."""
    raise Answer(404, NO_ROWS)


async def _query(visit: Visit, terms: Mapping[str, str]) -> MessageQuery:
    account = None
    if "account" in terms:
        account = await visit.desk.accounts.smtp_account(terms["account"])
        if account is None or account.customer_id != visit.key.customer_id:
            raise Answer(404, NO_ROWS)
    return MessageQuery(
        customer_id=visit.key.customer_id,
        mode=visit.key.mode,
        account_id=None if account is None else account.account_id,
        recipient=_mailbox(terms["to"]) if "to" in terms else None,
        header_message_id=terms.get("message_id", terms.get("msgid", "")).strip("<>"),
        accepted_from=_time(terms, "from"),
        accepted_to=_time(terms, "to"),
    )


def _time(terms: Mapping[str, str], edge: str) -> datetime | None:
    for field in ("created_at", "injected_time"):
        if f"{field}.{edge}" in terms:
            return read_time(terms[f"{field}.{edge}"])
    return None


def _mailbox(text: str) -> Mailbox:
    try:
        return parse_mailbox(text.strip())
    except AddressFault:
        raise Answer(404, NO_ROWS) from None


def _filter(visit: Visit) -> dict[str, str]:
    """Read `field::value|field::value`; official clients send it without encoding it."""
    terms: dict[str, str] = {}
    for term in text_at(visit.form, "filter").split("|"):
        name, colons, value = term.partition("::")
        if colons and name:
            terms[name.strip()] = value.strip()
    return terms


def _page(visit: Visit) -> tuple[int, int]:
    return (
        min(_number(visit, "limit", 100) or 100, MOST_ROWS),
        _number(visit, "offset", 0),
    )


def _number(visit: Visit, name: str, otherwise: int) -> int:
    value = text_at(visit.form, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else otherwise


def _listed(rows: Sequence[Any], total: int) -> Found:
    if not rows:
        raise Answer(404, NO_ROWS)  # clients take it for an empty list
    return Found(data=rows, total=total)


# -- blacklist ------------------------------------------------------------------------------------


async def _blacklists(visit: Visit) -> Found:
    if visit.rest:
        return await _blacklist_one(visit)
    terms, (limit, offset) = _filter(visit), _page(visit)
    rows = await visit.desk.suppressions.suppressions(
        visit.key.customer_id, limit=offset + limit, reason=REASON_OF.get(terms.get("reason", ""))
    )
    chosen = [
        row
        for row in rows
        if terms.get("email", row.address).casefold() == row.address
        and terms.get("source", row.source) == row.source
        and within(row.created_at, _time(terms, "from"), _time(terms, "to"))
    ]
    shown = [blacklist_row(row, visit.key.account.login) for row in chosen[offset:]]
    total = await visit.desk.suppressions.count_suppressions(visit.key.customer_id)
    return _listed(sort_rows(shown, text_at(visit.form, "sort")), total)


async def _blacklist_add(visit: Visit) -> Found:
    address, reason = _listed_address(text_at(visit.form, "email")), text_at(visit.form, "reason")
    if reason not in REASON_OF:
        raise Answer(500, f"Field 'reason' must be one of {', '.join(REASON_OF)}")
    await _account(visit, text_at(visit.form, "account"))
    await visit.desk.suppressions.suppress(
        [
            Suppression(
                customer_id=visit.key.customer_id,
                address=address,
                reason=REASON_OF[reason],
                source=(text_at(visit.form, "source") or "api")[:50],
                comment=text_at(visit.form, "comment")[:500],
                created_at=visit.desk.clock.now(),
            )
        ]
    )
    return Found(message="Address added to blacklist", data=[address])


async def _blacklist_one(visit: Visit) -> Found:
    address = _listed_address(_address_in_path(visit))
    found = await visit.desk.suppressions.suppressed(visit.key.customer_id, [address])
    if address not in found:
        raise Answer(404, NO_ROWS)
    return Found(data=[blacklist_row(found[address], visit.key.account.login)], total=1)


async def _blacklist_remove(visit: Visit) -> Found:
    address = _listed_address(_address_in_path(visit))
    if not await visit.desk.suppressions.unsuppress(visit.key.customer_id, address):
        raise Answer(404, NO_ROWS)
    return Found(message="Address removed from blacklist", data=[address])


async def _blacklist_reasons(visit: Visit) -> Found:
    return Found(data=list(REASONS.values()), total=len(REASONS))


def _address_in_path(visit: Visit) -> str:
    if len(visit.rest) < 2 or visit.rest[0] != "email":
        raise Answer(404, "Unknown action")
    return visit.rest[1]


def _listed_address(text: str) -> str:
    try:
        return suppressed_form(parse_mailbox(text.strip()))
    except AddressFault as fault:
        raise Answer(500, f"Address: {text} is incorrect. {fault}") from None


# -- the rest -------------------------------------------------------------------------------------


async def _is_temporary(visit: Visit) -> Found:
    """Say whether an address is of a service for throw-away mailboxes."""
    from disposable_email_domains import blocklist

    mailbox = _mailbox(_address_in_path(visit))
    return Found(
        data=[{"email": str(mailbox), "is_tmp": int(mailbox.domain in blocklist)}], total=1
    )


async def _smtp(visit: Visit) -> Found:
    found = await visit.desk.account_administration.smtp_accounts(visit.key.customer_name)
    rows = [{"account": one.login, "name": one.login, "status": int(one.enabled)} for one in found]
    return _listed(rows, len(rows))


async def _aggregate(visit: Visit) -> Found:
    records = await _in_period(visit)
    return Found(data=counted(word for word, _ in log_rows(records)))


async def _aggregate_tags(visit: Visit) -> Found:
    words: dict[str, list[str]] = {}
    for record in await _in_period(visit):
        for word, _ in log_rows([record]):
            for tag in record.tags:
                words.setdefault(tag, []).append(word)
    if not words:
        raise Answer(404, NO_ROWS)
    return Found(data={tag: counted(iter(found)) for tag, found in words.items()})


async def _in_period(visit: Visit) -> Sequence[Any]:
    account = await _account(visit, text_at(visit.form, "smtp_account"))
    first = read_time(text_at(visit.form, "date_from"))
    last = read_time(text_at(visit.form, "date_to")) or visit.desk.clock.now()
    if first is None:
        raise Answer(500, "Field 'date_from' is required")
    if last - first > LONGEST_PERIOD:
        raise Answer(500, f"The period may have {LONGEST_PERIOD.days} days")
    query = MessageQuery(
        customer_id=visit.key.customer_id,
        mode=visit.key.mode,
        account_id=account.account_id,
        accepted_from=first,
        accepted_to=last,
    )
    return await visit.desk.feed.find_messages(query, limit=100_000)


Doer = Callable[[Visit], Awaitable[Found]]
_ACTIONS: Final[dict[tuple[str, str], tuple[Doer, Scope]]] = {
    ("sendmail", "POST"): (_send, Scope.SEND),
    ("new_sendmail", "POST"): (_send, Scope.SEND),
    ("sendmail_templates", "POST"): (_send_template, Scope.SEND),
    ("add_template", "POST"): (_add_template, Scope.TEMPLATES),
    ("emails", "GET"): (_emails, Scope.READ),
    ("smtp_events", "GET"): (_smtp_events, Scope.READ),
    ("opens", "GET"): (_nothing, Scope.READ),
    ("clicks", "GET"): (_nothing, Scope.READ),
    ("blacklists", "GET"): (_blacklists, Scope.READ),
    ("blacklists", "POST"): (_blacklist_add, Scope.SUPPRESSIONS),
    ("blacklists", "DELETE"): (_blacklist_remove, Scope.SUPPRESSIONS),
    ("blacklist_reasons", "GET"): (_blacklist_reasons, Scope.READ),
    ("is_mail_tmp", "GET"): (_is_temporary, Scope.READ),
    ("smtp", "GET"): (_smtp, Scope.READ),
    ("agregate", "GET"): (_aggregate, Scope.READ),
    ("agregate_tags", "GET"): (_aggregate_tags, Scope.READ),
}

router.add_route("/api/{action:path}", act, methods=["GET", "POST", "PUT", "DELETE"])
