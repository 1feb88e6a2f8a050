"""The demo's first message: through the front door like anybody's, and seen to arrive."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
import time
from email.message import EmailMessage

from sztafeta.cli.demo_ports import HOST
from sztafeta.cli.demo_surroundings import DOMAIN, LOGIN, Demo
from sztafeta.cli.output import UserFault

SUBJECT = "Welcome: this message went the whole way"
_TEXT = """Hello,

this message came in over SMTP with a login, was on disk before it was answered
with 250, was signed with two DKIM keys, waited its turn in the queue, and was
delivered over TLS to the catch-all that plays the internet here.

Your own programs' mail will take the same way: point them at the host, port,
login and password that the demo printed. Nothing leaves this machine.

Write to bounced@example.com to see a bounce, to soft@example.com to see a retry.
"""
_HTML = """<div style="font: 16px/1.6 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto;
padding: 0 1rem; color: #22201d">
<h1 style="font-size: 22px; margin: 0 0 1rem; color: #ad4524">The baton arrived</h1>
<p>This message came in over SMTP with a login, was <b>on disk before it was answered with 250</b>,
was signed with two DKIM keys, waited its turn in the queue, and was delivered over TLS to the catch-all
that plays the internet here.</p>
<p>Your own programs’ mail will take the same way: point them at the host, port, login and password that
the demo printed. Nothing leaves this machine.</p>
<p style="color: #6a655d">Write to <code>bounced@example.com</code> to see a bounce,
to <code>soft@example.com</code> to see a retry.</p>
</div>
"""


async def send_welcome(running: Demo, *, patience: float) -> float:
    """Send it and wait until it is in the inbox; give the seconds from the first octet to the last.

    Raises:
        UserFault: it was refused, or did not arrive in time.
    """
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            await asyncio.to_thread(_submit, running.ports.smtp, running.secrets.password)
            await running.arrival_of(SUBJECT)
    except smtplib.SMTPException as refusal:
        raise UserFault(str(refusal)) from refusal
    except TimeoutError:
        raise UserFault(f"it was not in the inbox after {patience:.0f} s") from None
    return time.monotonic() - began


def _submit(port: int, password: str) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # our own certificate, made a moment ago
    with smtplib.SMTP(HOST, port, timeout=10) as client:
        client.starttls(context=context)
        client.login(LOGIN, password)
        client.send_message(_compose())


def _compose() -> EmailMessage:
    message = EmailMessage()
    message["From"] = f"Sztafeta <hello@{DOMAIN}>"
    message["To"] = "You <you@example.com>"
    message["Subject"] = SUBJECT
    message.set_content(_TEXT)
    message.add_alternative(_HTML, subtype="html")
    return message
