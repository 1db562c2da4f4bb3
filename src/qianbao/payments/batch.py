"""One clearing batch in memory: locked money, facts, counters, and what will be written.

Kinds of request (`transfer.py`, `pay.py` …) see the database only through their `load` and `write`;
between the two, `apply` is arithmetic on a `Batch`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec

from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.ledger import Account, AccountKey, Book
from qianbao.payments.errors import BlockedByPolicy, ChargeNeedsHolder, StepUpRequired
from qianbao.payments.waiting import Waiting
from qianbao.policy.asking import NOTHING, Proven
from qianbao.policy.decide import Decision, decide
from qianbao.policy.facts import Situation
from qianbao.policy.policies import Policy
from qianbao.policy.record import Record, record
from qianbao.settings import Settings
from qianbao.wallets.errors import WalletClosed, WalletUnknown
from qianbao.wallets.known import Known, Versions


class Kind(msgspec.Struct, frozen=True):
    """How one kind of request is cleared.

    `body` gives what makes two requests under one key the same. `accounts` and `wallets`
    say what to lock (first that of whoever asks) and whose facts to read, `counterparty` whom or
    what the money goes to or comes from, where a holder may be asked for more proof. `load` reads
    (and locks) the kind's own rows, `apply` checks and changes the batch and gives the answer,
    `write` writes what `apply` left in `batch.rows[name]`. `apply` keeps an order: checks, then the
    book (which can be taken back), then counters and rows, after which nothing raises.
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
    counterparty: Callable[[Any], str] | None = None


class TakenDecision(msgspec.Struct, frozen=True):
    """A decision for the log, with what it was made on, and what the request had proved."""

    wallet_id: str
    decision: Decision
    record: Record
    proven: Proven


class Member(msgspec.Struct):
    """A wallet in a batch: what is known of it, its locked account, and what the batch adds to its
    bank orders under way. `account` is None for whoever named a currency that the wallet does not
    hold, and is refused."""

    known: Known
    versions: Versions
    account: Account | None
    orders: int = 0
    kept: dict[str, Any] | None = None

    def facts(self, amount_minor: int) -> dict[str, Any]:
        """Its facts with what the batch has changed so far, for a request of this amount; the same
        dictionary each time. Most requests need none (`policy.permits`)."""
        account, facts = self.account, self.kept
        if facts is None:
            facts = self.kept = self.known.facts.copy()
            if account is not None and account.last_used_at is not None:
                facts["days_since_last_use"] = self.known.days_since(account.last_used_at)
                facts["used_since_opened"] = True
        facts["amount_minor"] = amount_minor
        facts["in_flight"] = self.known.situation.in_flight + self.orders
        if account is not None:
            self._counted(facts, account)
        return facts

    def _counted(self, facts: dict[str, Any], account: Account) -> None:
        """What money has moved, in all the wallets of the person."""
        if account.used_on:
            facts["days_since_last_use"], facts["used_since_opened"] = 0, True
        paid, moved, received = account.paid_minor, account.moved_minor, account.received_minor
        today, this_year = account.paid_until_minor(self.known.day)
        gone, come = account.moved_for_life_minor, account.received_for_life_minor
        elsewhere = self.versions.elsewhere
        if elsewhere is not None:
            today, this_year = today + elsewhere[0], this_year + elsewhere[1]
            gone, come = gone + elsewhere[2], come + elsewhere[3]
        facts["paid_today_minor"] = max(0, today + paid)
        facts["paid_this_year_minor"] = max(0, this_year + paid)
        facts["moved_for_life_minor"] = max(0, gone + moved)
        facts["received_for_life_minor"] = max(0, come + received)
        facts["balance_minor"] = account.balance_minor
        facts["available_minor"] = account.available_minor


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
    ) -> None:
        self.now = now
        self.book = book
        self.members = members
        self.policies = policies
        self.settings = settings
        self.loaded: dict[str, Any] = {}
        self.rows: dict[str, list[Any]] = {}
        self.decisions: list[TakenDecision] = []
        self.waiting: dict[str, Waiting] = {}
        """By id: requests that have to bring more proof."""
        self.key = ""
        self.answers: list[tuple[str, str, bytes, str, int]] = []
        """To be stored: scope, key, digest of the request, the answer as JSON, the moment."""

    def open_wallet(self, wallet_id: str) -> Situation:
        """The wallet's situation, but for what money moves. Raises `WalletUnknown` or
        `WalletClosed`."""
        return self._open(wallet_id).known.situation

    def _open(self, wallet_id: str) -> Member:
        found = self.members.get(wallet_id)
        if found is None:
            raise WalletUnknown()
        if found.known.situation.status == "closed":
            raise WalletClosed()
        return found

    def decide(
        self, wallet_id: str, capability: str, amount_minor: int, proven: Proven = NOTHING
    ) -> None:
        """Raises `BlockedByPolicy` unless every policy in force allows it; `StepUpRequired`, or for
        a merchant's charge `ChargeNeedsHolder`, when one asks for more than is `proven`."""
        found = self._open(wallet_id)
        permit = found.known.permit(capability, self.now)
        sampled = is_sampled(self.key, self.settings.permit_sample_per_mille)
        if not permit.terms and not sampled:
            return
        facts, decision = found.facts(amount_minor), permit.allowed
        if not permit.covers(facts):
            # Told, and ways out sought, with what this batch has added so far.
            situation = _as_counted(found, facts, self.now)
            decision = decide(self.policies, capability, facts, self.now, situation, proven)
            if decision.outcome != "allowed":
                self._log(wallet_id, decision, facts, situation, proven)
                raise _refusal(decision, situation, amount_minor)
        if sampled:
            situation = _as_counted(found, facts, self.now)
            self._log(wallet_id, decision, facts, situation, proven)

    def _log(
        self,
        wallet_id: str,
        decision: Decision,
        facts: dict[str, Any],
        situation: Situation,
        proven: Proven,
    ) -> None:
        kept = record(self.policies, decision.capability, facts, situation)
        self.decisions.append(TakenDecision(wallet_id, decision, kept, proven))

    def count(self, wallet_id: str, *, paid: int = 0, moved: int = 0, received: int = 0) -> None:
        """Adds to the limit counters (minor units; less than 0 gives back, never below
        nothing)."""
        found = self.members[wallet_id]
        assert found.account is not None, "the account was locked and has moved"
        self.book.count(found.account, found.known.day, paid=paid, moved=moved, received=received)

    def order_under_way(self, wallet_id: str, change: int) -> None:
        """A bank order has begun (1) or ended (-1): rules may read how many there are."""
        self.members[wallet_id].orders += change

    def add_row(self, kind: str, row: Any) -> None:
        """Keeps a row for the kind's `write`."""
        self.rows.setdefault(kind, []).append(row)


def _refusal(decision: Decision, situation: Situation, amount_minor: int) -> QianbaoError:
    if decision.outcome == "blocked":
        return BlockedByPolicy(decision, situation, amount_minor)
    if decision.capability == "be_charged":
        return ChargeNeedsHolder()
    return StepUpRequired(decision, situation, amount_minor)


def is_sampled(key: str, per_mille: int) -> bool:
    """Whether the permits of the request under `key` go into the log: the same however often, and
    wherever, it is asked."""
    return crc32(key.encode()) % 1000 < per_mille


def _as_counted(found: Member, facts: dict[str, Any], now: datetime) -> Situation:
    """The whole situation, with what this batch has added so far."""
    known, account = found.known.situation, found.account
    if account is None:
        return known
    return msgspec.structs.replace(
        known,
        last_used_at=now if account.used_on else account.last_used_at,
        in_flight=facts["in_flight"],
        balance_minor=account.balance_minor,
        held_minor=account.held_minor,
        paid_today_minor=facts["paid_today_minor"],
        paid_this_year_minor=facts["paid_this_year_minor"],
        moved_for_life_minor=facts["moved_for_life_minor"],
        received_for_life_minor=facts["received_for_life_minor"],
    )
