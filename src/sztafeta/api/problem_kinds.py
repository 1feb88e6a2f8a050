"""Every problem the HTTP API can answer with: a stable code, its title, and a page that says what to do.

A code never changes its meaning (RFC 9457 §3.1.1: `type` identifies the problem). The pages under
`/v1/errors/` and the list in the documents are printed from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One row of the table."""

    http_status: int
    code: str
    title: str
    meaning: str
    """When it happens and what to change, in a few sentences."""
    retryable: bool = False
    """The same call may succeed later."""


KINDS: Final = (
    ProblemKind(
        400,
        "malformed_body",
        "The body is not JSON",
        "The body must be one JSON object in UTF-8. The detail says where it stopped making sense.",
    ),
    ProblemKind(
        400,
        "two_credentials",
        "Credentials of two services",
        "Several APIs live on this host, told apart by their credentials. Send those of one: the detail "
        "names which came together.",
    ),
    ProblemKind(
        401,
        "auth_missing",
        "No API key",
        "Send the key as `Authorization: Bearer szt_live_…`, or as the password of Basic authentication.",
    ),
    ProblemKind(
        401,
        "key_unknown",
        "The API key is not known",
        "The key was mistyped, deleted, or belongs to another installation. Make a new one if it is lost: "
        "a key is shown once.",
    ),
    ProblemKind(
        401,
        "key_revoked",
        "The API key was revoked",
        "Use a key that is in force, or make a new one.",
    ),
    ProblemKind(
        401,
        "key_expired",
        "The API key has expired",
        "Its end was set when it was made. Make a new one, or rotate keys before their end.",
    ),
    ProblemKind(
        403,
        "ip_not_allowed",
        "The API key may not be used from this address",
        "The key has an IP allow-list that does not hold the address named in the detail.",
    ),
    ProblemKind(
        403,
        "scope_missing",
        "The API key lacks a scope",
        "The detail names the scope that this call needs. Give it to the key, or use another one.",
    ),
    ProblemKind(
        403,
        "key_wrong_mode",
        "A test key may not do this",
        "What a test key does never leaves. It makes no live key and no SMTP login: use a live key.",
    ),
    ProblemKind(
        409,
        "changed_meanwhile",
        "Somebody else was faster",
        "It was changed after it had been read. Read it again, and change what is there now.",
    ),
    ProblemKind(
        409,
        "test_key_needed",
        "The test inbox is for test keys",
        "What is under `/v1/sandbox` shows and deletes mail that a test key sent; a live key has no test "
        "inbox. Call with a test key.",
    ),
    ProblemKind(
        408,
        "nothing_arrived",
        "No such mail came in time",
        "The test inbox has no mail that fits what was waited for. Look at the address and the words, or "
        "wait longer: the same call may find it later.",
        retryable=True,
    ),
    ProblemKind(
        403,
        "account_paused",
        "The account is suspended",
        "Customer service or the operator suspended the customer or its SMTP account; ask them why.",
    ),
    ProblemKind(
        403,
        "from_not_allowed",
        "The sender's domain is not yours",
        "The domain after @ in `from` must be one of your sending domains. Have it added, or send from one "
        "that is: `GET /v1/domains` lists them.",
    ),
    ProblemKind(
        404,
        "not_found",
        "There is no such thing",
        "The id is wrong, belongs to the other mode (live or test), or what it named was deleted. What "
        "belongs to others is answered the same way.",
    ),
    ProblemKind(
        405,
        "method_not_allowed",
        "The address does not take this method",
        "The `Allow` field of the answer names the methods it takes.",
    ),
    ProblemKind(
        409,
        "already_there",
        "The name is taken",
        "Another one of yours, or of somebody else where names are shared, has this name already.",
    ),
    ProblemKind(
        409,
        "wrong_state",
        "Too late for this",
        "What the call names has moved on: a message that is final cannot be canceled, one that was tried "
        "cannot be rescheduled. The detail says where it stands.",
    ),
    ProblemKind(
        409,
        "not_certified",
        "There is no delivery to certify",
        "A delivery certificate is given when the recipient's server has taken live mail over, and while the "
        "recipient stands as delivered. The detail says where it stands.",
    ),
    ProblemKind(
        409,
        "version_conflict",
        "Somebody changed it first",
        "Read it again, make your change anew, and send that.",
    ),
    ProblemKind(
        409,
        "idempotency_in_progress",
        "The first call with this key is not finished",
        "Wait for its answer, or send the same call again in a moment: it gets the same answer.",
        retryable=True,
    ),
    ProblemKind(
        413,
        "message_too_large",
        "The message is too large",
        "A message may have 10 MB as it goes over the wire, the same over SMTP and HTTP. E-mail coding adds "
        "about 37 % to files: 7.3 MB of files make 10 MB of message. Send a link to bigger files.",
    ),
    ProblemKind(
        413,
        "body_too_large",
        "The body of the call is too large",
        "The detail says how many octets a call may have. Send several calls.",
    ),
    ProblemKind(
        415,
        "unsupported_media",
        "The body has another type than this address takes",
        "Send `Content-Type: application/json`, or `message/rfc822` where a MIME message is wanted.",
    ),
    ProblemKind(
        421,
        "misdirected",
        "The call was meant for another host",
        "Name the host of this service in one `Host` field; a proxy in front of it must pass the field on as "
        "it came.",
    ),
    ProblemKind(
        422,
        "invalid",
        "The call holds values that cannot be used",
        "`errors` names each one with a JSON Pointer to where it stands and a sentence that says what is "
        "wrong. All of them are found at once.",
    ),
    ProblemKind(
        422,
        "template_unknown",
        "There is no such template",
        "No template of yours has this id or external id, or it was never published: `GET /v1/templates`.",
    ),
    ProblemKind(
        422,
        "template_invalid",
        "The template cannot be read or rendered",
        "`errors` names the part and the line.",
    ),
    ProblemKind(
        422,
        "template_variable_missing",
        "The template needs variables that the call lacks",
        "`errors` names them. Send them in `data`, give them a default in the template "
        "(`{{ name | default('') }}`), or set the template's `missing` to `blank`.",
    ),
    ProblemKind(
        202,
        "recipient_suppressed",
        "The recipient is suppressed",
        "Stands beside a recipient in the answer to a call that sends: mail to this address is not sent, "
        "because it bounced, complained or unsubscribed. `GET /v1/suppressions/{address}` says why and "
        "since when.",
    ),
    ProblemKind(
        422,
        "idempotency_mismatch",
        "The idempotency key was used for another call",
        "A key belongs to one call for 24 hours. Use a new key for a new call.",
    ),
    ProblemKind(
        429,
        "rate_limited",
        "Too many calls",
        "Wait for as many seconds as `Retry-After` says.",
        retryable=True,
    ),
    ProblemKind(
        500,
        "internal",
        "Our mistake",
        "Something broke on our side and was logged under the request id. What was not answered with 202 "
        "was not taken over: send it again, with the same idempotency key.",
        retryable=True,
    ),
    ProblemKind(
        503,
        "maintenance",
        "Not ready for the moment",
        "The store is busy or the service is stopping. Nothing was taken over: send the call again.",
        retryable=True,
    ),
    ProblemKind(
        507,
        "no_room",
        "No room for mail at the moment",
        "The operator's disk is full. Nothing was taken over: send the call again later.",
        retryable=True,
    ),
)
BY_CODE: Final = {kind.code: kind for kind in KINDS}
