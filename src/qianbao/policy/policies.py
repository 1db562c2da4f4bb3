"""A policy: a versioned rule as data, read from YAML and refused when it is wrong or traps money.

Here belongs what a policy may say. When it is in force is `dates`; which wallets each step of a
rollout reaches is `reach`. Not here: deciding (`decide`), and the life of a policy as a stored
version (`rollouts`), which adds where enforcement was stopped with
`msgspec.structs.replace(policy, stops=…)`.

```
PolicyUnreadable          not YAML
PolicyFieldWrong          a field of the wrong shape, given twice, or no such day
PolicyUnknownField        a field misspelt          (both in `fields`)
PolicyFieldMissing        a field left out
PolicyUnknownCapability   blocks something a wallet cannot do
PolicyUnknownFactor       asks for something that cannot be proved   (both in
PolicyCannotAsk           asks where nobody is there to answer        `asking`)
PolicyTimelineOrder       announced after it is enforced, and the like   (in `timeline`)
PolicyTrapsMoney          could block withdraw, close or export without a legal hold
and the errors of `conditions`
```
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache, partial
from importlib.resources import files
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from qianbao.errors import InvalidInput
from qianbao.policy.asking import ASKS_BEFORE, Factor, PolicyCannotAsk, read_factors
from qianbao.policy.closures import to_sql
from qianbao.policy.conditions import (
    Condition,
    PolicyTypeError,
    PolicyUnknownFact,
    nearest,
    opposite,
    read_condition,
    refuse_comment,
)
from qianbao.policy.facts import FACTS, GREATEST_MINOR
from qianbao.policy.fields import field_error, schema_of
from qianbao.policy.marks import Marked, PolicyFieldWrong, read_marked
from qianbao.policy.sentences import EXTRA_WORDS, placeholders
from qianbao.policy.space import space_of
from qianbao.policy.timeline import Timeline, check_timeline

CAPABILITIES = (
    "receive", "top_up", "transfer", "pay", "withdraw", "be_charged", "close", "export",
)  # fmt: skip
"""What a wallet may do."""

OUT_OF_THE_BALANCE = frozenset({"pay", "transfer", "be_charged", "withdraw"})
"""What takes its amount out of the wallet."""

INTO_THE_BALANCE = frozenset({"receive", "top_up"})
"""What brings its amount into the wallet."""

SMALLEST_AMOUNT_MINOR = 1
"""What a wallet is asked about where nobody names an amount: a limit that lets not even this much
through locks somebody out."""

WAYS_OUT_OF_A_WALLET = frozenset({"withdraw", "close", "export"})
"""What only a legal hold may block: a product decision (domain.md 1.4, "right to withdraw")."""

MOST_VERSIONS = 1_000_000

Actor = Literal["holder", "operator", "bank", "authority"]
"""Who can end a block; an authority is a court or office whose order the operator carries out."""


class PolicyUnknownCapability(InvalidInput):
    code = "policy_unknown_capability"
    en = "Line {line}, column {column}: “{near}” is nothing a wallet can do."
    zh = "第 {line} 行第 {column} 列：“{near}” 不是钱包的能力。"
    next_en = "Did you mean {nearest}? Capabilities: {known}."
    next_zh = "您要写的是 {nearest} 吗？可选：{known}。"


class PolicyTrapsMoney(InvalidInput):
    code = "policy_traps_money"
    en = "Line {line}, column {column}: “{policy}” could block {near} without a legal hold."
    zh = "第 {line} 行第 {column} 列：规则 “{policy}” 会在没有依法冻结的情况下禁止 {near}。"
    next_en = "Only a rule that requires legal_hold = FALSE may block withdraw, close or export."
    next_zh = "只有以 legal_hold = FALSE 为条件的规则才能禁止 withdraw、close 或 export。"


_Read = TypeVar("_Read")
_Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    en: _Text
    zh: _Text


class Stop(msgspec.Struct, frozen=True):
    """Enforcement blocks nobody from `stopped_at` until `resumes_at` (None: until an operator
    resumes it): what had begun begins again then, what had not is so many days later."""

    stopped_at: datetime
    resumes_at: datetime | None


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fact` plus the request's amount may reach `at_most_minor`; without a fact, the amount of
    each request by itself."""

    fact: str | None = None
    at_most_minor: Annotated[int, Meta(ge=0, le=GREATEST_MINOR)]


class Policy(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One version of a rule, checked. `blocks` are the capabilities that fall away from a wallet to
    which `applies_to` is TRUE while `requires` is not; a rule that asks blocks nothing, and wants
    the factors `asks` before `asks_before` instead. `explain` says why to somebody it blocks or
    asks, `explain_ahead` to somebody it will block. `text` is the YAML it was read from."""

    name: str
    version: int
    title_en: str
    title_zh: str
    basis: Words
    source: str
    explain_en: str | None
    explain_zh: str | None
    explain_ahead_en: str | None
    explain_ahead_zh: str | None
    applies_to: Condition
    requires: Condition
    limit: Limit | None
    blocks: tuple[str, ...]
    asks: tuple[Factor, ...]
    asks_before: tuple[str, ...]
    who_must_act: Actor
    timeline: Timeline | None
    grace_days: int
    text: str
    stops: tuple[Stop, ...] = ()


@lru_cache(maxsize=512)
def load_policy(text: str, *, kept_open: bool = True) -> Policy:
    """The policy written in `text`, read once: the longest takes long enough that a door reads it
    in a thread of its own first. Raises this module's errors or those of `conditions`, each with
    `line` and `column` in `text`. Without `kept_open`, one that traps money is read all the same:
    for looking at what else is wrong with it."""
    marked = read_marked(text)
    document = _document(marked)
    timeline = document.timeline
    if timeline is not None:
        check_timeline(marked, timeline)
    requires = _requires(marked, document)
    basis, explain, ahead = document.basis, document.explain, document.explain_ahead
    policy = Policy(
        name=document.policy,
        version=document.version,
        title_en=document.title.en,
        title_zh=document.title.zh,
        basis=Words(basis, basis) if isinstance(basis, str) else basis,
        source=document.source,
        explain_en=explain.en if explain else None,
        explain_zh=explain.zh if explain else None,
        explain_ahead_en=ahead.en if ahead else None,
        explain_ahead_zh=ahead.zh if ahead else None,
        applies_to=_condition(marked, "applies_to", document.applies_to),
        requires=requires,
        limit=document.limit,
        blocks=tuple(dict.fromkeys(document.otherwise.block or ())),
        asks=read_factors(marked, document.otherwise.require or ()),
        asks_before=tuple(dict.fromkeys(document.otherwise.before or ())),
        who_must_act=document.who_must_act,
        timeline=timeline,
        grace_days=document.grace_days,
        text=text,
    )
    _check_capabilities(marked, policy, kept_open=kept_open)
    _check_explain(marked, policy)
    return policy


@cache
def load_pack(name: str = "default") -> tuple[Policy, ...]:
    """The shipped policies of a pack, in order of their file names."""
    folder = files("qianbao.policy").joinpath("packs", name)
    texts = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir())
    return tuple(load_policy(text) for file, text in texts if file.endswith(".yaml"))


def policy_schema() -> dict[str, Any]:
    """The JSON Schema of a policy file, for editors."""
    return schema_of(_Document, CAPABILITIES)


def locked_out_sql(policy: Policy, dialect: str = "postgres", *, columns: bool = False) -> str:
    """A condition over the wallet's row, or over facts as `columns`: whom the policy, once in
    force, would block, or ask."""
    applies = to_sql(policy.applies_to.tree, dialect, columns=columns)
    requires = to_sql(policy.requires.tree, dialect, columns=columns)
    return f"({applies}) IS TRUE AND ({requires}) IS NOT TRUE"


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


_Names = Annotated[list[str], Meta(min_length=1)]


class _Otherwise(msgspec.Struct, forbid_unknown_fields=True):
    block: _Names | None = None
    require: _Names | None = None
    before: _Names | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    policy: Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
    version: Annotated[int, Meta(ge=1, le=MOST_VERSIONS)]
    title: Words
    basis: Words | _Text
    source: str = ""
    explain: Words | None = None
    explain_ahead: Words | None = None
    applies_to: _Text | bool = True
    requires: _Text | bool | None = None
    limit: Limit | None = None
    when: _Text | bool | None = None
    otherwise: _Otherwise
    timeline: Timeline | None = None
    grace_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    who_must_act: Actor = "holder"


def _document(marked: Marked) -> _Document:
    try:
        document = msgspec.convert(marked.data, _Document)
    except msgspec.ValidationError as error:
        raise field_error(marked, _Document, error) from None
    _check_effect(marked, document.otherwise)
    _check_one_condition(marked, document)
    return document


def _check_effect(marked: Marked, otherwise: _Otherwise) -> None:
    """A rule blocks, or it asks for something before something."""
    is_given = [one is not None for one in (otherwise.require, otherwise.before)]
    if is_given != [otherwise.block is None] * 2:
        raise PolicyFieldWrong(
            **marked.key_place("otherwise"),
            field="otherwise",
            problem="either block is needed, or require and before",
            problem_zh="须写 block，或同时写 require 与 before",
            advice="Write {block: [pay]}, or {require: [code], before: [pay]}.",
            advice_zh="请写成 {block: [pay]}，或 {require: [code], before: [pay]}。",
        )


def load_written(text: str) -> Policy:
    """As `load_policy`, of a file that somebody has just written: refuses besides what is most
    likely a slip, and what a stored version may have all the same."""
    policy = load_policy(text)
    marked = read_marked(text)
    document = _document(marked)
    _check_named_once(marked, document.otherwise)
    for field in ("applies_to", "requires", "when"):
        written = getattr(document, field)
        if isinstance(written, str):
            _placed(marked, field, partial(refuse_comment, written))
    return policy


def _check_named_once(marked: Marked, otherwise: _Otherwise) -> None:
    for field in ("block", "require", "before"):
        names: list[str] = getattr(otherwise, field) or []
        for index, name in enumerate(names):
            if name in names[:index]:
                raise PolicyFieldWrong(
                    **marked.place("otherwise", field, index),
                    field=f"otherwise.{field}",
                    problem=f"“{name[:40]}” stands here twice",
                    problem_zh=f"“{name[:40]}” 重复",
                    advice="Write it once.",
                    advice_zh="请只写一次。",
                )


def _check_one_condition(marked: Marked, document: _Document) -> None:
    given = [name for name in ("requires", "limit", "when") if getattr(document, name) is not None]
    if len(given) != 1:
        raise PolicyFieldWrong(
            **marked.key_place(given[-1] if given else "requires"),
            field="requires",
            problem="exactly one of requires, limit and when is needed",
            problem_zh="requires、limit 与 when 须写且只能写一个",
            advice="Keep the one that says what the rule asks for.",
            advice_zh="请只保留表达该规则要求的那一个。",
        )
    if given == ["when"] and document.otherwise.block is not None:
        raise PolicyFieldWrong(
            **marked.key_place("when"),
            field="when",
            problem="only a rule that asks for something has a when",
            problem_zh="只有要求验证的规则才能写 when",
            advice="Say what is needed, in requires.",
            advice_zh="请在 requires 中写明所需条件。",
        )


def _condition(marked: Marked, field: str, written: str | bool | None) -> Condition:
    """A condition whose errors name the place in the file. YAML takes a bare TRUE for its own."""
    text = written if isinstance(written, str) else str(written).upper()
    return _placed(marked, field, lambda: read_condition(text))


def _placed(marked: Marked, field: str, read: Callable[[], _Read]) -> _Read:
    """What `read` makes of a field; its errors name the place in the file."""
    try:
        return read()
    except InvalidInput as error:
        place = marked.place_inside(error.detail["offset"], field)
        raise type(error)(**(error.detail | place)) from None


def _requires(marked: Marked, document: _Document) -> Condition:
    limit = document.limit
    if document.when is not None:
        return opposite(_condition(marked, "when", document.when))
    if limit is None:
        return _condition(marked, "requires", document.requires)
    if limit.fact is None:
        return read_condition(f"amount_minor <= {limit.at_most_minor}")
    fact = FACTS.get(limit.fact)
    place = marked.place("limit", "fact")
    if fact is None:
        close = nearest(limit.fact, list(FACTS))
        raise PolicyUnknownFact(**place, near=limit.fact[:40], nearest=close)
    if fact.unit != "minor":
        raise PolicyTypeError(**place, near=fact.name, given=fact.type, expected="an amount")
    return read_condition(f"{limit.fact} + amount_minor <= {limit.at_most_minor}")


def _unknown_capability(place: dict[str, Any], name: str) -> PolicyUnknownCapability:
    close = nearest(name, list(CAPABILITIES))
    known = ", ".join(CAPABILITIES)
    return PolicyUnknownCapability(**place, near=name, nearest=close, known=known)


def _check_capabilities(marked: Marked, policy: Policy, *, kept_open: bool) -> None:
    for index, capability in enumerate(policy.asks_before):
        place = marked.place("otherwise", "before", index)
        if capability not in CAPABILITIES:
            raise _unknown_capability(place, capability)
        if capability not in ASKS_BEFORE:
            raise PolicyCannotAsk(**place, near=capability, known=", ".join(ASKS_BEFORE))
    for index, capability in enumerate(policy.blocks):
        place = marked.place("otherwise", "block", index)
        if capability not in CAPABILITIES:
            raise _unknown_capability(place, capability)
        if kept_open and capability in WAYS_OUT_OF_A_WALLET and blocks_without_hold(policy):
            raise PolicyTrapsMoney(**place, near=capability, policy=policy.name)


def blocks_without_hold(policy: Policy) -> bool:
    """Whether the policy could block somebody who is not under a legal hold: it does so in the
    abstract space, or reads what that cannot vary."""
    space = space_of((policy.applies_to, policy.requires), legal_hold=False)
    return bool(space.unproven) or any(
        policy.applies_to.holds(made.facts) and not policy.requires.holds(made.facts)
        for made in space.cells()
    )


def _check_explain(marked: Marked, policy: Policy) -> None:
    for field, language, template in (
        ("explain", "en", policy.explain_en),
        ("explain", "zh", policy.explain_zh),
        ("explain_ahead", "en", policy.explain_ahead_en),
        ("explain_ahead", "zh", policy.explain_ahead_zh),
    ):
        place = marked.place(field, language)
        try:
            names = placeholders(template or "")
        except ValueError as error:
            raise PolicyFieldWrong(
                **place,
                field=field,
                problem=str(error),
                problem_zh="占位符只能写作 {事实名}",
                advice="Name facts as {linked_banks}, with nothing else in the braces.",
                advice_zh="请写成 {linked_banks} 的形式，花括号内不要有其他内容。",
            ) from None
        known = [*FACTS, *EXTRA_WORDS]
        for name in names:
            if name not in known:
                raise PolicyUnknownFact(**place, near=name[:40], nearest=nearest(name, known))
