"""The command line: `sztafeta serve`, `sztafeta demo` and what an operator does in between.

Every command explains itself (`--help`), prints JSON for programs (`--json`), and ends with one clear line
when something is wrong.
"""

from __future__ import annotations

import typer

from sztafeta.cli import accounts, domains, keys, messages, queue, service, settings
from sztafeta.cli.demo import demo

application = typer.Typer(
    name="sztafeta",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Sztafeta: a self-hosted transactional e-mail service. The baton is never dropped.",
    epilog="Begin with: sztafeta demo",
)
application.command("serve")(service.serve)
application.command("demo")(demo)
application.command("migrate")(service.migrate)
application.add_typer(accounts.application, name="account")
application.add_typer(domains.application, name="domain")
application.add_typer(keys.application, name="key")
application.add_typer(queue.application, name="queue")
application.add_typer(messages.application, name="message")
application.add_typer(settings.application, name="config")
application.command("health")(service.health)


def main() -> None:
    """Run the command line."""
    application()
