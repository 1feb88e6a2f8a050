"""`sztafeta config`: what is in force and where it came from, and whether it can work."""

from __future__ import annotations

import typer

from sztafeta.cli.output import Json, Output, complain
from sztafeta.cli.run import BAD_SETTINGS, ConfigOption, read_settings
from sztafeta.config.check import advice
from sztafeta.config.printed import effective

application = typer.Typer(
    no_args_is_help=True,
    help="The settings: one TOML file, then SZTAFETA_… in the environment, which wins.",
    epilog="Example: SZTAFETA_LIMITS__IDLE=60s sztafeta config show",
)


@application.command("show")
def show(config: ConfigOption = None, as_json: Json = False) -> None:
    """Print every setting in force and where it came from; secrets are hidden."""
    loaded = read_settings(config)
    rows = [
        {"key": key, "value": value, "from": origin} for key, value, origin in effective(loaded)
    ]
    Output(as_json=as_json).table(["key", "value", "from"], rows, empty="")


@application.command("check")
def check(config: ConfigOption = None, as_json: Json = False) -> None:
    """Say what is wrong with the settings; ends with 0 when the service can start with them."""
    loaded = read_settings(config)
    found = advice(loaded.settings)
    faults = [one for one in found if one.is_fault]
    output = Output(as_json=as_json)
    if as_json:
        rows = [{"fault": one.is_fault, "key": one.key, "text": one.text} for one in found]
        output.value({"good": not faults, "found": rows})
    for one in found if not as_json else ():
        if one.is_fault:
            complain(f"{one.key}: {one.text}")
        else:
            output.line(f"note: {one.key}: {one.text}", style="yellow")
    if faults:
        raise typer.Exit(BAD_SETTINGS)
    output.line(f"The settings are good ({loaded.path or 'no file, defaults and environment'}).")
