"""The command line: `sztafeta serve`, `sztafeta demo` and what an operator does in between.

Every command explains itself (`--help`), prints JSON for programs (`--json`), and ends with one clear line
when something is wrong.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from sztafeta.cli import (
    account_passwords,
    accounts,
    certificates,
    demo,
    domains,
    keys,
    members,
    messages,
    queue,
    service,
    settings,
)

_FIRST_STEPS = """\b
To try it:
  sztafeta demo
To run it (each takes --config FILE, or reads /etc/sztafeta.toml):
  sztafeta config check
  sztafeta account add-customer alice
  sztafeta account add 1.alice.smtp --customer alice
  sztafeta domain add example.com --customer alice
  sztafeta member add alice@example.com --customer alice --administrator
  sztafeta serve
To see what became of a message:
  sztafeta message show QUEUE-ID"""

application = typer.Typer(
    name="sztafeta",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Sztafeta: a self-hosted transactional e-mail service. The baton is never dropped.",
    epilog=_FIRST_STEPS,
)
application.command("serve", short_help="Run the service.")(service.serve)
application.command("demo", short_help="Try everything on this machine; nothing leaves it.")(
    demo.demo
)
application.command("migrate", short_help="Bring the database to this version's tables.")(
    service.migrate
)
application.command("health", short_help="Ask the running service how it is.")(service.health)
accounts.application.command(
    "password", epilog="Example: sztafeta account password 1.alice.smtp --overlap 24h"
)(account_passwords.change_password)
accounts.application.command("end-overlap")(account_passwords.end_overlap)
application.add_typer(accounts.application, name="account")
application.add_typer(domains.application, name="domain", short_help="Sending domains, DKIM keys.")
application.add_typer(keys.application, name="key", short_help="API keys.")
application.add_typer(members.application, name="member", short_help="People and the panel.")
application.add_typer(members.audit, name="audit", short_help="What people changed.")
application.add_typer(queue.application, name="queue")
application.add_typer(messages.application, name="message")
messages.application.command(
    "certificate", epilog="Example: sztafeta message certificate 0k3zr6w5m4001 > certificate.json"
)(certificates.issue)
application.add_typer(
    certificates.application, name="certificate", short_help="Delivery certificates checked."
)
application.add_typer(settings.application, name="config", short_help="The settings in force.")


def _say_version(is_wanted: bool) -> None:
    if is_wanted:
        typer.echo(f"sztafeta {version('sztafeta')}")
        raise typer.Exit


@application.callback()
def begin(
    _: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Sztafeta: a self-hosted transactional e-mail service. The baton is never dropped."""


def main() -> None:
    """Run the command line."""
    application()
