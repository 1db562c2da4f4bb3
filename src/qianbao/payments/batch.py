"""One clearing batch in memory: locked money, facts, counters, and what will be written.

Kinds of request (`transfer.py`, `pay.py` …) see the database only through their `load` and `write`;
between the two, `apply` is arithmetic on a `Batch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from qianbao.db.queries import Connection
from qianbao.ledger import Account, AccountKey, Book
from qianbao.payments.errors import BlockedByPolicy
from qianbao.policy.decide import Decision, decide
from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy
from qianbao.settings import Settings
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.known import Known, Moved


class Kind(msgspec.Struct, frozen=True):
    """How one kind of request is cleared.

    `body` gives what makes two requests under one key the same. `accounts` and `wallets`
    say what to lock (first that of whoever asks) and whose facts to read. `load` reads (and locks)
    the kind's own rows, `apply` checks and changes the batch and gives the answer, `write` writes
    what `apply` left in `batch.rows[name]`. `apply` keeps an order: checks, then the book (which
    can be taken back), then counters and rows, after which nothing raises.
    """

    name: str
    request: type
    answer: type
    body: Callable[[Any], Sequence[object]]
    accounts: Callable[[Any], Sequence[AccountKey]]
    wallets: Callable[[Any], Sequence[str]]
    apply: Callable[[Any, Batch], Any]
    load: Callable[[Connection, Sequence[Any], Batch], Awaitable[None]] | None = None
    write: Callable[[Connection, Batch], Awaitable[None]] | None = None


class LoggedDecision(msgspec.Struct, frozen=True):
    """A decision for the log, with the facts it was made on."""

    wallet_id: str
    decision: Decision
    facts: dict[str, Any]


class Member(msgspec.Struct):
    """A wallet in a batch: what is known of it, its facts as the batch changes them, and what the
    batch adds to its limit counters (minor units; less than 0 gives back)."""

    known: Known
    moved: Moved
    facts: dict[str, Any]
    account: Account | None
    counted: bool = False
    paid_minor: int = 0
    moved_minor: int = 0
    received_minor: int = 0


def member(known: Known, moved: Moved, account: Account | None) -> Member:
    """A wallet as the batch finds it."""
    facts: dict[str, Any] = known.facts.copy()
    facts["paid_today_minor"], facts["paid_this_year_minor"] = moved.paid_minor(known.day)
    facts["moved_for_life_minor"] = moved.moved_for_life_minor
    facts["received_for_life_minor"] = moved.received_for_life_minor
    if moved.last_used_at is not None:
        facts["days_since_last_use"] = known.days_since(moved.last_used_at)
        facts["used_since_opened"] = True
    return Member(known, moved, facts, account)


class Batch:
    """What one transaction decides on and changes."""

    def __init__(
        self,
        *,
        now: datetime,
        book: Book,
        members: dict[str, Member],
        policies: tuple[Policy, ...],
        settings: Settings,
        sampled: Callable[[], bool],
    ) -> None:
        self.now = now
        self.book = book
        self.members = members
        self.policies = policies
        self.settings = settings
        self.loaded: dict[str, Any] = {}
        self.rows: dict[str, list[Any]] = {}
        self.decisions: list[LoggedDecision] = []
        self._sampled = sampled

    def open_wallet(self, wallet_id: str) -> Situation:
        """The wallet's situation, but for what money moves. Raises `WalletUnknown` or
        `WalletClosed`."""
        found = self.members.get(wallet_id)
        if found is None:
            raise WalletUnknown()
        if found.known.situation.status == "closed":
            raise WalletClosed()
        return found.known.situation

    def decide(self, wallet_id: str, capability: str, amount_minor: int) -> None:
        """Raises `BlockedByPolicy` unless every policy in force allows it."""
        self.open_wallet(wallet_id)
        found = self.members[wallet_id]
        facts = found.facts
        facts["amount_minor"] = amount_minor
        account = found.account
        if account is not None:
            facts["balance_minor"] = account.balance_minor
            facts["available_minor"] = account.balance_minor - account.held_minor
        permit = found.known.permit(capability, self.now)
        decision = permit.allowed
        if not permit.covers(facts):
            # Told, and ways out sought, with what this batch has added so far.
            situation = _as_counted(found, self.now)
            decision = decide(self.policies, capability, facts, self.now, situation)
            if decision.outcome == "blocked":
                self.decisions.append(LoggedDecision(wallet_id, decision, dict(facts)))
                raise BlockedByPolicy(decision, situation, amount_minor)
        if self._sampled():
            self.decisions.append(LoggedDecision(wallet_id, decision, dict(facts)))

    def count(self, wallet_id: str, *, paid: int = 0, moved: int = 0, received: int = 0) -> None:
        """Adds to the limit counters (minor units; less than 0 gives back, never below
        nothing)."""
        found = self.members[wallet_id]
        facts = found.facts
        found.counted = True
        facts["used_since_opened"], facts["days_since_last_use"] = True, 0
        if paid:
            found.paid_minor += paid
            facts["paid_today_minor"] = max(0, facts["paid_today_minor"] + paid)
            facts["paid_this_year_minor"] = max(0, facts["paid_this_year_minor"] + paid)
        if moved:
            found.moved_minor += moved
            facts["moved_for_life_minor"] = max(0, facts["moved_for_life_minor"] + moved)
        if received:
            found.received_minor += received
            facts["received_for_life_minor"] = max(0, facts["received_for_life_minor"] + received)

    def order_under_way(self, wallet_id: str, change: int) -> None:
        """A bank order has begun (1) or ended (-1): rules may read how many there are."""
        self.members[wallet_id].facts["in_flight"] += change

    def add_row(self, kind: str, row: Any) -> None:
        """Keeps a row for the kind's `write`."""
        self.rows.setdefault(kind, []).append(row)


def _as_counted(found: Member, now: datetime) -> Situation:
    """The whole situation, with what this batch has added so far."""
    known, facts, account = found.known.situation, found.facts, found.account
    return msgspec.structs.replace(
        known,
        last_used_at=now if found.counted else found.moved.last_used_at,
        in_flight=facts["in_flight"],
        balance_minor=known.balance_minor if account is None else account.balance_minor,
        held_minor=known.held_minor if account is None else account.held_minor,
        paid_today_minor=facts["paid_today_minor"],
        paid_this_year_minor=facts["paid_this_year_minor"],
        moved_for_life_minor=facts["moved_for_life_minor"],
        received_for_life_minor=facts["received_for_life_minor"],
    )
