"""Money is an integer of minor units (fen, cents, yen) with a currency. Never a float.

Here belongs arithmetic and how an amount is read and shown; fees' rules belong to their verb.
"""

from __future__ import annotations

import re

import msgspec

from qianbao.errors import InvalidInput

MINOR_DIGITS = {
    "CNY": 2, "EUR": 2, "USD": 2, "GBP": 2, "HKD": 2, "MOP": 2, "TWD": 2, "SGD": 2, "THB": 2,
    "MYR": 2, "RUB": 2, "CHF": 2, "AUD": 2, "CAD": 2, "JPY": 0, "KRW": 0, "VND": 0,
    "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
"""Digits after the point, ISO 4217."""

SYMBOLS = {"CNY": "¥", "EUR": "€", "USD": "$", "GBP": "£", "JPY": "JP¥"}

MAX_AMOUNT_MINOR = 10**13
"""The largest amount one request may name: 10^13 minor units, well inside a PostgreSQL bigint."""

WRITTEN_MARKS = {
    "CNY": ("人民币", "RMB", "¥", "元", "圆"), "JPY": ("¥", "円"), "USD": ("US$",),
}  # fmt: skip
"""What people write beside a figure besides `SYMBOLS` and the currency's code."""

_FULL_WIDTH = str.maketrans(
    "０１２３４５６７８９，．。￥＄\u3000\u00a0\u2009\u202f", "0123456789,..¥$    "
)
_TYPED = re.compile(
    r"(?=\.?[0-9])([0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3}|[0-9]{1,3}(?: [0-9]{3}){1,3}|)"
    r"(?:\.([0-9]{0,12}))?"
)
"""A digit on one side of the point is enough (".5", "1."). Groups, where
there are any, are of three digits: "3,20" may be short of a digit or mean 3.20."""

_ENDLESS = re.compile(r"[0-9]{13,40}")
"""Longer than any amount, and yet plainly a number."""

_NUMBERS = ("none", "one", "two", "three")


class AmountOutOfRange(InvalidInput):
    code = "amount_out_of_range"
    en = "{given} is too {wrong_en}: an amount is {bound_en} {limit}."
    zh = "{given} {wrong_zh}：金额{bound_zh} {limit}。"
    next_en = "Enter another amount."
    next_zh = "请输入其他金额。"


class AmountUnreadable(InvalidInput):
    code = "amount_unreadable"
    en = "“{typed}” is not an amount in {currency}."
    zh = "“{typed}” 不是有效的 {currency} 金额。"
    next_en = "Write digits with a point for the decimals, like 12.50."
    next_zh = "请用数字和小数点填写，例如 12.50。"


class AmountMissing(AmountUnreadable):
    code = "amount_missing"
    en = "No amount was entered."
    zh = "未填写金额。"
    next_en = "Write it in figures, like 12.50."
    next_zh = "请用数字填写，例如 12.50。"


class AmountTooFine(AmountUnreadable):
    code = "amount_too_fine"
    en = "“{typed}” has too many decimals: {currency} has {most_en}."
    zh = "“{typed}” 的小数位过多：{currency} {most_zh}。"
    next_en = "Write the amount without the further digits."
    next_zh = "请去掉多余的小数位。"


class CurrencyUnsupported(InvalidInput):
    code = "currency_unsupported"
    en = "This wallet holds {expected}; {given} cannot be used here."
    zh = "本钱包币种为 {expected}，不能使用 {given}。"
    next_en = "Use {expected}."
    next_zh = "请使用 {expected}。"


class Money(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount in minor units of `currency`."""

    amount_minor: int
    currency: str = "CNY"

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def _same(self, other: Money) -> None:
        if other.currency != self.currency:
            raise CurrencyUnsupported(expected=self.currency, given=other.currency)


def check_amount(money: Money, currency: str) -> int:
    """The minor units of a request's amount: more than 0, at most `MAX_AMOUNT_MINOR`, and in
    `currency`. Raises `CurrencyUnsupported` or `AmountOutOfRange`."""
    if money.currency != currency:
        raise CurrencyUnsupported(expected=currency, given=money.currency[:8])
    if 0 < money.amount_minor <= MAX_AMOUNT_MINOR:
        return money.amount_minor
    given = show(money.amount_minor, currency)
    if money.amount_minor <= 0:
        raise AmountOutOfRange(
            given=given,
            limit=show(1, currency),
            wrong_en="little",
            wrong_zh="过小",
            bound_en="at least",
            bound_zh="不得低于",
        )
    raise AmountOutOfRange(
        given=given,
        limit=show(MAX_AMOUNT_MINOR, currency),
        wrong_en="much",
        wrong_zh="过大",
        bound_en="at most",
        bound_zh="不得超过",
    )


def show(amount_minor: int, currency: str = "CNY", *, symbol: bool = True) -> str:
    """ "¥1,234.50": grouped digits with the currency's own decimals."""
    digits = MINOR_DIGITS[currency]
    sign, units = ("-" if amount_minor < 0 else ""), abs(amount_minor)
    whole, rest = divmod(units, 10**digits)
    text = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
    mark = SYMBOLS.get(currency, currency + " ") if symbol else ""
    return f"{sign}{mark}{text}"


def read(typed: str, currency: str = "CNY") -> Money:
    """What a person typed ("1,234.5", "¥20", "３２００元") as money. What could mean two amounts is
    refused, not guessed. Raises `AmountMissing`, `AmountUnreadable` or `AmountTooFine`."""
    if not typed.strip():
        raise AmountMissing
    match = _TYPED.fullmatch(_bare(typed, currency))
    digits = MINOR_DIGITS[currency]
    if match is None:
        raise AmountUnreadable(typed=typed[:20], currency=currency)
    if len(match.group(2) or "") > digits:
        raise AmountTooFine(
            typed=typed[:20],
            currency=currency,
            most_en=f"at most {_NUMBERS[digits]}" if digits else "none",
            most_zh=f"最多 {digits} 位小数" if digits else "没有小数",
        )
    whole, rest = re.sub("[, ]", "", match.group(1)), match.group(2) or ""
    return Money(int(whole or 0) * 10**digits + int(rest.ljust(digits, "0") or 0), currency)


def read_to_move(typed: str, currency: str = "CNY") -> Money:
    """As `read`, for an amount to be moved: what is too little or too much is said to be that,
    however it is written. Raises `AmountOutOfRange`, too."""
    text = typed.translate(_FULL_WIDTH).strip()
    sign, unsigned = (-1, text[1:]) if text[:1] in ("-", "−") else (1, text)
    whole = re.sub("[, ]", "", _bare(unsigned, currency)).partition(".")[0]
    if _ENDLESS.fullmatch(whole):
        amount_minor = int(whole) * 10 ** MINOR_DIGITS[currency]
    else:
        amount_minor = read(unsigned, currency).amount_minor
    found = Money(sign * amount_minor, currency)
    check_amount(found, currency)
    return found


def _bare(typed: str, currency: str) -> str:
    """The figure without this currency's mark before or after it (¥3200元), full-width signs made
    plain."""
    text = typed.translate(_FULL_WIDTH).strip()
    own = (SYMBOLS.get(currency, currency), currency, *WRITTEN_MARKS.get(currency, ()))
    mark = "|".join(sorted(map(re.escape, own), key=len, reverse=True))
    match = re.fullmatch(rf"(?i)(?:{mark})?\s*([0-9.].*?)\s*(?:{mark})?", text)
    return match.group(1) if match else ""


def round_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest integer, halves away from zero; numerator >= 0."""
    return (2 * numerator + denominator) // (2 * denominator)
