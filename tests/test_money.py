"""Amounts as people write them, and what is refused rather than guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianbao.money import (
    AmountMissing,
    AmountOutOfRange,
    AmountTooFine,
    AmountUnreadable,
    Money,
    check_amount,
    read,
    read_to_move,
    show,
)


@pytest.mark.parametrize(
    ("typed", "amount_minor"),
    [
        ("3200", 320_000),
        ("3,200", 320_000),
        ("3，200.50", 320_050),
        ("1 234 567.8", 123_456_780),
        ("¥3,200.50", 320_050),
        ("￥ 3200", 320_000),
        ("3200元", 320_000),
        ("3200 圆", 320_000),
        ("人民币3200元", 320_000),
        ("RMB 3,200", 320_000),
        ("3200 cny", 320_000),
        ("３２００．５", 320_050),
        ("3200。5", 320_050),
        ("0", 0),
        ("0.05", 5),
        (" 12.50 ", 1_250),
        (".5", 50),
        ("1.", 100),
        ("¥.05", 5),
        ("3,200.元", 320_000),
    ],
)
def test_what_people_write_is_read(typed: str, amount_minor: int) -> None:
    assert read(typed).amount_minor == amount_minor


@pytest.mark.parametrize(
    "typed",
    ["", "元", "1e5", "3200.555", "32 00", "3,20", "3,2000", "3200,50", "3.200,50", "1,234 567",
     "-5", "+5", "0x10", "12元3角", "3.2万", "½", "²", "٣٢٠٠", "$20", "€20", "3200 4500", "..5",
     ".", "¥.", ".5.", "1..", "¥¥5", "5 EUR", "9" * 13],
)  # fmt: skip
def test_what_could_mean_another_amount_is_refused(typed: str) -> None:
    with pytest.raises(AmountUnreadable):
        read(typed)


def test_a_currency_has_its_own_sign_and_decimals() -> None:
    assert read("€20", "EUR").amount_minor == 2_000
    assert read("JP¥2,000", "JPY").amount_minor == 2_000
    assert read("2000円", "JPY").amount_minor == 2_000
    for typed, currency in (("20.5", "JPY"), ("¥20", "EUR"), ("20元", "USD")):
        with pytest.raises(AmountUnreadable):
            read(typed, currency)


@given(st.integers(0, 10**12 - 1), st.sampled_from(["CNY", "EUR", "JPY", "KWD", "CHF"]))
def test_what_is_shown_can_be_typed_again(amount_minor: int, currency: str) -> None:
    assert read(show(amount_minor, currency), currency).amount_minor == amount_minor
    assert read(show(amount_minor, currency, symbol=False), currency).amount_minor == amount_minor


@pytest.mark.parametrize(
    ("typed", "currency", "en", "zh"),
    [
        ("0.001", "CNY", "CNY has at most two.", "最多 2 位小数"),
        ("12.3456", "CNY", "CNY has at most two.", "最多 2 位小数"),
        ("20.5", "JPY", "JPY has none.", "没有小数"),
        ("0.0001", "KWD", "KWD has at most three.", "最多 3 位小数"),
    ],
)
def test_too_many_decimals_are_told_by_how_many_there_are(
    typed: str, currency: str, en: str, zh: str
) -> None:
    with pytest.raises(AmountTooFine) as refused:
        read(typed, currency)
    assert refused.value.sentence("en").endswith(en)
    assert zh in refused.value.sentence("zh")


def test_nothing_is_too_little_and_everything_too_much() -> None:
    with pytest.raises(AmountOutOfRange) as nothing:
        check_amount(Money(0), "CNY")
    assert nothing.value.sentence("en") == "¥0.00 is too little: an amount is at least ¥0.01."
    with pytest.raises(AmountOutOfRange) as too_much:
        check_amount(Money(10**15), "CNY")
    assert too_much.value.sentence("zh").endswith("不得超过 ¥100,000,000,000.00。")
    assert check_amount(Money(1), "CNY") == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("-1", "-¥1.00 is too little: an amount is at least ¥0.01."),
        ("0", "¥0.00 is too little: an amount is at least ¥0.01."),
        ("1" + "0" * 18, "¥1,000,000,000,000,000,000.00 is too much: an amount is at most "),
        ("999,999,999,999", "¥999,999,999,999.00 is too much: an amount is at most "),
    ],
)
def test_an_amount_to_move_is_told_its_bounds(typed: str, said: str) -> None:
    with pytest.raises(AmountOutOfRange) as refused:
        read_to_move(typed)
    assert refused.value.sentence("en").startswith(said)
    assert read_to_move("¥1,234.50").amount_minor == 123_450
    with pytest.raises(AmountUnreadable):
        read_to_move("1e5")


@pytest.mark.parametrize("typed", ["", "  ", "\u3000"])
def test_nothing_typed_is_said_to_be_nothing(typed: str) -> None:
    with pytest.raises(AmountMissing) as refused:
        read(typed)
    assert "“”" not in refused.value.sentence("en") + refused.value.sentence("zh")
