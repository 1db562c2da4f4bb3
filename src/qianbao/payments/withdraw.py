"""Money from the wallet to one of the holder's own cards.

Only a legal hold may stand in the way (`policy`): a limit that is used up, a rule that has begun to
bite or a document that has run out never keeps somebody's own money in.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import msgspec

from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.ids import new_id
from qianbao.ledger import AccountKey, main_account
from qianbao.money import CurrencyUnsupported, Money, check_amount, show
from qianbao.payments.bank_orders import (
    BankOrder,
    linked_card,
    load_cards,
    lock_free_used,
    new_order,
    write_free_used,
    write_orders,
)
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.policy.asking import NOTHING, Proven
from qianbao.wallets.fees import fee_from_balance, withdraw_all


class NothingToWithdraw(QianbaoError):
    code = "nothing_to_withdraw"
    en = "There is nothing left to withdraw: {available} is free to move."
    zh = "没有可提现的余额：可用余额 {available}。"
    next_en = "Look at your transactions: what is on its way to your bank is among them."
    next_zh = "请查看交易记录，正在转往银行的款项也在其中。"


class Withdraw(msgspec.Struct, frozen=True):
    """`amount` None withdraws everything: what arrives is the balance less the fee, and nothing
    stays behind. The order id is made by the caller, and is what the bank is asked with."""

    wallet_id: str
    key: str
    order_id: str
    card_id: str
    amount: Money | None
    currency: str = "CNY"
    proven: Proven = NOTHING

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.wallet_id


async def withdraw(clearing: Clearing, request: Withdraw) -> BankOrder:
    """Holds amount and fee and records the order; the bank is asked by a job. Raises
    `CardNotLinked`, amount errors, `BlockedByPolicy` (legal hold), `InsufficientFunds` or
    `NothingToWithdraw`."""
    answer: BankOrder = await clearing.submit(request)
    return answer


async def _load(conn: Connection, requests: Sequence[Withdraw], batch: Batch) -> None:
    await load_cards(conn, [(one.wallet_id, one.card_id) for one in requests], batch)
    await lock_free_used(conn, [one.wallet_id for one in requests], batch)


def _accounts(request: Withdraw) -> list[AccountKey]:
    currency = request.amount.currency if request.amount is not None else request.currency
    return [main_account(request.wallet_id, currency)]


def _amount_and_fee(request: Withdraw, free_left: int, batch: Batch) -> tuple[int, int]:
    """What arrives and what it costs (minor units), domain.md 1.6."""
    wallet = batch.open_wallet(request.wallet_id)
    amount = None if request.amount is None else check_amount(request.amount, wallet.currency)
    available = batch.book.account(main_account(request.wallet_id, wallet.currency)).available_minor
    if amount is None:
        if available <= 0:
            raise NothingToWithdraw(available=show(0, wallet.currency))
        return withdraw_all(available, free_left, batch.settings)
    return amount, fee_from_balance(amount, available, free_left, batch.settings)


def _apply(request: Withdraw, batch: Batch) -> BankOrder:
    wallet = batch.open_wallet(request.wallet_id)
    given = request.currency if request.amount is None else request.amount.currency
    if given != wallet.currency:
        raise CurrencyUnsupported(expected=wallet.currency, given=given[:8])
    card = linked_card(batch, request.wallet_id, request.card_id)
    person = batch.loaded["free_used"].get(request.wallet_id)
    used = person[1] if person is not None else 0
    free_left = max(0, batch.settings.withdrawal_free_minor - used)
    amount, fee = _amount_and_fee(request, free_left, batch)
    batch.decide(request.wallet_id, "withdraw", amount, request.proven)
    hold_id = new_id("hld", batch.now)
    account = main_account(request.wallet_id, wallet.currency)
    batch.book.hold(account, hold_id, amount + fee, f"withdrawal {request.order_id}")
    free_used = min(amount, free_left)
    if person is not None:
        person[1] += free_used
    batch.count(request.wallet_id, moved=amount + fee)
    batch.order_under_way(request.wallet_id, 1)
    order = msgspec.structs.replace(
        new_order("withdrawal", request.order_id, card, amount, wallet.currency, batch.now),
        fee_minor=fee,
        free_used_minor=free_used,
        hold_id=hold_id,
    )
    batch.add_row("withdraw", order)
    return order


async def _write(conn: Connection, batch: Batch) -> None:
    await write_orders(conn, batch.rows["withdraw"], batch.now)
    await write_free_used(conn, batch)


KIND = Kind(
    name="withdraw",
    request=Withdraw,
    answer=BankOrder,
    body=attrgetter("card_id", "amount"),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id],
    load=_load,
    apply=_apply,
    counterparty=attrgetter("card_id"),
    write=_write,
)
