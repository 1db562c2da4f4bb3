"""A permit never says more than the decision: whatever money did since, "surely allowed" is."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.clock import local_date, start_of_day
from qianbao.policy.decide import decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.permits import MOVED_BY_MONEY, permit
from qianbao.policy.policies import CAPABILITIES, Policy, load_pack, load_policy
from tests.policy.cast import amounts, anna, at, moments, situations, stops
from tests.policy.expressions import conditions

BLOCKABLE = ("receive", "top_up", "transfer", "pay", "be_charged")
MONEY = ("paid_today_minor", "received_for_life_minor", "paid_this_year_minor", "balance_minor")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any rule: a condition or a limit, from always or some day on, for all or a share."""
    written = {
        "policy": "made-up",
        "version": draw(st.integers(1, 9)),
        "title": {"en": "Made up", "zh": "编"},
        "basis": "none",
        "applies_to": draw(conditions()),
        "grace_days": draw(st.sampled_from((0, 0, 0, 30))),
        "otherwise": {"block": draw(st.lists(st.sampled_from(BLOCKABLE), min_size=1, unique=True))},
    }
    if draw(st.booleans()):
        written["requires"] = draw(conditions())
    else:
        limit = {"fact": draw(st.sampled_from(MONEY)), "at_most_minor": draw(amounts())}
        written["limit"] = limit
    if draw(st.booleans()):
        first = draw(moments()).date()
        days = [first + timedelta(days=n) for n in (0, 1, draw(st.integers(2, 400)))]
        written["timeline"] = dict(
            zip(("announce", "warn", "enforce"), map(str, days), strict=True)
        ) | draw(st.sampled_from([{}, {"rollout": [1, 50, 100], "step_days": 20}]))
        if draw(st.booleans()):
            retire = days[2] + timedelta(days=draw(st.integers(41, 200)))
            written["timeline"]["retire"] = str(retire)
    return replace(load_policy(json.dumps(written)), stops=draw(stops()))


@st.composite
def after_money_moved(draw: st.DrawFn, before: Situation, now: datetime) -> Situation:
    """The same wallet later that day: whatever money can change has changed."""
    balance = draw(amounts())
    return replace(
        before,
        balance_minor=balance,
        held_minor=draw(st.sampled_from([0, balance])),
        in_flight=draw(st.integers(0, 9)),
        last_used_at=draw(st.sampled_from([before.last_used_at, now])),
        paid_today_minor=draw(amounts()),
        paid_this_year_minor=draw(amounts()),
        moved_for_life_minor=draw(amounts()),
        received_for_life_minor=draw(amounts()),
    )


@st.composite
def same_day_later(draw: st.DrawFn, now: datetime, situation: Situation) -> datetime:
    """A moment later that day, where the holder lives."""
    zone = ZoneInfo(situation.time_zone)
    end = start_of_day(local_date(now, zone) + timedelta(days=1), zone)
    return now + (end - now) * draw(st.floats(0, 1, exclude_max=True))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_what_a_permit_covers_is_allowed(data):
    """And where no rule gives a wallet grace it covers all that is allowed: the slow way is taken
    only for what is refused."""
    draw = data.draw
    now = draw(moments())
    situation = draw(situations(now))
    rules = tuple(draw(st.lists(policies(), max_size=4))) + draw(st.sampled_from([(), load_pack()]))
    capability = draw(st.sampled_from(BLOCKABLE))
    made = permit(rules, capability, facts_at(situation, now), now, situation)
    later = draw(same_day_later(now, situation))
    if later >= made.until:
        later = now
    moved = draw(after_money_moved(situation, later))
    facts = facts_at(moved, later, draw(amounts()))
    decision = decide(rules, capability, facts, later, moved)
    if made.covers(facts):
        assert decision.outcome == "allowed"
    elif not any(rule.grace_days for rule in rules):
        assert decision.outcome == "blocked"


def test_a_permit_keeps_only_what_money_can_turn_against_it():
    """For Anna the shipped pack leaves the limits of the year and of the day, those of a foreign
    passport, and for what she does herself how far the day goes without a code; nothing of who she
    is is asked again."""
    now = at(2026, 12, 24)
    facts = facts_at(anna(), now)
    left = {name: len(permit(load_pack(), name, facts, now, anna()).terms) for name in CAPABILITIES}
    assert left == {
        "receive": 0, "top_up": 1, "transfer": 5, "pay": 5, "be_charged": 4, "withdraw": 0,
        "close": 0, "export": 0,
    }  # fmt: skip


def test_a_permit_ends_when_a_rule_begins_or_ends():
    now = at(2026, 12, 24)
    made = permit(load_pack(), "pay", facts_at(anna(), now), now, anna())
    assert made.until == at(2027, 1, 15, 0)  # two banks
    again = permit(load_pack(), "pay", facts_at(anna(), made.until), made.until, anna())
    assert not again.covers(facts_at(anna(), made.until))


def test_every_fact_that_a_payment_changes_is_known_to_be():
    """A fact that moves with money and is not in here would be believed for too long."""
    now = at(2026, 12, 24)
    changed = replace(
        anna(), balance_minor=1, held_minor=1, in_flight=7, last_used_at=None, paid_today_minor=2,
        paid_this_year_minor=3, moved_for_life_minor=4, received_for_life_minor=5,
    )  # fmt: skip
    before, after = facts_at(anna(), now), facts_at(changed, now, 6)
    assert {name for name in before if before[name] != after[name]} == MOVED_BY_MONEY
