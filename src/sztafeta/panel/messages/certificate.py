"""The delivery certificate of a message: a sheet to print, and the signed file to archive."""

from __future__ import annotations

from starlette.responses import Response

from sztafeta.delivery.certificate.claims import DeliveryCertificate, instant
from sztafeta.delivery.queue_id import to_text
from sztafeta.panel.messages.shared import LIST, READ, message_path, pages, shown_id, told_of
from sztafeta.panel.visit import Visit
from sztafeta.service.activity.telling import Told
from sztafeta.service.certify import certificate_name
from sztafeta.service.fault import Refusal


@pages.get("/messages/{id}/certificate", needs=READ)
async def certificate_file(visit: Visit) -> Response:
    """Give the signed file; what is not delivered has none."""
    told = await told_of(visit)
    certificate = None if told is None else await _certificate(visit, told)
    if told is None or certificate is None:
        return visit.not_found()
    await visit.desk.audit.note_reading(
        visit.member,
        "messages.certificate-downloaded",
        shown_id(told.record.message_id),
        address=visit.address,
    )
    content = visit.desk.mail.certify.signed(certificate)
    return visit.download(content, certificate_name(certificate), "application/json")


@pages.get("/messages/{id}/certificate/print", needs=READ)
async def certificate_sheet(visit: Visit) -> Response:
    """Show what is certified, on one sheet of paper."""
    told = await told_of(visit)
    certificate = None if told is None else await _certificate(visit, told)
    if told is None or certificate is None:
        return visit.not_found()
    record, recipient = told.record, told.recipient
    return visit.page(
        "messages/certificate.html",
        certificate=certificate,
        instant=instant,
        key_id=visit.desk.mail.certify.key_id,
        keys_url=visit.desk.mail.certify.keys_url,
        file_name=certificate_name(certificate),
        message_path=message_path(record.message_id, recipient.recipient_id),
        file_path=f"{LIST}/{shown_id(record.message_id)}/certificate?to={to_text(recipient.recipient_id)}",
    )


async def _certificate(visit: Visit, told: Told) -> DeliveryCertificate | None:
    customer = visit.member.customer_name
    found = await visit.desk.mail.certify.certificate(
        told.record, told.recipient, customer=customer
    )
    return None if isinstance(found, Refusal) else found
