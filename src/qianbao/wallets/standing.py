"""Where a wallet stands: what it may do now, every reason why not, what is coming, every way out,
and how much can leave at once.

Here is nothing decided: facts are read, `policy` and `remedies` are asked, the answers are put side
by side.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Literal

import msgspec

from qianbao.bank_names import bank_name
from qianbao.db.queries import Connection
from qianbao.money import Money
from qianbao.policy.asking import NOTHING, Factor
from qianbao.policy.decide import Coming, Decision, allows, coming, decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import CAPABILITIES, SMALLEST_AMOUNT_MINOR, Policy
from qianbao.policy.reasons import Reason
from qianbao.policy.spells import held_against_minor, is_told_by_amount
from qianbao.remedies.ahead import WayAhead, ways_ahead
from qianbao.remedies.goals import Goal
from qianbao.remedies.offer import asks_operator, card_to_withdraw, plans, to_operator, ways_out
from qianbao.remedies.plan import WayOut
from qianbao.remedies.prove import withdrawable_minor
from qianbao.settings import Settings
from qianbao.wallets.cases import Case, open_cases_of
from qianbao.wallets.fees import withdraw_all
from qianbao.wallets.situation import read_situation


class Withdrawable(msgspec.Struct, frozen=True):
    """What withdrawing everything would do now: `amount` leaves the wallet, `fee` of it pays for
    that, the rest `arrives`. All 0 when nothing can leave."""

    amount: Money
    fee: Money
    arrives: Money


class CapabilityStanding(msgspec.Struct, frozen=True):
    """Whether one thing can be done now. `policies` name the blockers it is for; `closed`: a closed
    wallet does nothing, and no rule is to blame. `asks` is what rules ask for before it: a charge
    by a merchant, who cannot be asked, is then refused."""

    outcome: Literal["allowed", "blocked", "closed"]
    policies: tuple[str, ...]
    asks: tuple[Factor, ...] = ()


class Blocker(msgspec.Struct, frozen=True):
    """One policy that blocks, and all that it takes away now."""

    capabilities: tuple[str, ...]
    reason: Reason


class HeldStanding(msgspec.Struct, frozen=True):
    """An authority's order keeps the money where it is, until the authority has it lifted. The
    operator carries it out and decides nothing. `case_ids` are the numbers to give when asking
    about it or objecting; `still_works` are the capabilities that it leaves."""

    case_ids: tuple[str, ...]
    still_works: tuple[str, ...]


class StaleBank(msgspec.Struct, frozen=True):
    """A bank that holds another document number than the holder's present one: it was told an older
    one, or has said so. No card of it can be linked until the holder has had it updated there."""

    bank: str
    en: str
    zh: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """`ways_out` lead to everything that was asked about and is blocked working again; empty when
    nothing is. `ways_ahead` are what to do about `coming` before it blocks; only what lasts is
    among them. `ways_to_withdraw` link a card where no rule keeps money in and
    yet it has none to go to. `legal_hold` is there while one stands: then no way out is certain.
    `cases_open` are the holder's questions the operator has not answered yet."""

    wallet_id: str
    status: Literal["open", "closed"]
    at: datetime
    balance: Money
    held: Money
    withdrawable_now: Withdrawable
    capabilities: dict[str, CapabilityStanding]
    blockers: tuple[Blocker, ...]
    coming: tuple[Coming, ...]
    ways_out: tuple[WayOut, ...]
    ways_ahead: tuple[WayAhead, ...]
    ways_to_withdraw: tuple[WayOut, ...]
    stale_banks: tuple[StaleBank, ...]
    legal_hold: HeldStanding | None
    cases_open: tuple[str, ...] = ()


async def standing(
    conn: Connection,
    policies: tuple[Policy, ...],
    settings: Settings,
    *,
    wallet_id: str,
    capability: str | None = None,
    amount_minor: int = SMALLEST_AMOUNT_MINOR,
    now: datetime,
) -> Standing:
    """The standing of a wallet for requests of `amount_minor`; with `capability`, of that one thing
    alone. Raises `WalletUnknown` or `CapabilityUnknown`."""
    situation = await read_situation(
        conn, wallet_id=wallet_id, now=now, free_minor=settings.withdrawal_free_minor
    )
    cases = await open_cases_of(conn, wallet_id)
    asked = CAPABILITIES if capability is None else (capability,)
    # The search takes a while, and others must be served meanwhile.
    found = await asyncio.to_thread(
        judge, policies, settings, situation, now, capabilities=asked, amount_minor=amount_minor
    )
    return _with_cases(found, cases, situation)


def judge(
    policies: tuple[Policy, ...],
    settings: Settings,
    situation: Situation,
    now: datetime,
    *,
    capabilities: tuple[str, ...] = CAPABILITIES,
    amount_minor: int = SMALLEST_AMOUNT_MINOR,
) -> Standing:
    """The standing of a situation, read at `now`. Pure. Raises `CapabilityUnknown`."""
    facts = facts_at(situation, now, amount_minor)
    decisions = [decide(policies, one, facts, now, situation, NOTHING) for one in capabilities]
    currency = situation.currency
    ahead = _coming(policies, situation, now, capabilities, amount_minor)
    return Standing(
        wallet_id=situation.wallet_id,
        status=situation.status,
        at=now,
        balance=Money(situation.balance_minor, currency),
        held=Money(situation.held_minor, currency),
        withdrawable_now=_withdrawable(policies, settings, situation, now),
        capabilities={one.capability: _capability(one, situation) for one in decisions},
        blockers=_blockers(decisions) if situation.status == "open" else (),
        coming=_with_limits(policies, situation, now, capabilities, ahead),
        ways_out=_ways_out(policies, situation, now, decisions, amount_minor),
        ways_ahead=ways_ahead(policies, situation, now, ahead, amount_minor),
        ways_to_withdraw=card_to_withdraw(policies, situation, now)
        if "withdraw" in capabilities
        else (),
        stale_banks=tuple(
            StaleBank(bank, bank_name(bank, "en"), bank_name(bank, "zh"))
            for bank in situation.stale_banks
        ),
        legal_hold=_held(policies, situation, now, amount_minor),
    )


def _with_limits(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    capabilities: tuple[str, ...],
    ahead: tuple[Coming, ...],
) -> tuple[Coming, ...]:
    """`ahead`, and the announced limits beyond which the wallet then is if all it has is to move at
    once. To these there is no way but smaller amounts."""
    known = {one.policy for one in ahead}
    found = [
        one
        for policy in policies
        if policy.name not in known and is_told_by_amount(policy)
        for one in _coming(
            (policy,), situation, now, capabilities, held_against_minor(policy, situation)
        )
    ]
    return tuple(sorted((*ahead, *found), key=lambda one: (one.at, one.policy)))


def brought_on(
    policies: tuple[Policy, ...], before: Situation, after: Situation, now: datetime
) -> tuple[Coming, ...]:
    """What blocks `after` and not `before`, or `before` only later: at once (`at` is `now`), or in
    time if nobody does anything. For an act that has not been done. Pure."""
    known = {one.policy: one.at for one in _ahead(policies, before, now)}
    found = _ahead(policies, after, now)
    return tuple(one for one in found if one.policy not in known or one.at < known[one.policy])


def _ahead(policies: tuple[Policy, ...], situation: Situation, now: datetime) -> tuple[Coming, ...]:
    """What blocks now, as if it came this moment, and what is coming."""
    facts = facts_at(situation, now, SMALLEST_AMOUNT_MINOR)
    decisions = [decide(policies, one, facts, now, situation, NOTHING) for one in CAPABILITIES]
    at_once = tuple(
        Coming(
            policy=one.reason.policy,
            version=one.reason.version,
            title_en=one.reason.title_en,
            title_zh=one.reason.title_zh,
            capabilities=one.capabilities,
            at=now,
            reason=one.reason,
        )
        for one in _blockers(decisions)
    )
    return (*at_once, *_coming(policies, situation, now, CAPABILITIES, SMALLEST_AMOUNT_MINOR))


def numbered(
    ways: tuple[WayOut, ...], cases: list[Case], situation: Situation
) -> tuple[WayOut, ...]:
    """`ways`; one that asks the operator with the number of the latest case that is open."""
    asked = [case.case_id for case in cases if case.legal_hold_id is None]
    if not asked:
        return ways
    return tuple(to_operator(situation, asked[0]) if asks_operator(way) else way for way in ways)


def _with_cases(found: Standing, cases: list[Case], situation: Situation) -> Standing:
    asked = tuple(case.case_id for case in cases if case.legal_hold_id is None)
    ways = numbered(found.ways_out, cases, situation)
    card = numbered(found.ways_to_withdraw, cases, situation)
    found = msgspec.structs.replace(found, cases_open=asked, ways_out=ways, ways_to_withdraw=card)
    if found.legal_hold is None:
        return found
    of_hold = tuple(case.case_id for case in cases if case.legal_hold_id is not None)
    held = msgspec.structs.replace(found.legal_hold, case_ids=of_hold)
    return msgspec.structs.replace(found, legal_hold=held)


def _held(
    policies: tuple[Policy, ...], situation: Situation, now: datetime, amount_minor: int
) -> HeldStanding | None:
    if not situation.legal_hold:
        return None
    facts = facts_at(situation, now, amount_minor)
    left = (one for one in CAPABILITIES if allows(policies, one, facts, now, situation))
    return HeldStanding((), tuple(left) if situation.status == "open" else ("export",))


def _withdrawable(
    policies: tuple[Policy, ...], settings: Settings, situation: Situation, now: datetime
) -> Withdrawable:
    total_minor = withdrawable_minor(policies, situation, now)
    free_left_minor = situation.free_withdrawal_left_minor
    arrives_minor, fee_minor = withdraw_all(total_minor, free_left_minor, settings)
    amounts = (total_minor, fee_minor, arrives_minor)
    return Withdrawable(*(Money(minor, situation.currency) for minor in amounts))


def _capability(decision: Decision, situation: Situation) -> CapabilityStanding:
    if situation.status == "closed":
        return CapabilityStanding("closed", ())
    outcome: Literal["allowed", "blocked"] = "blocked" if decision.reasons else "allowed"
    blockers = tuple(reason.policy for reason in decision.reasons)
    return CapabilityStanding(outcome, blockers, decision.factors)


def _blockers(decisions: list[Decision]) -> tuple[Blocker, ...]:
    """One for each policy, the one in force the longest first."""
    reasons: dict[str, Reason] = {}
    takes_away: dict[str, list[str]] = {}
    for decision in decisions:
        for reason in decision.reasons:
            reasons.setdefault(reason.policy, reason)
            takes_away.setdefault(reason.policy, []).append(decision.capability)
    ordered = sorted(reasons.values(), key=lambda reason: (reason.since, reason.policy))
    return tuple(Blocker(tuple(takes_away[reason.policy]), reason) for reason in ordered)


def _coming(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    capabilities: tuple[str, ...],
    amount_minor: int,
) -> tuple[Coming, ...]:
    if situation.status == "closed":
        return ()
    found = coming(policies, situation, now, amount_minor=amount_minor)
    return tuple(one for one in found if not set(capabilities).isdisjoint(one.capabilities))


def _ways_out(
    policies: tuple[Policy, ...],
    situation: Situation,
    now: datetime,
    decisions: list[Decision],
    amount_minor: int,
) -> tuple[WayOut, ...]:
    """Ways to everything at once; where there is none, the ways to each thing by itself, which may
    be a case with the operator."""
    blocked = tuple(one.capability for one in decisions if one.outcome == "blocked")
    if not blocked and situation.status == "open":
        return ()
    whole = Goal(capabilities=blocked, amount_minor=amount_minor)
    if ways := plans(policies, situation, now, whole):
        return ways
    each = tuple(Goal(capabilities=(one,), amount_minor=amount_minor) for one in blocked)
    return tuple(
        dict.fromkeys(
            way for goal in each or (whole,) for way in ways_out(policies, situation, now, goal)
        )
    )
