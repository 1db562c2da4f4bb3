"""Refusals that every room which works on a wallet shares."""

from __future__ import annotations

from qianbao.errors import NotFound, QianbaoError


class WalletUnknown(NotFound):
    code = "wallet_unknown"
    en = "There is no such wallet."
    zh = "没有这个钱包。"
    next_en = "Check the number or id."
    next_zh = "请核对号码或编号。"


class WalletClosed(QianbaoError):
    code = "wallet_closed"
    en = "This wallet is closed: it can be read, and nothing else."
    zh = "该钱包已注销，只能查看。"
    next_en = "Sign up again with the same phone to use a wallet; your history will be there."
    next_zh = "如需使用，请用同一手机号重新注册，历史记录仍会保留。"
