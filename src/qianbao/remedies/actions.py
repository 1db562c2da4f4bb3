"""Actions: everything that somebody can do about a block, as data.

Each says what it needs, what it changes (`effects`), what it costs and loses, who does it and
where. Minutes are our estimates, for ordering plans. Here belongs no plan: nothing in this file
knows which action helps against which rule.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec

from qianbao.policy.facts import FACTS, Situation
from qianbao.policy.policies import Actor
from qianbao.remedies import effects
from qianbao.remedies.needs import LEFTOVERS, NEEDS, Need

Takes = Literal["nothing", "bank", "count", "instant", "amount", "case"]

CARDS_ADD = "/me/pay/cards/add"
REAL_NAME = "/me/pay/manage/real-name"


class Action(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One thing to do. `takes` says what its argument is: a bank's code ("" for one still to be
    chosen), how many things it is done to (and `minutes` is for each), an instant, an amount, or
    the number of an open case ("" for a new one).
    `for_itself`: worth taking by itself; others are only taken because a need asks for them.
    `eases`: worth it by itself against rules that read one of these facts, too.
    `against`: it is taken only against rules that read one of these facts (empty: any rule);
    `ahead`: or before a wait, against what will have come by its end.
    `capability`: what policies must allow for it to be taken. `bring`: what to have at hand.
    `certain`: whether its effect follows once it is taken; what an authority decides does not."""

    code: str
    title_en: str
    title_zh: str
    needs: tuple[Need, ...] = ()
    bring_en: tuple[str, ...] = ()
    bring_zh: tuple[str, ...] = ()
    effect: Callable[[Situation, str, datetime], Situation]
    takes: Takes = "nothing"
    for_itself: bool = False
    eases: frozenset[str] = frozenset()
    against: frozenset[str] = frozenset()
    ahead: bool = False
    capability: str | None = None
    count: Callable[[Situation], int] = lambda _situation: 1
    minutes: int
    visit: bool = False
    loses_en: str = ""
    loses_zh: str = ""
    reversible: bool = True
    certain: bool = True
    who: Actor = "holder"
    screen: str = ""
    api: str = ""


_STARTS_OVER = frozenset(FACTS) - {
    "residency", "document_kind", "document_valid_until", "today", "amount_minor", "legal_hold",
    "category", "channels", "linked_banks", "linked_cards", "paid_today_minor",
    "paid_this_year_minor", "identity_data_missing", "days_since_confirmed",
}  # fmt: skip
"""The facts that closing and registering again can put right."""


_BY_A_CARD = frozenset({
    "category", "channels", "linked_banks", "linked_cards", "verified", "days_since_verified",
})  # fmt: skip
"""The facts that linking a card changes."""


def _needs(*codes: str) -> tuple[Need, ...]:
    return tuple(NEEDS[code] for code in codes)


_SAME_NAME_EN = "The bank has your name, document number and phone as on your document"
_SAME_NAME_ZH = "银行留存的姓名、证件号码和手机号与您的证件一致"

_IDENTITY = (
    Action(
        code="add_document",
        title_en="Show your passport or other document",
        title_zh="提交护照或其他证件",
        needs=_needs("wallet_open", "no_document"),
        bring_en=("Your document, in date", "Your occupation and your address"),
        bring_zh=("有效期内的证件", "您的职业和住址"),
        effect=effects.add_document,
        for_itself=True,
        minutes=5,
        screen=REAL_NAME,
        api="POST /v1/documents",
    ),
    Action(
        code="renew_document",
        title_en="Show your renewed document",
        title_zh="提交换发的新证件",
        needs=_needs("wallet_open", "document", "document_runs_out"),
        bring_en=("Your new document",),
        bring_zh=("新证件",),
        effect=effects.renew_document,
        for_itself=True,
        against=frozenset({"document_valid_until"}),
        ahead=True,
        minutes=5,
        screen=REAL_NAME,
        api="POST /v1/documents",
    ),
    Action(
        code="confirm_data",
        title_en="Confirm your data, and add what is missing",
        title_zh="确认并补全身份信息",
        needs=_needs("wallet_open", "document"),
        bring_en=("Your occupation and your address", "Your payment PIN"),
        bring_zh=("您的职业和住址", "支付密码"),
        effect=effects.confirm_data,
        for_itself=True,
        against=frozenset({"identity_data_missing", "days_since_confirmed"}),
        minutes=2,
        screen="/me/pay/manage/data",
        api="POST /v1/identity-data",
    ),
    Action(
        code="verify_phone",
        title_en="Have your mobile operator confirm your name",
        title_zh="由运营商核验您的身份",
        needs=_needs("wallet_open", "document", "document_in_date", "phone_unconfirmed"),
        bring_en=("A phone number registered to the same document",),
        bring_zh=("以同一证件实名登记的手机号",),
        effect=effects.verify_phone,
        for_itself=True,
        minutes=3,
        screen=REAL_NAME,
        api="POST /v1/documents",
    ),
    Action(
        code="contact_operator",
        title_en="Ask about the legal order, or object to it",
        title_zh="咨询冻结文书或提出异议",
        needs=_needs("held"),
        bring_en=("Your document", "Your case number", "Anything that answers the order"),
        bring_zh=("您的证件", "工单编号", "与该文书有关的材料"),
        effect=effects.contact_operator,
        for_itself=True,
        against=frozenset({"legal_hold"}),
        certain=False,
        minutes=15,
        who="authority",
        screen="/me/pay/manage/cases",
        api="POST /v1/cases",
    ),
)

_CARDS = (
    Action(
        code="open_account",
        title_en="Open an account at {argument}",
        title_zh="在{argument}开户",
        needs=_needs("no_account_at_bank"),
        bring_en=("Your document", "Your phone"),
        bring_zh=("证件原件", "手机"),
        effect=effects.open_account,
        takes="bank",
        minutes=90,
        visit=True,
    ),
    Action(
        code="update_id_at_bank",
        title_en="Have {argument} update your document number",
        title_zh="到{argument}更新证件号码",
        needs=_needs("bank_holds_old_document"),
        bring_en=("Your new and your old document", "The bank card"),
        bring_zh=("新旧证件", "该行银行卡"),
        effect=effects.update_id_at_bank,
        takes="bank",
        minutes=60,
        visit=True,
        screen=REAL_NAME,
        api="POST /v1/banks/{bank}/document-updates",
    ),
    Action(
        code="link_card",
        title_en="Link a card from {argument}",
        title_zh="绑定{argument}的银行卡",
        needs=_needs(
            "wallet_open",
            "document",
            "document_in_date",
            "room_for_card",
            "account_at_bank",
            "bank_holds_document",
        ),
        bring_en=("The card, and the phone the bank texts", _SAME_NAME_EN),
        bring_zh=("银行卡，以及在银行预留的手机", _SAME_NAME_ZH),
        effect=effects.link_card,
        takes="bank",
        for_itself=True,
        against=_BY_A_CARD,
        minutes=5,
        screen=CARDS_ADD,
        api="POST /v1/cards",
    ),
    Action(
        code="link_card_to_withdraw",
        title_en="Link a card from {argument}, to withdraw to",
        title_zh="绑定{argument}的银行卡，用于提现",
        needs=_needs("wallet_open", "document", "confirmed_before", "no_card"),
        bring_en=("The card, and the phone the bank texts", _SAME_NAME_EN),
        bring_zh=("银行卡，以及在银行预留的手机", _SAME_NAME_ZH),
        effect=effects.link_card,
        takes="bank",
        minutes=5,
        screen=CARDS_ADD,
        api="POST /v1/cards",
    ),
    Action(
        code="unlink_card",
        title_en="Unlink a card from {argument}",
        title_zh="解绑一张{argument}的银行卡",
        needs=_needs("wallet_open", "card_of_bank", "in_flight"),
        effect=effects.unlink_card,
        takes="bank",
        for_itself=True,
        against=frozenset({"channels", "linked_banks", "linked_cards"}),
        minutes=1,
        screen="/me/pay/cards",
        api="DELETE /v1/cards/{id}",
    ),
    Action(
        code="unlink_cards",
        title_en="Unlink your cards ({argument})",
        title_zh="解绑银行卡（{argument} 张）",
        needs=_needs("wallet_open", "card_linked"),
        effect=effects.unlink_cards,
        takes="count",
        count=lambda s: len(s.card_banks),
        minutes=1,
        screen="/me/pay/cards",
        api="DELETE /v1/cards/{id}",
    ),
)

_CLEARING_UP = (
    Action(
        code="withdraw_all",
        title_en="Withdraw the balance to your card",
        title_zh="将余额全部提现到银行卡",
        needs=_needs("wallet_open", "card_linked"),
        effect=effects.withdraw_all,
        eases=frozenset({"balance_minor", "available_minor"}),
        capability="withdraw",
        minutes=3,
        loses_en="A withdrawal fee, once the free amount is used up.",
        loses_zh="超出免费额度的部分收取提现手续费。",
        screen="/me/pay/wallet/withdraw",
        api="POST /v1/withdrawals",
    ),
    Action(
        code="await_bank",
        title_en="Wait for the bank to answer ({argument})",
        title_zh="等待银行答复（{argument} 笔）",
        effect=effects.await_bank,
        eases=frozenset({"in_flight"}),
        takes="count",
        count=lambda s: max(1, s.in_flight),
        minutes=5,
        who="bank",
        screen="/me/pay/wallet",
        api="GET /v1/transactions",
    ),
    Action(
        code="terminate_mandate",
        title_en="Cancel your auto-deduction services ({argument})",
        title_zh="关闭扣费服务（{argument} 项）",
        needs=_needs("wallet_open"),
        effect=effects.terminate_mandate,
        eases=frozenset({"mandates_active"}),
        takes="count",
        count=lambda s: s.mandates_active,
        minutes=2,
        loses_en="Merchants can no longer charge you until you sign again.",
        loses_zh="重新签约前，商户无法再自动扣费。",
        screen="/me/pay/manage/auto-deduction",
        api="DELETE /v1/mandates/{id}",
    ),
    Action(
        code="settle_score_orders",
        title_en="Settle your open Pay Score orders ({argument})",
        title_zh="结清未完结的支付分订单（{argument} 笔）",
        needs=_needs("wallet_open"),
        effect=effects.settle_score_orders,
        eases=frozenset({"score_orders_open"}),
        takes="count",
        count=lambda s: s.score_orders_open,
        minutes=5,
        screen="/me/pay/manage/pay-score",
        api="GET /v1/pay-score/orders",
    ),
    Action(
        code="disable_pay_score",
        title_en="Turn Pay Score off",
        title_zh="关闭支付分",
        needs=_needs("wallet_open", "score_orders"),
        effect=effects.disable_pay_score,
        eases=frozenset({"pay_score_on"}),
        minutes=2,
        loses_en="No deposit-free orders until Pay Score is on again.",
        loses_zh="重新开通支付分前，无法享受免押服务。",
        screen="/me/pay/manage/pay-score",
        api="DELETE /v1/pay-score",
    ),
)

_LEAVING = (
    Action(
        code="close_wallet",
        title_en="Cancel the wallet",
        title_zh="注销钱包",
        # Plans close only to come back, and whoever comes back is known by a document in date.
        needs=(
            *_needs("wallet_open", "document_in_date"),
            *(NEEDS[leftover.code] for leftover in LEFTOVERS),
        ),
        effect=effects.close_wallet,
        for_itself=True,
        against=_STARTS_OVER,
        capability="close",
        minutes=3,
        loses_en="Nobody can pay you while it is closed; your records are kept for you.",
        loses_zh="注销期间他人无法向您付款；您的记录会为您保留。",
        screen="/me/pay/manage/cancel",
        api="POST /v1/closure",
    ),
    Action(
        code="reopen_wallet",
        title_en="Register again",
        title_zh="重新开通钱包",
        needs=_needs("wallet_closed"),
        bring_en=("The same document, card and phone", "Your occupation and your address"),
        bring_zh=("同一证件、银行卡和手机号", "您的职业和住址"),
        effect=effects.reopen_wallet,
        for_itself=True,
        minutes=5,
        screen="/signup",
        api="POST /v1/signups",
    ),
)

_LAST_STEPS = (
    Action(
        code="wait_until",
        title_en="Wait until {argument}",
        title_zh="等到{argument}",
        effect=effects.wait_until,
        takes="instant",
        minutes=0,
    ),
    Action(
        code="lower_amount",
        title_en="Choose {argument} or less",
        title_zh="改为不超过 {argument}",
        effect=effects.lower_amount,
        takes="amount",
        minutes=1,
        loses_en="The rest has to wait.",
        loses_zh="其余金额需另行处理。",
    ),
)

_ASKING = (
    Action(
        code="ask_operator",
        title_en="Ask us: a person looks at it ({argument})",
        title_zh="联系我们，由人工处理（{argument}）",
        bring_en=("What you wanted to do", "The case's number, once it is open"),
        bring_zh=("您想办理的事项", "工单提交后的编号"),
        effect=effects.ask_operator,
        takes="case",
        certain=False,
        minutes=5,
        who="operator",
        screen="/me/help",
        api="POST /v1/cases",
    ),
)

EVERY_ACTION = (*_IDENTITY, *_CARDS, *_CLEARING_UP, *_LEAVING, *_LAST_STEPS, *_ASKING)

ACTIONS: dict[str, Action] = {action.code: action for action in EVERY_ACTION}
"""Every action by its code."""

OFFERED = frozenset(ACTIONS) - {"verify_phone", "ask_operator", "link_card_to_withdraw"}
"""What plans are made of unless the caller says otherwise. The operator's register is asked by
itself when a document is shown; asking again is offered only where an operator sells that. A case
is the way where no plan is, and a card that an expired document still links is for money alone
(`offer`)."""
