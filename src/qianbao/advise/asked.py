"""What somebody says about themselves, and the situation it makes.

Answers come from an address, so each is bounded. An unknown word, which no form sends, is taken for
the first choice; a figure that cannot be read is refused, never guessed. What is not asked is
supposed to stand in nobody's way, and says so where it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qianbao.banks.directory import all_banks
from qianbao.clock import local_date
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.money import AmountUnreadable, read, read_to_move
from qianbao.policy.facts import Situation

DOCUMENTS = {
    "passport": "foreign",
    "permanent_residence": "foreign",
    "travel_permit": "hmt",
    "residence_permit": "hmt",
    "resident_id": "mainland",
}
"""Kinds of document, and the residency each stands for."""

EXPIRES = ("valid", "expired", "renewed")
"""In date; expired; renewed lately, so that banks may hold the old number."""
MESSAGES = ("two_banks", "document", "name", "none")
"""What the wallet's message was about."""
MOST_MANDATES = 99
LONGEST_FIGURE = 40
LONG_AGO = timedelta(days=730)
A_GOOD_WHILE = timedelta(days=1825)
SUPPOSED = frozenset({
    "document_valid_until", "today", "days_since_verified", "days_since_opened",
    "days_since_last_use", "identity_data_missing", "days_since_confirmed",
})  # fmt: skip
"""Facts whose figures `situation` supposes: they decide, and are told to nobody."""


class CountUnreadable(InvalidInput):
    code = "count_unreadable"
    en = "“{typed}” is not a number of services from 0 to {most}."
    zh = "“{typed}” 不是 0 至 {most} 的服务项数。"
    next_en = "Write digits only, like 2; leave it empty if there are none."
    next_zh = "请只填写数字，例如 2；没有则留空。"


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """The form. `linked` and `others` are bank codes; `another` an account at a bank not listed.
    `balance` and `mandates` are what was typed. `refusals` say, by field, what could not be read;
    while there are any, the figures stand for nothing."""

    wallet: str
    message: str
    document: str
    expiry: str
    linked: tuple[str, ...]
    others: tuple[str, ...]
    another: bool
    balance: str
    balance_minor: int
    mandates: str
    mandates_active: int
    pay_score: bool
    refusals: Mapping[str, QianbaoError]


def read_answers(query: Mapping[str, Sequence[str]], wallets: Sequence[str]) -> Answers:
    """The answers in an address; `query` gives every value of a name."""
    codes = [bank.code for bank in all_banks()]
    linked = tuple(code for code in codes if code in query.get("linked", ()))
    balance, mandates = _first(query, "balance").strip(), _first(query, "mandates").strip()
    refusals: dict[str, QianbaoError] = {}
    return Answers(
        wallet=_choice(query, "wallet", wallets),
        message=_choice(query, "message", MESSAGES),
        document=_choice(query, "document", tuple(DOCUMENTS)),
        expiry=_choice(query, "expiry", EXPIRES),
        linked=linked,
        others=tuple(code for code in codes if code in query.get("others", ())),
        another=_first(query, "another") == "1",
        balance=balance[:LONGEST_FIGURE],
        balance_minor=_read("balance", balance, _balance_minor, refusals),
        mandates=mandates[:LONGEST_FIGURE],
        mandates_active=_read("mandates", mandates, _count, refusals),
        pay_score=_first(query, "pay_score") == "1",
        refusals=refusals,
    )


def situation(answers: Answers, now: datetime) -> Situation:
    """A wallet's situation as answered. The account is taken to be old, its real name verified when
    a card is linked, its identity data complete and lately confirmed, its limits unused and its
    free withdrawals used up."""
    began = now - LONG_AGO
    expired = answers.expiry == "expired"
    until = now - timedelta(days=1) if expired else now + A_GOOD_WHILE
    own = tuple(dict.fromkeys((*answers.linked, *answers.others)))
    residency: Literal["foreign", "mainland", "hmt"] = DOCUMENTS[answers.document]  # type: ignore[assignment]
    return Situation(
        wallet_id="advice",
        status="open",
        residency=residency,
        document_kind=answers.document,
        document_valid_until=local_date(until),
        card_banks=answers.linked,
        evidence=(),
        opened_at=began,
        verified_at=began if answers.linked else None,
        data_confirmed_at=now - timedelta(days=1),
        last_used_at=now - timedelta(days=1),
        facts_changed_at=began,
        mandates_active=answers.mandates_active,
        pay_score_on=answers.pay_score,
        score_orders_open=0,
        in_flight=0,
        legal_hold=False,
        bucket=0,
        balance_minor=answers.balance_minor,
        held_minor=0,
        currency="CNY",
        time_zone="Asia/Shanghai",
        paid_today_minor=0,
        paid_this_year_minor=0,
        moved_for_life_minor=0,
        received_for_life_minor=0,
        free_withdrawal_left_minor=0,
        stale_banks=own if answers.expiry == "renewed" else (),
        accounts_at=(*own, "OTHER-1") if answers.another else own,
    )


def _first(query: Mapping[str, Sequence[str]], name: str) -> str:
    values = query.get(name, ())
    return values[0] if values else ""


def _choice(query: Mapping[str, Sequence[str]], name: str, choices: Sequence[str]) -> str:
    wish = _first(query, name)
    return wish if wish in choices else choices[0]


def _read(
    field: str, typed: str, reader: Callable[[str], int], refusals: dict[str, QianbaoError]
) -> int:
    """The figure typed into `field`: 0 when nothing was, or when it is refused."""
    try:
        return reader(typed) if typed else 0
    except QianbaoError as refusal:
        refusals[field] = refusal
        return 0


def _balance_minor(typed: str) -> int:
    try:
        return read(typed).amount_minor
    except AmountUnreadable:
        if typed[0] not in "-−":
            read_to_move(typed)  # of a number without end it says that it is too much
        raise


def _count(typed: str) -> int:
    if not typed.isdecimal() or len(typed) > 4 or int(typed) > MOST_MANDATES:
        raise CountUnreadable(typed=typed[:LONGEST_FIGURE], most=MOST_MANDATES)
    return int(typed)
