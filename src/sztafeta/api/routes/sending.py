"""`/v1/messages`, the calls that send: one, a batch, a MIME message, and the check that sends nothing.

Plain routes, read by hand: they are many, and their bodies may be big (design §5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter
from pydantic import Field, TypeAdapter, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.account.api_key import Scope
from sztafeta.api.body import Body
from sztafeta.api.caller import caller_of, prove
from sztafeta.api.desk import Desk, at_desk
from sztafeta.api.idempotency import REPLAYED, idempotency_key
from sztafeta.api.json_text import to_json
from sztafeta.api.media_types import JSON, refuse_other_media
from sztafeta.api.problem import MEDIA_TYPE, Problem, describe, how_many, invalid
from sztafeta.api.routes.call_shapes import SendShape
from sztafeta.api.routes.common_call import read_common_call
from sztafeta.api.routes.readable_rest import ReadableRest
from sztafeta.api.routes.shapes import Strict, View
from sztafeta.delivery.queue_id import to_text
from sztafeta.service.fault import Fault, Refusal
from sztafeta.service.sending.call import Call, Caller
from sztafeta.service.sending.sent import Fate, Idempotency, Replayed, Sent, SentMessage

router = APIRouter(prefix="/v1/messages", tags=["messages"])

T = TypeVar("T")


class BatchShape(Strict):
    """Several calls at once; one that is refused does not fail the others."""

    messages: Annotated[list[Any], Field(min_length=1, max_length=500)]
    """Calls as `POST /v1/messages` takes them."""


class MessageAnswer(View):
    """What became of one recipient at once."""

    id: str | None
    """Null when the address could not be read."""
    to: str
    """As the call wrote it, without a name."""
    status: Fate
    """Accepted, suppressed, or invalid."""
    message_id: str | None = None
    """The Message-ID in the mail's header."""
    error: dict[str, str] | None = None
    """Why it gets no mail."""


class SendAnswer(View):
    """A submission that is on disk."""

    id: str
    """Names the call."""
    mode: str
    """Live or test."""
    messages: Sequence[MessageAnswer]
    """One for each recipient, in their order."""
    warnings: Sequence[dict[str, str]] = ()
    """What was taken over although it looks like a mistake."""


class BatchAnswer(View):
    """What became of each call, in their order."""

    data: Sequence[dict[str, Any]]
    """Each as the answer to a single call, or an `error`; `status` is the HTTP status it would have had."""


_SEND: Final = TypeAdapter(SendShape)
_BATCH: Final = TypeAdapter(BatchShape)


async def send(request: Request) -> Response:
    """Send one message to each recipient; `202` means that all of them are on disk."""
    desk = at_desk(request)
    key = await prove(request, desk.keys, Scope.SEND)
    async with json_body(request, desk) as body:
        caller = caller_of(request, key)
        call, dry_run = await _read_send(body.octets, desk, caller)
        if dry_run:
            return _one(request, desk, await desk.sending.check(caller, call), status=200)
        remember = idempotency(request, body, "messages", partial(_written, request, desk))
        outcome = await desk.sending.send(caller, call, idempotency=remember)
    return _one(request, desk, outcome, status=202)


async def validate(request: Request) -> Response:
    """Find everything that is wrong with a call; nothing is stored and nothing is sent."""
    desk = at_desk(request)
    key = await prove(request, desk.keys, Scope.SEND)
    async with json_body(request, desk) as body:
        caller = caller_of(request, key)
        call, _ = await _read_send(body.octets, desk, caller)
        outcome = await desk.sending.check(caller, call)
    return _one(request, desk, outcome, status=200)


async def send_batch(request: Request) -> Response:
    """Send several calls in one commit; each has a result of its own, in their order."""
    desk = at_desk(request)
    key = await prove(request, desk.keys, Scope.SEND)
    async with json_body(request, desk) as body:
        wishes = read(_BATCH, body.octets).messages
        shapes = [_shape_of(wish) for wish in wishes]
        calls = [one.read() for one in shapes if not isinstance(one, Problem)]
        remember = idempotency(
            request, body, "batch", lambda found: (200, _results(request, desk, shapes, found))
        )
        outcomes = await desk.sending.send_batch(
            caller_of(request, key), calls, idempotency=remember
        )
    if isinstance(outcomes, Refusal):
        raise Problem.of(outcomes)
    if isinstance(outcomes, Replayed):
        return _replayed(outcomes)
    return Response(_results(request, desk, shapes, outcomes), 200, media_type=JSON)


async def send_raw(request: Request) -> Response:
    """Send a finished MIME message, as SMTP would take it; the envelope stands in the query."""
    desk = at_desk(request)
    key = await prove(request, desk.keys, Scope.SEND)
    refuse_other_media(request, "message/rfc822")
    query = request.query_params
    async with desk.bodies.body(request) as body:
        outcome = await desk.sending.send_raw(
            caller_of(request, key),
            _with_crlf(body.octets),
            sender=query.get("from", ""),
            recipients=query.getlist("to"),
            idempotency=idempotency(request, body, "raw", partial(_written, request, desk)),
        )
    return _one(request, desk, outcome, status=202)


ENDPOINTS: Final[dict[str, Callable[[Request], Awaitable[Response]]]] = {
    "/v1/messages": send,
    "/v1/messages/validate": validate,
    "/v1/messages/batch": send_batch,
    "/v1/messages/raw": send_raw,
}
for _path, _endpoint in ENDPOINTS.items():
    router.add_route(_path, _endpoint, methods=["POST"])


# -- what comes in --------------------------------------------------------------------------------


def json_body(request: Request, desk: Desk) -> AbstractAsyncContextManager[Body]:
    """Read the body of a call that says it is JSON, or says nothing."""
    refuse_other_media(request, JSON)
    return desk.bodies.body(request)


async def _read_send(octets: bytes, desk: Desk, caller: Caller) -> tuple[Call, bool]:
    """Read a call, and whether it is a dry run; what is not common is read, or refused, by its shape.

    Raises:
        Problem: it has another shape; its further faults are named as well.
    """
    call = read_common_call(octets)
    if call is not None:
        return call, False
    try:
        shape = read(_SEND, octets)
    except Problem as problem:
        raise await _with_further_faults(problem, octets, desk, caller) from problem
    return shape.read(), shape.dry_run


def read(adapter: TypeAdapter[T], octets: bytes) -> T:
    """Read a body's shape.

    Raises:
        Problem: it has another; every fault is named.
    """
    try:
        return adapter.validate_json(octets)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)) from error


async def _with_further_faults(
    problem: Problem, octets: bytes, desk: Desk, caller: Caller
) -> Problem:
    """Find the faults that have nothing to do with the shape as well."""
    if not problem.errors:
        return problem
    rest = ReadableRest(octets, problem.errors)
    found = None if rest.call is None else await desk.sending.check(caller, rest.call)
    if not isinstance(found, Refusal):
        return problem
    errors = (*problem.errors, *rest.further(found.faults))
    return replace(problem, detail=how_many(len(errors)), errors=errors)


def _shape_of(wish: Any) -> SendShape | Problem:
    try:
        shape = _SEND.validate_python(wish)
    except ValidationError as error:
        return invalid(error.errors(include_url=False))
    if shape.dry_run:
        text = "A batch sends; check a single call."
        fault = Fault(pointer="/dry_run", code="not_in_batch", text=text)
        return Problem("invalid", "A call of a batch cannot be a dry run.", errors=(fault,))
    return shape


def _with_crlf(message: bytes) -> bytes:
    """Give a file of a system that ends lines with LF the lines of mail (RFC 5322 §2.3).

    One that has a CR somewhere is taken as it is: to mend it would be to guess (S-01).
    """
    return message if b"\r" in message else message.replace(b"\n", b"\r\n")


def idempotency(
    request: Request,
    body: Body,
    endpoint: str,
    write: Callable[[Sequence[Sent | Refusal]], tuple[int, bytes]],
) -> Idempotency | None:
    """Read the caller's idempotency key, if there is one.

    Raises:
        Problem: it is too long.
    """
    key = idempotency_key(request)
    if not key:
        return None
    query = str(request.url.query).encode()
    digest = sha256(body.sha256 + query).digest()
    return Idempotency(endpoint=endpoint, key=key, request_sha256=digest, answer=write)


# -- what goes out --------------------------------------------------------------------------------


def _one(
    request: Request, desk: Desk, outcome: Sent | Refusal | Replayed, *, status: int
) -> Response:
    if isinstance(outcome, Refusal):
        raise Problem.of(outcome)
    if isinstance(outcome, Replayed):
        return _replayed(outcome)
    return Response(to_json(sent_answer(outcome)), status, media_type=JSON)


def _written(request: Request, desk: Desk, found: Sequence[Sent | Refusal]) -> tuple[int, bytes]:
    """Write the one answer that an idempotency key will give again."""
    (outcome,) = found
    if isinstance(outcome, Sent):
        return 202, to_json(sent_answer(outcome))
    problem = Problem.of(outcome)
    return problem.http_status, to_json(_described(request, desk, problem))


def _replayed(replayed: Replayed) -> Response:
    is_good = replayed.http_status < 400
    return Response(
        replayed.answer,
        replayed.http_status,
        headers=REPLAYED,
        media_type=JSON if is_good else MEDIA_TYPE,
    )


def _results(
    request: Request,
    desk: Desk,
    shapes: Sequence[SendShape | Problem],
    outcomes: Sequence[Sent | Refusal],
) -> bytes:
    """Write a batch's results: what had no readable shape stands in its place among the others."""
    following = iter(outcomes)
    results = []
    for shape in shapes:
        outcome = shape if isinstance(shape, Problem) else next(following)
        results.append(_result(request, desk, outcome))
    return to_json({"data": results})


def _result(request: Request, desk: Desk, outcome: Sent | Refusal | Problem) -> dict[str, Any]:
    if isinstance(outcome, Sent):
        return {"status": 202, **sent_answer(outcome)}
    problem = Problem.of(outcome) if isinstance(outcome, Refusal) else outcome
    return {"status": problem.http_status, "error": _described(request, desk, problem)}


def _described(request: Request, desk: Desk, problem: Problem) -> dict[str, Any]:
    request_id = request.state.request_id
    return describe(problem, base_url=desk.base_url, request_id=request_id)


def sent_answer(sent: Sent) -> dict[str, Any]:
    """Write what became of a call."""
    answer: dict[str, Any] = {
        "id": f"sub_{to_text(sent.submission_id)}",
        "mode": sent.mode.value,
        "messages": [_message(one) for one in sent.messages],
    }
    if sent.warnings:
        answer["warnings"] = [fault_text(one) for one in sent.warnings]
    return answer


def _message(one: SentMessage) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "id": None if one.message_id is None else f"msg_{to_text(one.message_id)}",
        "to": one.address,
        "status": one.fate,
    }
    if one.header_message_id:
        answer["message_id"] = one.header_message_id
    if one.fault is not None:
        answer["error"] = fault_text(one.fault)
    return answer


def fault_text(fault: Fault) -> dict[str, str]:
    """Write a fault."""
    return {"pointer": fault.pointer, "code": fault.code, "detail": fault.text}
