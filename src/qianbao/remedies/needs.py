"""Needs: what must be so before an action can be taken, and which action makes it so.

Here belong predicates over a situation with their words, closing's included: what stands in the
way of closing (domain.md 5.3) is read from here by the planner and by the screen alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date
from qianbao.policy.decide import HORIZON_DAYS
from qianbao.policy.facts import Situation
from qianbao.policy.space import CARDS_MOST

OTHER_BANK = "OTHER-"
"""How a situation names a bank the holder has yet to choose: OTHER-1, OTHER-2 …"""

RENEWABLE = timedelta(days=HORIZON_DAYS)
"""How long before its last day a document can be renewed: as far ahead as plans look, so that none
comes to nothing because a document runs out while it waits."""


class Need(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Something that must be so. `holds(situation, argument, moment)`: the argument is the action's
    (a bank's code, say). `cure` is the action that brings it about, if one does."""

    code: str
    en: str
    zh: str
    holds: Callable[[Situation, str, datetime], bool]
    cure: str | None = None


class Leftover(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Something that stands in the way of closing while there is any of it. `en` and `zh` are
    templates over `{count}` or, when it is `money`, over `{amount}`."""

    code: str
    en: str
    zh: str
    count: Callable[[Situation], int]
    cure: str
    money: bool = False

    def need(self) -> Need:
        """None of it is left."""
        return Need(
            code=self.code,
            en=self.en,
            zh=self.zh,
            holds=lambda situation, _argument, _moment: self.count(situation) == 0,
            cure=self.cure,
        )


LEFTOVERS = (
    Leftover(
        code="legal_hold", cure="contact_operator", count=lambda s: int(s.legal_hold),
        en="The wallet is held under a legal order.", zh="钱包依法被冻结。",
    ),
    Leftover(
        code="balance", cure="withdraw_all", money=True,
        count=lambda s: s.balance_minor - s.held_minor,
        en="{amount} is still in the wallet.", zh="钱包中还有余额 {amount}。",
    ),
    Leftover(
        code="in_flight", cure="await_bank",
        count=lambda s: max(s.in_flight, int(s.held_minor > 0)),
        en="Orders a bank has not answered yet: {count}.", zh="银行尚未答复的指令：{count} 笔。",
    ),
    Leftover(
        code="mandates", cure="terminate_mandate", count=lambda s: s.mandates_active,
        en="Auto-deduction services still active: {count}.", zh="尚未关闭的扣费服务：{count} 项。",
    ),
    Leftover(
        code="score_orders", cure="settle_score_orders", count=lambda s: s.score_orders_open,
        en="Pay Score orders still open: {count}.", zh="未完结的支付分订单：{count} 笔。",
    ),
    Leftover(
        code="pay_score", cure="disable_pay_score", count=lambda s: int(s.pay_score_on),
        en="Pay Score is on.", zh="支付分尚未关闭。",
    ),
    Leftover(
        code="cards", cure="unlink_cards", count=lambda s: len(s.card_banks),
        en="Cards still linked: {count}.", zh="尚未解绑的银行卡：{count} 张。",
    ),
)  # fmt: skip
"""Closing's blockers, in the order in which they are best resolved: money first, while there is
still a card to withdraw it to. Sources: domain.md 5.3."""


def _in_date(situation: Situation, moment: datetime) -> bool:
    valid_until = situation.document_valid_until
    today = local_date(moment, ZoneInfo(situation.time_zone))
    return valid_until is None or valid_until >= today


def _has_account(situation: Situation, bank: str) -> bool:
    if situation.accounts_at is None:
        return True
    if bank:  # whoever holds an old number of theirs has them for a customer
        return bank in situation.accounts_at or bank in situation.stale_banks
    return any(
        at.startswith(OTHER_BANK) and at not in situation.card_banks for at in situation.accounts_at
    )


def bank_to_spare(situation: Situation) -> str:
    """The bank of a card that is unlinked so that there are fewer: one that has several, if any,
    whose channel stays; "" where no card is linked."""
    cards = Counter(situation.card_banks)
    return max(reversed(cards), key=lambda bank: cards[bank], default="")


NEEDS: dict[str, Need] = {
    need.code: need
    for need in (
        Need(
            code="wallet_open", en="The wallet is open.", zh="钱包处于开通状态。",
            holds=lambda s, _argument, _moment: s.status == "open", cure="reopen_wallet",
        ),
        Need(
            code="wallet_closed", en="The wallet is closed.", zh="钱包已注销。",
            holds=lambda s, _argument, _moment: s.status == "closed",
        ),
        Need(
            code="no_document", en="No document has been shown yet.", zh="尚未提交证件。",
            holds=lambda s, _argument, _moment: s.document_kind is None,
        ),
        Need(
            code="document", en="A document has been shown.", zh="已提交证件。",
            holds=lambda s, _argument, _moment: s.document_kind is not None, cure="add_document",
        ),
        Need(
            code="document_in_date", en="The document is in date.", zh="证件在有效期内。",
            holds=lambda s, _argument, moment: _in_date(s, moment), cure="renew_document",
        ),
        Need(
            code="document_runs_out", en="The document has expired or will within a year.",
            zh="证件已过期，或将在一年内到期。",
            holds=lambda s, _argument, moment: not _in_date(s, moment + RENEWABLE),
        ),
        Need(
            code="bank_holds_document", cure="update_id_at_bank",
            en="The bank holds the number of your present document.",
            zh="银行留存的是您现用证件的号码。",
            holds=lambda s, bank, _moment: bank not in s.stale_banks,
        ),
        Need(
            code="bank_holds_old_document", en="The bank holds an old document number.",
            zh="银行留存的是旧证件号码。",
            holds=lambda s, bank, _moment: bank in s.stale_banks,
        ),
        Need(
            code="account_at_bank", en="You have an account at the bank.", zh="您在该行有账户。",
            holds=lambda s, bank, _moment: _has_account(s, bank), cure="open_account",
        ),
        Need(
            code="no_account_at_bank", en="You have no account at the bank.",
            zh="您在该行没有账户。",
            holds=lambda s, bank, _moment: not _has_account(s, bank),
        ),
        Need(
            code="card_linked", en="A card of yours is linked.", zh="已绑定本人银行卡。",
            holds=lambda s, _argument, _moment: bool(s.card_banks), cure="link_card",
        ),
        Need(
            code="confirmed_before", en="A bank has confirmed you before.",
            zh="曾有银行核验过您的身份。",
            holds=lambda s, _argument, _moment: s.verified_at is not None,
        ),
        Need(
            code="no_card", en="No card is linked.", zh="未绑定银行卡。",
            holds=lambda s, _argument, _moment: not s.card_banks,
        ),
        Need(
            code="card_of_bank", en="A card of the bank is linked.", zh="已绑定该行银行卡。",
            holds=lambda s, bank, _moment: bank in s.card_banks,
        ),
        Need(
            code="room_for_card", cure="unlink_card",
            en=f"Fewer than {CARDS_MOST} cards are linked.",
            zh=f"绑定的银行卡少于 {CARDS_MOST} 张。",
            holds=lambda s, _argument, _moment: len(s.card_banks) < CARDS_MOST,
        ),
        Need(
            code="phone_unconfirmed", en="No mobile operator has confirmed you yet.",
            zh="运营商尚未核验您的身份。",
            holds=lambda s, _argument, _moment: "mobile_operator" not in s.evidence,
        ),
        Need(
            code="held", en="A legal hold is in force.", zh="钱包处于依法冻结状态。",
            holds=lambda s, _argument, _moment: s.legal_hold,
        ),
        *(leftover.need() for leftover in LEFTOVERS),
    )
}  # fmt: skip
"""Every need by its code."""
