"""Who was on the other side of an entry, as far as a holder may see it: a phone's last four digits,
a merchant's name, a bank and a card's last four.

Also what a kind of entry is called. Names are looked up once for a whole page or chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from qianbao.banks.directory import BankUnknown, get_bank
from qianbao.db.queries import Connection, fetch_all, load

sql = load("qianbao.leaving")

_KINDS = {
    "top_up": ("Top-up", "充值"),
    "transfer": ("Transfer", "转账"),
    "payment": ("Payment", "付款"),
    "charge": ("Auto-deduction", "自动扣费"),
    "refund": ("Refund", "退款"),
    "withdrawal": ("Withdrawal", "提现"),
    "withdrawal_fee": ("Withdrawal fee", "提现手续费"),
}
"""What a kind of entry is called."""


class Entry(msgspec.Struct, frozen=True):
    """One row of the ledger as a holder's history reads it; the amount is signed."""

    owner_id: str
    sequence: int
    transfer_id: str
    kind: str
    counterparty_id: str
    amount_minor: int
    balance_after_minor: int
    event_at: datetime
    created_at: datetime


class Words(msgspec.Struct, frozen=True):
    """The same in both languages."""

    en: str
    zh: str


class Counterparty(msgspec.Struct, frozen=True):
    """The other side, to be shown: nothing in it leads to a stranger's wallet."""

    en: str
    zh: str


class TransferText(msgspec.Struct, frozen=True):
    """What a transfer says besides its amount."""

    transfer_id: str
    currency: str
    reference: str
    note: str


class Names(msgspec.Struct, frozen=True):
    """All that was looked up for a number of entries."""

    transfers: dict[str, TransferText]
    merchants: dict[str, Counterparty]
    phone_tails: dict[str, str]
    last_fours: dict[str, str]


class _Merchant(msgspec.Struct, frozen=True):
    merchant_id: str
    name_en: str
    name_zh: str


def kind_words(kind: str) -> Words:
    """What a kind of entry is called; an unknown one is shown as it is."""
    return Words(*_KINDS.get(kind, (kind.replace("_", " ").capitalize(), kind)))


async def look_up(conn: Connection, entries: Sequence[Entry]) -> Names:
    """Everything needed to show `entries`, in four queries at most."""
    ids = list({entry.transfer_id for entry in entries})
    transfers = {
        text.transfer_id: text
        for text in await fetch_all(conn, sql.transfers, {"ids": ids}, TransferText)
    }
    others = {entry.counterparty_id for entry in entries}
    merchants = {
        row.merchant_id: Counterparty(row.name_en, row.name_zh)
        for row in await fetch_all(conn, sql.merchant_names, {"ids": list(others)}, _Merchant)
    }
    tails = await _pairs(
        conn, sql.phone_tails, {"ids": [one for one in others if one[:4] == "wal_"]}
    )
    orders = [
        (entry.owner_id, transfers[entry.transfer_id].reference)
        for entry in entries
        if entry.counterparty_id.startswith("bank:") and entry.transfer_id in transfers
    ]
    wanted = {"wallets": [one[0] for one in orders], "orders": [one[1] for one in orders]}
    last_fours = await _pairs(conn, sql.order_cards, wanted) if orders else {}
    return Names(transfers, merchants, tails, last_fours)


async def _pairs(
    conn: Connection, query: bytes, parameters: dict[str, list[str]]
) -> dict[str, str]:
    if not any(parameters.values()):
        return {}
    cursor = await conn.execute(query, parameters)
    return {row[0]: row[1] for row in await cursor.fetchall()}


def show_counterparty(entry: Entry, names: Names) -> Counterparty:
    """The other side of one entry."""
    other = entry.counterparty_id
    if other in names.merchants:
        return names.merchants[other]
    if other.startswith("bank:"):
        reference = names.transfers[entry.transfer_id].reference
        return show_card(other.removeprefix("bank:"), names.last_fours.get(reference, ""))
    if other in names.phone_tails:
        tail = names.phone_tails[other]
        return Counterparty(f"Wallet of phone ••••{tail}", f"手机尾号 {tail} 的钱包")
    return Counterparty("Qianbao", "钱包")


def show_card(bank: str, last_four: str) -> Counterparty:
    """ "Bank of China ••••1234"; a bank that has left the directory is shown by its code."""
    try:
        found = get_bank(bank)
    except BankUnknown:
        names = [bank, bank]
    else:
        names = [found.en, found.zh]
    tails = [f" ••••{last_four}", f"（尾号 {last_four}）"] if last_four else ["", ""]
    return Counterparty(names[0] + tails[0], names[1] + tails[1])
