"""Why the ledger refuses. Each is found before anything is written."""

from qianbao.errors import NotFound, QianbaoError


class AccountUnknown(NotFound):
    code = "account_unknown"
    en = "There is no such account."
    zh = "没有这个账户。"
    next_en = "Check whom the money is for."
    next_zh = "请核对收款方。"


class SameAccount(QianbaoError):
    code = "same_account"
    status = 422
    en = "Money cannot be sent to where it already is."
    zh = "不能转给自己的同一账户。"
    next_en = "Choose somebody else."
    next_zh = "请选择其他收款方。"


class TransferCurrency(QianbaoError):
    code = "transfer_currency"
    status = 422
    en = "Both sides of a transfer hold the same currency; these hold {debit} and {credit}."
    zh = "转账双方须为同一币种；现为 {debit} 与 {credit}。"
    next_en = "Use one currency."
    next_zh = "请使用同一币种。"


class InsufficientFunds(QianbaoError):
    code = "insufficient_funds"
    en = "There is {available} to spend; this needs {needed}."
    zh = "可用余额 {available}，本次需要 {needed}。"
    next_en = "Top up first, or choose a smaller amount."
    next_zh = "请先充值，或减少金额。"


class HoldUnknown(NotFound):
    code = "hold_unknown"
    en = "There is no such hold."
    zh = "没有这笔预留。"
    next_en = "Check the request that reserved the money."
    next_zh = "请核对预留资金的请求。"


class HoldAlreadySettled(QianbaoError):
    code = "hold_already_settled"
    en = "This hold has been settled already."
    zh = "这笔预留已经结算。"
    next_en = "Nothing more is to be done."
    next_zh = "无需再操作。"


class HoldAlreadyReleased(QianbaoError):
    code = "hold_already_released"
    en = "This hold has been released already."
    zh = "这笔预留已经释放。"
    next_en = "Ask for a new one."
    next_zh = "请重新发起。"


class HoldExpired(QianbaoError):
    code = "hold_expired"
    en = "This hold ran out, and its money is free again."
    zh = "这笔预留已经到期，资金已解除预留。"
    next_en = "Ask for a new one."
    next_zh = "请重新发起。"


class HoldExceeded(QianbaoError):
    code = "hold_exceeded"
    en = "{asked} was asked of a hold of {held}."
    zh = "从 {held} 的预留中请求结算 {asked}。"
    next_en = "Settle at most what is held."
    next_zh = "结算金额不能超过预留金额。"
