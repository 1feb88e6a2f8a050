"""Seal: private keys at rest, under a master key in a file of its own (AES-256-GCM).

What needs a key of the installation and no row of its own derives one (HKDF): every node that can open what
is sealed has the same.

The sealed form is one version octet, a 12-octet nonce and the ciphertext with its tag. The context
(which key of which domain) is authenticated with it, so that a sealed key cannot be moved to another
row.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sztafeta.store.bodies import sync_folder

_VERSION: Final = b"\x01"
_NONCE: Final = 12
_KEY: Final = 32


class WrongMasterKey(Exception):
    """A sealed secret cannot be opened: the master key is another, or the secret was damaged."""


class Seal:
    """Seals and opens small secrets."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._key = key

    def close(self, secret: bytes, *, context: str) -> bytes:
        """Seal a secret for its context."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """Open a secret.

        Raises:
            WrongMasterKey: it was sealed with another key or for another context.
        """
        if sealed[:1] != _VERSION:
            raise WrongMasterKey(f"{context} is sealed in a form this version does not know")
        nonce, ciphertext = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, ciphertext, context.encode())
        except InvalidTag:
            raise WrongMasterKey(
                f"{context} cannot be unsealed: put back the master key file it was sealed with"
            ) from None

    def derive(self, purpose: str) -> bytes:
        """Give a key of 32 octets for one purpose; it tells nothing of the master key (RFC 5869 §3.2)."""
        return HKDF(SHA256(), _KEY, salt=None, info=purpose.encode()).derive(self._key)


def seal_from(path: Path) -> Seal:
    """Read the master key, or make one at the first start; the file is readable by its owner alone."""
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make_key(path)
    if len(key) != _KEY:
        raise WrongMasterKey(f"{path} holds {len(key)} octets; a master key has {_KEY}")
    return Seal(key)


def _make_key(path: Path) -> bytes:
    """Write a fresh key durably under its name, never overwriting one."""
    key = os.urandom(_KEY)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, key)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(part, path)
    except FileExistsError:  # another process was first: its key is the key
        key = path.read_bytes()
    finally:
        part.unlink()
    sync_folder(path.parent)
    return key
