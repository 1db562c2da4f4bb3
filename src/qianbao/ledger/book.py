"""The book of one batch: locked accounts in memory, and everything that will be written.

Each method checks first and changes after, so a refusal changes nothing. A request made of several
steps takes a `mark` and, when a later step refuses, goes back to it: the neighbours in the batch
never notice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from qianbao.errors import QianbaoError
from qianbao.ledger.accounts import Account, AccountKey
from qianbao.ledger.errors import (
    AccountUnknown,
    HoldAlreadyReleased,
    HoldAlreadySettled,
    HoldExceeded,
    HoldUnknown,
    InsufficientFunds,
    SameAccount,
    TransferCurrency,
)
from qianbao.ledger.holds import Hold
from qianbao.money import show


class Transfer(msgspec.Struct, frozen=True):
    """Money from one account to another: two entries that add up to nothing."""

    transfer_id: str
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


class Book:
    """Locked accounts and holds, and what this transaction will write about them."""

    def __init__(
        self,
        accounts: dict[AccountKey, Account],
        holds: dict[tuple[str, str], Hold] | None = None,
    ) -> None:
        self.accounts = accounts
        self.holds = holds or {}
        self.transfers: list[tuple[object, ...]] = []
        self.entries: list[tuple[object, ...]] = []
        self.touched: dict[AccountKey, Account] = {}
        self.touched_holds: dict[tuple[str, str], Hold] = {}
        self._undo: list[tuple[Callable[..., None], tuple[Any, ...]]] = []

    def account(self, key: AccountKey) -> Account:
        """The locked account. Raises `AccountUnknown`."""
        account = self.accounts.get(key)
        if account is None:
            raise AccountUnknown()
        return account

    def mark(self) -> Mark:
        """Where the book stands now."""
        return Mark(len(self._undo), len(self.transfers), len(self.entries))

    def back_to(self, mark: Mark) -> None:
        """Forgets everything since `mark`."""
        while len(self._undo) > mark.undo:
            restore, before = self._undo.pop()
            restore(*before)
        del self.transfers[mark.transfers :]
        del self.entries[mark.entries :]

    def transfer(self, transfer: Transfer, created_at: datetime) -> None:
        """Moves the money. Raises `SameAccount`, `AccountUnknown`, `TransferCurrency` or
        `InsufficientFunds` (what is held does not count)."""
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
        self.transfers.append(
            (transfer.transfer_id, transfer.kind, *transfer.debit, *transfer.credit, amount,
             debit.currency, transfer.reference, transfer.note, transfer.event_at, created_at)
        )  # fmt: skip
        for account, other, signed in ((debit, credit, -amount), (credit, debit, amount)):
            self.entries.append(
                (account.owner_id, account.account_id, account.entry_count, transfer.transfer_id,
                 transfer.kind, other.owner_id, signed, account.balance_minor, transfer.event_at,
                 created_at)
            )  # fmt: skip

    def hold(self, key: AccountKey, hold_id: str, amount_minor: int, reason: str) -> Hold:
        """Reserves money. Raises `InsufficientFunds`."""
        account = self.account(key)
        _must_have(account, amount_minor)
        self._remember(account)
        account.held_minor += amount_minor
        hold = Hold(key[0], hold_id, key[1], amount_minor, reason)
        self.holds[key[0], hold_id] = hold
        self.touched_holds[key[0], hold_id] = hold
        self._undo.append((self._forget_hold, (key[0], hold_id)))
        return hold

    def settle(self, key: tuple[str, str], transfers: list[Transfer], created_at: datetime) -> None:
        """Ends a hold by `transfers` out of its account; what they leave is free again. Raises
        `HoldUnknown`, `HoldAlreadySettled`, `HoldAlreadyReleased` or `HoldExceeded`."""
        hold = self._open_hold(key)
        asked = sum(transfer.amount_minor for transfer in transfers)
        account = self.account((hold.owner_id, hold.account_id))
        if asked > hold.amount_minor:
            raise HoldExceeded(
                asked=show(asked, account.currency), held=show(hold.amount_minor, account.currency)
            )
        mark = self.mark()
        self._end(hold, account, "settled", asked)
        try:
            for transfer in transfers:
                self.transfer(transfer, created_at)
        except QianbaoError:
            self.back_to(mark)
            raise

    def release(self, key: tuple[str, str]) -> None:
        """Ends a hold; the money is free again. Raises as `settle` does."""
        hold = self._open_hold(key)
        self._end(hold, self.account((hold.owner_id, hold.account_id)), "released", 0)

    def _open_hold(self, key: tuple[str, str]) -> Hold:
        hold = self.holds.get(key)
        if hold is None:
            raise HoldUnknown()
        if hold.state == "settled":
            raise HoldAlreadySettled()
        if hold.state == "released":
            raise HoldAlreadyReleased()
        return hold

    def _end(
        self,
        hold: Hold,
        account: Account,
        state: Literal["settled", "released"],
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
