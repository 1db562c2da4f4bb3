"""Facts: one registry, one meaning each, days counted where the holder lives."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st

from qianbao.policy.facts import FACTS, Fact, Situation, carry, category, facts_at
from tests.policy.cast import AFTER_ENFORCEMENT, anna, at, deng, moments, situations

TYPES = {"integer": int, "text": str, "boolean": bool, "date": date}


@given(data=st.data(), now=moments())
def test_every_fact_is_registered_and_of_its_type(data: st.DataObject, now: datetime) -> None:
    facts = facts_at(data.draw(situations(now)), now, 5)
    assert set(facts) == set(FACTS)
    for name, value in facts.items():
        assert value is None or type(value) is TYPES[FACTS[name].type], name
        if FACTS[name].values and value is not None:
            assert value in FACTS[name].values


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_every_fact_has_words_a_source_and_sql_over_known_columns(fact: Fact) -> None:
    assert all((fact.en, fact.zh, fact.source))
    tree = sqlglot.parse_one(fact.sql, dialect="postgres")
    made_here = {"one"}
    columns = {column.name for column in tree.find_all(sqlglot.exp.Column)} - made_here
    assert columns <= set(Situation.__struct_fields__)


def test_two_cards_of_one_bank_are_one_channel() -> None:
    facts = facts_at(deng(), AFTER_ENFORCEMENT)
    assert (facts["linked_cards"], facts["linked_banks"], facts["channels"]) == (2, 1, 3)


@pytest.mark.parametrize(
    ("document", "channels", "expected"),
    [(None, 5, 0), ("passport", 0, 0), ("passport", 1, 1), ("passport", 2, 1), ("passport", 3, 2),
     ("passport", 4, 2), ("passport", 5, 3), ("resident_id", 9, 3)],
)  # fmt: skip
def test_the_category_follows_from_channels(
    document: str | None, channels: int, expected: int
) -> None:
    assert category(document, channels) == expected


def test_days_are_counted_where_the_holder_lives() -> None:
    """Anna verified late one evening in Shanghai; in Berlin it was still afternoon."""
    verified = at(2027, 1, 1, 23, 30)
    next_morning = at(2027, 1, 2, 0, 30)
    in_shanghai = facts_at(anna(verified_at=verified), next_morning)
    in_berlin = facts_at(anna(verified_at=verified, time_zone="Europe/Berlin"), next_morning)
    assert (in_shanghai["days_since_verified"], in_shanghai["today"]) == (1, date(2027, 1, 2))
    assert (in_berlin["days_since_verified"], in_berlin["today"]) == (0, date(2027, 1, 1))


def test_counters_begin_again_at_midnight_and_at_new_year() -> None:
    read_at = at(2026, 12, 30, 23, 59)
    wallet = anna(paid_today_minor=500, paid_this_year_minor=9_000)
    tomorrow = carry(wallet, read_at, at(2026, 12, 31, 0, 0))
    new_year = carry(wallet, read_at, at(2027, 1, 1, 0, 0))
    assert carry(wallet, read_at, at(2026, 12, 30, 23, 59)) is wallet
    assert (tomorrow.paid_today_minor, tomorrow.paid_this_year_minor) == (0, 9_000)
    assert (new_year.paid_today_minor, new_year.paid_this_year_minor) == (0, 0)


def test_what_was_never_so_is_unknown_not_zero() -> None:
    facts = facts_at(anna(verified_at=None, last_used_at=None), AFTER_ENFORCEMENT)
    assert facts["verified"] is False
    assert facts["used_since_opened"] is False
    assert facts["days_since_verified"] is None
    assert facts["days_since_last_use"] is None
