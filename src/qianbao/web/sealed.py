"""What a first step leaves for the second: sealed, for whoever took that step, for half an hour.

It stands in the second step's address, or in a cookie of this browser where it is a code or a card
number, so that every step is a page that can be reloaded, switched and gone back to. Here belongs
sealing; what the words mean is the step's to say.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from cryptography.exceptions import InvalidTag
from litestar.datastructures import Cookie

from qianbao.web.visit import Asked, is_secure, of, services_of

SEALED_FOR = timedelta(minutes=30)


class _Sealed(msgspec.Struct, frozen=True):
    wallet_id: str
    at_seconds: float
    words: Mapping[str, str]


def seal(request: Asked, words: Mapping[str, str], purpose: str) -> str:
    """`words` as a text for an address or a cookie; `purpose` is the key ring's
    and the step's own: what one step has sealed no other opens."""
    visit = of(request)
    plain = _Sealed(visit.wallet_id or "", visit.now.timestamp(), words)
    cipher = services_of(request).keys.encrypt(msgspec.json.encode(plain).decode(), purpose)
    return base64.urlsafe_b64encode(cipher).decode()


def unseal(request: Asked, sealed: str, purpose: str) -> Mapping[str, str] | None:
    """The words, if they are this visitor's and fresh."""
    visit = of(request)
    try:
        cipher = base64.urlsafe_b64decode(sealed)
        plain = services_of(request).keys.decrypt(cipher, purpose)
        found = msgspec.json.decode(plain, type=_Sealed)
    except (binascii.Error, InvalidTag, ValueError):
        return None
    age_seconds = visit.now.timestamp() - found.at_seconds
    fresh = age_seconds < SEALED_FOR.total_seconds()
    return found.words if fresh and found.wallet_id == (visit.wallet_id or "") else None


def cookie(
    request: Asked, name: str, words: Mapping[str, str], *, purpose: str, path: str
) -> Cookie:
    """The words sealed in a cookie that goes to `path` alone."""
    return Cookie(
        key=name,
        value=seal(request, words, purpose),
        path=path,
        max_age=int(SEALED_FOR.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_secure(services_of(request).settings),
    )
