"""Money from a linked card into the wallet."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec

from qianbao.db.queries import Connection
from qianbao.ledger import AccountKey, main_account
from qianbao.money import Money, check_amount
from qianbao.payments.bank_orders import BankOrder, linked_card, load_cards, new_order, write_orders
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.policy.asking import NOTHING, Proven


class TopUp(msgspec.Struct, frozen=True):
    """The order id is made by the caller, and is what the bank is asked with."""

    wallet_id: str
    key: str
    order_id: str
    card_id: str
    amount: Money
    proven: Proven = NOTHING

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.wallet_id


async def top_up(clearing: Clearing, request: TopUp) -> BankOrder:
    """Records the order; the bank is asked by a job. Raises `CardNotLinked`, amount errors,
    `BlockedByPolicy`."""
    answer: BankOrder = await clearing.submit(request)
    return answer


async def _load(conn: Connection, requests: Sequence[TopUp], batch: Batch) -> None:
    await load_cards(conn, [(one.wallet_id, one.card_id) for one in requests], batch)


def _accounts(request: TopUp) -> list[AccountKey]:
    return [main_account(request.wallet_id, request.amount.currency)]


def _apply(request: TopUp, batch: Batch) -> BankOrder:
    wallet = batch.open_wallet(request.wallet_id)
    amount = check_amount(request.amount, wallet.currency)
    card = linked_card(batch, request.wallet_id, request.card_id)
    batch.decide(request.wallet_id, "top_up", amount, request.proven)
    batch.count(request.wallet_id, received=amount)
    batch.order_under_way(request.wallet_id, 1)
    order = new_order("top_up", request.order_id, card, amount, wallet.currency, batch.now)
    batch.add_row("top_up", order)
    return order


async def _write(conn: Connection, batch: Batch) -> None:
    await write_orders(conn, batch.rows["top_up"], batch.now)


KIND = Kind(
    name="top_up",
    request=TopUp,
    answer=BankOrder,
    body=attrgetter("card_id", "amount"),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id],
    load=_load,
    apply=_apply,
    counterparty=attrgetter("card_id"),
    write=_write,
)
