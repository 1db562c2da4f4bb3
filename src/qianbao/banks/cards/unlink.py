"""Unlinking a card: what would change, doing it, and ending the bank's agreement afterwards.

What a rule makes of fewer banks belongs to `policy`; the door puts both together.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from qianbao.banks.cards.card import (
    QUERIES,
    Card,
    CardLinkMissing,
    get_card,
    list_cards,
    lock_wallet,
    naming,
)
from qianbao.banks.gateway import BankMisunderstood, BankSilent, Gateway
from qianbao.db.jobs import enqueue
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_all
from qianbao.errors import QianbaoError
from qianbao.keyring import KeyRing

END_AGREEMENT_AFTER = timedelta(seconds=30)
"""The job looks after the request itself has had time to end the agreement."""


class BankOrderInFlight(QianbaoError):
    code = "bank_order_in_flight"
    retry = True
    en = "Money is on its way between this wallet and a bank."
    zh = "本钱包与银行之间有资金正在处理中。"
    next_en = "Unlink the card once the bank has answered: see Transactions."
    next_zh = "请等待银行答复后再解绑，可在交易记录中查看进度。"


class UnlinkPreview(msgspec.Struct, frozen=True):
    """What unlinking `card` changes in the facts: the banks that confirm the holder, before and
    after, each once, sorted."""

    card: Card
    banks_before: tuple[str, ...]
    banks_after: tuple[str, ...]

    @property
    def only_card_of_bank(self) -> bool:
        """Whether the bank stops being a channel."""
        return self.card.bank not in self.banks_after


async def unlink_preview(conn: Connection, *, wallet_id: str, card_id: str) -> UnlinkPreview:
    """What `unlink_card` would change. Raises `CardUnknown`, `CardLinkMissing`."""
    card = await get_card(conn, wallet_id, card_id)
    if card.state != "linked":
        raise CardLinkMissing(**naming(card))
    linked = [one for one in await list_cards(conn, wallet_id) if one.state == "linked"]
    before = sorted({one.bank for one in linked})
    after = sorted({one.bank for one in linked if one.card_id != card_id})
    return UnlinkPreview(card, tuple(before), tuple(after))


async def unlink_card(
    pool: Pool, gateway: Gateway, keys: KeyRing, *, wallet_id: str, card_id: str, now: datetime
) -> Card:
    """Unlinks the card; unlinked already, it comes back as it is. An attempt that is not finished
    is given up. The bank is told at once, and by a job when it is silent: its silence does not keep
    the holder. Raises `CardUnknown`, `CardForNoWallet`, `CardLinkMissing`, `BankOrderInFlight`."""
    async with pool.connection() as conn:
        card = await get_card(conn, wallet_id, card_id)
        if card.state == "unlinked":
            return card
        if card.pending:
            await lock_wallet(conn, wallet_id)
        else:
            await _check_settled(conn, wallet_id)
        card = await get_card(conn, wallet_id, card_id)
        if card.state == "unlinked":
            return card
        if card.pending:
            row = {"wallet_id": wallet_id, "card_id": card_id, "now": now}
            await conn.execute(QUERIES.set_discarded, row)
            return await get_card(conn, wallet_id, card_id)
        if card.state != "linked":
            raise CardLinkMissing(**naming(card))
        await _unlink(conn, wallet_id, card_id, now)
    with suppress(BankSilent, BankMisunderstood):  # the job asks again
        await end_agreement(pool, gateway, keys, wallet_id=wallet_id, card_id=card_id)
    async with pool.connection() as conn:
        return await get_card(conn, wallet_id, card_id)


async def unlink_all(conn: Connection, *, wallet_id: str, now: datetime) -> int:
    """Unlinks every card inside the caller's transaction (a wallet that closes); gives how many.
    The banks are told by jobs. Raises `BankOrderInFlight`."""
    await _check_settled(conn, wallet_id)
    return await _unlink(conn, wallet_id, None, now)


async def end_agreement(
    pool: Pool, gateway: Gateway, keys: KeyRing, *, wallet_id: str, card_id: str
) -> None:
    """The job behind unlinking: ends the agreement at the bank, then forgets it. Does nothing when
    that is done. Raises `BankSilent`: run it again."""
    async with pool.connection() as conn:
        card = await get_card(conn, wallet_id, card_id)
    if card.state != "unlinked" or card.agreement_cipher is None:
        return
    token = keys.decrypt(card.agreement_cipher, "agreement")
    await gateway.end_agreement(card.bank, token, request_id=card_id)
    async with pool.connection() as conn:
        row = {"wallet_id": wallet_id, "card_id": card_id}
        await conn.execute(QUERIES.forget_agreement, row)


async def _check_settled(conn: Connection, wallet_id: str) -> None:
    """Locks the wallet, so that no order can start meanwhile: `payments` takes this lock before it
    looks at a card."""
    if (await lock_wallet(conn, wallet_id)).in_flight > 0:
        raise BankOrderInFlight()


class _Unlinked(msgspec.Struct, frozen=True):
    card_id: str


async def _unlink(conn: Connection, wallet_id: str, card_id: str | None, now: datetime) -> int:
    row = {"wallet_id": wallet_id, "card_id": card_id, "now": now}
    unlinked = await fetch_all(conn, QUERIES.set_unlinked, row, _Unlinked)
    for one in unlinked:
        await enqueue(
            conn,
            "end_agreement",
            after=END_AGREEMENT_AFTER,
            wallet_id=wallet_id,
            card_id=one.card_id,
        )
    await conn.execute(QUERIES.cards_changed, row)
    await enqueue(conn, "tell_wallet", wallet_id=wallet_id)
    return len(unlinked)
