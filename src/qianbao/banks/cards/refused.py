"""What a bank refused, told again later: the holder left the page, or asks once more.

Here belongs finding refused attempts and putting them away; the words of a refusal are `refusals`'
and `codes`'.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from qianbao.banks.cards.card import QUERIES, Card, get_card, naming
from qianbao.banks.cards.codes import FINAL
from qianbao.banks.cards.refusals import refusal
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import QianbaoError
from qianbao.identity.numbers import KINDS

SHOWN_FOR = timedelta(days=30)
MOST_SHOWN = 10


class RefusedCard(msgspec.Struct, frozen=True):
    """An attempt that the bank refused, and why, as it was said at the time."""

    card: Card
    reason: QianbaoError


async def list_refused(
    conn: Connection, *, wallet_id: str, now: datetime
) -> tuple[RefusedCard, ...]:
    """The refusals of the last 30 days, the latest first, at most ten. What was put away, and cards
    that were linked since, are not among them."""
    place = {"wallet_id": wallet_id, "since": now - SHOWN_FOR, "limit": MOST_SHOWN}
    found = await fetch_all(conn, QUERIES.list_refused, place, Card)
    return tuple([RefusedCard(card, await refusal_of(conn, card)) for card in found])


async def dismiss_refused(conn: Connection, *, wallet_id: str, card_id: str, now: datetime) -> None:
    """Puts a refusal away; any other card is left as it is. Raises `CardUnknown`."""
    await get_card(conn, wallet_id, card_id)
    await conn.execute(QUERIES.dismiss, {"wallet_id": wallet_id, "card_id": card_id, "now": now})


async def refusal_of(conn: Connection, card: Card) -> QianbaoError:
    """Why the bank refused `card`, whose state is `refused`."""
    if card.result in FINAL:
        return FINAL[card.result](**naming(card))
    tails = await _tails(conn, card)
    kind_en, kind_zh = KINDS.get(tails.kind, ("document", "证件"))
    detail = naming(card) | {
        "kind_en": kind_en,
        "kind_zh": kind_zh,
        "name_form": card.name_form,
        "document_tail": tails.sent_tail,
        "phone_tail": card.phone_tail,
    }
    mismatched = None if card.mismatched is None else tuple(card.mismatched)
    return refusal(card.result, mismatched, tails.older_tail, detail, confirmed=tails.confirmed)


async def renewed(conn: Connection, card: Card) -> bool:
    """Whether the document that `card` was checked with replaced one of another number, as far as
    its holder may be told."""
    tails = await _tails(conn, card)
    return tails.confirmed and tails.older_tail != ""


class _Tails(msgspec.Struct, frozen=True):
    """Kind and last four of the document sent; last four of the one it replaced, if it did; whether
    its holder had been confirmed when the card was sent."""

    kind: str
    sent_tail: str
    older_tail: str
    confirmed: bool


async def _tails(conn: Connection, card: Card) -> _Tails:
    keys = {
        "wallet_id": card.wallet_id,
        "document_id": card.document_id,
        "asked_at": card.created_at,
    }
    tails = await fetch_one(conn, QUERIES.document_tails, keys, _Tails)
    return tails or _Tails("", "", "", confirmed=False)
