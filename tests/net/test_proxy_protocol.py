"""The PROXY protocol's headers (S-28): what is no header, or only half of one, never becomes an address."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sztafeta.net.proxy_protocol import MAX_HEADER, ProxyFault, ProxyHeader, parse_proxy_header

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n"
V2_ADDRESSES = bytes([192, 0, 2, 7, 198, 51, 100, 1]) + (40000).to_bytes(2) + (25).to_bytes(2)


def v2(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + bytes([command, family]) + len(rest).to_bytes(2) + rest


V2 = v2(0x21, 0x11, V2_ADDRESSES)
V2_V6 = v2(0x21, 0x21, IPv6Address("2001:db8::7").packed + bytes(16) + bytes(4))


@pytest.mark.parametrize(
    ("data", "client"),
    [
        (V1, "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 25\r\n", "2001:db8::7"),
        (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 40000 25\r\n", "192.0.2.7"),
        (b"PROXY UNKNOWN\r\n", None),
        (b"PROXY UNKNOWN ff::1 ff::2 1 2\r\n", None),
        (V2, "192.0.2.7"),
        (V2_V6, "2001:db8::7"),
        (v2(0x21, 0x11, V2_ADDRESSES + b"\x04\x00\x03abc"), "192.0.2.7"),
        (v2(0x20, 0x00, b""), None),
    ],
)
def test_a_header_tells_the_client_and_its_own_length(data: bytes, client: str | None) -> None:
    assert parse_proxy_header(data + b"EHLO x\r\n") == ProxyHeader(client, len(data))


@pytest.mark.parametrize("whole", [V1, V2, V2_V6])
def test_half_a_header_is_waited_for(whole: bytes) -> None:
    """S-28: truncated."""
    for length in range(len(whole)):
        assert parse_proxy_header(whole[:length]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO client.example.com\r\n",
        b"PROXYTCP4",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25 26\r\n",
        b"PROXY TCP4 192.0.2.300 198.51.100.1 40000 25\r\n",
        b"PROXY TCP4 2001:db8::7 198.51.100.1 40000 25\r\n",
        b"PROXY TCP6 fe80::1%eth0 ::1 40000 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 65536 25\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 -1 25\r\n",
        b"PROXY TCP4  192.0.2.7 198.51.100.1 40000 25\r\n",
        b"PROXY UDP4 192.0.2.7 198.51.100.1 40000 25\r\n",
        b"PROXY \r\n",
        b"PROXY TCP4 " + b"1" * 100,
        SIGNATURE + b"\x31\x11\x00\x0c" + V2_ADDRESSES,
        SIGNATURE + b"\x22\x11\x00\x0c" + V2_ADDRESSES,
        v2(0x21, 0x11, V2_ADDRESSES[:-1]),
        v2(0x21, 0x21, V2_ADDRESSES),
        v2(0x21, 0x31, bytes(216)),
        v2(0x21, 0x00, b""),
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    """S-28: forged or malformed."""
    with pytest.raises(ProxyFault):
        parse_proxy_header(data)


def test_64_kib_of_tlvs_are_refused_before_they_are_read() -> None:
    """S-28."""
    with pytest.raises(ProxyFault, match=str(MAX_HEADER)):
        parse_proxy_header(SIGNATURE + b"\x21\x11\xff\xff")


@given(some.binary(max_size=200))
def test_any_octets_are_a_header_a_beginning_or_a_fault(data: bytes) -> None:
    for beginning in (b"", b"PROXY TCP4 ", SIGNATURE):
        try:
            found = parse_proxy_header(beginning + data)
        except ProxyFault:
            continue
        assert found is None or found.length <= len(beginning) + len(data)
