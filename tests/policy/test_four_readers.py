"""One condition, four readers: the closure, SQL of three dialects, the reasons and the goals say
the same, whatever is not known. Conditions are of the whole grammar; a policy is two of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import psycopg
import pytest
import sqlglot
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from qianbao.policy.closures import closure, to_sql
from qianbao.policy.compared import compare
from qianbao.policy.conditions import read_condition
from qianbao.policy.facts import FACTS, Facts
from qianbao.policy.normal import leaves_of
from qianbao.policy.operands import leaf_holds
from tests.policy.expressions import conditions, facts

TYPES = {"integer": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN", "date": "DATE"}

Answers = list[bool | None]
Engine = Callable[[list[str], Facts], Answers]
"""Asks several conditions, as SQL over columns named as facts, of one row of facts."""


@pytest.fixture
def postgresql(database_url: str) -> Iterator[Engine]:
    row = ", ".join(f"%({name})s::{TYPES[fact.type]} AS {name}" for name, fact in FACTS.items())
    with psycopg.connect(database_url) as connection:

        def ask(asked: list[str], given_facts: Facts) -> Answers:
            query = f"SELECT {', '.join(asked)} FROM (SELECT {row}) AS wallet"
            return list(connection.execute(query, given_facts).fetchone() or ())

        yield ask


@pytest.fixture
def duck() -> Iterator[Engine]:
    row = ", ".join(f"CAST(? AS {TYPES[fact.type]}) AS {name}" for name, fact in FACTS.items())
    with duckdb.connect() as connection:

        def ask(asked: list[str], given_facts: Facts) -> Answers:
            query = f"SELECT {', '.join(asked)} FROM (SELECT {row}) AS wallet"
            values = [given_facts[name] for name in FACTS]
            return list(connection.execute(query, values).fetchone() or ())

        yield ask


def _asked(texts: list[str], dialect: str) -> list[str]:
    trees = [read_condition(text).tree for text in texts]
    return [f"({to_sql(tree, dialect, columns=True)})" for tree in trees]


SEVERAL = st.lists(conditions(), min_size=4, max_size=4)


def test_the_closure_postgresql_and_duckdb_agree(postgresql: Engine, duck: Engine) -> None:
    @settings(max_examples=400, deadline=None)
    @given(texts=SEVERAL, given_facts=facts())
    def check(texts: list[str], given_facts: Facts) -> None:
        expected = [read_condition(text).value(given_facts) for text in texts]
        assert postgresql(_asked(texts, "postgres"), given_facts) == expected
        assert duck(_asked(texts, "duckdb"), given_facts) == expected

    check()


@settings(max_examples=300, deadline=None)
@given(text=conditions())
def test_what_is_written_for_spark_is_sparks_sql(text: str) -> None:
    """It parses as Spark's, and comes out of the parser as it went in: nothing was guessed at."""
    written = to_sql(read_condition(text).tree, "spark", columns=True)
    again = sqlglot.parse_one(written, dialect="spark").sql(dialect="spark")
    assert again == sqlglot.transpile(again, read="spark", write="spark")[0]
    assert "INTERVAL" not in again


def test_the_closure_and_spark_agree(java: None) -> None:
    from pyspark import sql as spark_sql

    local = {"spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false"}
    builder = spark_sql.SparkSession.builder.master("local[1]").config(map=local)
    session: Any = builder.getOrCreate()
    types = TYPES | {"text": "STRING"}
    schema = ", ".join(f"{name} {types[fact.type]}" for name, fact in FACTS.items())

    @settings(max_examples=3, deadline=None, phases=[Phase.generate])
    @given(
        texts=st.lists(conditions(), min_size=40, max_size=40),
        rows=st.lists(facts(), min_size=20, max_size=20),
    )
    def check(texts: list[str], rows: list[Facts]) -> None:
        frame = session.createDataFrame([[row[name] for name in FACTS] for row in rows], schema)
        asked = [f"{one} AS c{i}" for i, one in enumerate(_asked(texts, "spark"))]
        expected = [tuple(read_condition(text).value(row) for text in texts) for row in rows]
        assert [tuple(row) for row in frame.selectExpr(*asked).collect()] == expected

    try:
        check()
    finally:
        session.stop()


@settings(max_examples=400, deadline=None)
@given(text=conditions(), given_facts=facts())
def test_reasons_name_only_what_is_not_true_and_nothing_when_all_is_well(
    text: str, given_facts: Facts
) -> None:
    """What is named is a leaf of the condition that is FALSE or NULL by itself."""
    condition = read_condition(text)
    named = compare(condition.tree, given_facts).leaves()
    assert bool(named) is not condition.holds(given_facts)
    leaves = list(leaves_of(condition.tree))
    told = {
        leaf: compare(leaf, given_facts).comparisons
        for leaf in leaves
        if closure(leaf, sense=True)(given_facts) is False
    }
    assert set(named) <= {one for comparisons in told.values() for one in comparisons}


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(text=conditions(), given_facts=facts(), other=facts())
def test_facts_that_meet_the_goal_make_the_closure_true(
    text: str, given_facts: Facts, other: Facts
) -> None:
    """The goal of a blocked wallet is the comparisons that failed. Where the facts they name change
    so that all of these hold, and what held before still does, the condition is TRUE."""
    condition = read_condition(text)
    leaves = list(leaves_of(condition.tree))
    failed = [leaf for leaf in leaves if not leaf_holds(leaf, given_facts)]
    moved = {column.name for leaf in failed for column in leaf.find_all(exp.Column)}
    reached = given_facts | {name: other[name] for name in moved}
    assume(failed and all(leaf_holds(leaf, reached) for leaf in leaves))
    assert condition.holds(reached)
    assert not compare(condition.tree, reached).leaves()
