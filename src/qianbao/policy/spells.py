"""When a policy is not met: the spells of time in which it blocks a wallet, past and to come.

Nothing is scanned day by day. A condition over facts can change only where a leaf's two sides
meet, when a counter starts again, or when the policy's own dates come; these moments are computed,
and between two of them nothing changes. Here belongs that search in time, not what follows from it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlglot import exp

from qianbao.clock import start_of_day
from qianbao.policy.dates import retired_from
from qianbao.policy.facts import FACTS, GREATEST_MINOR, Facts, Situation, facts_at, facts_on
from qianbao.policy.operands import slope_of, value_of
from qianbao.policy.policies import INTO_THE_BALANCE, SMALLEST_AMOUNT_MINOR, Policy
from qianbao.policy.reach import reached_from


class Spell(msgspec.Struct, frozen=True):
    """A stretch of time: from `begin` (included) to `end` (not included; None: past what was
    looked at)."""

    begin: datetime
    end: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` lies inside."""
        return self.begin <= moment and (self.end is None or moment < self.end)


Course = dict[date, Facts]
"""One wallet's facts on days already looked at, if nobody does anything: several policies turn on
the same ones."""


def blocked_spells(
    policy: Policy,
    situation: Situation,
    now: datetime,
    *,
    until: datetime,
    amount_minor: int = 0,
    course: Course | None = None,
) -> list[Spell]:
    """The spells, up to `until`, in which `policy` blocks this wallet if nobody does anything:
    not met, past the wallet's own grace and exemption, and in force for its slice of the rollout.
    `situation` is as read at `now`; of what came before the last change, only what is remembered
    (`Situation.fallen_out`) is told. `course` is filled: for several policies, one wallet and one
    amount."""
    course = {} if course is None else course
    known_from = last_change(policy, situation, now)
    grace = timedelta(days=policy.grace_days)
    reached, retired = reached_from(policy, situation), retired_from(policy)
    found = []
    for spell in _unmet_spells(policy, situation, now, until, amount_minor, course):
        fell_out = spell.begin
        if fell_out == known_from:  # and who knows how long before
            fell_out = min(fell_out, _remembered(policy, situation) or fell_out)
        facts = facts_then(situation, now, spell.begin, amount_minor, course) if grace else {}
        by_amount = bool(grace) and is_by_amount(policy, facts)
        begin, end = max(fell_out if by_amount else fell_out + grace, reached), spell.end
        if retired < until:
            end = min(end or retired, retired)
        if (end is None or begin < end) and begin < until:
            found.append(Spell(begin, end))
    return found


KnownSpells = dict[object, list[Spell]]
"""Spells that were found, by what a policy reads of a wallet: many wallets look alike to one."""


def spells_ahead(
    policy: Policy,
    situation: Situation,
    now: datetime,
    *,
    until: datetime,
    amount_minor: int,
    course: Course,
    known: KnownSpells,
) -> list[Spell]:
    """As `blocked_spells`, of what begins at `now` as if nothing had been before, but for days of
    grace. `known` is filled: for many wallets."""
    if policy.grace_days:
        return blocked_spells(
            policy, situation, now, until=until, amount_minor=amount_minor, course=course
        )
    facts = facts_then(situation, now, now, amount_minor, course)
    reach = (situation.time_zone, situation.bucket, situation.exemptions, situation.fallen_out)
    alike = (policy, now, until, reach, tuple([facts[name] for name in _reads(policy)]))
    found = known.get(alike)
    if found is None:
        ahead = msgspec.structs.replace(situation, facts_changed_at=now)
        found = known[alike] = blocked_spells(
            policy, ahead, now, until=until, amount_minor=amount_minor, course=course
        )
    return found


@lru_cache(maxsize=1024)
def _reads(policy: Policy) -> tuple[str, ...]:
    return tuple(policy.applies_to.reads | policy.requires.reads)


def fell_out_at(
    policy: Policy, situation: Situation, now: datetime, amount_minor: int = 0
) -> datetime | None:
    """Since when the wallet has not met `policy`, as far as is known; None: it meets it now."""
    until = now + timedelta(microseconds=1)
    spells = _unmet_spells(policy, situation, now, until, amount_minor, {})
    begin = next((spell.begin for spell in spells if spell.holds(now)), None)
    if begin is None or begin > last_change(policy, situation, now):
        return begin
    return min(begin, _remembered(policy, situation) or begin)


def preventable_from(policy: Policy, situation: Situation, now: datetime) -> datetime:
    """Since when it was in the holder's hands to prevent that `policy` blocks at `now`."""
    if _fell_out_by_time(policy, situation, now):
        return situation.opened_at
    known = last_change(policy, situation, now)
    return min(known, fell_out_at(policy, situation, now) or known)


def _fell_out_by_time(policy: Policy, situation: Situation, now: datetime) -> bool:
    """Whether what is remembered of when the wallet fell out of `policy` is what time alone makes
    of the facts as they are: then no later act has had a part in it."""
    remembered = _remembered(policy, situation)
    if remembered is None or not _changes(policy) <= {"act"}:
        return False
    as_ever = msgspec.structs.replace(situation, facts_changed_at=situation.opened_at)
    until = now + timedelta(microseconds=1)
    spells = _unmet_spells(policy, as_ever, now, until, 0, {})
    return any(spell.begin == remembered and spell.holds(now) for spell in spells)


def known_since(policy: Policy, situation: Situation, now: datetime) -> datetime:
    """Since when a wallet that does not meet `policy`, whatever the day, is known not to."""
    changed = last_change(policy, situation, now)
    return min(changed, _remembered(policy, situation) or changed)


def _remembered(policy: Policy, situation: Situation) -> datetime | None:
    return next((since for name, since in situation.fallen_out if name == policy.name), None)


def is_unmet(policy: Policy, facts: Facts) -> bool:
    """Whether `policy` applies and what it requires is not TRUE."""
    return policy.applies_to.holds(facts) and not policy.requires.holds(facts)


def is_by_amount(policy: Policy, facts: Facts) -> bool:
    """Whether it is this request's amount that is too large: that has no days of grace."""
    return bool(facts["amount_minor"]) and not is_unmet(policy, facts | {"amount_minor": 0})


def reads_use(policy: Policy) -> bool:
    """Whether any use of the money changes facts that the policy reads."""
    return "use" in _changes(policy)


def can_change_by_waiting(policy: Policy) -> bool:
    """Whether time alone can change what the policy says of a wallet."""
    return retired_from(policy).year < 9999 or bool(_lines(policy)) or _reads_reset(policy)


@lru_cache(maxsize=1024)
def can_only_ease(policy: Policy) -> bool:
    """Whether who meets the policy goes on to, if nobody does anything: a limit, of which the sum
    starts again, on wallets that time does not make others of."""
    moved = (FACTS[name] for name in policy.applies_to.reads)
    return policy.limit is not None and not any(fact.per_day or fact.resets for fact in moved)


@lru_cache(maxsize=1024)
def as_it_blocks(policy: Policy) -> Policy:
    """A rule that asks for proof before a merchant's charge as what it is to the holder: a block on
    being charged, since nobody is there to answer. Any other rule as it is."""
    if "be_charged" not in policy.asks_before:
        return policy
    return msgspec.structs.replace(policy, blocks=("be_charged",))


@lru_cache(maxsize=1024)
def limits_amounts(policy: Policy) -> bool:
    """Whether it blocks some amounts and not others. Nobody is kept from everything by it, but
    whoever has, or is sent, more may be kept from moving all of it."""
    return bool(policy.blocks) and "amount_minor" in policy.applies_to.reads | policy.requires.reads


def limits_what_comes_in(policy: Policy) -> tuple[str, ...]:
    """The capabilities of a limit by which money comes into the wallet: how much that will be,
    nobody can know."""
    if not limits_amounts(policy):
        return ()
    return tuple(one for one in policy.blocks if one in INTO_THE_BALANCE)


def held_against_minor(policy: Policy, situation: Situation) -> int:
    """The amount that a rule is tried on where nobody asks for one: the smallest; for a limit with
    dates all that may leave the wallet, since whoever has more than it lets through has to know;
    for one on what comes in, more than it lets through."""
    if not is_told_by_amount(policy):
        return SMALLEST_AMOUNT_MINOR
    if limits_what_comes_in(policy):
        return beyond_any(policy)
    return max(SMALLEST_AMOUNT_MINOR, situation.balance_minor - situation.held_minor)


def held_against(policy: Policy) -> tuple[str, ...]:
    """The capabilities for which it is tried on that amount: of a limit on what comes in, those by
    which it does; all it blocks otherwise."""
    return (is_told_by_amount(policy) and limits_what_comes_in(policy)) or policy.blocks


def is_told_by_amount(policy: Policy) -> bool:
    """Whether the policy is a limit with dates: once it is in force the amount that meets it
    tells."""
    return policy.timeline is not None and limits_amounts(policy)


def beyond_any(policy: Policy) -> int:
    """An amount that a limit refuses of anybody to whom it applies."""
    return policy.limit.at_most_minor + 1 if policy.limit else GREATEST_MINOR


def _unmet_spells(
    policy: Policy,
    situation: Situation,
    now: datetime,
    until: datetime,
    amount_minor: int,
    course: Course,
) -> list[Spell]:
    begin = last_change(policy, situation, now)
    days = _days_of_change(policy, situation, now, until, amount_minor, course)
    zone = ZoneInfo(situation.time_zone)
    today = now.astimezone(zone).date()
    starts = (start_of_day(today + timedelta(days=day), zone) for day in days)
    moments = [begin, *sorted(moment for moment in starts if begin < moment < until)]
    spells: list[Spell] = []
    since: datetime | None = None
    for moment in moments:
        unmet = is_unmet(policy, facts_then(situation, now, moment, amount_minor, course))
        if unmet and since is None:
            since = moment
        elif not unmet and since is not None:
            spells.append(Spell(since, moment))
            since = None
    return [*spells, Spell(since, None)] if since is not None else spells


def facts_then(
    situation: Situation, now: datetime, moment: datetime, amount_minor: int, course: Course
) -> Facts:
    """The facts at `moment`, before or after `now`, if nobody does anything."""
    zone = ZoneInfo(situation.time_zone)
    day = moment.astimezone(zone).date()
    facts = course.get(day)
    if facts is None:
        today = now.astimezone(zone).date()
        if today not in course:
            course[today] = facts_at(situation, now, amount_minor)
        facts = course[day] = facts_on(course[today], day)
    return facts


def last_change(policy: Policy, situation: Situation, now: datetime) -> datetime:
    """Since when this wallet's facts that the policy reads are known to have been as they are, but
    for time: an act may have changed others. What is remembered of before is in `fallen_out`."""
    changed = situation.facts_changed_at
    if "data" in _changes(policy) and situation.data_confirmed_at is not None:
        changed = max(changed, situation.data_confirmed_at)
    if reads_use(policy) and situation.last_used_at is not None:
        changed = max(changed, situation.last_used_at)
    return min(changed, now)


def _days_of_change(
    policy: Policy,
    situation: Situation,
    now: datetime,
    until: datetime,
    amount_minor: int,
    course: Course,
) -> set[int]:
    """Days, counted from the holder's today, at whose start the policy may change its mind."""
    days: set[int] = set()
    resets = _reset_days(policy, situation, now, until)
    lines = _lines(policy)
    for day in [0, *resets] if lines else []:
        days |= _crossings(lines, situation, now, day, amount_minor, course)
    furthest = (until - now).days + 2
    earliest = (last_change(policy, situation, now) - now).days - 2
    return {day for day in (*days, *resets) if earliest <= day <= furthest}


def _crossings(
    lines: tuple[_Line, ...],
    situation: Situation,
    now: datetime,
    day: int,
    amount_minor: int,
    course: Course,
) -> set[int]:
    """Where each moving leaf's sides meet, reckoned with the counters as they are on `day`."""
    moment = now
    if day:
        zone = ZoneInfo(situation.time_zone)
        today = now.astimezone(zone).date()
        moment = start_of_day(today + timedelta(days=day), zone)
    facts = facts_then(situation, now, moment, amount_minor, course)
    days: set[int] = set()
    for line in lines:
        left, right = _number(line.left, facts), _number(line.right, facts)
        if left is not None and right is not None:
            meets = day + (right - left) // line.slope
            days |= {meets, meets + 1}
    return days


def _reset_days(
    policy: Policy, situation: Situation, now: datetime, until: datetime
) -> tuple[int, ...]:
    """The days on which counters that the policy reads begin again."""
    if not _reads_reset(policy):
        return ()
    today = now.astimezone(ZoneInfo(situation.time_zone)).date()
    new_years = [
        (today.replace(year=year, month=1, day=1) - today).days
        for year in range(today.year + 1, until.year + 2)
    ]
    return (1, *new_years)


class _Line(msgspec.Struct, frozen=True, eq=False):
    """Two operands whose difference grows by `slope` a day."""

    left: Any
    right: Any
    slope: int


@lru_cache(maxsize=1024)
def _lines(policy: Policy) -> tuple[_Line, ...]:
    """The leaves of a policy that move with time."""
    pairs: list[tuple[Any, Any]] = []
    for condition in (policy.applies_to, policy.requires):
        for node in condition.tree.walk():
            match node:
                case exp.In():
                    pairs += [(node.this, choice) for choice in node.expressions]
                case exp.EQ() | exp.NEQ() | exp.LT() | exp.LTE() | exp.GT() | exp.GTE():
                    pairs.append((node.this, node.expression))
    slopes = ((left, right, slope_of(left) - slope_of(right)) for left, right in pairs)
    return tuple(_Line(left, right, slope) for left, right, slope in slopes if slope)


@lru_cache(maxsize=1024)
def _reads_reset(policy: Policy) -> bool:
    reads = policy.applies_to.reads | policy.requires.reads
    return any(FACTS[name].resets for name in reads)


@lru_cache(maxsize=1024)
def _changes(policy: Policy) -> frozenset[str]:
    reads = policy.applies_to.reads | policy.requires.reads
    return frozenset(FACTS[name].changes for name in reads)


def _number(node: Any, facts: Facts) -> int | None:
    value: Any = value_of(node, facts)
    if value is None:
        return None
    return int(value.toordinal() if hasattr(value, "toordinal") else value)
