"""Each wallet has its own day in a rollout, is told that day, and stays within it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.policy.dates import phase, steps
from qianbao.policy.decide import HORIZON_DAYS, allows, clears_at, coming, decide
from qianbao.policy.facts import facts_at
from qianbao.policy.policies import Stop, load_policy
from qianbao.policy.reach import percent_at, reached_by_bucket, reached_from, turn_of
from tests.policy.cast import anna, at, moments, stops

TEXT = """
policy: {name}
version: 1
title: {{en: Two banks, zh: 两家银行}}
basis: none
requires: linked_banks >= 2
otherwise: {{block: [pay]}}
timeline: {{announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15, rollout: [1, 10, 100],
  step_days: 7}}
"""
STAGED = load_policy(TEXT.format(name="staged"))
FIRST, SECOND, LAST = at(2027, 1, 15, 0), at(2027, 1, 22, 0), at(2027, 1, 29, 0)
STOPPED = at(2027, 1, 18, 15)
INSTANT = timedelta(microseconds=1)


def blocked(wallet, now, policy=STAGED):
    return not allows((policy,), "pay", facts_at(wallet, now), now, wallet)


def bucket_of_slice(number, name="staged"):
    return (number - turn_of(name)) % 100


def test_one_in_a_hundred_then_ten_then_everybody():
    days = Counter(reached_by_bucket(STAGED))
    assert days == {FIRST: 1, SECOND: 9, LAST: 90}
    for moment, percent in ((FIRST - INSTANT, 0), (FIRST, 1), (SECOND, 10), (LAST, 100)):
        assert percent_at(STAGED, moment) == percent
        reached = [blocked(anna(bucket=bucket), moment) for bucket in range(100)]
        assert sum(reached) == percent


def test_another_rule_begins_with_other_wallets():
    other = load_policy(TEXT.format(name="another"))
    first = reached_by_bucket(STAGED).index(FIRST)
    assert reached_by_bucket(other).index(FIRST) != first


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 99), stops(), moments())
@example(0, (Stop(at(2027, 11, 6), at(2028, 1, 5)),), at(2026, 12, 1))
def test_everybody_is_told_their_own_day_and_it_is_that_day(bucket, stopped, now):
    """And whom a step has reached stays reached, unless enforcement is stopped for all."""
    policy, wallet = replace(STAGED, stops=stopped), anna(bucket=bucket, verified_at=None)
    told = coming((policy,), wallet, now)
    if blocked(wallet, now, policy) or phase(policy, now) == "draft":
        assert told == ()
        assert phase(policy, now) == "draft" or blocked(wallet, now + timedelta(days=999), policy)
    elif reached_from(policy, wallet) >= now + timedelta(days=HORIZON_DAYS):  # NEVER, too
        assert told == ()
    else:
        (one,) = told
        assert not blocked(wallet, one.at - INSTANT, policy)
        assert blocked(wallet, one.at, policy)
        assert one.reason.deadline == one.at


def test_the_refusal_names_the_wallets_own_day():
    wallet = anna(bucket=bucket_of_slice(5))
    now = at(2027, 2, 3)
    (reason,) = decide((STAGED,), "pay", facts_at(wallet, now), now, wallet).reasons
    assert reason.since == reason.deadline == SECOND


def test_while_enforcement_is_stopped_nobody_is_blocked_and_nothing_is_coming():
    stopped = replace(STAGED, stops=(Stop(STOPPED, None),))
    for bucket in (bucket_of_slice(0), bucket_of_slice(50)):
        assert coming((stopped,), anna(bucket=bucket), STOPPED) == ()
        assert not blocked(anna(bucket=bucket), at(2027, 9, 1), stopped)
    assert (phase(stopped, STOPPED), percent_at(stopped, STOPPED)) == ("warning", 0)


def test_what_had_not_begun_is_as_much_later_as_the_stop_lasted():
    resumed = replace(STAGED, stops=(Stop(STOPPED, at(2027, 1, 25, 0)),))
    assert [begin for _, begin in steps(resumed)] == [
        at(2027, 1, 25, 0), at(2027, 1, 29, 0), at(2027, 2, 5, 0),
    ]  # fmt: skip
    again = replace(resumed, stops=(*resumed.stops, Stop(at(2027, 1, 26), at(2027, 2, 1, 0))))
    assert [begin for _, begin in steps(again)] == [
        at(2027, 2, 1, 0), at(2027, 2, 4, 0), at(2027, 2, 11, 0),
    ]  # fmt: skip


def test_a_rule_without_dates_can_be_stopped_too():
    always = load_policy(TEXT.format(name="always").split("timeline:")[0])
    stopped = replace(always, stops=(Stop(STOPPED, at(2027, 1, 25, 0)),))
    assert blocked(anna(), STOPPED, always)
    assert not blocked(anna(), at(2027, 1, 24), stopped)
    assert blocked(anna(), at(2027, 1, 25, 0), stopped)


def test_an_exemption_ends_and_the_holder_sees_when():
    until = at(2027, 3, 1, 0)
    wallet = anna(exemptions=(("another", at(2027, 9, 1)), ("staged", until)))
    now = at(2027, 2, 3)
    assert blocked(anna(), now)
    assert not blocked(wallet, now)
    (soon,) = coming((STAGED,), wallet, now)
    assert soon.at == until
    assert blocked(wallet, until)
    (reason,) = decide((STAGED,), "pay", facts_at(wallet, until), until, wallet).reasons
    assert reason.since == until


def test_a_rule_still_to_come_does_not_hide_that_waiting_helps():
    """A daily limit is over at midnight, whatever begins next month."""
    daily = load_policy(
        "policy: daily\nversion: 1\ntitle: {en: Daily, zh: 每日}\nbasis: none\n"
        "limit: {fact: paid_today_minor, at_most_minor: 100}\notherwise: {block: [pay]}\n"
    )
    wallet = anna(paid_today_minor=100)
    now = datetime(2026, 12, 24, 4, tzinfo=UTC)
    assert clears_at((daily, STAGED), wallet, now, ["pay"], 1) == at(2026, 12, 25, 0)
