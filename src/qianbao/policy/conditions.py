"""Conditions: SQL boolean expressions over facts, read once and checked when they are written.

Here belongs the whitelist, the types and the errors. One checked tree, brought to normal form, is
what every reader walks: `closures` (Python and SQL), `sentences` (which leaf failed) and `spells`
(when a leaf changes with time). Not here: what a policy does with a condition.

```
PolicySyntax         not an expression
PolicyComment        a comment, which SQL would drop with what follows
PolicyForbidden      an expression, but not of the allowed kind (functions, subqueries, casts …)
PolicyUnknownFact    a name that is no fact
PolicyUnknownValue   a word that this fact can never be
PolicyTypeError      sides that cannot be compared or added
PolicyOutOfBounds    nested too deep, or numbers and days that can go too far
```
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import sqlglot
from rapidfuzz import fuzz, process
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from qianbao.errors import InvalidInput
from qianbao.policy.bounds import (
    DEEPEST_CONDITION,
    FIRST_YEAR,
    LAST_YEAR,
    Excess,
    excess_of,
    too_deep,
)
from qianbao.policy.closures import closure
from qianbao.policy.facts import FACTS, GREATEST_MINOR, Facts, Kind
from qianbao.policy.normal import COMPARISONS, normal_form

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_QUOTED_OR_COMMENT = re.compile(r"""'[^']*'|"[^"]*"|(--|/\*)""")

LONGEST_CONDITION = 4_000
"""Characters; a longer rule is not one that a person can be told about."""


class PolicySyntax(InvalidInput):
    code = "policy_syntax"
    en = "Line {line}, column {column}: this is not a condition; it cannot be read at “{near}”."
    zh = "第 {line} 行第 {column} 列：条件在 “{near}” 处无法解析。"
    next_en = "Write a comparison of facts, such as linked_banks >= 2, joined by AND, OR, NOT."
    next_zh = "请写成事实的比较，例如 linked_banks >= 2，并用 AND、OR、NOT 连接。"


class PolicyForbidden(InvalidInput):
    code = "policy_forbidden"
    en = "Line {line}, column {column}: “{near}” is not allowed in a condition."
    zh = "第 {line} 行第 {column} 列：条件中不允许使用 “{near}”。"
    next_en = "Allowed: facts, literals, DATE '2027-01-15', AND OR NOT, = <> < <= > >=, IN (list),"
    next_en += " BETWEEN, IS NULL, + - and * by a number."
    next_zh = "允许：事实、常量、DATE '2027-01-15'、AND OR NOT、= <> < <= > >=、IN（列表）、"
    next_zh += "BETWEEN、IS NULL、+ -，以及与数字相乘。"


class PolicyComment(InvalidInput):
    code = "policy_comment"
    en = "Line {line}, column {column}: “{near}” is a comment; nothing after it would count."
    zh = "第 {line} 行第 {column} 列：“{near}” 是注释，其后的内容不会生效。"
    next_en = "Leave it out, or write it on a line of its own, with # in front of it."
    next_zh = "请删去，或另起一行用 # 写注释。"


class PolicyUnknownFact(InvalidInput):
    code = "policy_unknown_fact"
    en = "Line {line}, column {column}: there is no fact “{near}”."
    zh = "第 {line} 行第 {column} 列：没有名为 “{near}” 的事实。"
    next_en = "Did you mean {nearest}?"
    next_zh = "您要写的是 {nearest} 吗？"


class PolicyUnknownValue(InvalidInput):
    code = "policy_unknown_value"
    en = "Line {line}, column {column}: {fact} is never “{near}”."
    zh = "第 {line} 行第 {column} 列：{fact} 不会取值 “{near}”。"
    next_en = "Did you mean '{nearest}'?"
    next_zh = "您要写的是 '{nearest}' 吗？"


class PolicyTypeError(InvalidInput):
    code = "policy_type_error"
    en = "Line {line}, column {column}: “{near}” is {given}, but {expected} is needed here."
    zh = "第 {line} 行第 {column} 列：“{near}” 的类型是 {given}，此处需要 {expected}。"
    next_en = "Compare a fact with a value of its own type; dates are written DATE '2027-01-15'."
    next_zh = "请用与事实同类型的值比较；日期写作 DATE '2027-01-15'。"


class PolicyOutOfBounds(InvalidInput):
    code = "policy_out_of_bounds"
    en = "Line {line}, column {column}: “{near}”: {problem}."
    zh = "第 {line} 行第 {column} 列：“{near}”：{problem_zh}。"
    next_en = "Amounts go up to {greatest} fen, days from the year {first} to {last}, conditions "
    next_en += "up to {deepest} comparisons in a row."
    next_zh = "金额上限为 {greatest} 分，日期须在 {first} 年至 {last} 年之间，"
    next_zh += "条件最多可连续写 {deepest} 个比较。"


class Condition(msgspec.Struct, frozen=True, eq=False):
    """A checked condition. `tree` is in normal form (see `normal`); `holds(facts)` says whether it
    is TRUE and `fails(facts)` whether it is FALSE; when neither, it is NULL."""

    text: str
    tree: exp.Expression
    reads: frozenset[str]
    holds: Callable[[Facts], bool]
    fails: Callable[[Facts], bool]

    def value(self, facts: Facts) -> bool | None:
        """SQL's answer: TRUE, FALSE, or None for NULL."""
        if self.holds(facts):
            return True
        return False if self.fails(facts) else None


def read_condition(text: str) -> Condition:
    """Parse and check `text`. Raises this module's errors; their `line` and `column` (from 1) and
    `offset` (from 0) are places in `text`."""
    if not text.strip() or len(text) > LONGEST_CONDITION:
        raise PolicySyntax(**place(text, 0), near=text[:20])
    try:
        parsed = _parse(text)
        _bound(too_deep(parsed))
        _check(parsed)
        _bound(excess_of(parsed))
    except _Refused as refused:
        raise refused.error(**place(text, refused.offset), **refused.detail) from None
    return _condition(text, normal_form(parsed))


def refuse_comment(text: str) -> None:
    """Raises `PolicyComment` where a condition that somebody has just written has one: places as
    `read_condition` gives them."""
    for found in _QUOTED_OR_COMMENT.finditer(text):
        if found[1]:
            offset = found.start()
            raise PolicyComment(**place(text, offset), near=text[offset:][:20])


def opposite(condition: Condition) -> Condition:
    """NOT the condition."""
    return _condition(f"NOT ({condition.text})", normal_form(condition.tree, negate=True))


def _condition(text: str, tree: exp.Expression) -> Condition:
    reads = frozenset(column.name for column in tree.find_all(exp.Column))
    return Condition(text, tree, reads, closure(tree, sense=True), closure(tree, sense=False))


def place(text: str, offset: int) -> dict[str, int]:
    """Where `offset` is: line and column from 1."""
    before = text[:offset]
    line_start = before.rfind("\n") + 1
    return {"line": before.count("\n") + 1, "column": offset - line_start + 1, "offset": offset}


def nearest(word: str, known: list[str]) -> str:
    """The known word that `word` was most likely meant to be."""
    return str(process.extractOne(word.lower(), known, scorer=fuzz.ratio)[0])


class _Refused(Exception):
    """Found on the way down the tree; `read_condition` adds the place and raises the error."""

    def __init__(self, error: type[InvalidInput], offset: int, **detail: Any) -> None:
        self.error, self.offset, self.detail = error, offset, detail


def _parse(text: str) -> Any:
    try:
        parsed = sqlglot.parse_one(text, dialect="postgres")
    except ParseError as error:
        first = error.errors[0] if error.errors else {}
        word = str(first.get("highlight") or "")
        ends = len(str(first.get("start_context") or "")) + len(word)
        offset = max(text.rfind(word, 0, ends), 0)
        raise _Refused(PolicySyntax, offset, near=word or text[:20]) from None
    except (TokenError, RecursionError):
        offset = max(text.rfind("'"), text.rfind('"'), 0)  # most often a quote left open
        raise _Refused(PolicySyntax, offset, near=text[offset : offset + 20]) from None
    if isinstance(parsed, exp.Alias | exp.Block):  # "a = 1 b", "a; b"
        offset = _offset(parsed.args.get("alias") or parsed.expressions[-1])
        raise _Refused(PolicySyntax, offset, near=text[offset : offset + 20])
    return parsed


def _offset(node: exp.Expression) -> int:
    """Where in the text `node` begins; 0 when sqlglot did not keep it."""
    return min((part.meta["start"] for part in node.walk() if "start" in part.meta), default=0)


def _refused(error: type[InvalidInput], node: Any, **detail: Any) -> _Refused:
    near = node.sql(dialect="postgres", comments=False)[:40]
    return _Refused(error, _offset(node), **({"near": near} | detail))


def _bound(excess: Excess | None) -> None:
    if excess is not None:
        raise _out_of_bounds(excess.node, excess.en, excess.zh)


def _out_of_bounds(node: Any, problem: str, problem_zh: str) -> _Refused:
    return _refused(
        PolicyOutOfBounds, node, problem=problem, problem_zh=problem_zh,
        greatest=GREATEST_MINOR, first=FIRST_YEAR, last=LAST_YEAR, deepest=DEEPEST_CONDITION,
    )  # fmt: skip


def _wrong_kind(node: Any, given: str, expected: str) -> _Refused:
    return _refused(PolicyTypeError, node, given=given, expected=expected)


def _check(node: Any) -> None:
    """Raise unless `node` is a condition: something that is TRUE, FALSE or NULL."""
    match node:
        case exp.Paren() | exp.Not():
            _check(node.this)
        case exp.And() | exp.Or():
            _check(node.this)
            _check(node.expression)
        case exp.Between() if not node.args.get("symmetric"):
            _same(node.this, node.args["low"], ordered=True)
            _same(node.this, node.args["high"], ordered=True)
        case exp.In() if node.expressions and _given(node) == {"this", "expressions"}:
            for choice in node.expressions:
                if choice.find(exp.Column):
                    raise _refused(PolicyForbidden, choice)
                _same(node.this, choice, ordered=False)
        case exp.Is() if isinstance(node.expression, exp.Null):
            _fact(node.this)
        case _ if type(node) in COMPARISONS:
            _same(node.this, node.expression, ordered=not isinstance(node, exp.EQ | exp.NEQ))
        case _:
            kind = operand_kind(node)
            if kind != "boolean":
                raise _wrong_kind(node, kind, "boolean")


def operand_kind(node: Any) -> Kind:
    """The type of a fact, a literal or arithmetic over them; raises for anything else."""
    match node:
        case exp.Paren():
            return operand_kind(node.this)
        case exp.Column():
            return _fact(node)
        case exp.Literal():
            return _literal(node)
        case exp.Boolean():
            return "boolean"
        case exp.Cast():
            return _date(node)
        case exp.Neg():
            kind = operand_kind(node.this)
            if kind != "integer":
                raise _wrong_kind(node.this, kind, "integer")
            return kind
        case exp.Add() | exp.Sub() | exp.Mul():
            return _arithmetic(node)
    raise _refused(PolicyForbidden, node)


def _same(left: Any, right: Any, *, ordered: bool) -> None:
    kind, other = operand_kind(left), operand_kind(right)
    if other != kind:
        raise _wrong_kind(right, other, kind)
    if ordered and kind in ("text", "boolean"):
        raise _wrong_kind(left, kind, "integer or date")
    _known_value(left, right)
    _known_value(right, left)


def _known_value(fact: Any, literal: Any) -> None:
    """A misspelt word would make a rule that silently never applies."""
    if not (isinstance(fact, exp.Column) and isinstance(literal, exp.Literal)):
        return
    known = FACTS[fact.name].values
    if known and literal.this not in known:
        close = nearest(literal.this, list(known))
        raise _refused(
            PolicyUnknownValue, literal, near=literal.this, fact=fact.name, nearest=close
        )


def _fact(node: Any) -> Kind:
    named = isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier)
    if not named or _given(node) != {"this"}:
        raise _refused(PolicyForbidden, node)
    if node.name not in FACTS:
        close = nearest(node.name, list(FACTS))
        raise _refused(PolicyUnknownFact, node, near=node.name[:40], nearest=close)
    return FACTS[node.name].type


def _literal(node: exp.Literal) -> Kind:
    if node.is_string:
        return "text"
    digits = str(node.this)
    if not (digits.isascii() and digits.isdecimal()):
        raise _wrong_kind(node, "another number", "integer")
    if len(digits) > 18:
        raise _out_of_bounds(node, "the number is too large", "数字过大")
    return "integer"


def _date(node: exp.Cast) -> Kind:
    """`DATE '2027-01-15'` is a literal; every other cast is refused."""
    literal = node.this
    if not (node.to.is_type("date") and isinstance(literal, exp.Literal) and literal.is_string):
        raise _refused(PolicyForbidden, node)
    try:
        if not _DAY.fullmatch(literal.this):
            raise ValueError
        day = date.fromisoformat(literal.this)
    except ValueError:
        raise _wrong_kind(literal, "no calendar day", "DATE 'yyyy-mm-dd'") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise _out_of_bounds(literal, "the day is too far away", "日期过远")
    return "date"


def _arithmetic(node: Any) -> Kind:
    left, right = operand_kind(node.this), operand_kind(node.expression)
    if isinstance(node, exp.Mul) and all(side.find(exp.Column) for side in node.args.values()):
        # The product of two facts is no straight line in time; `spells` could not place it.
        raise _refused(PolicyForbidden, node)
    match type(node), left, right:
        case (_, "integer", "integer") | (exp.Sub, "date", "date"):
            return "integer"
        case (exp.Add | exp.Sub, "date", "integer") | (exp.Add, "integer", "date"):
            return "date"
    if left == "integer" or (left == "date" and not isinstance(node, exp.Mul)):
        raise _wrong_kind(node.expression, right, "integer")
    raise _wrong_kind(node.this, left, "integer")


def _given(node: exp.Expression) -> set[str]:
    return {name for name, value in node.args.items() if value not in (None, False, [])}
