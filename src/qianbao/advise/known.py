"""What is known of each wallet, and of what goes wrong beside its rules, read from `known.yaml`."""

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
    source: Words


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


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something to look at that no rule tells: what may be wrong, and the way out of it.

    `messages` are the wallet's messages it may lie behind; `wallets` and `documents` those it is
    known for (empty: any); `place` the step whose place in the wallet's menus is shown beside it;
    `spelling`: the spellings of the name help here."""

    code: str
    messages: tuple[str, ...]
    wallets: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    wrong: Words
    do: Words
    place: str = ""
    spelling: bool = False
    sure: Sure
    source: Words


class _Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wallets: tuple[Wallet, ...]
    checks: tuple[Check, ...]


@cache
def _known() -> _Known:
    text = resources.files("qianbao.advise").joinpath("known.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=_Known)


def wallets() -> dict[str, Wallet]:
    """Every wallet by its code. Raises `msgspec.ValidationError` when the file is not sound."""
    return {wallet.code: wallet for wallet in _known().wallets}


def checks(message: str, wallet: str, document: str) -> tuple[Check, ...]:
    """What may lie behind that message of that wallet for a holder of that kind of document, the
    cheapest to look at first."""
    return tuple(
        check
        for check in _known().checks
        if message in check.messages
        and (not check.wallets or wallet in check.wallets)
        and (not check.documents or document in check.documents)
    )
