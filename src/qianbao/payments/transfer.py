"""Sending money to a person."""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection
from qianbao.errors import NotFound
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.ledger import AccountKey, SameAccount, Transfer, main_account
from qianbao.money import Money, check_amount
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import BlockedByPolicy, ReceiverCannotReceive, check_note
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.profile import open_wallet_of


class NoWalletAtPhone(NotFound):
    code = "no_wallet_at_phone"
    en = "Nobody has a wallet under this phone number."
    zh = "该手机号没有开通钱包。"
    next_en = "Check the number, or ask them to sign up."
    next_zh = "请核对号码，或请对方先注册。"


class SendMoney(msgspec.Struct, frozen=True):
    """From one wallet to another. `key` is the sender's idempotency key."""

    wallet_id: str
    key: str
    to_wallet_id: str
    amount: Money
    note: str = ""

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.wallet_id


class Sent(msgspec.Struct, frozen=True):
    """A transfer that is done."""

    transfer_id: str
    amount: Money
    balance_minor: int
    at: datetime


async def find_receiver(conn: Connection, keys: KeyRing, *, phone: str) -> str:
    """The open wallet of a phone. Raises `phone_invalid` or `NoWalletAtPhone`."""
    wallet_id = await open_wallet_of(conn, keys, phone)
    if wallet_id is None:
        raise NoWalletAtPhone()
    return wallet_id


async def send(clearing: Clearing, request: SendMoney) -> Sent:
    """Moves the money at once. Raises amount errors, `BlockedByPolicy`, `InsufficientFunds`,
    `ReceiverCannotReceive`."""
    check_note(request.note)
    answer: Sent = await clearing.submit(request)
    return answer


def _accounts(request: SendMoney) -> list[AccountKey]:
    currency = request.amount.currency
    return [main_account(request.wallet_id, currency), main_account(request.to_wallet_id, currency)]


def _apply(request: SendMoney, batch: Batch) -> Sent:
    sender = batch.open_wallet(request.wallet_id)
    amount = check_amount(request.amount, sender.currency)
    if request.wallet_id == request.to_wallet_id:
        raise SameAccount()
    batch.decide(request.wallet_id, "transfer", amount)
    try:
        batch.decide(request.to_wallet_id, "receive", amount)
    except (BlockedByPolicy, WalletClosed, WalletUnknown):
        # Why somebody else is blocked is theirs to know.
        raise ReceiverCannotReceive() from None
    transfer = Transfer(
        transfer_id=new_id("trf", batch.now),
        kind="transfer",
        debit=main_account(request.wallet_id, sender.currency),
        credit=main_account(request.to_wallet_id, sender.currency),
        amount_minor=amount,
        event_at=batch.now,
        note=request.note,
    )
    batch.book.transfer(transfer, batch.now)
    batch.count(request.wallet_id, paid=amount, moved=amount)
    batch.count(request.to_wallet_id, received=amount)
    balance = batch.book.account(transfer.debit).balance_minor
    return Sent(transfer.transfer_id, request.amount, balance, batch.now)


KIND = Kind(
    name="transfer",
    request=SendMoney,
    answer=Sent,
    body=("to_wallet_id", "amount", "note"),
    accounts=_accounts,
    wallets=lambda request: [request.wallet_id, request.to_wallet_id],
    apply=_apply,
)
