"""What an operator gets wrong: each ends with one clear line that says what to change, no traceback."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme
from tests.cli.command_line import Sztafeta
from typer.testing import CliRunner

from sztafeta.cli import application


@pytest.fixture
def shop(sztafeta: Sztafeta) -> Sztafeta:
    sztafeta("account", "add-customer", "shop")
    return sztafeta


@pytest.fixture
def taken_port() -> Iterator[int]:
    """Give a port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_version_is_said() -> None:
    assert CliRunner().invoke(application, ["--version"]).stdout.startswith("sztafeta ")


@pytest.mark.parametrize(
    "command",
    [
        ("account", "add", "1.nobody.smtp", "--customer", "nobody"),
        ("account", "list", "--customer", "nobody"),
        ("account", "suspend-customer", "nobody"),
        ("account", "resume-customer", "nobody"),
        ("domain", "add", "example.com", "--customer", "nobody"),
        ("domain", "list", "--customer", "nobody"),
        ("queue", "list", "--customer", "nobody"),
        ("message", "list", "--customer", "nobody"),
    ],
)
def test_an_unknown_customer_is_named_with_where_to_look(
    sztafeta: Sztafeta, command: tuple[str, ...]
) -> None:
    said = sztafeta(*command, code=1).err
    assert said == (
        "sztafeta: there is no customer nobody; sztafeta account customers shows them\n"
    )


@pytest.mark.parametrize(
    "command", [("show",), ("password",), ("delete",), ("suspend",), ("set", "--ttl", "24h")]
)
def test_an_unknown_login_is_named_with_where_to_look(
    sztafeta: Sztafeta, command: tuple[str, ...]
) -> None:
    said = sztafeta("account", command[0], "9.shop.smtp", *command[1:], code=1).err
    assert said == (
        "sztafeta: there is no SMTP account 9.shop.smtp; sztafeta account list shows them\n"
    )


def test_a_certificate_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "certificate.json"
    verify = ["certificate", "verify", str(file), "--keys", str(file)]
    said = CliRunner().invoke(application, verify)
    assert (said.exit_code, said.stderr) == (1, f"sztafeta: {file}: No such file or directory\n")
    file.write_text("nothing", encoding="utf-8")
    said = CliRunner().invoke(application, verify)
    assert said.exit_code == 1
    assert said.stderr.startswith(f"sztafeta: {file} is not proved: the certificate cannot be read")


@pytest.mark.parametrize("verb", ["hold", "release", "cancel", "retry"])
def test_an_unknown_queue_id_is_said_and_not_counted_as_nothing(
    sztafeta: Sztafeta, verb: str
) -> None:
    options = ["--yes"] if verb == "cancel" else []
    said = sztafeta("queue", verb, "0cnph7vwt0800", *options, code=1).err
    assert "there is no message 0cnph7vwt0800" in said


def test_an_unknown_sending_domain_is_said_before_the_question(sztafeta: Sztafeta) -> None:
    said = sztafeta("domain", "remove", "example.org", code=1).err
    assert "there is no sending domain example.org" in said
    assert "Go on?" not in said


@pytest.mark.parametrize("ttl", ["0s", "0", "forever", "-3h"])
def test_a_time_to_live_that_is_none_is_refused(shop: Sztafeta, ttl: str) -> None:
    command = ("account", "add", "1.shop.smtp", "--customer", "shop", "--ttl", ttl)
    assert 'write for example "90s", "5m" or "48h"' in shop(*command, code=2).err


@pytest.mark.parametrize("name", ["not a domain", "a..b", "x" * 300, "com", "[192.0.2.1]"])
def test_a_bad_domain_says_how_one_looks(shop: Sztafeta, name: str) -> None:
    said = shop("domain", "add", name, "--customer", "shop", code=2).err
    assert "write for example shop.example.com" in " ".join(said.split())


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(application, ["config", "check", "--config", str(tmp_path)])
    assert result.exit_code == 78
    assert "this is a folder, not a settings file" in result.stderr


def test_programs_get_the_faults_of_settings_as_json(tmp_path: Path) -> None:
    bad = Sztafeta(tmp_path, "hostnme = 'x'\n[limits]\nidle = 'soon'\n")
    answer = bad("config", "check", "--json", code=78).value
    assert answer["good"] is False
    assert [one["fault"] for one in answer["found"]] == [True, True]
    assert any("hostnme is not a setting" in one["text"] for one in answer["found"])


def test_a_certificate_that_does_not_fit_its_key_is_found_by_check(tmp_path: Path) -> None:
    authority = trustme.CA()
    for name in ("one", "two"):
        issued = authority.issue_cert("relay.example.org")
        issued.cert_chain_pems[0].write_to_path(tmp_path / f"{name}.pem")
        issued.private_key_pem.write_to_path(tmp_path / f"{name}.key")
    tls = f'[tls]\ncertificate = "{tmp_path}/one.pem"\nkey = "{tmp_path}/two.key"\n'
    said = Sztafeta(tmp_path, tls)("config", "check", code=78).err
    assert "two.key is not the key of" in said


def test_a_certificate_that_is_no_certificate_is_found_by_check(tmp_path: Path) -> None:
    (tmp_path / "one.pem").write_text("garbage")
    tls = f'[tls]\ncertificate = "{tmp_path}/one.pem"\nkey = "{tmp_path}/one.pem"\n'
    assert "must be PEM files" in Sztafeta(tmp_path, tls)("config", "check", code=78).err


def test_a_taken_http_port_is_named_with_its_setting(tmp_path: Path, taken_port: int) -> None:
    line = Sztafeta(tmp_path, f"listeners = []\n[http]\nport = {taken_port}\n")
    said = line("serve", code=1).err
    assert f"http cannot use 127.0.0.1 port {taken_port}: another program listens there" in said


def test_a_taken_mail_port_is_named_with_its_listener(tmp_path: Path, taken_port: int) -> None:
    listener = f'[[listeners]]\nname = "smtp"\naddress = "127.0.0.1"\nport = {taken_port}\n'
    line = Sztafeta(tmp_path, f"{listener}[http]\nport = 0\n")
    said = line("serve", code=1).err
    assert f"listener smtp cannot use 127.0.0.1 port {taken_port}: another program" in said


def test_health_of_a_port_that_another_program_has_is_said(tmp_path: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
        Thread(target=other.handle_request, daemon=True).start()
        line = Sztafeta(tmp_path, f"[http]\nport = {other.server_port}\n")
        said = line("health", code=1).err
    assert "is not sztafeta serve" in said


def test_an_address_of_another_machine_is_said_to_be_one(tmp_path: Path) -> None:
    """RFC 5737: 192.0.2.0/24 is nobody's."""
    listener = '[[listeners]]\nname = "smtp"\naddress = "192.0.2.1"\nport = 0\n'
    said = Sztafeta(tmp_path, f"{listener}[http]\nport = 0\n")("serve", code=1).err
    assert "this machine has no such address" in said


def test_a_database_that_is_none_is_named(sztafeta: Sztafeta) -> None:
    sztafeta.data.mkdir()
    (sztafeta.data / "sztafeta.sqlite").write_bytes(b"not a database" * 1000)
    said = sztafeta("account", "customers", code=1).err
    assert said == (
        f"sztafeta: {sztafeta.data}/sztafeta.sqlite cannot be used: file is not a database;"
        " restore it from a backup\n"
    )


def _without_rights(line: Sztafeta) -> str:
    """Run a command as somebody to whom modes apply: root may do all. Give what it says."""
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    command = [*drop, sys.executable, "-m", "sztafeta", "account", "customers"]
    options = ["--config", str(line.settings_file)]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_the_data_directory_of_another_user_is_named(shop: Sztafeta, mode: int) -> None:
    shop.data.chmod(mode)
    said = _without_rights(shop)
    shop.data.chmod(0o700)
    assert said == f"sztafeta: {shop.data}: Permission denied; run this as the user who owns it\n"


def test_a_database_of_another_user_is_named(shop: Sztafeta) -> None:
    database = shop.data / "sztafeta.sqlite"
    database.chmod(0o400)
    said = _without_rights(shop)
    assert said == f"sztafeta: {database}: Permission denied; run this as the user who owns it\n"


def test_a_data_directory_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = Sztafeta(tmp_path)
    broken.settings_file.write_text(f'data_directory = "{tmp_path}/file/data"\n')
    said = broken("account", "customers", code=1).err
    assert said == f"sztafeta: {tmp_path}/file/data: Not a directory\n"
