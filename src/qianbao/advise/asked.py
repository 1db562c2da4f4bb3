"""What somebody says about themselves, and the situation it makes.

Answers come from an address, so each is bounded and an unknown word is taken for the first choice.
What is not asked is supposed to stand in nobody's way, and says so where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qianbao.banks.directory import all_banks
from qianbao.clock import local_date
from qianbao.money import AmountUnreadable, read
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
MOST_MANDATES = 20
BALANCE_MOST_MINOR = 100_000_000
LONG_AGO = timedelta(days=730)
A_GOOD_WHILE = timedelta(days=1825)


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """The form. `linked` and `others` are bank codes; `another` an account at a bank not listed."""

    wallet: str
    message: str
    document: str
    expiry: str
    linked: tuple[str, ...]
    others: tuple[str, ...]
    another: bool
    balance: str
    balance_minor: int
    mandates: int
    pay_score: bool


def read_answers(query: Mapping[str, Sequence[str]], wallets: Sequence[str]) -> Answers:
    """The answers in an address; `query` gives every value of a name."""
    codes = [bank.code for bank in all_banks()]
    linked = tuple(code for code in codes if code in query.get("linked", ()))
    balance = _first(query, "balance")[:20]
    return Answers(
        wallet=_choice(query, "wallet", wallets),
        message=_choice(query, "message", MESSAGES),
        document=_choice(query, "document", tuple(DOCUMENTS)),
        expiry=_choice(query, "expiry", EXPIRES),
        linked=linked,
        others=tuple(code for code in codes if code in query.get("others", ())),
        another=_first(query, "another") == "1",
        balance=balance,
        balance_minor=_balance_minor(balance),
        mandates=_count(_first(query, "mandates")),
        pay_score=_first(query, "pay_score") == "1",
    )


def situation(answers: Answers, now: datetime) -> Situation:
    """A wallet's situation as answered. The account is taken to be old, its real name verified when
    a card is linked, its limits unused and its free withdrawals used up."""
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
        last_used_at=now - timedelta(days=1),
        facts_changed_at=began,
        mandates_active=answers.mandates,
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


def _count(typed: str) -> int:
    return min(int(typed), MOST_MANDATES) if re.fullmatch(r"[0-9]{1,4}", typed) else 0


def _balance_minor(typed: str) -> int:
    try:
        return min(read(typed or "0").amount_minor, BALANCE_MOST_MINOR)
    except AmountUnreadable:
        return 0
