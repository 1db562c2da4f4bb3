"""Whose card is this? The vectors are domain.md 2.4's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from qianbao.banks import directory

VECTORS = {
    "6222020000000012344": "ICBC",
    "6217000000000012348": "CCB",
    "6228480000000012344": "ABC",
    "6216610000000012342": "BOC",
    "6222600000000012342": "COMM",
    "6225880000012345": "CMB",
}
SOURCED = {"ICBC", "ABC", "BOC", "CCB", "CMB"}


@pytest.mark.parametrize(("number", "bank"), VECTORS.items())
def test_a_card_names_its_bank(number: str, bank: str) -> None:
    assert directory.find_bank(number).code == bank


def test_nineteen_banks_and_no_prefix_belongs_to_two() -> None:
    banks = directory.all_banks()
    assert len({bank.code for bank in banks}) == 19
    bins = [written for bank in banks for written in bank.bins]
    assert len(bins) == len(set(bins))
    assert all(bank.en and bank.zh for bank in banks)


def test_only_documented_name_forms_are_called_sourced() -> None:
    for bank in directory.all_banks():
        expected = "sourced" if bank.code in SOURCED else "assumed"
        assert bank.name.confidence == expected
        assert bool(bank.name.source) == (bank.code in SOURCED)
    assert directory.get_bank("BOC").name.order == "GS"
    assert directory.get_bank("ABC").name.separator == ""
    icbc = directory.get_bank("ICBC")
    assert icbc.contradicted_by
    assert icbc.caution_en
    assert icbc.caution_zh


@st.composite
def cards(draw: st.DrawFn) -> tuple[str, str]:
    """A number made from one of the directory's prefixes, and its bank."""
    bank = draw(st.sampled_from(directory.all_banks()))
    prefix, _, length = draw(st.sampled_from(bank.bins)).partition("/")
    free = int(length) - len(prefix) - 1
    digits = prefix + draw(st.text("0123456789", min_size=free, max_size=free))
    return digits + luhn.calc_check_digit(digits), bank.code


@given(cards())
def test_every_prefix_is_found(card: tuple[str, str]) -> None:
    number, bank = card
    spaced = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    # 9558 and 95599 are both prefixes of 19 digits: the longest wins, so a drawn tail may turn
    # one bank's card into another's.
    longest = max((w for b in directory.all_banks() for w in b.bins if _fits(w, number)), key=len)
    owner = next(b.code for b in directory.all_banks() if longest in b.bins)
    assert directory.find_bank(spaced).code == owner
    if longest in directory.get_bank(bank).bins:
        assert owner == bank


def _fits(written: str, number: str) -> bool:
    prefix, _, length = written.partition("/")
    return number.startswith(prefix) and len(number) == int(length)


@given(st.sampled_from(sorted(VECTORS)), st.data())
def test_one_wrong_digit_never_passes(number: str, data: st.DataObject) -> None:
    """A mistyped number is refused before anything is sent, and the refusal does not repeat it."""
    place = data.draw(st.integers(2, len(number) - 1))
    digit = data.draw(st.sampled_from([d for d in "0123456789" if d != number[place]]))
    typed = number[:place] + digit + number[place + 1 :]
    with pytest.raises(directory.CardNumberInvalid) as refused:
        directory.find_bank(typed)
    assert refused.value.detail == {}
    assert typed not in refused.value.sentence("zh")


def test_the_length_decides_between_equal_prefixes() -> None:
    """621260 of 16 digits is Ping An's; of 19 digits it is a bank that the directory lacks."""
    sixteen, nineteen = "621260000000000", "621260000000000000"
    assert directory.find_bank(sixteen + luhn.calc_check_digit(sixteen)).code == "SPABANK"
    with pytest.raises(directory.CardBankUnknown):
        directory.find_bank(nineteen + luhn.calc_check_digit(nineteen))


def test_old_numbers_need_no_check_digit() -> None:
    """Taro's old ICBC card begins with 9558: its last digit is the bank's affair."""
    numbers = [f"955800000000000000{digit}" for digit in range(10)]
    assert {directory.find_bank(number).code for number in numbers} == {"ICBC"}
    assert sum(luhn.is_valid(number) for number in numbers) == 1


@pytest.mark.parametrize("typed", ["", "6222", "62220200000000123444444", "6222O20000000012344"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(directory.CardNumberInvalid):
        directory.find_bank(typed)


def test_full_width_digits_are_digits() -> None:
    assert (
        directory.read_card_number("６２２２０２００００００００１２３４４")
        == "6222020000000012344"
    )


def test_an_unknown_bank_is_named() -> None:
    with pytest.raises(directory.BankUnknown) as refused:
        directory.get_bank("NOBANK")
    assert "NOBANK" in refused.value.sentence("en")
    assert "Did you mean" not in refused.value.next_step("en")


def test_an_unknown_bank_is_told_which_there_are() -> None:
    with pytest.raises(directory.BankUnknown) as refused:
        directory.get_bank("XX")
    with pytest.raises(directory.CardBankUnknown) as card_refused:
        directory.find_bank("4000000000000002")
    for error in (refused.value, card_refused.value):
        for bank in directory.all_banks():
            assert bank.label["en"] in error.next_step("en")
            assert bank.zh in error.next_step("zh")
    assert "GET /v1/banks" in refused.value.next_step("en")
    for bank in directory.all_banks():
        assert bank.code in refused.value.next_step("en")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("icbc", "ICBC"), ("IBCB", "ICBC"), ("Bank of Chna", "BOC"), ("中国银行", "BOC"),
     ("工商银行", "ICBC"), ("HSBC", "HSBC"), ("minsheng", "CMBC"), ("招商", "CMB")],
)  # fmt: skip
def test_the_likeliest_bank_is_offered(typed: str, code: str) -> None:
    found = directory.nearest(typed)
    assert found is not None
    assert found.code == code
