"""The book of one batch: locked accounts in memory, and everything that will be written.

Each method checks first and changes after, so a refusal changes nothing. A request made of several
steps takes a `mark` and, when a later step refuses, goes back to it: the neighbours in the batch
never notice.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
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


class Mark(msgspec.Struct, frozen=True):
    """A point in a book to go back to."""

    undo: int
    transfers: int
    entries: int
    touched: int
    touched_holds: int


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
        self._created = moment(now)
        self._ids = id_series("trf", now, entropy)
        self.transfers: list[tuple[object, ...]] = []
        self.entries: list[tuple[object, ...]] = []
        self.touched: dict[AccountKey, Account] = {}
        self.touched_holds: dict[HoldKey, Hold] = {}
        self._undo: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def account(self, key: AccountKey) -> Account:
        """The locked account. Raises `AccountUnknown`."""
        account = self.accounts.get(key)
        if account is None:
            raise AccountUnknown()
        return account

    def mark(self) -> Mark:
        """Where the book stands now."""
        return Mark(
            len(self._undo),
            len(self.transfers),
            len(self.entries),
            len(self.touched),
            len(self.touched_holds),
        )

    def back_to(self, mark: Mark) -> None:
        """Forgets everything since `mark`."""
        while len(self._undo) > mark.undo:
            restore, before = self._undo.pop()
            restore(*before)
        del self.transfers[mark.transfers :]
        del self.entries[mark.entries :]
        while len(self.touched) > mark.touched:
            self.touched.popitem()
        while len(self.touched_holds) > mark.touched_holds:
            self.touched_holds.popitem()

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
        self._remember(debit)
        self._remember(credit)
        debit.balance_minor -= amount
        debit.entry_count += 1
        credit.balance_minor += amount
        credit.entry_count += 1
        return self._record(transfer, debit, credit)

    def _record(self, transfer: Transfer, debit: Account, credit: Account) -> str:
        """The rows, as `ledger.write` names their columns."""
        transfer_id, kind, amount = next(self._ids), transfer.kind, transfer.amount_minor
        created = event = self._created
        if transfer.event_at is not self.now:
            event = moment(transfer.event_at)
        payer, payer_account, payee, payee_account = *transfer.debit, *transfer.credit
        self.transfers.append(
            (transfer_id, kind, payer, payer_account, payee, payee_account, amount,
             debit.currency, transfer.reference, transfer.note, event, created)
        )  # fmt: skip
        self.entries.append(
            (payer, payer_account, debit.entry_count, transfer_id, kind, payee, -amount,
             debit.balance_minor, event, created)
        )  # fmt: skip
        self.entries.append(
            (payee, payee_account, credit.entry_count, transfer_id, kind, payer, amount,
             credit.balance_minor, event, created)
        )  # fmt: skip
        return transfer_id

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
        self._remember(account)
        account.held_minor += amount_minor
        hold = Hold(key[0], hold_id, key[1], amount_minor, reason, expires_at=expires_at)
        self.holds[key[0], hold_id] = hold
        self.touched_holds[key[0], hold_id] = hold
        self._undo.append((self._forget_hold, (key[0], hold_id)))
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
        self._remember(account)
        self._undo.append((_restore_hold, (hold, hold.state, hold.settled_minor)))
        account.held_minor -= hold.amount_minor
        hold.state = state
        hold.settled_minor = settled_minor
        self.touched_holds[hold.owner_id, hold.hold_id] = hold

    def _remember(self, account: Account) -> None:
        before = (account, account.balance_minor, account.held_minor, account.entry_count)
        self._undo.append((_restore_account, before))
        self.touched[account.owner_id, account.account_id] = account

    def _forget_hold(self, owner_id: str, hold_id: str) -> None:
        del self.holds[owner_id, hold_id]
        del self.touched_holds[owner_id, hold_id]


def _restore_account(
    account: Account, balance_minor: int, held_minor: int, entry_count: int
) -> None:
    account.balance_minor = balance_minor
    account.held_minor = held_minor
    account.entry_count = entry_count


def _restore_hold(hold: Hold, state: Literal["held"], settled_minor: int) -> None:
    hold.state = state
    hold.settled_minor = settled_minor


def _must_have(account: Account, amount_minor: int) -> None:
    if not account.overdraft and account.available_minor < amount_minor:
        raise InsufficientFunds(
            available=show(account.available_minor, account.currency),
            needed=show(amount_minor, account.currency),
        )
