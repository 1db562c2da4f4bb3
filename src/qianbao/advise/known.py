"""What is known of each wallet, read from `known.yaml`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import msgspec

Sure = Literal["published", "reported", "single", "unknown"]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    en: str
    zh: str


class Statement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing said about a wallet, how sure it is, and by whom."""

    sure: Sure
    en: str
    zh: str
    source: str


class Caution(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an action costs in that wallet, besides what it costs here."""

    action: str
    en: str
    zh: str


class Wallet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`rules` name shipped policies taken to be in force; none: this wallet's own, with their own
    dates. `lapse_known`: whether the day on which a temporary way lapses can be told."""

    code: str
    en: str
    zh: str
    rules: tuple[str, ...]
    lapse_known: bool
    says: tuple[Statement, ...]
    cautions: tuple[Caution, ...]
    places: dict[str, Words]


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wallets: tuple[Wallet, ...]


@cache
def wallets() -> dict[str, Wallet]:
    """Every wallet by its code. Raises `msgspec.ValidationError` when the file is not sound."""
    text = resources.files("qianbao.advise").joinpath("known.yaml").read_bytes()
    found = msgspec.yaml.decode(text, type=_Known)
    return {wallet.code: wallet for wallet in found.wallets}
