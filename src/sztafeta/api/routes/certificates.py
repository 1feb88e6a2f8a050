"""Delivery certificates: `/v1/messages/{message}/certificate`, and the public key, for anybody."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from sztafeta.api.caller import caller_of
from sztafeta.api.desk import AtDesk, Reader, at_desk
from sztafeta.api.guarded import Guarded
from sztafeta.api.json_text import to_json
from sztafeta.api.notebook import AtNotebook
from sztafeta.api.problem import Problem
from sztafeta.api.routes.message_views import MESSAGE, message_id_of
from sztafeta.api.routes.shapes import good
from sztafeta.mail.address import AddressFault, parse_mailbox
from sztafeta.service.certify import KEYS_PATH, certificate_name
from sztafeta.service.ports import MessageRecord, RecipientHistory

router = APIRouter(tags=["messages"], route_class=Guarded)

_KEYS_HEADERS: Final = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}


@router.get(
    "/v1/messages/{message}/certificate",
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
    summary="The delivery certificate",
)
async def see_certificate(
    request: Request,
    key: Reader,
    desk: AtDesk,
    notebook: AtNotebook,
    message: str,
    to: Annotated[
        str | None, Query(description="Recipient's address; the first one's unless given.")
    ] = None,
) -> Response:
    """Give a signed proof of delivery to archive; 409 while the recipient is not delivered.

    A JWS in flattened JSON (RFC 7515 §7.2.2, EdDSA) with its claims beside it. The public key is at
    `/.well-known/sztafeta-certificates.json`; `sztafeta certificate verify` checks a file offline.
    """
    record = good(await desk.messages.find(caller_of(request, key), message_id_of(message)))
    recipient = _recipient(record, to)
    certificate = good(
        await desk.certify.certificate(record, recipient, customer=key.account.customer_name)
    )
    shown_id = MESSAGE + certificate.queue_id
    await notebook.note_reading(key, "messages.certificate-downloaded", shown_id)
    name = f'attachment; filename="{certificate_name(certificate)}"'
    return Response(
        desk.certify.signed(certificate),
        media_type="application/json",
        headers={"Content-Disposition": name},
    )


def _recipient(record: MessageRecord, to: str | None) -> RecipientHistory:
    """Find the recipient that is meant.

    Raises:
        Problem: the message has none like this.
    """
    try:
        wanted = None if to is None else parse_mailbox(to)
    except AddressFault as fault:
        raise Problem("not_found", f"{to} is no address: {fault}.") from fault
    for one in record.recipients:
        if wanted is None or one.forward_path.mailbox == wanted:
            return one
    raise Problem("not_found", f"The message has no recipient {to}.")


async def certificate_keys(request: Request) -> Response:
    """Give the public key of certificates as a JWK set."""
    octets = to_json(at_desk(request).certify.key_set())
    return Response(octets, media_type="application/jwk-set+json", headers=_KEYS_HEADERS)


router.add_route(KEYS_PATH, certificate_keys, methods=["GET"], include_in_schema=False)
