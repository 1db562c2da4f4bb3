"""The spelling a bank is asked with: shown before anything is sent, chosen by the holder.

How a profile prints a name belongs to `names`; here belongs which of the spellings goes to the
bank. They are never tried one after another: a bank allows four or five checks of a card a day.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import msgspec

from qianbao import names
from qianbao.banks import directory
from qianbao.banks.cards.card import NameVerdict
from qianbao.db.queries import Connection
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.documents import current_document

NAME_FORM_LENGTH = 100
LOOK_ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"})
"""Alphabets with letters that look like another's: М is not M."""


class DocumentNeeded(QianbaoError):
    code = "document_needed"
    en = "A card can be linked once this wallet knows your identity document."
    zh = "请先登记身份证件，然后才能绑定银行卡。"
    next_en = "Enter your document under Real-name Authentication."
    next_zh = "请在“实名认证”中登记证件。"


class NameFormNotYours(InvalidInput):
    code = "name_form_not_yours"
    en = "“{name_form}” is not a spelling of the name on your document."
    zh = "“{name_form}” 与您证件上的姓名不符。"
    next_en = "Choose one of the forms shown, or type your own name as this bank prints it."
    next_zh = "请从所列写法中选择，或按该银行的登记写法填写您本人的姓名。"


class NameFormUnreadable(InvalidInput):
    code = "name_form_unreadable"
    en = "“{character}” ({code_point}) cannot stand in this spelling. Nothing was sent to the bank."
    zh = "该写法中不能出现“{character}”（{code_point}）。尚未发送给银行。"
    next_en = (
        "Type the spelling with one keyboard: letters of one alphabet, spaces, and the marks that "
        "stand in names. What was copied may carry signs that cannot be seen."
    )
    next_zh = (
        "请用同一种输入法填写：只用一种字母、空格及姓名中的标点。复制的内容可能带有不可见的符号。"
    )


class NameFormClose(QianbaoError):
    code = "name_form_close"
    en = (
        "“{name_form}” is close to the name on your document, “{document_name}”, and not the "
        "same. {reason_en} {differs_en} Nothing was sent to the bank."
    )
    zh = (
        "“{name_form}”与您证件上的姓名“{document_name}”相近但不相同。"
        "{reason_zh}{differs_zh}尚未发送给银行。"
    )
    next_en = (
        "If your bank writes it like this, confirm that and send it again; if not, choose one of "
        "the forms shown or type it again. A bank allows few checks of a card in a day."
    )
    next_zh = (
        "如该银行确实这样登记，请确认后重新发送；否则请从所列写法中选择或重新填写。"
        "银行每天核验次数有限。"
    )


class NameForms(msgspec.Struct, frozen=True):
    """What `bank` is thought to print, the likeliest first, each with why and how sure we are."""

    bank: directory.Bank
    forms: tuple[names.NameForm, ...]


async def name_forms(conn: Connection, *, wallet_id: str, bank: str) -> NameForms:
    """How the bank (a code) would print this holder's name. Raises `BankUnknown`,
    `DocumentNeeded`."""
    found = directory.get_bank(bank)
    document = await current_document(conn, wallet_id)
    if document is None:
        raise DocumentNeeded()
    return NameForms(found, names.forms(document.known_names, found.name))


def read_spelling(typed: str) -> str:
    """The spelling as it is sent: letters of any one alphabet and the signs of names, single
    spaces, as typed otherwise; empty where nothing was typed. Raises `NameFormUnreadable`: a bank
    would count a check for what can only be a slip."""
    text = " ".join(unicodedata.normalize("NFC", typed).split())
    if not text:
        return ""
    try:
        names.from_fields("", "", text[:NAME_FORM_LENGTH])
    except names.NameCharacter as refusal:
        raise _unreadable(refusal.detail["character"]) from None
    except names.NameEmpty:
        raise _unreadable(text[0]) from None
    alphabets = [(_alphabet(letter), letter) for letter in text]
    of_each = Counter(alphabet for alphabet, _ in alphabets if alphabet)
    if len(of_each) > 1:
        usual = of_each.most_common(1)[0][0]
        raise _unreadable(next(one for of, one in alphabets if of not in ("", usual)))
    return text


def _alphabet(letter: str) -> str:
    """Of those whose letters are taken for one another's, which; else empty."""
    words = unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "").split()
    return words[0] if words and words[0] in LOOK_ALIKE else ""


def _unreadable(character: str) -> NameFormUnreadable:
    return NameFormUnreadable(character=character, code_point=f"U+{ord(character):04X}")


class ChosenForm(msgspec.Struct, frozen=True):
    """What a bank is asked with. `verdict`: a form that was offered, or how a typed one compares
    with the document's name, `reason` by which rule; `confirmed_close`: it is only close, and the
    holder says that the bank writes it so."""

    text: str
    verdict: NameVerdict = "offered"
    reason: str = ""
    confirmed_close: bool = False


def choose_form(
    name: names.LegalName,
    bank: directory.Bank,
    typed: str | None,
    *,
    confirmed_close: str = "",
) -> ChosenForm:
    """The spelling of `name` to ask the bank with: its profile's own, or what the holder chose or
    typed, as `read_spelling` gives it. Raises what that does, `NameFormNotYours` when it is
    somebody else's name, `NameFormClose` when it is only close and the holder has not confirmed
    this very spelling.

    Confirmed, every close name will do, one that only sounds alike, another reading or a short form
    too: a clerk may have entered any of them, and that is why a card would not link. Nothing rests
    on it: the bank compares it with its own record, beside the number of the holder's document.
    """
    chosen = read_spelling(typed or "")
    if not chosen:
        return ChosenForm(names.write(name, bank.name))
    if chosen.casefold() in {form.text.casefold() for form in names.forms(name, bank.name)}:
        return ChosenForm(chosen)
    found = names.compare(chosen, name)
    if len(chosen) > NAME_FORM_LENGTH or found.verdict == "no_match":
        raise NameFormNotYours(name_form=chosen[:NAME_FORM_LENGTH])
    if found.verdict == "match":
        return ChosenForm(chosen, "match", found.reason)
    if " ".join(unicodedata.normalize("NFC", confirmed_close).split()) != chosen:
        raise _close(chosen, name, found)
    return ChosenForm(chosen, "close", found.reason, confirmed_close=True)


def _close(chosen: str, name: names.LegalName, found: names.NameComparison) -> NameFormClose:
    document_name = f"{name.surname} {name.given}".strip() or name.native
    differs_en, differs_zh = _differs(chosen, document_name)
    return NameFormClose(
        name_form=chosen,
        document_name=document_name,
        reason=found.reason,
        reason_en=found.en,
        reason_zh=found.zh,
        differs_en=differs_en,
        differs_zh=differs_zh,
    )


def _differs(chosen: str, document_name: str) -> tuple[str, str]:
    """The words of either that the other does not have."""
    words, others = (re.findall(r"[^\W_]+", text) for text in (chosen, document_name))
    typed = [one for one in words if not _is_among(one, others)]
    left = [one for one in others if not _is_among(one, words)]
    if typed and left:
        return (
            f"Typed: {_quoted(typed)}; on the document: {_quoted(left)}.",
            f"填写的是{_quoted(typed)}，证件上是{_quoted(left)}。",
        )
    if typed:
        return f"Added: {_quoted(typed)}.", f"多出{_quoted(typed)}。"
    if left:
        return f"Left out: {_quoted(left)}.", f"缺少{_quoted(left)}。"
    return "", ""


def _is_among(word: str, words: list[str]) -> bool:
    return any(names.compare(word, one).verdict == "match" for one in words)


def _quoted(words: list[str]) -> str:
    return " ".join(f"“{one}”" for one in words)
