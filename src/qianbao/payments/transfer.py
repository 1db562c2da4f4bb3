"""Sending money to a person."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter

import msgspec

from qianbao.db.queries import Connection
from qianbao.errors import NotFound
from qianbao.keyring import KeyRing
from qianbao.ledger import AccountKey, SameAccount, Transfer, TransferCurrency, main_account
from qianbao.money import Money, check_amount
from qianbao.payments.batch import Batch, Kind
from qianbao.payments.clear import Clearing
from qianbao.payments.errors import BlockedByPolicy, ReceiverCannotReceive, check_note
from qianbao.policy.asking import NOTHING, Proven
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.phones import read_phone
from qianbao.wallets.profile import open_wallet_of


class NoWalletAtPhone(NotFound):
    code = "no_wallet_at_phone"
    en = "Nobody has a wallet under this phone number."
    zh = "该手机号没有开通钱包。"
    next_en = "Check the number, or ask them to sign up."
    next_zh = "请核对号码，或请对方先注册。"


class SendMoney(msgspec.Struct, frozen=True):
    """From one wallet to another. `key` is the sender's idempotency key. `to_phone` (a keyed index)
    is what the sender named, when it was a phone; then `to_wallet_id` is whose phone it is at this
    moment, empty when nobody's."""

    wallet_id: str
    key: str
    to_wallet_id: str
    amount: Money
    note: str = ""
    to_phone: str = ""
    proven: Proven = NOTHING

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.wallet_id

    @property
    def receiver(self) -> str:
        """Whom the sender named. A repeated request names the same, whoever has the phone now."""
        return self.to_phone or self.to_wallet_id


class Sent(msgspec.Struct, frozen=True):
    """A transfer that is done."""

    transfer_id: str
    amount: Money
    balance_minor: int
    at: datetime


async def to_phone(
    conn: Connection,
    keys: KeyRing,
    *,
    wallet_id: str,
    key: str,
    phone: str,
    amount: Money,
    note: str = "",
) -> SendMoney:
    """The request to send money to whoever has this phone. Nobody having it is found out when it is
    cleared, so that a repeated request still finds its first answer. Raises `PhoneInvalid`."""
    receiver = await open_wallet_of(conn, keys, phone)
    named = keys.index(read_phone(phone), "phone").hex()
    return SendMoney(wallet_id, key, receiver or "", amount, note, named)


async def send(clearing: Clearing, request: SendMoney) -> Sent:
    """Moves the money at once. Raises amount errors, `BlockedByPolicy`, `InsufficientFunds`,
    `ReceiverCannotReceive`, `NoWalletAtPhone`, `TransferCurrency`."""
    check_note(request.note)
    answer: Sent = await clearing.submit(request)
    return answer


def _accounts(request: SendMoney) -> list[AccountKey]:
    return [main_account(owner, request.amount.currency) for owner in _wallets(request)]


def _wallets(request: SendMoney) -> list[str]:
    return [one for one in (request.wallet_id, request.to_wallet_id) if one]


def _apply(request: SendMoney, batch: Batch) -> Sent:
    sender = batch.open_wallet(request.wallet_id)
    amount = check_amount(request.amount, sender.currency)
    if not request.to_wallet_id:
        raise NoWalletAtPhone()
    if request.wallet_id == request.to_wallet_id:
        raise SameAccount()
    batch.decide(request.wallet_id, "transfer", amount, request.proven)
    try:
        batch.decide(request.to_wallet_id, "receive", amount)
    except (BlockedByPolicy, WalletClosed, WalletUnknown):
        # Why somebody else is blocked is theirs to know.
        raise ReceiverCannotReceive() from None
    receiver = batch.open_wallet(request.to_wallet_id)
    if receiver.currency != sender.currency:
        raise TransferCurrency(debit=sender.currency, credit=receiver.currency)
    transfer = Transfer(
        kind="transfer",
        debit=main_account(request.wallet_id, sender.currency),
        credit=main_account(request.to_wallet_id, sender.currency),
        amount_minor=amount,
        event_at=batch.now,
        note=request.note,
    )
    transfer_id = batch.book.transfer(transfer)
    batch.count(request.wallet_id, paid=amount, moved=amount)
    batch.count(request.to_wallet_id, received=amount)
    balance = batch.book.account(transfer.debit).balance_minor
    return Sent(transfer_id, request.amount, balance, batch.now)


KIND = Kind(
    name="transfer",
    request=SendMoney,
    answer=Sent,
    body=attrgetter("receiver", "amount", "note"),
    accounts=_accounts,
    wallets=_wallets,
    apply=_apply,
    counterparty=attrgetter("to_wallet_id"),
)
