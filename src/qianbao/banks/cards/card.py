"""A card's row, and how it is read. What changes it belongs to the verbs beside this module."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.banks import directory
from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import NotFound, QianbaoError
from qianbao.keyring import KeyRing

QUERIES = load("qianbao.banks")

CardState = Literal["checking", "code_sent", "linked", "refused", "unknown", "unlinked"]
"""checking: the bank is being asked; unknown: it has not answered; code_sent: all four elements
match and the bank has sent its SMS; refused and unlinked are final."""
NameVerdict = Literal["offered", "match", "close"]
DISCARDED = "DISCARDED"
"""The `result` of an attempt that its holder gave up; its state is `unlinked`."""


class CardUnknown(NotFound):
    code = "card_unknown"
    en = "This wallet has no such card."
    zh = "本钱包没有这张银行卡。"
    next_en = "Choose one of the cards listed."
    next_zh = "请从列表中选择银行卡。"


class CardForNoWallet(NotFound):
    code = "card_for_no_wallet"
    en = "There is no open wallet to link a card to."
    zh = "没有可绑定银行卡的有效钱包。"
    next_en = "Sign up first."
    next_zh = "请先注册。"


class CardLinkMissing(QianbaoError):
    code = "card_link_missing"
    en = "The {bank_en} card ending in {last_four} is not linked."
    zh = "{bank_zh}尾号 {last_four} 的银行卡尚未绑定。"
    next_en = "Finish linking it, or choose another card."
    next_zh = "请先完成绑定，或选择其他银行卡。"


class CardAlreadyLinked(QianbaoError):
    code = "card_already_linked"
    en = "The {bank_en} card ending in {last_four} is already linked to this wallet."
    zh = "{bank_zh}尾号 {last_four} 的银行卡已绑定本钱包。"
    next_en = "There is nothing to do: use it, or link another card."
    next_zh = "无需重复绑定：可直接使用，或绑定其他银行卡。"


class Card(msgspec.Struct, frozen=True):
    """One attempt to link a card and what came of it. `name_form` is the spelling the bank was
    asked with, verbatim, `name_verdict` and `name_reason` how it compared with the document's name
    then, `name_confirmed` that the holder was asked about it and said that the bank writes it so;
    `result` the bank's canonical answer (domain.md 2.2) or `DISCARDED`; `mismatched` what the bank
    said differs, None when it does not say."""

    wallet_id: str
    card_id: str
    bank: str
    last_four: str
    fingerprint: bytes
    name_form: str
    name_verdict: NameVerdict
    name_reason: str
    name_confirmed: bool
    phone_tail: str
    phone_index: bytes
    document_id: str
    state: CardState
    result: str
    mismatched: list[str] | None
    verification: str
    codes_sent: int
    code_sent_at: datetime | None
    agreement_cipher: bytes | None
    created_at: datetime
    linked_at: datetime | None
    unlinked_at: datetime | None
    dismissed_at: datetime | None

    @property
    def pending(self) -> bool:
        """Whether the attempt is still under way, so that it can be given up."""
        return self.state in ("checking", "unknown", "code_sent")


class LockedWallet(msgspec.Struct, frozen=True):
    """What an act on cards needs of the wallet it has locked."""

    status: Literal["open", "closed"]
    in_flight: int
    cards: int
    """Linked ones."""
    verified_at: datetime | None


async def lock_wallet(conn: Connection, wallet_id: str) -> LockedWallet:
    """The open wallet, locked until this transaction ends. Raises `CardForNoWallet`."""
    wallet = await fetch_one(conn, QUERIES.lock_wallet, {"wallet_id": wallet_id}, LockedWallet)
    if wallet is None or wallet.status != "open":
        raise CardForNoWallet()
    return wallet


async def get_card(conn: Connection, wallet_id: str, card_id: str) -> Card:
    """The card in whatever state. Raises `CardUnknown`."""
    card = await find_card(conn, wallet_id, card_id)
    if card is None:
        raise CardUnknown()
    return card


async def find_card(conn: Connection, wallet_id: str, card_id: str) -> Card | None:
    """The card, or None."""
    keys = {"wallet_id": wallet_id, "card_id": card_id}
    return await fetch_one(conn, QUERIES.get_card, keys, Card)


async def list_cards(conn: Connection, wallet_id: str) -> tuple[Card, ...]:
    """The linked cards in the order of linking, then those still being linked (the latest attempt
    of each). Refused attempts and unlinked cards are not among them."""
    return tuple(await fetch_all(conn, QUERIES.list_cards, {"wallet_id": wallet_id}, Card))


class BankBehind(msgspec.Struct, frozen=True):
    """A bank that holds an older number of the holder's; `number_tail` its last four characters,
    empty where the bank only said that it holds another."""

    bank: str
    number_tail: str


async def banks_behind(conn: Connection, wallet_id: str) -> tuple[BankBehind, ...]:
    """The banks of the fact `stale_banks`, each with what it was last told."""
    place = {"wallet_id": wallet_id}
    return tuple(await fetch_all(conn, QUERIES.told_before, place, BankBehind))


async def bank_was_shown(conn: Connection, wallet_id: str, bank: str, now: datetime) -> None:
    """The holder says that a bank has their present document now. Nobody else can say it while no
    card is linked there anew; if it is not so, the bank's next refusal puts it back. Raises
    `BankUnknown`."""
    keys = {"wallet_id": wallet_id, "bank": directory.get_bank(bank).code, "now": now}
    await conn.execute(QUERIES.bank_holds_present, keys)


def agreement(keys: KeyRing, card: Card) -> str:
    """The bank's token for moving money with this card. Raises `CardLinkMissing`."""
    if card.state != "linked" or card.agreement_cipher is None:
        raise CardLinkMissing(**naming(card))
    return keys.decrypt(card.agreement_cipher, "agreement")


def naming(card: Card) -> dict[str, str]:
    """How a sentence names the card: bank_en, bank_zh, last_four."""
    bank = directory.get_bank(card.bank)
    return {"bank_en": bank.en, "bank_zh": bank.zh, "last_four": card.last_four}
