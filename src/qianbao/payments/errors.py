"""Refusals that several kinds of request share."""

from __future__ import annotations

from datetime import datetime

from qianbao.errors import InvalidInput, Language, NotFound, QianbaoError
from qianbao.policy.asking import factor_words
from qianbao.policy.decide import Decision
from qianbao.policy.facts import Situation
from qianbao.remedies.offer import asks_operator
from qianbao.remedies.plan import WayOut

_SMALLER: dict[Language, str] = {
    "en": "Choose a smaller amount, within what is in the wallet.",
    "zh": "请减少金额，不超过钱包余额。",
}
_ASK_US: dict[Language, str] = {
    "en": "No step of your own ends this. Open a case: a person looks at it, and you get a number.",
    "zh": "这无法由您自行解决。请提交工单，我们会人工处理，并给您工单编号。",
}


class BlockedByPolicy(QianbaoError):
    """Carries the decision, and the ways out once `Clearing.submit` has found them."""

    code = "blocked_by_policy"
    status = 403
    en = "This is not possible now: {reasons_en}"
    zh = "暂时无法办理：{reasons_zh}"
    next_en = "See the ways out below; each of them works."
    next_zh = "请查看下方的解决办法，每一种都有效。"

    def __init__(self, decision: Decision, situation: Situation, amount_minor: int) -> None:
        self.decision = decision
        self.situation = situation
        self.amount_minor = amount_minor
        self.ways_out: tuple[WayOut, ...] = ()
        super().__init__(
            reasons_en=" ".join(reason.sentence_en for reason in decision.reasons),
            reasons_zh="".join(reason.sentence_zh for reason in decision.reasons),
        )

    def next_step(self, language: Language) -> str:
        """What is said above the ways out fits what they are."""
        if not self.ways_out:
            return _SMALLER[language]
        if all(asks_operator(way) for way in self.ways_out):
            return _ASK_US[language]
        return super().next_step(language)


class StepUpRequired(QianbaoError):
    """Carries the decision, and under which id the request waits until when, once the clearing loop
    has kept it."""

    code = "step_up_required"
    status = 403
    en = "This takes {factors_en}, too. Nothing was moved yet. {reasons_en}"
    zh = "还需要提供{factors_zh}，尚未动用资金。{reasons_zh}"
    next_en = "Have the code sent for this request, then send it again with the code, same key."
    next_zh = "请为本请求获取验证码，然后附上验证码、用同一个键重新提交。"

    def __init__(self, decision: Decision, situation: Situation, amount_minor: int) -> None:
        self.decision = decision
        self.situation = situation
        self.amount_minor = amount_minor
        self.step_up_id = ""
        self.expires_at = datetime.min
        super().__init__(
            factors=list(decision.factors),
            factors_en=factor_words(decision.factors, "en"),
            factors_zh=factor_words(decision.factors, "zh"),
            reasons_en=" ".join(reason.sentence_en for reason in decision.asks),
            reasons_zh="".join(reason.sentence_zh for reason in decision.asks),
        )


class ChargeNeedsHolder(QianbaoError):
    """A merchant's charge that rules ask the holder's own proof for; which rules is theirs to
    know."""

    code = "charge_needs_holder"
    status = 403
    en = "The holder has to confirm this amount themselves. Nothing was charged."
    zh = "这笔金额须由用户本人确认，未扣款。"
    next_en = "Ask for it as a payment, which the holder confirms. Or charge less."
    next_zh = "请改为发起付款，由用户本人确认；或减少金额。"


class ReceiverCannotReceive(QianbaoError):
    code = "receiver_cannot_receive"
    en = "The receiver's wallet cannot take this amount now. Nothing was sent."
    zh = "对方钱包目前无法收取这笔款项，未转出任何金额。"
    next_en = "Ask the receiver to look at the notices in their wallet: why, and the ways out."
    next_zh = "请对方查看钱包内的通知，其中说明原因和解决办法。"


class SameKeyOtherRequest(QianbaoError):
    code = "same_key_other_request"
    status = 422
    en = "This idempotency key was used before, for another request."
    zh = "该幂等键已用于另一个请求。"
    next_en = "Use a fresh key for a new request; the same key only to repeat the same one."
    next_zh = "新请求请使用新的键；只有重复同一请求时才使用相同的键。"


class ClearingBusy(QianbaoError):
    code = "clearing_busy"
    status = 503
    retry = True
    en = "Too many payments are waiting. Nothing happened to yours."
    zh = "当前排队的交易过多，您的请求未执行。"
    next_en = "Try again in a moment, with the same key."
    next_zh = "请稍后用同一个键重试。"


class ClearingInterrupted(QianbaoError):
    code = "clearing_interrupted"
    status = 503
    retry = True
    en = "The answer was lost on the way. The request was done once or not at all."
    zh = "结果在途中丢失；该请求至多执行了一次。"
    next_en = "Send it again with the same key: you will get the first answer."
    next_zh = "请用同一个键重新发送，即可得到首次的结果。"


class RequestClash(QianbaoError):
    code = "request_clash"
    en = "An id in this request is in use already."
    zh = "请求中的编号已被占用。"
    next_en = "Send it again with a fresh id."
    next_zh = "请换用新的编号重新发送。"


class PaymentUnknown(NotFound):
    code = "payment_unknown"
    en = "There is no such payment."
    zh = "没有这笔付款。"
    next_en = "Ask the merchant for a fresh code."
    next_zh = "请向商家索取新的付款码。"


class OwnPaymentUnknown(NotFound):
    code = "own_payment_unknown"
    en = "You have asked for no payment with this id."
    zh = "您没有发起过使用该编号的付款。"
    next_en = "Compare the id with your list of payments, and the API key with the shop it is for."
    next_zh = "请核对付款列表中的编号，并确认 API 密钥属于该商家。"


class PaymentAmountDiffers(QianbaoError):
    code = "payment_amount_differs"
    en = "This payment asks for {asked}, not {given}. Nothing was paid."
    zh = "这笔付款应付 {asked}，而非 {given}，未扣款。"
    next_en = "Look at the payment again, and pay the amount that it asks for."
    next_zh = "请重新查看该笔付款，并按应付金额支付。"


class PaymentNotAwaiting(QianbaoError):
    code = "payment_not_awaiting"
    en = "This payment is {state} already; it is not taken twice."
    zh = "这笔付款已处于“{state_zh}”状态，不会重复扣款。"
    next_en = "See it among your transactions, or ask the merchant for a fresh code."
    next_zh = "请在交易记录中查看，或向商家索取新的付款码。"


class NoteTooLong(InvalidInput):
    code = "note_too_long"
    en = "A note has at most {most} characters."
    zh = "备注最多 {most} 个字符。"
    next_en = "Shorten it."
    next_zh = "请缩短备注。"


STATES_ZH = {"awaiting": "待付款", "paid": "已付款", "cancelled": "已取消"}
MOST_NOTE = 200


def check_note(note: str) -> str:
    """The note itself. Raises `NoteTooLong`."""
    if len(note) > MOST_NOTE:
        raise NoteTooLong(most=MOST_NOTE)
    return note
