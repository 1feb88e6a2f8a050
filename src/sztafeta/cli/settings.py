"""`sztafeta config`: what is in force and where it came from, and whether it can work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer

from sztafeta.cli.output import Json, Output, complain
from sztafeta.cli.run import BAD_SETTINGS, ConfigOption, find_settings, read_settings
from sztafeta.config import Settings, SettingsFault, load
from sztafeta.config.check import Advice, advice
from sztafeta.config.printed import effective
from sztafeta.net.certificates import CertificateFiles, CertificateRefused, load_context

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
    """Say whether the service can start with these settings; ends with 0 when it can."""
    path = find_settings(config)
    found = _look_at(path)
    faults = [one for one in found if one.is_fault]
    output = Output(as_json=as_json)
    if as_json:
        rows = [{"fault": one.is_fault, "key": one.key, "text": one.text} for one in found]
        output.value({"good": not faults, "found": rows})
    for one in found if not as_json else ():
        text = f"{one.key}: {one.text}" if one.key else one.text
        complain(text) if one.is_fault else output.line(f"note: {text}", style="yellow")
    if faults:
        raise typer.Exit(BAD_SETTINGS)
    output.line(f"The settings are good ({path or 'no file, defaults and environment'}).")


def _look_at(path: Path | None) -> list[Advice]:
    """Read the settings, then what they point to; settings that cannot be read are all there is to say."""
    try:
        settings = load(path).settings
    except SettingsFault as fault:
        return [Advice(key=None, text=line) for line in str(fault).splitlines()]
    return [*advice(settings), *_certificate(settings)]


def _certificate(settings: Settings) -> Iterator[Advice]:
    """Load the certificate as a listener would."""
    tls = settings.tls
    if tls.certificate is None or tls.key is None:
        return
    try:
        load_context(CertificateFiles(certificate=tls.certificate, key=tls.key))
    except CertificateRefused as refused:
        yield Advice(key="tls", text=str(refused))
