"""`sztafeta config`: what is in force, where it came from, and what cannot work."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.cli.command_line import Sztafeta


def rows(sztafeta: Sztafeta) -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in sztafeta("config", "show", "--json").value}


def test_show_says_where_each_value_came_from(
    sztafeta: Sztafeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SZTAFETA_LIMITS__IDLE", "7s")
    shown = rows(sztafeta)
    assert shown["hostname"]["value"] == "relay.example.org"
    assert shown["hostname"]["from"] == str(sztafeta.settings_file)
    assert shown["limits.idle"] == {
        "key": "limits.idle",
        "value": "7s",
        "from": "SZTAFETA_LIMITS__IDLE",
    }
    assert shown["limits.errors"]["from"] == "default"


def test_show_hides_secrets(sztafeta: Sztafeta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZTAFETA_DATABASE_URL", "postgresql://alice:baton@localhost/mail")
    assert "baton" not in sztafeta("config", "show").out
    assert rows(sztafeta)["database_url"]["value"] == "(hidden)"


def test_good_settings_are_said_to_be_good(sztafeta: Sztafeta) -> None:
    assert "The settings are good" in sztafeta("config", "check").out


def test_an_unknown_key_ends_with_its_nearest(tmp_path: Path, sztafeta: Sztafeta) -> None:
    bad = Sztafeta(tmp_path, "hostnme = 'x'\n")
    assert "hostnme is not a setting; did you mean hostname?" in bad("config", "check", code=78).err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('[tls]\ncertificate = "/none.pem"\nkey = "/none.key"\n', "/none.pem cannot be read"),
        (
            '[[listeners]]\nname="a"\nport=99\n[[listeners]]\nname="b"\nport=99\n',
            "a and b share :: port 99",
        ),
        ("listeners = []\n", "no mail can come in"),
    ],
)
def test_what_cannot_work_is_said(tmp_path: Path, settings: str, said: str) -> None:
    broken = Sztafeta(tmp_path, settings)
    assert said in broken("config", "check", code=78).err
    found = broken("config", "check", "--json", code=78).value
    assert found["good"] is False


def test_a_store_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = Sztafeta(tmp_path)
    broken.settings_file.write_text(f'data_directory = "{tmp_path}/file/data"\n')
    ended = broken("account", "customers", code=1)
    assert ended.err.startswith("sztafeta: ")
    assert len(ended.err.splitlines()) == 1


def test_health_without_a_service_says_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as reserved:  # bound, but nobody listens
        reserved.bind(("127.0.0.1", 0))
        line = Sztafeta(tmp_path, f"[http]\nport = {reserved.getsockname()[1]}\n")
        assert "is sztafeta serve running" in line("health", code=1).err


def test_an_address_of_another_machine_is_named(tmp_path: Path) -> None:
    """Mail would wait for ever."""
    source = '[[dedicated_sources]]\nname = "shop-1"\ncustomer = "shop"\nipv4 = "192.0.2.7"\n'
    said = Sztafeta(tmp_path, source)("config", "check", code=78)
    assert '192.0.2.7 of "shop-1" is no address of this machine' in said.out + said.err
