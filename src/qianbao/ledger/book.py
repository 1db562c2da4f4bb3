"""The book of one batch: locked accounts in memory, and everything that will be written.

Each method checks first and changes after, so a refusal changes nothing. A request made of several
steps takes a `mark` and, when a later step refuses, goes back to it: the neighbours in the batch
never notice.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from qianbao.db.arrays import moment
from qianbao.errors import QianbaoError
from qianbao.ids import id_series
from qianbao.ledger.accounts import Account, AccountKey
from qianbao.ledger.errors import (
    AccountUnknown,
    HoldAlreadyReleased,
    HoldAlreadySettled,
    HoldExceeded,
    HoldExpired,
    HoldUnknown,
    InsufficientFunds,
    SameAccount,
    TransferCurrency,
)
from qianbao.ledger.holds import Hold, HoldKey
from qianbao.ledger.seal import Chain
from qianbao.money import show

Row = tuple[Any, ...]


class Transfer(msgspec.Struct, frozen=True):
    """Money from one account to another: two entries that add up to nothing. `event_at` is when it
    happened; when it is written is the book's to say."""

    kind: str
    debit: AccountKey
    credit: AccountKey
    amount_minor: int
    event_at: datetime
    reference: str = ""
    note: str = ""


class Book:
    """Locked accounts and holds, and what this transaction will write about them."""

    def __init__(
        self,
        accounts: dict[AccountKey, Account],
        holds: dict[HoldKey, Hold] | None = None,
        *,
        now: datetime,
        chain: Chain | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.accounts = accounts
        self.holds = holds or {}
        self.now = now
        self.chain = chain
        self.moment = moment(now)
        self._ids = id_series("trf", now, entropy)
        self.transfers: list[Row] = []
        self.after: list[tuple[int, int, int, int]] = []
        self.touched_holds: dict[HoldKey, Hold] = {}
        # Plain functions: bound ones would hold the book, and only the collector could free it.
        self._undo: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def account(self, key: AccountKey) -> Account:
        """The locked account. Raises `AccountUnknown`."""
        try:
            return self.accounts[key]
        except KeyError:
            raise AccountUnknown() from None

    @property
    def touched(self) -> list[Account]:
        """The accounts that are not as they were read."""
        return [account for account in self.accounts.values() if account.touches or account.used_on]

    def entries(self) -> Iterator[Row]:
        """Both of each transfer, as `ledger.write` names their columns."""
        for row, after in zip(self.transfers, self.after, strict=True):
            transfer_id, kind, payer, payer_account, payee, payee_account, amount = row[:7]
            event, created = row[10:]
            payer_count, payer_after, payee_count, payee_after = after
            yield (payer, payer_account, payer_count, transfer_id, kind, payee, -amount,
                   payer_after, event, created)  # fmt: skip
            yield (payee, payee_account, payee_count, transfer_id, kind, payer, amount,
                   payee_after, event, created)  # fmt: skip

    def count(
        self, account: Account, today: date, *, paid: int = 0, moved: int = 0, received: int = 0
    ) -> None:
        """Adds to what the limits of its holder count (minor units; less than 0 gives back, never
        below nothing), on the holder's day. Not taken back: the last thing that a request does."""
        account.used_on = today
        account.paid_minor += paid
        account.moved_minor += moved
        account.received_minor += received

    def mark(self) -> int:
        """Where the book stands now: how many changes there are."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        """Forgets everything since `mark`."""
        while len(self._undo) > mark:
            restore, before = self._undo.pop()
            restore(self, *before)

    def transfer(self, transfer: Transfer) -> str:
        """Moves the money; gives the transfer's id. Raises `SameAccount`, `AccountUnknown`,
        `TransferCurrency` or `InsufficientFunds` (what is held does not count)."""
        if transfer.debit == transfer.credit:
            raise SameAccount()
        debit, credit = self.account(transfer.debit), self.account(transfer.credit)
        amount = transfer.amount_minor
        if amount <= 0:
            raise ValueError("a transfer moves a positive amount; doors check what people send")
        if debit.currency != credit.currency:
            raise TransferCurrency(debit=debit.currency, credit=credit.currency)
        _must_have(debit, amount)
        debit.balance_minor -= amount
        debit.entry_count += 1
        debit.touches += 1
        credit.balance_minor += amount
        credit.entry_count += 1
        credit.touches += 1
        self._undo.append((Book._take_back, (debit, credit, amount)))
        return self._record(transfer, debit, credit)

    def _record(self, transfer: Transfer, debit: Account, credit: Account) -> str:
        """The row, as `ledger.write` names its columns, and what its entries leave behind: of the
        payer and of the payee the entry's number and the balance after it."""
        transfer_id = next(self._ids)
        created = event = self.moment
        if transfer.event_at is not self.now:
            event = moment(transfer.event_at)
        self.transfers.append(
            (transfer_id, transfer.kind, *transfer.debit, *transfer.credit, transfer.amount_minor,
             debit.currency, transfer.reference, transfer.note, event, created)
        )  # fmt: skip
        self.after.append(
            (debit.entry_count, debit.balance_minor, credit.entry_count, credit.balance_minor)
        )
        return transfer_id

    def _take_back(self, debit: Account, credit: Account, amount: int) -> None:
        debit.balance_minor += amount
        debit.entry_count -= 1
        debit.touches -= 1
        credit.balance_minor -= amount
        credit.entry_count -= 1
        credit.touches -= 1
        self.transfers.pop()
        self.after.pop()

    def hold(
        self,
        key: AccountKey,
        hold_id: str,
        amount_minor: int,
        reason: str,
        expires_at: datetime | None = None,
    ) -> Hold:
        """Reserves money, until `expires_at` if that is given. Raises `InsufficientFunds`."""
        account = self.account(key)
        if amount_minor <= 0 or (key[0], hold_id) in self.holds:
            raise ValueError("a hold is of a positive amount, under an id of its own")
        _must_have(account, amount_minor)
        _hold_more(account, amount_minor)
        hold = Hold(key[0], hold_id, key[1], amount_minor, reason, expires_at=expires_at)
        self.holds[key[0], hold_id] = hold
        self.touched_holds[key[0], hold_id] = hold
        self._undo.append((Book._forget_hold, (hold, account)))
        return hold

    def settle(self, key: HoldKey, transfers: list[Transfer]) -> list[str]:
        """Ends a hold by `transfers` out of its account; what they leave is free again. Gives the
        transfers' ids. Raises `HoldUnknown`, `HoldAlreadySettled`, `HoldAlreadyReleased`,
        `HoldExpired` or `HoldExceeded`."""
        hold = self._open_hold(key)
        asked = sum(transfer.amount_minor for transfer in transfers)
        account = self.account((hold.owner_id, hold.account_id))
        if any(one.debit != (hold.owner_id, hold.account_id) for one in transfers):
            raise ValueError("a hold is settled out of its own account")
        if asked > hold.amount_minor:
            raise HoldExceeded(
                asked=show(asked, account.currency), held=show(hold.amount_minor, account.currency)
            )
        mark = self.mark()
        self._end(hold, account, "settled", asked)
        try:
            return [self.transfer(transfer) for transfer in transfers]
        except QianbaoError:
            self.back_to(mark)
            raise

    def release(self, key: HoldKey) -> None:
        """Ends a hold; the money is free again. Raises as `settle` does."""
        hold = self._open_hold(key)
        self._end(hold, self.account((hold.owner_id, hold.account_id)), "released", 0)

    def expire(self, key: HoldKey) -> bool:
        """Ends a hold whose time has come; the money is free again. False: nothing was to do."""
        hold = self.holds.get(key)
        if hold is None or hold.state != "held":
            return False
        if hold.expires_at is None or hold.expires_at > self.now:
            return False
        self._end(hold, self.account((hold.owner_id, hold.account_id)), "expired", 0)
        return True

    def _open_hold(self, key: HoldKey) -> Hold:
        hold = self.holds.get(key)
        if hold is None:
            raise HoldUnknown()
        if hold.state == "settled":
            raise HoldAlreadySettled()
        if hold.state == "released":
            raise HoldAlreadyReleased()
        if hold.state == "expired" or (hold.expires_at and hold.expires_at <= self.now):
            raise HoldExpired()
        return hold

    def _end(
        self,
        hold: Hold,
        account: Account,
        state: Literal["settled", "released", "expired"],
        settled_minor: int,
    ) -> None:
        key = (hold.owner_id, hold.hold_id)
        made_here = key in self.touched_holds
        before = (hold, account, hold.state, hold.settled_minor, made_here)
        self._undo.append((Book._open_again, before))
        _hold_more(account, -hold.amount_minor)
        hold.state = state
        hold.settled_minor = settled_minor
        self.touched_holds[key] = hold

    def _open_again(
        self,
        hold: Hold,
        account: Account,
        state: Literal["held"],
        settled_minor: int,
        made_here: bool,
    ) -> None:
        _hold_back(account, -hold.amount_minor)
        hold.state = state
        hold.settled_minor = settled_minor
        if not made_here:
            del self.touched_holds[hold.owner_id, hold.hold_id]

    def _forget_hold(self, hold: Hold, account: Account) -> None:
        _hold_back(account, hold.amount_minor)
        del self.holds[hold.owner_id, hold.hold_id]
        del self.touched_holds[hold.owner_id, hold.hold_id]


def _hold_more(account: Account, amount_minor: int) -> None:
    account.held_minor += amount_minor
    account.touches += 1


def _hold_back(account: Account, amount_minor: int) -> None:
    account.held_minor -= amount_minor
    account.touches -= 1


def _must_have(account: Account, amount_minor: int) -> None:
    if not account.overdraft and account.available_minor < amount_minor:
        raise InsufficientFunds(
            available=show(account.available_minor, account.currency),
            needed=show(amount_minor, account.currency),
        )
