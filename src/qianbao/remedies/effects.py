"""What each action changes in a wallet's situation, as far as rules can see.

`effect(situation, argument, moment) -> situation`. Here belongs only that; words and costs are in
`actions`. `facts_changed_at` stays: a plan must not work merely by starting a grace period anew.
The rooms that really do these things change the same columns, and a test replays plans
through both.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from msgspec.structs import replace

from qianbao.policy.facts import Situation, carry
from qianbao.remedies.needs import OTHER_BANK

RENEWED_DAYS = 5 * 365
"""How long a renewed document is taken to last (passports: five to ten years)."""


def add_document(situation: Situation, _argument: str, moment: datetime) -> Situation:
    """Until the document is seen, take it for a foreign passport: the strictest rules apply to it,
    so what works then works for every other document. What no document shows is given with it."""
    return replace(
        situation,
        document_kind="passport",
        residency=situation.residency or "foreign",
        document_valid_until=_renewed(moment),
        data_confirmed_at=moment,
    )


def confirm_data(situation: Situation, _argument: str, moment: datetime) -> Situation:
    """Everything that has to be known is, and the holder stands by it."""
    return replace(situation, data_missing=(), data_confirmed_at=moment)


def renew_document(situation: Situation, _argument: str, moment: datetime) -> Situation:
    """A passport's successor has a new number, which the banks do not know yet."""
    stale = situation.stale_banks
    if situation.document_kind == "passport":
        told = (*situation.told_banks, *situation.card_banks)
        known = (*stale, *told, *(situation.accounts_at or ()))
        stale = tuple(dict.fromkeys(known))
    return replace(
        situation,
        document_valid_until=_renewed(moment),
        stale_banks=stale,
        data_confirmed_at=moment,
    )


def update_id_at_bank(situation: Situation, bank: str, _moment: datetime) -> Situation:
    """The bank now holds the present document's number."""
    stale = tuple(stale for stale in situation.stale_banks if stale != bank)
    known = situation.accounts_at
    if known is not None and bank not in known:
        known = (*known, bank)
    return replace(situation, stale_banks=stale, accounts_at=known)


def open_account(situation: Situation, bank: str, _moment: datetime) -> Situation:
    """One more bank knows the holder, under the present document."""
    known = situation.accounts_at or ()
    return replace(situation, accounts_at=(*known, bank or _next_other(known)))


def link_card(situation: Situation, bank: str, moment: datetime) -> Situation:
    """The first card after a document completes the real-name verification."""
    linked = situation.card_banks
    if not bank:
        waiting = (
            at
            for at in situation.accounts_at or ()
            if at.startswith(OTHER_BANK) and at not in linked
        )
        bank = next(waiting, None) or _next_other(linked)
    return replace(
        situation,
        card_banks=(*linked, bank),
        verified_at=situation.verified_at or moment,
    )


def verify_phone(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """The mobile operator's real-name register is one channel (domain.md 1.1)."""
    return replace(situation, evidence=(*situation.evidence, "mobile_operator"))


def withdraw_all(situation: Situation, _argument: str, moment: datetime) -> Situation:
    """Everything available leaves, its fee with it."""
    available = situation.balance_minor - situation.held_minor
    return replace(
        situation,
        balance_minor=situation.held_minor,
        moved_for_life_minor=situation.moved_for_life_minor + available,
        free_withdrawal_left_minor=max(0, situation.free_withdrawal_left_minor - available),
        last_used_at=moment,
    )


def await_bank(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """Every order has ended; what was held for them has left."""
    left = situation.balance_minor - situation.held_minor
    return replace(situation, in_flight=0, held_minor=0, balance_minor=left)


def terminate_mandate(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """No merchant may charge any more."""
    return replace(situation, mandates_active=0, mandates=())


def settle_score_orders(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """Every open order is paid or cancelled."""
    return replace(situation, score_orders_open=0)


def disable_pay_score(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """Pay Score is off."""
    return replace(situation, pay_score_on=False)


def unlink_card(situation: Situation, bank: str, _moment: datetime) -> Situation:
    """One card of the bank less; what the bank was told, it knows."""
    last = len(situation.card_banks) - 1 - situation.card_banks[::-1].index(bank)
    left = situation.card_banks[:last] + situation.card_banks[last + 1 :]
    told = dict.fromkeys((*situation.told_banks, bank))
    return replace(situation, card_banks=left, told_banks=tuple(told))


def unlink_cards(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """No card is linked; what their banks were told, they know."""
    told = dict.fromkeys((*situation.told_banks, *situation.card_banks))
    return replace(situation, card_banks=(), told_banks=tuple(told))


def close_wallet(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """Closed; the person and the records stay."""
    return replace(situation, status="closed")


def reopen_wallet(situation: Situation, _argument: str, moment: datetime) -> Situation:
    """A fresh wallet of the same person: no sum starts again, they are the person's (domain.md 1.1,
    "limit shared over"). Their document is shown again, with what it does not show; verified anew
    by the first card."""
    return replace(
        situation,
        status="open",
        opened_at=moment,
        verified_at=None,
        data_missing=(),
        data_confirmed_at=moment,
        last_used_at=None,
    )


def contact_operator(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """The operator has lifted the hold."""
    return replace(situation, legal_hold=False)


def ask_operator(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """What a person will make of it, nobody can say."""
    return situation


def wait_until(situation: Situation, instant: str, moment: datetime) -> Situation:
    """Counters of days and years gone by start again."""
    return carry(situation, moment, datetime.fromisoformat(instant))


def lower_amount(situation: Situation, _argument: str, _moment: datetime) -> Situation:
    """The request changes, the wallet does not."""
    return situation


def _renewed(moment: datetime) -> date:
    return (moment + timedelta(days=RENEWED_DAYS)).date()


def _next_other(taken: tuple[str, ...]) -> str:
    number = 1
    while f"{OTHER_BANK}{number}" in taken:
        number += 1
    return f"{OTHER_BANK}{number}"
