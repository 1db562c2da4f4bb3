"""The spelling a bank is asked with: shown before anything is sent, chosen by the holder.

How a profile prints a name belongs to `names`; here belongs which of the spellings goes to the
bank. They are never tried one after another: a bank allows four or five checks of a card a day.
"""

from __future__ import annotations

import msgspec

from qianbao import names
from qianbao.banks import directory
from qianbao.db.queries import Connection
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.identity.documents import current_document

NAME_FORM_LENGTH = 100


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


def choose_form(name: names.LegalName, bank: directory.Bank, typed: str | None) -> str:
    """The spelling of `name` to ask the bank with: its profile's own, or what the holder chose or
    typed, kept verbatim. Raises `NameFormNotYours` when that is somebody else's name.

    Every close name will do, one that only sounds alike, another reading or a short form too: a
    clerk may have entered any of them, and that is why a card would not link. Nothing rests on it:
    the bank compares it with its own record, beside the number of the holder's document.
    """
    if typed is None or not typed.strip():
        return names.write(name, bank.name)
    chosen = typed.strip()
    if chosen in {form.text for form in names.forms(name, bank.name)}:
        return chosen
    fits = len(chosen) <= NAME_FORM_LENGTH
    if not fits or names.compare(chosen, name).verdict not in ("match", "close"):
        raise NameFormNotYours(name_form=chosen[:NAME_FORM_LENGTH])
    return chosen
