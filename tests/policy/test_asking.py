"""Rules that ask for more proof: how they are written, combined with others, and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianbao.errors import InvalidInput
from qianbao.policy.asking import ASKS_BEFORE, EVERYTHING, FACTORS, NOTHING, Factor, Proven
from qianbao.policy.decide import Decision, allows, decide, outcome
from qianbao.policy.facts import FACTS, Facts, facts_at
from qianbao.policy.lint import lint_conditions
from qianbao.policy.permits import permit
from qianbao.policy.policies import Policy, load_policy, locked_out_sql
from qianbao.policy.record import record, take_again
from tests.policy.cast import AFTER_ENFORCEMENT, anna, moments, situations
from tests.policy.expressions import conditions, facts

PIN: Proven = frozenset({"pin"})
LARGE = "when: amount_minor > 50000"
TYPES = {"integer": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}


def asks(name: str, condition: str, effect: str = "{require: [code], before: [pay]}") -> Policy:
    """A rule that asks, or any other effect."""
    return load_policy(
        f"policy: {name}\nversion: 1\ntitle: {{en: Confirm it, zh: 请验证}}\nbasis: a test\n"
        f"{condition}\notherwise: {effect}\n"
    )


def paying(*policies: Policy, amount: int, proven: Proven = PIN, **changes: Any) -> Decision:
    """Anna pays."""
    state = anna(**changes)
    given_facts = facts_at(state, AFTER_ENFORCEMENT, amount)
    return decide(policies, "pay", given_facts, AFTER_ENFORCEMENT, state, proven)


def test_what_was_proved_is_enough_or_not() -> None:
    rule = asks("large", LARGE)
    assert paying(rule, amount=50_000).outcome == "allowed"
    asked = paying(rule, amount=50_001)
    assert (asked.outcome, asked.factors, asked.reasons) == ("step_up", ("code",), ())
    assert [(one.policy, one.factors) for one in asked.asks] == [("large", ("code",))]
    assert "Confirm it. This takes a code sent to your phone." in asked.asks[0].sentence_en
    assert "This amount: ¥500.01" in asked.asks[0].sentence_en.replace("this", "This")
    assert "短信验证码" in asked.asks[0].sentence_zh
    assert paying(rule, amount=50_001, proven=EVERYTHING).outcome == "allowed"


def test_the_strictest_wins_factors_add_up_and_every_reason_is_told() -> None:
    code, pin = asks("large", LARGE), asks("odd", "when: TRUE", "{require: [pin], before: [pay]}")
    both = paying(code, pin, amount=60_000, proven=NOTHING)
    assert (both.outcome, both.factors) == ("step_up", ("pin", "code"))
    assert [one.policy for one in both.asks] == ["large", "odd"]
    stop = asks("stop", "limit: {at_most_minor: 10000}", "{block: [pay]}")
    refused = paying(code, stop, pin, amount=60_000)
    assert (refused.outcome, refused.factors) == ("blocked", ("code",))
    assert [one.policy for one in refused.reasons] == ["stop"]
    assert [one.policy for one in refused.asks] == ["large"]
    assert paying(code, stop, amount=60_000, proven=EVERYTHING).asks == ()
    assert refused.versions == (("stop", 1), ("large", 1), ("odd", 1))


def test_a_days_sum_counts_with_the_request_and_what_is_left_is_told() -> None:
    cap = asks("cap", "limit: {fact: paid_today_minor, at_most_minor: 100000}")
    assert paying(cap, amount=40_000, paid_today_minor=60_000).outcome == "allowed"
    asked = paying(cap, amount=40_001, paid_today_minor=60_000)
    assert (asked.outcome, asked.asks[0].headroom_minor) == ("step_up", 40_000)


def test_where_a_fact_is_not_known_it_asks() -> None:
    rule = asks("long-ago", "when: days_since_last_use > 30")
    assert paying(rule, amount=1, last_used_at=None).outcome == "step_up"


def test_dates_exemptions_and_slices_hold_for_it_as_for_any_rule() -> None:
    dated = "when: TRUE\ntimeline: {announce: 2026-12-01, warn: 2026-12-02, enforce: 2027-03-01}"
    assert paying(asks("later", dated), amount=1).outcome == "allowed"
    always = asks("always", "when: TRUE")
    until = AFTER_ENFORCEMENT.replace(year=2028)
    assert paying(always, amount=1).outcome == "step_up"
    assert paying(always, amount=1, exemptions=(("always", until),)).outcome == "allowed"


def test_whoever_only_asks_about_the_wallet_is_not_asked_for_anything() -> None:
    state, rule = anna(), asks("always", "when: TRUE")
    given_facts = facts_at(state, AFTER_ENFORCEMENT, 1)
    assert allows((rule,), "pay", given_facts, AFTER_ENFORCEMENT, state)
    assert decide((rule,), "pay", given_facts, AFTER_ENFORCEMENT, state).outcome == "allowed"


WRITTEN_WRONGLY = {
    "{require: [cod], before: [pay]}": ("policy_unknown_factor", "code", 23),
    "{require: [code], before: [payy]}": ("policy_unknown_capability", "pay", 39),
    "{require: [code], before: [close]}": ("policy_cannot_ask", "withdraw", 39),
    "{require: [code], before: [receive]}": ("policy_cannot_ask", "withdraw", 39),
    "{require: [code]}": ("policy_field_wrong", "before", 1),
    "{before: [pay]}": ("policy_field_wrong", "require", 1),
    "{block: [pay], require: [code], before: [pay]}": ("policy_field_wrong", "block", 1),
    "{require: [], before: [pay]}": ("policy_field_wrong", "", 22),
    "{requir: [code], before: [pay]}": ("policy_unknown_field", "require", 13),
}


@pytest.mark.parametrize("effect", WRITTEN_WRONGLY)
def test_mistakes_are_found_on_writing(effect: str) -> None:
    code, near, column = WRITTEN_WRONGLY[effect]
    with pytest.raises(InvalidInput) as refused:
        asks("wrong", LARGE, effect)
    assert refused.value.code == code
    assert (refused.value.detail["line"], refused.value.detail["column"]) == (6, column)
    assert near in refused.value.sentence("en") + refused.value.next_step("en")


@pytest.mark.parametrize(
    ("condition", "effect", "line", "column"),
    [
        ("when: amount_minr > 5", "{require: [code], before: [pay]}", 5, 7),
        ("requires: TRUE\nwhen: TRUE", "{require: [code], before: [pay]}", 6, 1),
        ("when: TRUE", "{block: [pay]}", 5, 1),
    ],
)
def test_a_wrong_when_is_found_where_it_stands(
    condition: str, effect: str, line: int, column: int
) -> None:
    with pytest.raises(InvalidInput) as refused:
        asks("wrong", condition, effect)
    assert (refused.value.detail["line"], refused.value.detail["column"]) == (line, column)


def test_the_lint_sees_what_asks_nothing_and_what_stands_behind() -> None:
    found = lint_conditions((asks("pin", "when: TRUE", "{require: [pin], before: [pay]}"),))
    assert [(one.code, one.severity, one.line) for one in found] == [("asks_nothing", "warning", 6)]
    behind, before = asks("behind", "when: amount_minor > 60000"), asks("before", LARGE)
    assert [(one.code, one.policies) for one in lint_conditions((behind, before))] == [
        ("shadowed", ("behind", "before"))
    ]
    blocks = asks("blocks", "limit: {at_most_minor: 50000}", "{block: [pay]}")
    assert [one.policies for one in lint_conditions((behind, blocks))] == [("behind", "blocks")]
    never = lint_conditions((asks("never", "when: category > 7"),))
    assert [(one.code, "can never ask" in one.message.en) for one in never] == [
        ("never_blocks", True)
    ]


# ── The readers agree ────────────────────────────────────────────────────────────────────────────


@st.composite
def effects(draw: st.DrawFn) -> str:
    """A block of paying, or something asked for before it."""
    wanted = draw(st.sampled_from([(), ("pin",), ("code",), ("pin", "code")]))
    return f"{{require: [{', '.join(wanted)}], before: [pay]}}" if wanted else "{block: [pay]}"


@st.composite
def policies(draw: st.DrawFn) -> tuple[Policy, ...]:
    """Up to four rules about paying, over the whole grammar."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        effect, text = draw(effects()), draw(conditions()).replace("\n", " ")
        field = (
            "requires"
            if effect.startswith("{block")
            else draw(st.sampled_from(["requires", "when"]))
        )
        applies = draw(st.none() | conditions())
        also = f"applies_to: >-\n  {applies}\n" if applies else ""
        made.append(asks(f"rule-{number}", f"{also}{field}: >-\n  {text}", effect))
    return tuple(made)


def _asked_in_sql(rules: tuple[Policy, ...], proven: Proven, dialect: str) -> str:
    """The outcome by SQL alone: what each rule's own statement says, the strictest first."""
    blocks = [one for one in rules if one.blocks]
    wanting = [one for one in rules if one.asks and not proven.issuperset(one.asks)]

    def any_of(several: list[Policy]) -> str:
        told = (f"({locked_out_sql(one, dialect, columns=True)})" for one in several)
        return " OR ".join(told) or "FALSE"

    return (
        f"CASE WHEN {any_of(blocks)} THEN 'blocked' WHEN {any_of(wanting)} THEN 'step_up' "
        "ELSE 'allowed' END"
    )


@pytest.fixture
def postgresql(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url) as connection:
        yield connection


def test_closures_sql_reasons_and_goals_agree_on_who_is_asked(
    postgresql: psycopg.Connection[Any],
) -> None:
    row = ", ".join(f"%({name})s::{TYPES[fact.type]} AS {name}" for name, fact in FACTS.items())
    duck_row = ", ".join(f"CAST(? AS {TYPES[fact.type]}) AS {name}" for name, fact in FACTS.items())
    duck = duckdb.connect()

    @settings(max_examples=250, deadline=None)
    @given(
        rules=policies(),
        given_facts=facts(),
        proven=st.frozensets(st.sampled_from(FACTORS)),
    )
    def check(rules: tuple[Policy, ...], given_facts: Facts, proven: Proven) -> None:
        # `since` is found by the clock's facts; here any combination of facts is looked at
        given_facts = given_facts | {"amount_minor": given_facts["amount_minor"] or 0}
        found = decide(rules, "pay", given_facts, AFTER_ENFORCEMENT, anna(), proven)
        query = f"SELECT {_asked_in_sql(rules, proven, 'postgres')} FROM (SELECT {row}) AS wallet"
        assert postgresql.execute(query, given_facts).fetchone() == (found.outcome,)
        assert outcome(rules, "pay", given_facts, AFTER_ENFORCEMENT, anna(), proven) == (
            found.outcome
        )
        query = f"SELECT {_asked_in_sql(rules, proven, 'duckdb')} FROM (SELECT {duck_row}) AS w"
        values = [given_facts[name] for name in FACTS]
        assert duck.execute(query, values).fetchone() == (found.outcome,)
        told = {one.policy: one for one in (*found.reasons, *found.asks)}
        unmet = {
            one.name
            for one in rules
            if one.applies_to.holds(given_facts) and not one.requires.holds(given_facts)
        }
        assert set(told) == {
            one.name
            for one in rules
            if one.name in unmet and not (one.asks and proven.issuperset(one.asks))
        }
        assert all(one.compared.leaves() for one in told.values())
        wanted = {factor for one in found.asks for factor in one.factors} - proven
        assert set(found.factors) == wanted
        assert (found.outcome == "step_up") == bool(found.asks and not found.reasons)
        # the goal: with what is asked for proved, whatever remains is a block, and a plan's to end
        rest = decide(rules, "pay", given_facts, AFTER_ENFORCEMENT, anna(), proven | wanted)
        assert rest.outcome == ("blocked" if found.reasons else "allowed")
        assert allows(rules, "pay", given_facts, AFTER_ENFORCEMENT, anna()) is not bool(
            found.reasons
        )

    check()


@settings(max_examples=150, deadline=None)
@given(
    rules=policies(), at=moments(), proven=st.frozensets(st.sampled_from(FACTORS)), data=st.data()
)
def test_permits_and_the_log_say_what_was_decided(
    rules: tuple[Policy, ...], at: Any, proven: Proven, data: st.DataObject
) -> None:
    """A permit that covers a request is of one that is allowed, whatever it proved; and what is
    kept of a decision gives it again."""
    state = data.draw(situations(at))
    given_facts = facts_at(state, at, 600)
    found = decide(rules, "pay", given_facts, at, state, proven)
    if permit(rules, "pay", given_facts, at, state).covers(given_facts):
        assert decide(rules, "pay", given_facts, at, state, NOTHING).outcome == "allowed"
    kept = record(rules, "pay", given_facts, state)
    assert take_again(rules, "pay", kept.situation, 600, at, proven).decision == found


def test_every_factor_and_every_act_that_can_be_asked_about_loads() -> None:
    for factor in FACTORS:
        for capability in ASKS_BEFORE:
            rule = asks("one", "when: TRUE", f"{{require: [{factor}], before: [{capability}]}}")
            only: tuple[Factor, ...] = (factor,)
            assert (rule.asks, rule.asks_before, rule.blocks) == (only, (capability,), ())
