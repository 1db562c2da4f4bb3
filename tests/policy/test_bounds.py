"""What a policy's texts and numbers may be; beyond it they are refused at once, with the place."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date

import duckdb
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qianbao.errors import InvalidInput
from qianbao.policy.closures import to_sql
from qianbao.policy.conditions import PolicyOutOfBounds, PolicySyntax, read_condition
from qianbao.policy.facts import FACTS
from qianbao.policy.marks import PolicyFieldWrong, PolicyUnreadable
from qianbao.policy.policies import load_policy

GOOD = """\
policy: two-banks
version: 3
title: {en: Two banks, zh: 两家银行}
basis: PBOC 2015 No. 43
applies_to: residency = 'foreign'
requires: linked_banks >= 2
otherwise: {block: [pay]}
timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}
"""


def refused(text: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        load_policy(text)
    assert caught.value.detail["line"] >= 1
    assert caught.value.sentence("zh") != caught.value.sentence("en")
    return caught.value


def place(error: InvalidInput) -> tuple[int, int]:
    return error.detail["line"], error.detail["column"]


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("written", [r"\0", r"\x1b[2J", r"\x7f", r"\x85", r"\ud800", r"\u202e"])
def test_control_characters_are_refused_in_every_text(written: str) -> None:
    """PostgreSQL cannot hold the first, terminals obey the second, the last reads backwards."""
    title = refused(GOOD.replace("en: Two banks", f'en: "Two {written}banks"'))
    assert (type(title), place(title)) == (PolicyFieldWrong, (3, 13))
    basis = refused(GOOD.replace("PBOC 2015 No. 43", f'"PBOC{written}"'))
    assert place(basis) == (4, 8)
    condition = refused(GOOD.replace("linked_banks >= 2", f'"linked_banks >= 2{written}"'))
    assert place(condition) == (6, 11)
    assert place(refused(GOOD + f'"a{written}": 1\n')) == (9, 1)


def test_a_control_character_written_plainly_is_refused_where_it_stands() -> None:
    error = refused(GOOD.replace("PBOC 2015", "PBOC\0 2015"))
    assert (type(error), place(error)) == (PolicyUnreadable, (4, 12))


def test_lines_and_tabs_are_text() -> None:
    policy = load_policy(GOOD.replace("PBOC 2015 No. 43", "|\n  PBOC\n  2015\tNo. 43"))
    assert policy.basis.en == "PBOC\n2015\tNo. 43\n"


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 9_900 + "]" * 9_900, "a: " + "{" * 3_000, "- " * 5_000, "? " * 5_000,
        'a: ["]", ' + '["]", ' * 3_000, "a: " + "[{" * 100, "a:\n" + "".join(
            " " * n + "a:\n" for n in range(1, 150)),
    ],
    ids=["lists", "maps", "dashes", "keys", "hidden", "both", "indented"],
)  # fmt: skip
def test_what_is_nested_without_end_is_refused_at_once(text: str) -> None:
    began = time.perf_counter()
    assert isinstance(refused(text), PolicyUnreadable)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize(
    "written",
    ["!!timestamp x", "!!bool x", "!!int x", "!!binary aGk=", "!!set {a}",
     "!!float 1" + ":9" * 400 + ".5",
     "!!python/name:os.system x", "0b_", "1" * 5_000, "0001-01-01T00:00:00+23:59"],
)  # fmt: skip
def test_what_only_yaml_could_mean_is_refused_where_it_stands(written: str) -> None:
    error = refused(GOOD.replace("version: 3", f"version: {written}"))
    assert place(error) == (2, 10)


# ── Numbers and days ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (("version: 3", "version: 2147483648"), (2, 10)),
        (("version: 3", "version: 99999999999999999999999"), (2, 10)),
        (("enforce: 2027-01-15", "enforce: 9999-12-31"), (8, 61)),
        (("announce: 2026-12-01", "announce: 0001-01-01"), (8, 22)),
        (("enforce: 2027-01-15}",
          "enforce: 9999-12-31, rollout: [1, 100], step_days: 365}"), (8, 61)),
        (("enforce: 2027-01-15}",
          "enforce: 2100-12-31, rollout: [1, 100], step_days: 365}"), (8, 103)),
        (("requires: linked_banks >= 2", "limit: {at_most_minor: 99999999999999999999}"), (6, 24)),
        (("requires: linked_banks >= 2", "limit: {at_most_minor: 9999999999999999}"), (6, 24)),
        (("linked_banks >= 2",
          "balance_minor * 10000000000000 < 900000000000000000 OR linked_banks >= 1"), (6, 11)),
        (("linked_banks >= 2", "linked_banks * 999999999 * 999999999 * 999999999 > 1"), (6, 11)),
        (("linked_banks >= 2", "linked_banks >= 1 OR today - 999999999999 > today"), (6, 32)),
        (("linked_banks >= 2", "linked_banks >= 1 OR 999999999 * 999999999 * 99 > 1"), (6, 32)),
        (("linked_banks >= 2", "linked_banks >= 99999999999999999"), (6, 27)),
        (("linked_banks >= 2", "today >= DATE '9999-12-31'"), (6, 25)),
    ],
    ids=lambda one: one[1][:40] if isinstance(one[0], str) else "",
)  # fmt: skip
def test_what_is_too_large_is_refused_where_it_stands(
    change: tuple[str, str], where: tuple[int, int]
) -> None:
    assert place(refused(GOOD.replace(*change))) == where


@pytest.mark.parametrize(
    "text",
    ["NOT " * 150 + "verified", "(" * 40 + "verified" + ")" * 40,
     " AND ".join(["verified"] * 250), "+".join(["category"] * 80) + " > 1"],
    ids=["not", "brackets", "and", "plus"],
)  # fmt: skip
def test_a_condition_nested_too_deep_is_refused(text: str) -> None:
    with pytest.raises((PolicyOutOfBounds, PolicySyntax)):
        read_condition(text)


@pytest.mark.parametrize("word", ["٣", "DATE '2027-W03-1'", "DATE '20270115'"])
def test_what_only_python_takes_for_a_number_or_a_day_is_refused(word: str) -> None:
    fact = "today" if word.startswith("DATE") else "linked_banks"
    with pytest.raises(InvalidInput):
        read_condition(f"{fact} >= {word}")


# ── What is taken, every engine can reckon with ──────────────────────────────────────────────────

_NAMES = [name for name, fact in FACTS.items() if fact.type == "integer"]
_NUMBERS = st.integers(0, 10**18).map(str) | st.sampled_from(["0", "1", "9000", "2147483647"])
_SUMS = st.recursive(
    st.sampled_from(_NAMES) | _NUMBERS,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda p: f"({' '.join(p)})")
        | inner.map(lambda one: f"-({one})")
    ),
    max_leaves=5,
)
_DAYS = st.tuples(
    st.sampled_from(["today", "document_valid_until", "DATE '2027-01-15'"]),
    st.sampled_from("+-"), st.integers(0, 10**10) | st.sampled_from(_NAMES),
).map(lambda p: f"{p[0]} {p[1]} {p[2]} > today")  # fmt: skip
_WRITTEN = st.tuples(_SUMS, st.sampled_from(["<", ">="]), _SUMS).map(" ".join) | _DAYS


@pytest.fixture
def postgresql(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url) as connection:
        yield connection


def test_whatever_is_taken_no_engine_refuses_at_the_facts_extremes(
    postgresql: psycopg.Connection,
) -> None:
    types = {"integer": "bigint", "text": "text", "boolean": "boolean", "date": "date"}
    duck = duckdb.connect()

    @settings(max_examples=250, deadline=None)
    @given(text=_WRITTEN, greatest=st.booleans())
    def check(text: str, greatest: bool) -> None:
        try:
            condition = read_condition(text)
        except InvalidInput:
            return
        at = {
            name: (fact.greatest if greatest else fact.least) if fact.type == "integer" else None
            for name, fact in FACTS.items()
        } | {"today": "2100-12-31" if greatest else "2000-01-01",
             "document_valid_until": "9999-12-31" if greatest else "1900-01-01"}  # fmt: skip
        row = ", ".join(
            f"CAST({value!r} AS {types[FACTS[name].type]}) AS {name}".replace("None", "NULL")
            for name, value in at.items()
        )
        asked = to_sql(condition.tree, "postgres", columns=True)
        theirs = postgresql.execute(f"SELECT {asked} FROM (SELECT {row}) AS wallet").fetchone()
        asked = to_sql(condition.tree, "duckdb", columns=True)
        ducks = duck.execute(f"SELECT {asked} FROM (SELECT {row}) AS wallet").fetchone()
        facts = {
            name: date.fromisoformat(value) if isinstance(value, str) else value
            for name, value in at.items()
        }
        assert theirs == ducks == (condition.value(facts),)

    check()


@settings(max_examples=300, deadline=None)
@given(
    field=st.sampled_from(["version: 3", "Two banks", "PBOC 2015 No. 43", "residency = 'foreign'",
                           "linked_banks >= 2", "[pay]", "2026-12-15"]),
    value=st.text(max_size=30)
    | st.integers().map(str)
    | st.text(alphabet="[]{}()!&*?|>'\"%@`#,:-=<>0123456789 abe\n\t\\", max_size=40)
    | st.dates().map(str)
    | st.tuples(st.sampled_from(_NAMES), _SUMS).map(" > ".join),
)  # fmt: skip
def test_anything_is_a_policy_or_refused_with_its_place(field: str, value: str) -> None:
    wrong = None
    try:
        load_policy(GOOD.replace(field, value))
    except InvalidInput as error:
        wrong = error
    if wrong is not None:
        assert (wrong.detail["line"] >= 1) is (wrong.detail["column"] >= 1) is True
        assert wrong.sentence("zh")
        assert wrong.next_step("en")
