"""Reading mandates: one, a holder's, a merchant's."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.arrays import texts
from qianbao.db.look_ups import Find, LookUp
from qianbao.db.pages import LIMIT, read_page
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import NotFound
from qianbao.mandates.plans import sql


class MandateNotFound(NotFound):
    code = "mandate_not_found"
    en = "There is no such auto-deduction service here."
    zh = "没有这项扣费服务。"
    next_en = "Choose one from the list of services."
    next_zh = "请从扣费服务列表中选择。"


class Mandate(msgspec.Struct, frozen=True):
    """What a holder signed. `end_mode`, once ended: 2 the holder, 3 the merchant, 5 the wallet was
    closed (domain.md 5.1)."""

    wallet_id: str
    mandate_id: str
    merchant_id: str
    plan_id: str
    title_en: str
    title_zh: str
    per_charge_minor: int
    currency: str
    state: Literal["active", "ended"]
    signed_at: datetime
    ended_at: datetime | None
    end_mode: int | None
    merchant_name_en: str
    merchant_name_zh: str


class MandatePage(msgspec.Struct, frozen=True):
    """Mandates, newest first; `next` asks for the page after, None on the last."""

    items: tuple[Mandate, ...]
    next: str | None


async def get_mandate(conn: Connection, *, wallet_id: str, mandate_id: str) -> Mandate:
    """A holder's mandate. Raises `MandateNotFound`."""
    wanted = {"wallet_id": wallet_id, "mandate_id": mandate_id}
    mandate = await fetch_one(conn, sql.mandate, wanted, Mandate)
    if mandate is None:
        raise MandateNotFound()
    return mandate


_HOLDER = LookUp(
    sql.mandate_holders,
    lambda keys: {
        "merchants": texts([merchant_id for merchant_id, _ in keys]),
        "mandates": texts([mandate_id for _, mandate_id in keys]),
    },
    str,
)


async def mandate_holder(find: Find, *, merchant_id: str, mandate_id: str) -> str:
    """The wallet that signed a mandate which this merchant was given. Raises `MandateNotFound`."""
    wallet_id: str | None = await find(_HOLDER, (merchant_id, mandate_id))
    if wallet_id is None:
        raise MandateNotFound()
    return wallet_id


async def list_mandates(conn: Connection, *, wallet_id: str, limit: int = LIMIT) -> list[Mandate]:
    """A holder's mandates: the active ones first, then the ended; newest first among each."""
    wanted = {"wallet_id": wallet_id, "limit": min(limit, LIMIT)}
    return await fetch_all(conn, sql.mandates_of_wallet, wanted, Mandate)


async def list_merchant_mandates(
    conn: Connection, *, merchant_id: str, limit: int = 50, after: str | None = None
) -> MandatePage:
    """What holders signed with this merchant, a page at a time. Raises `CursorInvalid`."""
    page = await read_page(
        conn,
        sql.mandates_of_merchant,
        {"merchant_id": merchant_id},
        Mandate,
        place=lambda mandate: (mandate.signed_at, mandate.mandate_id),
        limit=limit,
        after=after,
    )
    return MandatePage(*page)
