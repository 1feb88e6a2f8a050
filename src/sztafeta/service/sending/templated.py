"""A message over SMTP whose content is a stored template, read from its header as a call."""

from __future__ import annotations

from collections.abc import Iterator

from sztafeta.mail.author import authors, parse_mailbox_list
from sztafeta.mail.control_fields import is_control_field
from sztafeta.mail.encoded_word import decode_words
from sztafeta.mail.hostile_text import what_is_wrong_with_field
from sztafeta.mail.message import Header, value_of
from sztafeta.service.composing import Composed, Submission
from sztafeta.service.sending.call import Addressee, Call, Caller, Person, TemplateChoice


def caller_of(submission: Submission) -> Caller:
    """Give who submitted as a caller."""
    source = submission.source.as_history(submission.envelope)
    return Caller(
        account=submission.account,
        mode=submission.mode,
        key_id="",
        address=source["address"],
        client=source["client"],
        door=source["listener"],
        word=submission.source.protocol(submission.envelope),
        failure_notices=submission.account.failure_notices,
    )


def call_of(submission: Submission, composed: Composed) -> Call:
    """Give the call: every recipient of the envelope gets a message of his own."""
    header, wishes = composed.original, composed.wishes
    if header is None:
        raise ValueError("the content is the message's own")
    (author, *_) = authors(header)
    reverse_path = submission.envelope.reverse_path
    return Call(
        author=Person(address=str(author), name=_author_name(header), pointer="/from"),
        addressees=tuple(
            Addressee(person=Person(address=str(one.mailbox), pointer=f"/to/{at}"))
            for at, one in enumerate(submission.forward_paths)
        ),
        template=TemplateChoice(ref=wishes.template),
        data=wishes.data,
        reply_to=tuple(_reply_to(header)),
        headers=tuple(_further(header).items()),
        tags=wishes.tags,
        metadata=wishes.metadata,
        send_at=wishes.send_at,
        expires_at=wishes.expires_at,
        return_path=None if reverse_path is None else Person(address=str(reverse_path)),
    )


def _author_name(header: Header) -> str:
    """Give the display name of the one author; a list has none."""
    field = header.first(b"from")
    value = "" if field is None else field.value.replace(b"\t", b" ").decode("utf-8", "replace")
    name, bracket, _ = value.rpartition("<")
    if not bracket or "," in name.replace('"', ""):
        return ""
    return decode_words(name.strip(" \t").strip('"').replace('\\"', '"'))


def _reply_to(header: Header) -> Iterator[Person]:
    field = header.first(b"reply-to")
    if field is not None:
        for mailbox in parse_mailbox_list(field.value.decode("utf-8", "replace")):
            yield Person(address=str(mailbox), pointer="/reply_to")


def _further(header: Header) -> dict[str, str]:
    """Give the fields that a template does not write; of twins the first."""
    further: dict[bytes, tuple[str, str]] = {}
    for name, octets in zip(header.names, header.slices, strict=True):
        if is_control_field(name) or what_is_wrong_with_field(name.decode("ascii")):
            continue
        written = octets.partition(b":")[0].rstrip(b" \t").decode("ascii")
        value = value_of(octets).replace(b"\t", b" ").decode("utf-8", "replace")
        further.setdefault(name, (written, decode_words(value)))
    return dict(further.values())
