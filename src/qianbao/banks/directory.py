"""Which banks there are, whose card a number is, and how each bank prints a name.

The data is `directory.yaml`, which an operator may correct. Whether a card exists is for its bank
to say; linking one belongs to `cards`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

import msgspec
from rapidfuzz import fuzz, process, utils
from stdnum import luhn

from qianbao.errors import InvalidInput, Language, NotFound
from qianbao.names import NameProfile

_DIGITS = re.compile(r"[0-9]{15,19}")
_KNOWN_BY_LETTERS = frozenset({"ICBC", "ABC", "BOC", "CCB", "CMB", "HSBC"})
"""What people, foreigners too, call these banks; the letters of others tell few anything."""
_NEAR = 70
"""How alike, of 100, a name must be to what was typed for the bank to be offered."""
_LONGEST = 40


class CardNumberInvalid(InvalidInput):
    code = "card_number_invalid"
    en = "This is not a card number: a digit is wrong, missing or too many."
    zh = "卡号有误：有数字填错、遗漏或多余。"
    next_en = "Check the number against the front of the card. Nothing was sent to a bank."
    next_zh = "请对照银行卡正面检查卡号。尚未向银行发送任何信息。"


class CardBankUnknown(InvalidInput):
    code = "card_bank_unknown"
    en = "This wallet does not know the bank of a card with this number."
    zh = "本钱包无法识别该卡号所属的银行。"
    next_en = "Check the first six digits, or use a debit card of one of these: {banks_en}."
    next_zh = "请检查卡号前六位，或使用以下银行的借记卡：{banks_zh}。"


class BankUnknown(NotFound):
    code = "bank_unknown"
    en = "There is no bank “{bank}” in the directory."
    zh = "银行名录中没有“{bank}”。"
    next_en = "{nearest_en}The directory (GET /v1/banks) has: {banks_en}."
    next_zh = "{nearest_zh}名录（GET /v1/banks）中有：{banks_zh}。"


class Bank(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One bank. `bins` are "prefix/length of the whole number"; `name` is how it prints a
    foreigner's name, with how sure we are; the caution is shown beside it, empty when there is
    none."""

    code: str
    en: str
    zh: str
    bins: tuple[str, ...]
    name: NameProfile
    contradicted_by: str = ""
    caution_en: str = ""
    caution_zh: str = ""

    @property
    def label(self) -> dict[Language, str]:
        """What people call it: by its letters, where they know it by them."""
        return {"en": self.code if self.code in _KNOWN_BY_LETTERS else self.en, "zh": self.zh}


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    cards_per_wallet: int


class Directory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limits: Limits
    banks: tuple[Bank, ...]


@cache
def directory() -> Directory:
    """The whole of `directory.yaml`. Raises `msgspec.ValidationError` when it is not sound."""
    text = resources.files("qianbao.banks").joinpath("directory.yaml").read_bytes()
    return msgspec.yaml.decode(text, type=Directory)


def all_banks() -> tuple[Bank, ...]:
    """Every bank, in the directory's order."""
    return directory().banks


def get_bank(code: str) -> Bank:
    """The bank with that code (`ICBC`). Raises `BankUnknown`, which names the likeliest and lists
    all."""
    for bank in all_banks():
        if bank.code == code:
            return bank
    near = nearest(code)
    raise BankUnknown(
        bank=code[:20],
        nearest_en=f"Did you mean {near.code} ({near.en})? " if near else "",
        nearest_zh=f"您要找的是 {near.code}（{near.zh}）吗？" if near else "",
        banks_en=", ".join(_coded(bank.code, bank.en) for bank in all_banks()),
        banks_zh="、".join(f"{bank.code}（{bank.zh}）" for bank in all_banks()),
    )


def _coded(code: str, name: str) -> str:
    return code if code in _KNOWN_BY_LETTERS else f"{code} ({name})"


def nearest(typed: str) -> Bank | None:
    """The bank whose code or name is most like what was typed; None when none is much like it."""
    known = {name: bank for bank in all_banks() for name in (bank.code, bank.en, bank.zh)}
    found = process.extractOne(
        typed[:_LONGEST],
        list(known),
        processor=_without_bank,
        scorer=fuzz.WRatio,
        score_cutoff=_NEAR,
    )
    return known[found[0]] if found else None


def _without_bank(name: str) -> str:
    """In small letters, without the word that is part of nearly every name."""
    return re.sub("bank|银行", " ", utils.default_process(name)).strip()


def listed() -> dict[str, str]:
    """Every bank by what it is called, for a sentence in each language."""
    labels = [bank.label for bank in all_banks()]
    return {
        "banks_en": ", ".join(label["en"] for label in labels),
        "banks_zh": "、".join(label["zh"] for label in labels),
    }


def read_card_number(typed: str) -> str:
    """The 15 to 19 digits of a card number typed with spaces or hyphens. Raises
    `CardNumberInvalid`.

    Numbers that begin with 62 end in a check digit, so a wrong one is a slip. Older numbers need
    not have one (domain.md 2.4): those go to the bank as they are.
    """
    digits = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", typed[:64]))
    if not _DIGITS.fullmatch(digits):
        raise CardNumberInvalid()
    if digits.startswith("62") and not luhn.is_valid(digits):
        raise CardNumberInvalid()
    return digits


def find_bank(card_number: str) -> Bank:
    """The bank of a card: the longest prefix whose length equals the number's (domain.md 2.4).
    Raises `CardNumberInvalid` or `CardBankUnknown`."""
    digits = read_card_number(card_number)
    known = _by_prefix()
    for end in range(len(digits), 0, -1):
        bank = known.get((digits[:end], len(digits)))
        if bank is not None:
            return bank
    raise CardBankUnknown(**listed())


@cache
def _by_prefix() -> dict[tuple[str, int], Bank]:
    found = {}
    for bank in all_banks():
        for written in bank.bins:
            prefix, _, length = written.partition("/")
            found[prefix, int(length)] = bank
    return found
