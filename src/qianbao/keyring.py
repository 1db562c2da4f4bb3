"""Keys: what is encrypted, what is only found again, and what is only recognised.

One master key; each purpose derives its own (HKDF-SHA256), so a blind index of phones says nothing
about fingerprints of cards. Losing the master key loses the personal data, and nothing else: the
ledger holds none.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class KeyRing:
    """Derives and uses the keys under one master key of at least 32 bytes."""

    def __init__(self, master: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        if len(master) < 32:
            raise ValueError("the master key needs at least 32 bytes")
        self._entropy = entropy
        self._derive = cache(
            lambda purpose: HKDF(
                algorithm=SHA256(), length=32, salt=None, info=b"qianbao:" + purpose.encode()
            ).derive(master)
        )

    @classmethod
    def from_base64(cls, text: str) -> KeyRing:
        """From the setting `master_key`."""
        return cls(base64.b64decode(text, validate=True))

    def encrypt(self, plain: str, purpose: str) -> bytes:
        """AES-256-GCM with a fresh 12-byte nonce in front; `purpose` is bound to the cipher."""
        nonce = self._entropy(12)
        return nonce + AESGCM(self._derive("encrypt:" + purpose)).encrypt(
            nonce, plain.encode(), purpose.encode()
        )

    def decrypt(self, cipher: bytes, purpose: str) -> str:
        """What `encrypt` was given. Raises `cryptography.exceptions.InvalidTag` when altered."""
        key = AESGCM(self._derive("encrypt:" + purpose))
        return key.decrypt(cipher[:12], cipher[12:], purpose.encode()).decode()

    def index(self, value: str, purpose: str) -> bytes:
        """A keyed blind index (HMAC-SHA256): equal values are found, nothing else is learnt.
        Card fingerprints, phone and document look-ups, SMS codes."""
        return hmac.digest(self._derive("index:" + purpose), value.encode(), "sha256")


def token_hash(token: str) -> bytes:
    """How a session token or API key is stored. Tokens carry 256 random bits, so a plain hash
    cannot be reversed."""
    return hashlib.sha256(token.encode()).digest()


def new_token(entropy: Callable[[int], bytes] = os.urandom) -> str:
    """256 random bits, safe in a header, a cookie or a URL."""
    return base64.urlsafe_b64encode(entropy(32)).decode().rstrip("=")


def new_master_key(entropy: Callable[[int], bytes] = os.urandom) -> str:
    """What the setting `master_key` holds: 32 random bytes in base64."""
    return base64.b64encode(entropy(32)).decode()


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in the file `path`; made once, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secret := make())
    return secret
