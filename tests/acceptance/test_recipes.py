"""The recipes of the panel, dropped into the programs they are for: each really sends (issue 4, item 3)."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from bench.postfix import Postfix
from tests.acceptance.conftest import DESTINATION, Running
from tests.acceptance.programs import NODE_MODULES, ROOT, run
from tests.system.receiver import Received, Receiver
from tests.system.service import LOGIN, Service, free_port, move_in

from sztafeta.account.recipes import Access, Part, Tls, program_of, recipe

pytestmark = pytest.mark.acceptance

HOST = "localhost"
SENDER, RECIPIENT = "shop@example.com", "customer@example.net"
SUBJECT = "By the recipe"
DJANGO = "django==5.2.8"


@dataclass(frozen=True, slots=True)
class Kitchen:
    """A service with a certificate that programs can be told to trust."""

    running: Running
    certificate: Path
    folder: Path

    def recipe(self, key: str, tls: Tls) -> Sequence[Part]:
        """Write a recipe with what this service has."""
        house = self.running.house
        program = program_of(key)
        assert program is not None
        access = Access(
            host=HOST,
            port=house.tls_port if tls is Tls.IMPLICIT else house.smtp_port,
            tls=tls,
            login=LOGIN,
            password=house.password,
            sender=SENDER,
        )
        return recipe(program, access)

    async def arrived(self) -> Received:
        """Give what the program sent; it came with a login and is signed."""
        received = await self.running.arrival()
        assert received.sender == SENDER
        assert received.recipients == [RECIPIENT]
        assert f"Subject: {SUBJECT}\r\n".encode() in received.raw
        assert received.raw.count(b"DKIM-Signature:") == 2
        return received


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate for localhost that is its own authority."""
    folder = tmp_path_factory.mktemp("certificate")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={HOST}"]
    command += ["-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.fixture
async def kitchen(
    template: Path, tmp_path: Path, certificate: tuple[Path, Path]
) -> AsyncIterator[Kitchen]:
    """Start a service whose mail for example.net goes to a witness."""
    shown, key = certificate
    settings = f'[tls]\ncertificate = "{shown}"\nkey = "{key}"\n'
    async with Receiver() as witness:
        routes = {DESTINATION: witness.port}
        house = move_in(template, tmp_path / "house", routes=routes, settings=settings)
        async with Service(house) as service:
            yield Kitchen(Running(house, service, witness), shown, tmp_path)


@pytest.fixture(scope="session")
def django_python() -> Path:
    """Install Django beside us, once."""
    folder = ROOT / ".run" / "django"
    python = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q", DJANGO]
        subprocess.run(install, check=True)
        (folder / "installed").touch()
    return python


WAYS = pytest.mark.parametrize("tls", list(Tls), ids=lambda tls: tls.value)


@WAYS
async def test_django_sends(kitchen: Kitchen, django_python: Path, tls: Tls) -> None:
    (part,) = kitchen.recipe("django", tls)
    (kitchen.folder / "settings.py").write_text(f"SECRET_KEY = 'x'\n{part.text}\n")
    send = (
        "from django.core.mail import send_mail\n"
        f"print(send_mail({SUBJECT!r}, 'Zażółć', None, [{RECIPIENT!r}]))\n"
    )
    output = await run(
        *(str(django_python), "-c", send),
        environment={
            "PYTHONPATH": str(kitchen.folder),
            "DJANGO_SETTINGS_MODULE": "settings",
            "SSL_CERT_FILE": str(kitchen.certificate),
        },
    )
    assert output.strip() == "1"
    await kitchen.arrived()


@WAYS
async def test_nodemailer_sends(kitchen: Kitchen, tls: Tls) -> None:
    (part,) = kitchen.recipe("nodemailer", tls)
    script = kitchen.folder / "mail.js"
    script.write_text(
        f"{part.text}\ntransport.sendMail({{ to: '{RECIPIENT}', subject: '{SUBJECT}', text: 'Zażółć' }})"
        ".then((info) => console.log(info.response));\n"
    )
    output = await run(
        *("node", str(script)),
        environment={
            "NODE_PATH": str(NODE_MODULES),
            "NODE_EXTRA_CA_CERTS": str(kitchen.certificate),
        },
    )
    assert "250 2.0.0" in output
    await kitchen.arrived()


async def php(kitchen: Kitchen, script: str) -> str:
    """Run a PHP script that trusts our certificate."""
    file = kitchen.folder / "mail.php"
    file.write_text(f"<?php\n{script}\n")
    return await run("php", "-d", f"openssl.cafile={kitchen.certificate}", str(file))


@WAYS
async def test_phpmailer_sends(kitchen: Kitchen, tls: Tls) -> None:
    (part,) = kitchen.recipe("phpmailer", tls)
    await php(
        kitchen,
        "require '/usr/share/php/libphp-phpmailer/autoload.php';\n"
        f"{part.text}\n"
        f"$mail->addAddress('{RECIPIENT}');\n$mail->Subject = '{SUBJECT}';\n"
        "$mail->Body = 'Zażółć';\n$mail->send();",
    )
    await kitchen.arrived()


@WAYS
async def test_symfony_sends(kitchen: Kitchen, tls: Tls) -> None:
    """The line of the recipe, read by Symfony's own reader of `.env`."""
    (part,) = kitchen.recipe("symfony", tls)
    (kitchen.folder / ".env").write_text(part.text + "\n")
    await php(
        kitchen,
        "foreach (['Mailer', 'Mime', 'Dotenv'] as $part) {\n"
        '  require "/usr/share/php/Symfony/Component/$part/autoload.php";\n}\n'
        f"(new Symfony\\Component\\Dotenv\\Dotenv())->load('{kitchen.folder}/.env');\n"
        "$transport = Symfony\\Component\\Mailer\\Transport::fromDsn($_ENV['MAILER_DSN']);\n"
        "$email = (new Symfony\\Component\\Mime\\Email())"
        f"->from('{SENDER}')->to('{RECIPIENT}')->subject('{SUBJECT}')->text('Zażółć');\n"
        "(new Symfony\\Component\\Mailer\\Mailer($transport))->send($email);",
    )
    await kitchen.arrived()


@WAYS
async def test_msmtp_sends(kitchen: Kitchen, tls: Tls) -> None:
    (part,) = kitchen.recipe("msmtp", tls)
    file = kitchen.folder / "msmtprc"
    trusting = f"tls_trust_file {kitchen.certificate}"
    file.write_text(part.text.replace("tls_trust_file system", trusting) + "\n")
    file.chmod(0o600)
    await run("msmtp", "-C", str(file), RECIPIENT, stdin=_message().as_bytes())
    await kitchen.arrived()


@WAYS
async def test_postfix_relays(kitchen: Kitchen, tls: Tls) -> None:
    """The lines of main.cf and of the table beside it, as they stand."""
    main, secrets = kitchen.recipe("postfix", tls)
    folder = ROOT / ".run" / "acceptance" / f"recipe-{free_port()}"
    table = folder.with_suffix(".secrets")
    table.parent.mkdir(parents=True, exist_ok=True)
    table.write_text(secrets.text + "\n")
    lines = main.text.replace(secrets.place, str(table)).split("\n")
    settings = dict(line.split(" = ", 1) for line in lines)
    port = kitchen.running.house.smtp_port
    postfix = Postfix(folder, sink_port=port, settings=settings)
    await asyncio.to_thread(postfix.start)
    try:
        await asyncio.to_thread(_send, postfix.relay_port)
        await kitchen.arrived()
    finally:
        await asyncio.to_thread(postfix.stop)
        table.unlink()


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, SUBJECT
    message.set_content("It is on its way.\n")
    return message


def _send(port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.send_message(_message())
