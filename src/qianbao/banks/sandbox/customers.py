"""A bank's records of its customers, and how a branch corrects them."""

from __future__ import annotations

import re
import secrets

import msgspec

from qianbao.banks import directory
from qianbao.banks.sandbox.messages import QUERIES
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import InvalidInput, NotFound

NUMBER_LENGTHS = (5, 20)
"""The shortest and longest document number that a bank's records take."""
_DOCUMENT_NUMBER = re.compile(rf"[A-Z0-9]{{{NUMBER_LENGTHS[0]},{NUMBER_LENGTHS[1]}}}", re.ASCII)


class CustomerUnknown(NotFound):
    code = "sandbox_customer_unknown"
    en = "This bank has no such customer."
    zh = "该银行没有这位客户。"
    next_en = "Look for another card or phone."
    next_zh = "请用其他卡号或手机号查找。"


class BankDocumentNumberInvalid(InvalidInput):
    code = "sandbox_document_number_invalid"
    en = "“{typed}” is not a document number; one has {least} to {most} letters A–Z and digits."
    zh = "“{typed}” 不是有效的证件号码，应为 {least} 至 {most} 位字母或数字。"
    next_en = "Copy it from the document."
    next_zh = "请按证件填写。"


class Customer(msgspec.Struct, frozen=True):
    """What the bank holds; the name as it prints it, compared letter by letter."""

    bank: str
    customer_id: str
    printed_name: str
    document_kind: str
    document_number: str
    phone: str
    balance_minor: int


class _Card(msgspec.Struct, frozen=True):
    card_number: str


async def put(
    conn: Connection,
    *,
    bank: str,
    printed_name: str,
    document_kind: str,
    document_number: str,
    phone: str,
    balance_minor: int,
    cards: list[str],
) -> Customer:
    """Opens an account, or sets the records of the customer who has one of the cards, or else the
    document. Raises `BankUnknown`."""
    directory.get_bank(bank)
    known = await _known(conn, bank, document_number, cards)
    row = {
        "bank": bank,
        "customer_id": known.customer_id if known else f"cus_{secrets.token_hex(8)}",
        "printed_name": printed_name,
        "document_kind": document_kind,
        "document_number": document_number,
        "phone": phone,
        "balance_minor": balance_minor,
    }
    await conn.execute(QUERIES.put_customer, row)
    for card_number in cards:
        await conn.execute(QUERIES.put_card, row | {"card_number": card_number})
    return await get(conn, bank, str(row["customer_id"]))


async def _known(
    conn: Connection, bank: str, document_number: str, cards: list[str]
) -> Customer | None:
    for card_number in cards:
        found = await of_card(conn, bank, card_number)
        if found is not None:
            return found
    keys = {"bank": bank, "document_number": document_number}
    return await fetch_one(conn, QUERIES.customer_of_document, keys, Customer)


async def get(conn: Connection, bank: str, customer_id: str) -> Customer:
    """The customer, locked. Raises `CustomerUnknown`."""
    keys = {"bank": bank, "customer_id": customer_id}
    found = await fetch_one(conn, QUERIES.get_customer, keys, Customer)
    if found is None:
        raise CustomerUnknown()
    return found


async def of_card(conn: Connection, bank: str, card_number: str) -> Customer | None:
    """Whose card it is, locked; None when the bank never gave it out."""
    keys = {"bank": bank, "card_number": card_number}
    return await fetch_one(conn, QUERIES.customer_of_card, keys, Customer)


async def cards_of(conn: Connection, customer: Customer) -> list[str]:
    """The numbers of the customer's cards."""
    keys = {"bank": customer.bank, "customer_id": customer.customer_id}
    return [
        row.card_number for row in await fetch_all(conn, QUERIES.cards_of_customer, keys, _Card)
    ]


async def find(
    conn: Connection, bank: str, *, card_number: str = "", phone: str = ""
) -> list[Customer]:
    """The bank's customers with that card or phone, or its first fifty when neither is given."""
    keys = {"bank": bank, "card_number": card_number, "phone": phone}
    return await fetch_all(conn, QUERIES.find_customers, keys, Customer)


async def correct(
    conn: Connection,
    customer: Customer,
    *,
    printed_name: str = "",
    document_kind: str = "",
    document_number: str = "",
    phone: str = "",
) -> Customer:
    """Sets what is given, as a branch does when shown the document; the rest stays. Raises
    `BankDocumentNumberInvalid`."""
    number = document_number.strip().upper()
    if number and not _DOCUMENT_NUMBER.fullmatch(number):
        least, most = NUMBER_LENGTHS
        raise BankDocumentNumberInvalid(typed=number[:20], least=least, most=most)
    given = {
        "printed_name": printed_name.strip(),
        "document_kind": document_kind.strip(),
        "document_number": number,
        "phone": phone,
    }
    changed = msgspec.structs.replace(customer, **{k: v for k, v in given.items() if v})
    await conn.execute(QUERIES.put_customer, msgspec.structs.asdict(changed))
    return changed
