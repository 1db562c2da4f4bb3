"""One batch, one transaction: what the clearing loop and nothing else does to money.

Lock the accounts in key order; find what was answered before; read facts, limits and the policies
in force (later statements, which see what the locks waited for); per request decide, then apply in
memory; write everything by set-based statements; commit. Money, limits and rules can therefore
never disagree, and one commit carries many payments.

The database is waited for twice: once for all that is read, once for all that is written and the
commit; a kind's own rows, and wallets that are not known yet, add to that. Above `_FEW` requests
the rows go by COPY, which cannot share a wait but is cheaper a row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from qianbao.clock import Clock
from qianbao.db.queries import Connection
from qianbao.db.statements import Statements
from qianbao.errors import QianbaoError
from qianbao.ledger import AccountKey, ask_book, ask_changes, ask_rows, copy_book, take_book
from qianbao.payments.answers import (
    ask_answers,
    ask_to_keep_answers,
    digest,
    encode,
    keeping_answers,
)
from qianbao.payments.batch import Batch, Kind, Member
from qianbao.payments.decisions import ask_to_log
from qianbao.payments.errors import SameKeyOtherRequest, StepUpRequired
from qianbao.payments.waiting import Waiting, ask_to_keep, step_up_id
from qianbao.policy.policies import Policy
from qianbao.settings import Settings
from qianbao.wallets.known import KnownWallets, ask_versions

PoliciesInForce = Callable[[Statements], Callable[[Connection], Awaitable[tuple[Policy, ...]]]]
"""Asks for the policies in force; gives what gives them, once the statements are answered."""
Answered = dict[tuple[str, str], tuple[bytes, str]]
"""By (scope, key): the digest of the first request's body, and the stored answer, as JSON."""
Fresh = dict[tuple[str, str], tuple[bytes, Any]]
"""The same for what this batch answers, the answer as its struct."""
_FEW = 256
"""Requests: where arrays and COPY cost the same, as measured (docs/ledger.md)."""


class Settling:
    """What one process needs to settle batches, and what it remembers between them."""

    def __init__(
        self,
        kinds: Sequence[Kind],
        policies: PoliciesInForce,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self.kinds = {kind.request: kind for kind in kinds}
        self.policies = policies
        self._settings = settings
        self._clock = clock
        self._known = KnownWallets(settings.clearing_known_wallets, settings.withdrawal_free_minor)

    async def clear(self, conn: Connection, requests: list[Any]) -> list[Any]:
        """One batch, one transaction: for each request its answer, or its refusal as an exception
        that is returned, not raised."""
        kinds = [self.kinds[type(request)] for request in requests]
        batch, answered, digests = await self._read(conn, requests, kinds)
        present = set(kinds)
        for kind in self.kinds.values():
            if kind in present and kind.load is not None:
                await kind.load(conn, _loadable(requests, kind, batch), batch)
        work = list(zip(requests, kinds, digests, strict=True))
        few = len(requests) <= _FEW
        outcomes = await _settle_all(conn, batch, answered, work, few=few)
        for kind in dict.fromkeys(kinds):
            if kind.write is not None and batch.rows.get(kind.name):
                await kind.write(conn, batch)
        await _write(conn, batch, few=few)
        return outcomes

    async def _read(
        self, conn: Connection, requests: list[Any], kinds: list[Kind]
    ) -> tuple[Batch, Answered, list[bytes]]:
        """Asks everything at once, and digests the requests meanwhile. The locks come first: each
        later statement sees what whoever held them before has committed. The whole batch is of one
        moment, also when it waits for its locks over midnight."""
        now = self._clock()
        keys, wallets = _touched(requests, kinds)
        names = [(request.scope, request.key) for request in requests]
        statements = Statements(conn)
        asked = ask_book(statements, keys)
        versions = ask_versions(statements, wallets, now)
        found = ask_answers(statements, names)
        in_force = self.policies(statements)
        await statements.sent()
        digests = [digest(*one) for one in zip(requests, kinds, strict=True)]
        await statements.answered()
        answered = {names[place - 1]: (digest, answer) for place, digest, answer in found.rows}
        policies = await in_force(conn)
        holds = [(r.wallet_id, r.hold_id) for r in requests if getattr(r, "hold_id", None)]
        book = await take_book(conn, asked, now=now, holds=holds)
        known = await self._known.know(conn, versions.rows, policies, now)
        members = {
            one.wallet_id: Member(
                wallet, one, book.accounts.get((one.wallet_id, wallet.situation.currency))
            )
            for wallet, one in zip(known, versions.rows, strict=True)
        }
        batch = Batch(
            now=now,
            book=book,
            members=members,
            policies=policies,
            settings=self._settings,
        )
        return batch, answered, digests


def _touched(requests: list[Any], kinds: list[Kind]) -> tuple[set[AccountKey], set[str]]:
    """The accounts to lock and the wallets to read."""
    keys: set[AccountKey] = set()
    wallets: set[str] = set()
    for request, kind in zip(requests, kinds, strict=True):
        keys.update(kind.accounts(request))
        wallets.update(kind.wallets(request))
    return keys, wallets


def _loadable(requests: list[Any], kind: Kind, batch: Batch) -> list[Any]:
    """Those of the kind whose first account is locked. Kinds lock rows one after the other, and
    only behind that lock do two batches never wait for each other in a circle. A request without
    one names a currency that its wallet does not hold, and is refused."""
    return [
        one
        for one in requests
        if type(one) is kind.request and kind.accounts(one)[0] in batch.book.accounts
    ]


async def _settle_all(
    conn: Connection,
    batch: Batch,
    answered: Answered,
    work: list[tuple[Any, Kind, bytes]],
    *,
    few: bool,
) -> list[Any]:
    """The answer or the refusal of each request. The server stores the answers of a large batch
    while the rest of it is settled."""
    fresh: Fresh = {}
    if few:
        return [_settle(*one, batch, answered, fresh) for one in work]
    outcomes = []
    async with keeping_answers(conn) as keep:
        for start in range(0, len(work), _FEW):
            stored, part = len(batch.answers), work[start : start + _FEW]
            outcomes += [_settle(*one, batch, answered, fresh) for one in part]
            await keep(batch.answers[stored:])
    return outcomes


async def _write(conn: Connection, batch: Batch, *, few: bool) -> None:
    """What every kind leaves, and the commit."""
    statements = Statements(conn)
    ask_changes(statements, batch.book)
    ask_to_log(statements, batch)
    if batch.waiting:
        ask_to_keep(statements, list(batch.waiting.values()))
    if not few:
        await copy_book(conn, batch.book, statements)
    elif batch.answers:
        ask_rows(statements, batch.book)
        ask_to_keep_answers(statements, batch)
    await statements.answered(commit=True)


def _settle(
    request: Any, kind: Kind, digest: bytes, batch: Batch, answered: Answered, fresh: Fresh
) -> Any:
    """The answer or the refusal of one request; a refusal leaves the batch as it was."""
    key = (request.scope, request.key)
    if key in answered or key in fresh:
        first, answer = answered[key] if key in answered else fresh[key]
        if first != digest:
            return SameKeyOtherRequest()
        return msgspec.json.decode(answer, type=kind.answer) if key in answered else answer
    mark, batch.key = batch.book.mark(), request.key
    try:
        answer = kind.apply(request, batch)
    except QianbaoError as refusal:
        batch.book.back_to(mark)
        if isinstance(refusal, StepUpRequired):
            _keep_waiting(request, kind, digest, refusal, batch)
        return refusal
    fresh[key] = (digest, answer)
    batch.answers.append((*key, digest, encode(answer).decode(), batch.book.moment))
    return answer


def _keep_waiting(
    request: Any, kind: Kind, digest: bytes, refusal: StepUpRequired, batch: Batch
) -> None:
    """So that a code can be sent for exactly this request, and for no other."""
    assert kind.counterparty is not None
    refusal.step_up_id = step_up_id(request.wallet_id, request.key)
    refusal.expires_at = batch.now + timedelta(minutes=batch.settings.step_up_minutes)
    batch.waiting[refusal.step_up_id] = Waiting(
        wallet_id=request.wallet_id,
        step_up_id=refusal.step_up_id,
        kind=kind.name,
        request_hash=digest,
        amount_minor=refusal.amount_minor,
        currency=refusal.situation.currency,
        counterparty_id=kind.counterparty(request),
        pin_proven="pin" in request.proven,
        expires_at=refusal.expires_at,
    )
