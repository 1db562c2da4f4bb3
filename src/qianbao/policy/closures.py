"""Two readers of a condition's tree: a Python closure, and SQL for the whole population.

Both give SQL's three-valued answer; a test evaluates one against the other.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import sqlglot
from sqlglot import exp

from qianbao.policy.facts import FACTS, Facts
from qianbao.policy.normal import COMPARISONS, is_negated

_SIGNS: dict[type[exp.Expression], str] = {
    exp.EQ: "==", exp.NEQ: "!=", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*",
}  # fmt: skip


def closure(tree: exp.Expression, *, sense: bool) -> Callable[[Facts], bool]:
    """A function of facts that says whether `tree` is TRUE (`sense`) or is FALSE (not `sense`)."""
    source = f"lambda f: {_truth(tree, sense)}"
    # The source is made here from a checked tree: names come from the registry, literals from repr.
    made: Callable[[Facts], bool] = eval(source, {"__builtins__": {}})  # noqa: S307
    return made


def to_sql(tree: exp.Expression, dialect: str = "postgres", *, columns: bool = False) -> str:
    """`tree` as SQL for postgres, duckdb or spark. Facts are written as their expressions over the
    wallet's row with named parameters `now` and `amount_minor` (in the dialect's style), or, with
    `columns`, as columns of their own names. Whole numbers are reckoned in 64 bits whatever the
    columns are; only PostgreSQL knows the facts' own expressions."""
    written = _written(tree, dialect, columns=columns)
    return str(written.sql(dialect=dialect, comments=False, copy=False))


_NESTING = (exp.Or, exp.And, exp.Add, exp.Sub, exp.Mul, exp.Neg)


def _written(node: Any, dialect: str, *, columns: bool) -> Any:
    """A copy with facts spelt out, and parentheses wherever the tree nests; it has none itself."""
    if isinstance(node, exp.Column) and not columns:
        return exp.Paren(this=_fact_tree(node.name).copy())
    if isinstance(node, exp.Column | exp.Literal | exp.Cast):
        return node.copy()

    def part(value: Any) -> Any:
        if isinstance(value, list):
            return [part(each) for each in value]
        if not isinstance(value, exp.Expression):
            return value
        inner = _written(value, dialect, columns=columns)
        return exp.Paren(this=inner) if isinstance(value, _NESTING) else inner

    parts = {name: part(value) for name, value in node.args.items()}
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        return _arithmetic(node, parts["this"], parts["expression"], dialect)
    return type(node)(**parts)


def _arithmetic(node: Any, left: Any, right: Any, dialect: str) -> Any:
    """Dates and days are added as each dialect has it: days must be a plain INT, and Spark's own
    minus gives an interval."""
    dates = (is_date(node.this), is_date(node.expression))
    if dates == (False, False):
        if isinstance(left, exp.Literal) and isinstance(right, exp.Literal):
            left = _cast(left, "BIGINT")  # two small numbers written out would be of 32 bits
        return type(node)(this=_as(left, "BIGINT"), expression=_as(right, "BIGINT"))
    if dates == (True, True):
        if dialect == "spark":
            return exp.Anonymous(this="DATEDIFF", expressions=[left, right])
        return exp.Sub(this=left, expression=right)
    day, days = (left, right) if dates[0] else (right, left)
    days = _as(days, "INT")
    if dialect == "spark":
        days = exp.Neg(this=days) if isinstance(node, exp.Sub) else days
        return exp.Anonymous(this="DATE_ADD", expressions=[day, days])
    return type(node)(this=day, expression=days)


def _as(operand: Any, kind: str) -> Any:
    """An operand cast to `kind`, unless it is a number written out."""
    return operand if isinstance(operand, exp.Literal) else _cast(operand, kind)


def _cast(operand: Any, kind: str) -> exp.Cast:
    """`exp.cast` would copy the operand, and all below it, at each level."""
    return exp.Cast(this=operand, to=exp.DataType.build(kind))


def is_date(node: Any) -> bool:
    """Whether a checked operand is a day."""
    if isinstance(node, exp.Column):
        return FACTS[node.name].type == "date"
    if isinstance(node, exp.Paren):
        return is_date(node.this)
    if isinstance(node, exp.Add | exp.Sub):
        return is_date(node.this) != is_date(node.expression)
    return isinstance(node, exp.Cast)


@cache
def _fact_tree(name: str) -> exp.Expression:
    parsed = sqlglot.parse_one(FACTS[name].sql, dialect="postgres")
    assert isinstance(parsed, exp.Expression)
    return parsed


def _truth(node: Any, sense: bool) -> str:
    if isinstance(node, exp.And | exp.Or):
        word = "and" if isinstance(node, exp.And) == sense else "or"
        return f"({_truth(node.this, sense)} {word} {_truth(node.expression, sense)})"
    if isinstance(node, exp.Boolean):
        return str(bool(node.this) == sense)
    if is_negated(node):
        return _truth(node.this, not sense)
    if isinstance(node, exp.Is):
        return f"(f[{node.this.name!r}] is {'None' if sense else 'not None'})"
    return f"({' and '.join([*_known(node), _leaf(node, sense)])})"


def _known(leaf: exp.Expression) -> list[str]:
    """A comparison with NULL is neither TRUE nor FALSE, so each fact must be known first."""
    names = dict.fromkeys(column.name for column in leaf.find_all(exp.Column))
    return [f"({name} := f[{name!r}]) is not None" for name in names]


def _leaf(leaf: Any, sense: bool) -> str:
    if isinstance(leaf, exp.In):
        choices = ", ".join(_operand(choice) for choice in leaf.expressions)
        return f"{_operand(leaf.this)} {'in' if sense else 'not in'} ({choices},)"
    sign = _SIGNS[type(leaf) if sense else COMPARISONS[type(leaf)]]
    return f"{_operand(leaf.this)} {sign} {_operand(leaf.expression)}"


def _operand(node: Any) -> str:
    """Dates are counted as days, so that adding and comparing them is integer arithmetic."""
    match node:
        case exp.Column():
            is_date = FACTS[node.name].type == "date"
            return f"{node.name}.toordinal()" if is_date else str(node.name)
        case exp.Literal():
            return repr(node.this) if node.is_string else str(int(node.this))
        case exp.Boolean():
            return str(bool(node.this))
        case exp.Cast():
            return str(date.fromisoformat(node.this.this).toordinal())
        case exp.Neg():
            return f"(-{_operand(node.this)})"
        case exp.Paren():
            return _operand(node.this)
    return f"({_operand(node.this)} {_SIGNS[type(node)]} {_operand(node.expression)})"
