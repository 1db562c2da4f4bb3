"""Typed ids: a three-letter prefix and 20 characters that sort by time.

The caller makes the id, so that a request sent twice names the same thing twice. 45 bits of
milliseconds come first (good for indexes until the year 3084), then 55 random bits; letters are
Crockford's base 32, lower case, so an id can be read out over the phone.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime

from qianbao.errors import InvalidInput

PREFIXES = {
    "wal": "wallet",
    "per": "person",
    "doc": "document",
    "evi": "evidence",
    "crd": "card",
    "acc": "ledger account",
    "trf": "transfer",
    "hld": "hold",
    "ord": "bank order (a top-up or a withdrawal)",
    "pay": "payment to a merchant",
    "ref": "refund",
    "mch": "merchant",
    "pln": "mandate plan",
    "man": "mandate",
    "sco": "score order",
    "sig": "sign-up",
    "stp": "request that waits for more proof",
    "ses": "session",
    "pnr": "attempt at a new PIN",
    "ntc": "notice",
    "sms": "text message",
    "dec": "decision",
    "cas": "case",
    "leg": "legal hold",
    "exm": "exemption",
    "chn": "allowed change of name",
    "opr": "operator",
    "aud": "audit entry",
    "sim": "simulation",
    "whk": "webhook delivery",
    "whs": "webhook secret",
    "vrf": "bank verification",
    "key": "idempotency key made by a screen",
    "req": "request",
}

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_PATTERN = re.compile(r"([a-z]{3})_[0-9a-hjkmnp-tv-z]{20}")


class InvalidId(InvalidInput):
    code = "invalid_id"
    en = "“{value}” is not the id of a {expected}."
    zh = "“{value}” 不是有效的编号（{expected}）。"
    next_en = "Copy the id from where it was shown."
    next_zh = "请从显示处复制编号。"


def new_id(prefix: str, now: datetime, entropy: Callable[[int], bytes] = os.urandom) -> str:
    """A fresh id such as `wal_0d3z…`; `entropy(n)` gives n random bytes."""
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}")
    number = (int(now.timestamp() * 1000) << 55) | (int.from_bytes(entropy(7)) >> 1)
    return f"{prefix}_{_letters(number)}"


def id_series(
    prefix: str, now: datetime, entropy: Callable[[int], bytes] = os.urandom
) -> Iterator[str]:
    """Ids that follow one another: the moment, 35 random bits, and a count from 0. The first 16
    letters after the prefix name the series; it ends after 2^20 ids, 1,048,576."""
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}")
    start = (int(now.timestamp() * 1000) << 55) | (int.from_bytes(entropy(5)) >> 5 << 20)
    name = f"{prefix}_{_letters(start)[:16]}"
    for high in _PAIRS:
        begin = name + high
        for low in _PAIRS:
            yield begin + low


def first_id(prefix: str, moment: datetime) -> str:
    """What every id made at `moment` or later is not below, and every earlier one is."""
    return f"{prefix}_{_letters(int(moment.timestamp() * 1000) << 55)}"


def id_from_key(prefix: str, scope: str, key: str) -> str:
    """The id that a caller's idempotency key stands for: the same key, the same thing."""
    if prefix not in PREFIXES:
        raise ValueError(f"unknown id prefix {prefix!r}")
    number = int.from_bytes(hashlib.sha256(f"{prefix}\0{scope}\0{key}".encode()).digest()[:13])
    return f"{prefix}_{_letters(number >> 4)}"


def _letters(number: int) -> str:
    """100 bits as 20 letters, two at a time."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(90, -10, -10)])


def check_id(value: str, prefix: str) -> str:
    """`value` itself when it is an id of that prefix; raises `InvalidId` otherwise."""
    match = _PATTERN.fullmatch(value)
    if match is None or match.group(1) != prefix:
        raise InvalidId(value=value[:40], expected=PREFIXES[prefix])
    return value
