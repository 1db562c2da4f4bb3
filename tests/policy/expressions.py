"""Conditions and facts made up at random, and an interpreter of SQL's three-valued logic that
shares nothing with the code under test: it walks the tree as sqlglot parsed it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlglot import exp

from qianbao.policy.facts import FACTS, Facts

SMALL = st.integers(-4, 12)
NEAR_DATES = st.integers(-4, 12).map(lambda days: date(2027, 1, 15) + timedelta(days=days))
INTEGERS = ["linked_banks", "channels", "days_since_verified", "amount_minor", "paid_today_minor",
            "days_since_opened", "days_since_last_use", "paid_this_year_minor", "category",
            "linked_cards", "available_minor"]  # fmt: skip
BOOLEANS = ["verified", "legal_hold", "pay_score_on", "used_since_opened"]
TEXTS = ["residency", "document_kind"]
DATES = ["document_valid_until", "today"]
SIGNS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])


def facts() -> st.SearchStrategy[Facts]:
    """Every fact with a small value of its type, or NULL."""
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "integer": SMALL,
        "boolean": st.booleans(),
        "date": NEAR_DATES,
    }
    return st.fixed_dictionaries(
        {
            name: st.none() | (st.sampled_from(fact.values) if fact.values else by_type[fact.type])
            for name, fact in FACTS.items()
        }
    )


def _integers() -> st.SearchStrategy[str]:
    names, numbers = st.sampled_from(INTEGERS), SMALL.map(lambda n: f"({n})" if n < 0 else str(n))
    return st.one_of(
        names,
        names,
        numbers,
        st.tuples(names, st.sampled_from("+-"), names).map(" ".join),
        st.tuples(names, st.sampled_from("+-*"), numbers).map(" ".join),
        st.tuples(numbers, names).map(lambda pair: f"-({pair[0]} - {pair[1]} * 2)"),
    )


def _dates() -> st.SearchStrategy[str]:
    names, literals = st.sampled_from(DATES), NEAR_DATES.map(lambda day: f"DATE '{day}'")
    return st.one_of(names, literals, st.tuples(names, SMALL).map(lambda p: f"{p[0]} - ({p[1]})"))


@st.composite
def leaves(draw: st.DrawFn, with_dates: bool = True) -> str:
    """One comparison, IN, BETWEEN, IS NULL or a truth value."""
    operand = draw(st.sampled_from([_integers(), _dates()] if with_dates else [_integers()]))
    text = draw(st.sampled_from(TEXTS))
    words = [f"'{word}'" for word in FACTS[text].values]
    left, middle, right = draw(operand), draw(operand), draw(operand)
    options = [
        f"{left} {draw(SIGNS)} {right}",
        f"{left} {draw(st.sampled_from(['', 'NOT ']))}BETWEEN {middle} AND {right}",
        f"{text} {draw(st.sampled_from(['=', '<>']))} {draw(st.sampled_from(words))}",
        f"{text} {draw(st.sampled_from(['', 'NOT ']))}IN ({', '.join(words[:2])})",
        f"{draw(st.sampled_from(INTEGERS))} IN (1, -2, 3)",
        f"{draw(st.sampled_from([*FACTS]))} IS {draw(st.sampled_from(['', 'NOT ']))}NULL",
        draw(st.sampled_from(BOOLEANS)),
        f"{draw(st.sampled_from(BOOLEANS))} = {draw(st.sampled_from(['TRUE', 'FALSE']))}",
        draw(st.sampled_from(["TRUE", "FALSE"])),
    ]
    return str(draw(st.sampled_from(options)))


def conditions(with_dates: bool = True) -> st.SearchStrategy[str]:
    """Leaves joined by AND, OR and NOT, bracketed or left to precedence."""
    return st.recursive(
        leaves(with_dates=with_dates),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(" ".join),
            inner.map(lambda text: f"({text})"),
            inner.map(lambda text: f"NOT ({text})"),
            inner.map(lambda text: f"NOT {text}"),
        ),
        max_leaves=6,
    )


def truth(node: Any, given: Facts) -> Any:
    """SQL's value of a tree: TRUE, FALSE or None for NULL; operands give their own values."""
    match node:
        case exp.Paren():
            return truth(node.this, given)
        case exp.Column():
            return given[node.name]
        case exp.Literal():
            return node.this if node.is_string else int(node.this)
        case exp.Boolean():
            return bool(node.this)
        case exp.Cast():
            return date.fromisoformat(node.this.this)
        case exp.Not():
            inner = truth(node.this, given)
            return None if inner is None else not inner
        case exp.And():
            return _kleene_and(truth(node.this, given), truth(node.expression, given))
        case exp.Or():
            both = [truth(side, given) for side in (node.this, node.expression)]
            negated = _kleene_and(*(None if side is None else not side for side in both))
            return None if negated is None else not negated
        case exp.Between():
            value = node.this
            low = exp.GTE(this=value.copy(), expression=node.args["low"].copy())
            high = exp.LTE(this=value.copy(), expression=node.args["high"].copy())
            return _kleene_and(truth(low, given), truth(high, given))
        case exp.Is():
            missing = truth(node.this, given) is None
            return missing != bool(node.args.get("negate"))
        case exp.In():
            value = truth(node.this, given)
            return None if value is None else value in [truth(c, given) for c in node.expressions]
        case exp.Neg():
            inner = truth(node.this, given)
            return None if inner is None else -inner
    return _binary(node, truth(node.this, given), truth(node.expression, given))


def _kleene_and(left: bool | None, right: bool | None) -> bool | None:
    if left is False or right is False:
        return False
    return None if left is None or right is None else True


def _binary(node: Any, left: Any, right: Any) -> Any:
    if left is None or right is None:
        return None
    match node:
        case exp.EQ():
            return left == right
        case exp.NEQ():
            return left != right
        case exp.LT():
            return left < right
        case exp.LTE():
            return left <= right
        case exp.GT():
            return left > right
        case exp.GTE():
            return left >= right
        case exp.Mul():
            return left * right
    sign = 1 if isinstance(node, exp.Add) else -1
    if isinstance(left, date) and isinstance(right, int):
        return left + timedelta(days=sign * right)
    return left + sign * right
