"""Newcomers: a specimen passport, entries in the registers, and an account with a card, so that
somebody who is not of the cast can walk the whole way, too. Play people and play money only."""

from __future__ import annotations

import secrets
from datetime import date

import msgspec
from stdnum import luhn

from qianbao.banks import directory
from qianbao.banks.sandbox import customers, registers
from qianbao.db.queries import Connection
from qianbao.identity.mrz import write_td3
from qianbao.names import from_fields, from_mrz, write

COUNTRY = "CAN"
BORN = date(1990, 1, 1)
FIRST_BALANCE_MINOR = 10_000_00
_NAME_FIELD = 5  # where the name begins in a passport's first line (ICAO 9303-4)


class Newcomer(msgspec.Struct, frozen=True):
    """What the newcomer takes along. `mrz` is empty when they came with a passport already."""

    mrz: str
    document_number: str
    bank: directory.Bank
    printed_name: str
    card_number: str
    phone: str


async def welcome(
    conn: Connection,
    *,
    surname: str,
    given: str,
    document_number: str,
    phone: str,
    bank: str,
    today: date,
) -> Newcomer:
    """Opens an account for `phone` (E.164) at `bank` (a code) in the name given; without a document
    number a specimen passport is made. Raises `BankUnknown`, or what a name or number is refused
    with."""
    opened = directory.get_bank(bank)
    name = from_fields(surname, given)
    number = document_number.strip().upper() or f"SP{secrets.randbelow(10**7):07d}"
    lines = write_td3(
        name,
        number=number,
        issuing_country=COUNTRY,
        nationality=COUNTRY,
        birth_date=BORN,
        sex="X",
        valid_until=today.replace(year=today.year + 8, day=1),
    )
    read = from_mrz(lines[0][_NAME_FIELD:])
    names = [f"{read.surname} {read.given}"]
    await registers.put_immigration(
        conn, document_kind="passport", document_number=number, names=names
    )
    await registers.put_mobile_operator(conn, phone=phone, names=names, document_number=number)
    printed_name, card_number = write(name, opened.name), _card_number(opened)
    await customers.put(
        conn,
        bank=opened.code,
        printed_name=printed_name,
        document_kind="passport",
        document_number=number,
        phone=phone,
        balance_minor=FIRST_BALANCE_MINOR,
        cards=[card_number],
    )
    mrz = "" if document_number.strip() else "\n".join(lines)
    return Newcomer(mrz, number, opened, printed_name, card_number, phone)


def _card_number(bank: directory.Bank) -> str:
    """A fresh number with the bank's first prefix and a right check digit."""
    prefix, length = bank.bins[0].split("/")
    free = int(length) - len(prefix) - 1
    body = prefix + f"{secrets.randbelow(10**free):0{free}d}"
    return body + str(luhn.calc_check_digit(body))
