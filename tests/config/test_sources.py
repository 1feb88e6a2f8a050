"""Settings from the file, the environment and secret files: what wins, what is refused, in which words."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from sztafeta.config.settings import Settings, TlsMode
from sztafeta.config.sources import SettingsFault, load, variable
from sztafeta.net.resolver import ResolverSettings, make_resolver


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SZTAFETA_"):
            monkeypatch.delenv(name)


CONNECT = """[[panel.domain_connect]]
dns_host = "IONOS"
provider_id = "example.com"
service_id = "mail"
"""
ROUTE = '[[routes]]\ndomains = ["*"]\n'
SOURCE = '[[dedicated_sources]]\nname = "shop-1"\ncustomer = "shop"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "sztafeta.toml"
    path.write_text(text, encoding="utf-8")
    return path


def fault_of(path: Path | None) -> str:
    with pytest.raises(SettingsFault) as caught:
        load(path)
    return str(caught.value)


def test_without_a_file_production_listens_on_the_four_ports() -> None:
    listeners = load(None).settings.listeners
    assert [(one.port, one.tls) for one in listeners] == [
        (25, TlsMode.STARTTLS),
        (587, TlsMode.STARTTLS),
        (2525, TlsMode.STARTTLS),
        (465, TlsMode.IMPLICIT),
    ]


def test_the_defaults_are_the_numbers_of_the_catalogue() -> None:
    """Acceptance §1.7, P6 and the issue's limits."""
    settings = Settings()
    assert settings.limits.message_size == 10_485_760
    assert settings.limits.connections_per_account == 50
    assert settings.delivery.timeouts.dot == timedelta(seconds=600)
    assert settings.delivery.retries[0] <= timedelta(minutes=5)
    assert settings.delivery.ttl == timedelta(hours=48)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, '[limits]\nidle = "60s"\nrecipients = 200\n')
    monkeypatch.setenv("SZTAFETA_LIMITS__IDLE", "7s")
    loaded = load(path)
    assert loaded.settings.limits.idle == timedelta(seconds=7)
    assert loaded.settings.limits.recipients == 200
    assert loaded.origin("limits.idle") == "SZTAFETA_LIMITS__IDLE"
    assert loaded.origin("limits.recipients") == str(path)
    assert loaded.origin("limits.errors") == "default"


def test_lists_in_the_environment_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZTAFETA_LISTENERS", '[{"name": "one", "port": 2525}]')
    assert [one.port for one in load(None).settings.listeners] == [2525]


def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path) -> None:
    path = written(tmp_path, "[limits]\nmesage_size = 5\n")
    assert fault_of(path) == (
        f"{path}: limits.mesage_size is not a setting; did you mean message_size?"
    )


def test_an_unknown_key_of_a_listener_is_found_too(tmp_path: Path) -> None:
    path = written(tmp_path, '[[listeners]]\nname = "a"\nport = 1\nprt = 2\n')
    assert "listeners[0].prt is not a setting; did you mean port?" in fault_of(path)


def test_a_route_s_domains_are_kept_as_mail_names_them(tmp_path: Path) -> None:
    domains = '["Sink.Example", "żółw.example.", "*.ŻÓŁW.example", "[IPv6:2001:DB8::7]", "*"]'
    path = written(tmp_path, f'[[routes]]\ndomains = {domains}\nhost = "127.0.0.1"\n')
    assert load(path).settings.routes[0].domains == (
        "sink.example",
        "xn--w-uga1v8h.example",
        "*.xn--w-uga1v8h.example",
        "[IPv6:2001:db8::7]",
        "*",
    )


@pytest.mark.parametrize(
    "domain", ["", "a b", "me@example.com", "192.0.2.7", "*.", "*.[192.0.2.7]"]
)
def test_a_route_for_what_is_no_domain_is_refused(tmp_path: Path, domain: str) -> None:
    path = written(tmp_path, f'[[routes]]\ndomains = ["{domain}"]\nhost = "127.0.0.1"\n')
    said = fault_of(path)
    assert f"routes[0].domains[0]: {domain!r} is not a domain" in said
    assert "write for example example.com, *.example.com, [192.0.2.7] or *" in said


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("smtp.example.com.", "smtp.example.com"),
        ("mail_catcher", "mail_catcher"),
        ("smtp.żółw.example", "smtp.xn--w-uga1v8h.example"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
    ],
)
def test_a_route_leads_to_a_name_or_an_address(tmp_path: Path, host: str, kept: str) -> None:
    assert load(written(tmp_path, f'{ROUTE}host = "{host}"')).settings.routes[0].host == kept


@pytest.mark.parametrize(
    "server", ["192.0.2.7", "192.0.2.7:5353", "2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:5353"]
)
def test_a_name_server_is_an_address_with_or_without_a_port(tmp_path: Path, server: str) -> None:
    path = written(tmp_path, f'[dns]\nnameservers = ["{server}"]')
    dns = load(path).settings.dns
    assert dns.nameservers == (server,)
    assert make_resolver(ResolverSettings(nameservers=dns.nameservers)).nameservers


@pytest.mark.parametrize(
    "server",
    [
        "",
        "foo:bar",
        "dns.example",
        "192.0.2.7:",
        "192.0.2.7:0",
        "192.0.2.7:99999",
        "[192.0.2.7]:53",
        "[::1]53",
    ],
)
def test_what_is_no_name_server_is_refused(tmp_path: Path, server: str) -> None:
    said = fault_of(written(tmp_path, f'[dns]\nnameservers = ["{server}"]'))
    assert f"dns.nameservers[0]: {server!r} is not a name server's address" in said
    assert "write for example 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353" in said


def test_an_unknown_variable_names_the_nearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZTAFETA_LIMIT__IDLE", "5s")
    assert "did you mean SZTAFETA_LIMITS__IDLE?" in fault_of(None)


def test_a_wrong_value_says_what_to_write(tmp_path: Path) -> None:
    path = written(tmp_path, '[limits]\nidle = "soon"\n')
    assert 'write for example "90s", "5m" or "48h"' in fault_of(path)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, 'hostnam = "a"\n[http]\nport = 99999\n')
    assert len(fault_of(path).splitlines()) == 2


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://alice:baton@localhost/mail\n", encoding="utf-8")
    path = written(tmp_path, f'database_url_file = "{secret}"\n')
    loaded = load(path)
    assert loaded.settings.database_url is not None
    assert loaded.settings.database_url.get_secret_value().endswith("/mail")
    assert loaded.origin("database_url") == str(path)


def test_a_secret_never_shows_in_a_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SZTAFETA_DATABASE_URL", "postgresql://alice:baton@localhost/mail")
    assert "baton" not in repr(load(None))


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, 'database_url = "x"\ndatabase_url_file = "y"\n')
    assert "keep one" in fault_of(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hostname = ", "this is not TOML"),
        ('database_url_file = "/nowhere/at/all"', "cannot be read"),
        ('[tls]\ncertificate = "a.pem"', "set both or none"),
        ('[[listeners]]\nname = "a"\nport = 1\nproxy_protocol = true', "needs trusted_proxies"),
        ('[[listeners]]\nname = "a"\nport = 1\naddress = "localhost"', "listeners[0].address"),
        (
            '[[listeners]]\nname = "a"\nport = 1\n[[listeners]]\nname = "a"\nport = 2',
            'two listeners are called "a"',
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    assert said in fault_of(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "there is no such settings file" in fault_of(tmp_path / "none.toml")


def test_the_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(None).settings.hostname = "mail.example.com"  # type: ignore[misc]


def test_a_key_has_one_name_in_the_environment() -> None:
    assert variable("delivery.timeouts.dot") == "SZTAFETA_DELIVERY__TIMEOUTS__DOT"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('database_url = "mysql://x/y"', "database_url: must be postgresql://"),
        ('database_url = "garbage"', "database_url: must be postgresql://"),
        ('hostname = "bad host!"', "hostname: 'bad host!' is not a host name"),
        ('hostname = "mail.example.com\\r\\nX"', "is not a host name; write for example"),
        ('[delivery]\nttl = "0s"', "delivery.ttl: must be longer than 0s"),
        ('[delivery.timeouts]\ndot = "0s"', "delivery.timeouts.dot: must be longer than 0s"),
        ('[limits]\nmessage_size = "0"', "limits.message_size: 0B is too small"),
        ('[limits]\nmessage_size = "63KiB"', 'write at least "64KiB"'),
        (f'{ROUTE}host = ""', "routes[0].host: '' is not a host"),
        (f'{ROUTE}host = "a b"', "routes[0].host: 'a b' is not a host"),
        (
            f'{ROUTE}host = "300.0.0.1"',
            "write for example smtp.example.com, 192.0.2.7 or 2001:db8::7",
        ),
        (f'{ROUTE}host = "a"\nport = 0', "routes[0].port: 0 is not a port that can be reached"),
        (f'{ROUTE}host = "a"\nport = "x"', "routes[0].port: 'x' is not a port"),
        ("[dns]\nzone_port = 0", "dns.zone_port: 0 is not a port that can be reached"),
        (f"{SOURCE}", '"shop-1" needs an address of its own'),
        (f'{SOURCE}ipv4 = "::1"', "ipv4 is like 192.0.2.7"),
        (f'{SOURCE}ipv4 = "192.0.2.7"\n' * 2, "shop-1 is taken"),
        (f'[egress]\nipv4 = "192.0.2.7"\n{SOURCE}ipv4 = "192.0.2.7"', "192.0.2.7 is taken"),
        (f'{SOURCE}ipv4 = "192.0.2.7"'.replace("shop-1", "shared"), "shared is taken"),
        ('[[listeners]]\nname = "a"\nport = 99999', "listeners[0].port: 99999 is not a port"),
        (
            '[[listeners]]\nname = "a"\nport = 1\naddress = "localhost"',
            "write for example 127.0.0.1",
        ),
        ('[[listeners]]\nname = "a"\nport = "x"', "listeners[0].port: 'x' is not a port"),
        ('[panel]\ntime_zone = "Warsaw"', "panel.time_zone: 'Warsaw' is not a time zone"),
        ('[panel]\ntime_zone = "../x"', "panel.time_zone: '../x' is not a time zone"),
        (f'{CONNECT}url = "http://x"', "write for example https://dcc.example.com"),
        (f'{CONNECT}url = "https://x?y=1"', "write for example https://dcc.example.com"),
        (f'{CONNECT}url = "javascript:x"', "write for example https://dcc.example.com"),
        (
            f'{CONNECT}url = "https://x"'.replace("IONOS", "Ionos"),
            "it knows Amazon Route 53, Azure",
        ),
    ],
)
def test_a_value_that_cannot_be_says_how_one_looks(tmp_path: Path, text: str, said: str) -> None:
    assert said in fault_of(written(tmp_path, text))
