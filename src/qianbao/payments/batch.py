"""One clearing batch in memory: locked money, facts, counters, and what will be written.

Kinds of request (`transfer.py`, `pay.py` …) see the database only through their `load` and `write`;
between the two, `apply` is arithmetic on a `Batch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date
from qianbao.db.queries import Connection
from qianbao.ledger import AccountKey, Book
from qianbao.payments.errors import BlockedByPolicy
from qianbao.policy.decide import Decision, decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import Policy
from qianbao.settings import Settings
from qianbao.wallets.errors import WalletClosed, WalletUnknown


class Kind(msgspec.Struct, frozen=True):
    """How one kind of request is cleared.

    `body` names the fields that make two requests under one key the same. `accounts` and `wallets`
    say what to lock and whose facts to read. `load` reads (and locks) the kind's own rows, `apply`
    checks and changes the batch and gives the answer, `write` writes what `apply` left in
    `batch.rows[name]`. `apply` keeps an order: checks, then the book (which can be taken back),
    then counters and rows, after which nothing raises.
    """

    name: str
    request: type
    answer: type
    body: tuple[str, ...]
    accounts: Callable[[Any], Sequence[AccountKey]]
    wallets: Callable[[Any], Sequence[str]]
    apply: Callable[[Any, Batch], Any]
    load: Callable[[Connection, Sequence[Any], Batch], Awaitable[None]] | None = None
    write: Callable[[Connection, Batch], Awaitable[None]] | None = None


class Counted(msgspec.Struct):
    """What this batch adds to a wallet's limit counters (minor units; less than 0 gives back)."""

    day: date
    paid_minor: int = 0
    moved_minor: int = 0
    received_minor: int = 0


class LoggedDecision(msgspec.Struct, frozen=True):
    """A decision for the log, with the facts it was made on."""

    wallet_id: str
    decision: Decision
    facts: dict[str, Any]


class Batch:
    """What one transaction decides on and changes."""

    def __init__(
        self,
        *,
        now: datetime,
        book: Book,
        situations: dict[str, Situation],
        policies: tuple[Policy, ...],
        settings: Settings,
        sampled: Callable[[], bool],
    ) -> None:
        self.now = now
        self.book = book
        self.situations = situations
        self.policies = policies
        self.settings = settings
        self.loaded: dict[str, Any] = {}
        self.rows: dict[str, list[Any]] = {}
        self.counted: dict[str, Counted] = {}
        self.decisions: list[LoggedDecision] = []
        self._sampled = sampled
        self._facts: dict[str, dict[str, Any]] = {}

    def open_wallet(self, wallet_id: str) -> Situation:
        """The wallet's situation. Raises `WalletUnknown` or `WalletClosed`."""
        situation = self.situations.get(wallet_id)
        if situation is None:
            raise WalletUnknown()
        if situation.status == "closed":
            raise WalletClosed()
        return situation

    def decide(self, wallet_id: str, capability: str, amount_minor: int) -> None:
        """Raises `BlockedByPolicy` unless every policy in force allows it."""
        situation = self.open_wallet(wallet_id)
        facts = self._facts_of(situation)
        facts["amount_minor"] = amount_minor
        decision = decide(self.policies, capability, facts, self.now, situation)
        if decision.outcome == "blocked":
            # Told, and ways out sought, with what this batch has added so far.
            situation = self._as_counted(situation, facts)
            decision = decide(self.policies, capability, facts, self.now, situation)
            self.decisions.append(LoggedDecision(wallet_id, decision, dict(facts)))
            raise BlockedByPolicy(decision, situation, amount_minor)
        if self._sampled():
            self.decisions.append(LoggedDecision(wallet_id, decision, dict(facts)))

    def count(self, wallet_id: str, *, paid: int = 0, moved: int = 0, received: int = 0) -> None:
        """Adds to the limit counters (minor units; less than 0 gives back, never below nothing)."""
        situation = self.situations[wallet_id]
        counted = self.counted.get(wallet_id)
        if counted is None:
            day = local_date(self.now, ZoneInfo(situation.time_zone))
            counted = self.counted[wallet_id] = Counted(day)
        counted.paid_minor += paid
        counted.moved_minor += moved
        counted.received_minor += received
        facts = self._facts_of(situation)
        for name, change in (
            ("paid_today_minor", paid),
            ("paid_this_year_minor", paid),
            ("moved_for_life_minor", moved),
            ("received_for_life_minor", received),
        ):
            facts[name] = max(0, facts[name] + change)
        account = self.book.accounts.get((wallet_id, situation.currency))
        if account is not None:
            facts["balance_minor"] = account.balance_minor
            facts["available_minor"] = account.available_minor

    def add_row(self, kind: str, row: Any) -> None:
        """Keeps a row for the kind's `write`."""
        self.rows.setdefault(kind, []).append(row)

    def _as_counted(self, situation: Situation, facts: dict[str, Any]) -> Situation:
        account = self.book.accounts.get((situation.wallet_id, situation.currency))
        return msgspec.structs.replace(
            situation,
            balance_minor=account.balance_minor if account else situation.balance_minor,
            held_minor=account.held_minor if account else situation.held_minor,
            paid_today_minor=facts["paid_today_minor"],
            paid_this_year_minor=facts["paid_this_year_minor"],
            moved_for_life_minor=facts["moved_for_life_minor"],
            received_for_life_minor=facts["received_for_life_minor"],
        )

    def _facts_of(self, situation: Situation) -> dict[str, Any]:
        facts = self._facts.get(situation.wallet_id)
        if facts is None:
            facts = self._facts[situation.wallet_id] = facts_at(situation, self.now)
        return facts
