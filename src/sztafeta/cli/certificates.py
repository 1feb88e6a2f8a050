"""`sztafeta message certificate`, `sztafeta certificate`: deliveries certified, and certificates checked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from sztafeta.bootstrap.certify import certify
from sztafeta.cli.messages import QueueIdArgument
from sztafeta.cli.output import Json, Output, UserFault
from sztafeta.cli.queue import find_message
from sztafeta.cli.run import ConfigOption, fail, read_settings, with_store
from sztafeta.delivery.certificate.verification import NotProved, verify_document
from sztafeta.service.fault import Refusal
from sztafeta.service.ports import MessageRecord, RecipientHistory
from sztafeta.store.open import Store

application = typer.Typer(
    no_args_is_help=True,
    help="Delivery certificates checked, and the public key they are checked with.",
    epilog="Example: sztafeta certificate verify certificate.json --keys sztafeta-certificates.json",
)
CHECKED = (
    "the signature is of the key with this fingerprint, which is among the keys given",
    "the claims for people are those that were signed",
)


def issue(
    queue_id: QueueIdArgument,
    recipient: Annotated[
        str | None,
        typer.Option("--recipient", metavar="ADDRESS", help="Whose; the first one's unless given."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Print the delivery certificate of a message as the signed file that is archived."""
    settings = read_settings(config).settings

    async def work(store: Store) -> None:
        record = await _record(store, queue_id)
        found = _recipient(record, recipient)
        customers = {one.customer_id: one.name for one in await store.accounts.customers()}
        verb = certify(settings, store)
        certificate = await verb.certificate(record, found, customer=customers[record.customer_id])
        if isinstance(certificate, Refusal):
            raise UserFault(
                f"{certificate.text}; {certificate.fix[:1].lower()}{certificate.fix[1:]}"
            )
        sys.stdout.write(verb.signed(certificate).decode())

    with_store(config, work)


@application.command("keys")
def keys(config: ConfigOption = None) -> None:
    """Print the public key of this installation as a JWK set, as it is published over HTTP."""
    settings = read_settings(config).settings

    async def work(store: Store) -> None:
        Output(as_json=True).value(certify(settings, store).key_set())

    with_store(config, work)


@application.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The certificate's signed file.")],
    keys: Annotated[
        Path,
        typer.Option("--keys", metavar="FILE", help="JWK set that you have from its issuer."),
    ],
    as_json: Json = False,
) -> None:
    """Check a delivery certificate, offline; ends with 0 when it is proved.

    Nothing is fetched: what the certificate says about where its key is published is not followed.
    """
    try:
        proved = verify_document(_read(file), _read(keys))
    except NotProved as fault:
        fail(f"{file} is not proved: {fault}")
    output = Output(as_json=as_json)
    facts = {"proved": True, "key": proved.key_id, "checked": CHECKED, "claims": proved.claims}
    if as_json:
        output.value(facts)
        return
    output.line(f"Proved: key {proved.key_id}", style="green")
    for one in CHECKED:
        output.line(f"  {one}")
    output.line("What it claims:")
    output.facts(proved.claims)
    output.line(
        "Not checked: the content. Compare its SHA-256 with that of the message's .eml file."
    )


async def _record(store: Store, queue_id: str) -> MessageRecord:
    history = await find_message(store, queue_id)
    summary = history.summary
    record = await store.feed.find_message(summary.customer_id, summary.message_id)
    if record is None:
        raise UserFault(f"there is no message {queue_id} any more")
    return record


def _recipient(record: MessageRecord, address: str | None) -> RecipientHistory:
    for one in record.recipients:
        if address is None or str(one.forward_path.mailbox) == address:
            return one
    raise UserFault(f"the message has no recipient {address}; sztafeta message show lists them")


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        fail(f"{file}: {fault.strerror}")
