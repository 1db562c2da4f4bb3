"""A policy: a versioned rule as data, read from YAML and refused when it is wrong or traps money.

Here belongs what a policy may say and when it is in force. Not here: deciding (`decide`), and the
life of a policy through announcement and percentages (`rollouts`), which keeps its state with
`msgspec.structs.replace(policy, enforced_percent=…)`.

```
PolicyUnreadable          not YAML
PolicyFieldWrong          a field missing, misspelt or of the wrong shape
PolicyUnknownCapability   blocks something a wallet cannot do
PolicyTimelineOrder       announced after it is enforced, and the like
PolicyTrapsMoney          could block withdraw, close or export without a legal hold
and the errors of `conditions`
```
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from sqlglot import exp

from qianbao.clock import start_of_day
from qianbao.errors import InvalidInput
from qianbao.policy.closures import to_sql
from qianbao.policy.conditions import (
    Condition,
    PolicyTypeError,
    PolicyUnknownFact,
    nearest,
    read_condition,
)
from qianbao.policy.facts import FACTS
from qianbao.policy.marks import Marked, PolicyFieldWrong, read_marked
from qianbao.policy.sentences import EXTRA_WORDS, placeholders

CAPABILITIES = (
    "receive", "top_up", "transfer", "pay", "withdraw", "be_charged", "close", "export",
)  # fmt: skip
"""What a wallet may do."""

WAYS_OUT_OF_A_WALLET = frozenset({"withdraw", "close", "export"})
"""What only a legal hold may block: a product decision (domain.md 1.4, "right to withdraw")."""

ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
"""Since when a policy without a timeline is in force."""

Phase = Literal["draft", "announced", "warning", "enforced", "retired"]
Actor = Literal["holder", "operator", "bank", "authority"]
"""Who can end a block; an authority is a court or office whose order the operator carries out."""


class PolicyUnknownCapability(InvalidInput):
    code = "policy_unknown_capability"
    en = "Line {line}, column {column}: “{near}” is nothing a wallet can do."
    zh = "第 {line} 行第 {column} 列：“{near}” 不是钱包的能力。"
    next_en = "Did you mean {nearest}? Capabilities: {known}."
    next_zh = "您要写的是 {nearest} 吗？可选：{known}。"


class PolicyTimelineOrder(InvalidInput):
    code = "policy_timeline_order"
    en = "Line {line}, column {column}: {later} must come after {earlier}."
    zh = "第 {line} 行第 {column} 列：{later} 必须晚于 {earlier}。"
    next_en = "Order: announce, warn, enforce, retire; rollout percentages grow up to 100."
    next_zh = "顺序：announce、warn、enforce、retire；rollout 百分比递增至 100。"


class PolicyTrapsMoney(InvalidInput):
    code = "policy_traps_money"
    en = "Line {line}, column {column}: “{policy}” could block {near} without a legal hold."
    zh = "第 {line} 行第 {column} 列：规则 “{policy}” 会在没有依法冻结的情况下禁止 {near}。"
    next_en = "Only a rule that requires legal_hold = FALSE may block withdraw, close or export."
    next_zh = "只有以 legal_hold = FALSE 为条件的规则才能禁止 withdraw、close 或 export。"


_Text = Annotated[str, Meta(min_length=1, max_length=2000)]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    en: _Text
    zh: _Text


class Timeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days on which a policy's phases begin, at midnight in the operator's zone. `rollout` is the
    percentages by which it is to be enforced; how far it has come is `Policy.enforced_percent`."""

    announce: date
    warn: date
    enforce: date
    rollout: tuple[Annotated[int, Meta(ge=1, le=100)], ...] = (100,)
    retire: date | None = None


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fact` plus the request's amount may reach `at_most_minor`."""

    fact: str
    at_most_minor: Annotated[int, Meta(ge=0)]


class Policy(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One version of a rule, checked. `blocks` are the capabilities that fall away from a wallet to
    which `applies_to` is TRUE while `requires` is not. `explain` says why to somebody it blocks,
    `explain_ahead` to somebody it will block. `text` is the YAML it was read from."""

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
    who_must_act: Actor
    timeline: Timeline | None
    grace_days: int
    enforced_percent: int
    text: str


def load_policy(text: str) -> Policy:
    """The policy written in `text`. Raises this module's errors or those of `conditions`, each with
    `line` and `column` in `text`."""
    marked = read_marked(text)
    document = _document(marked)
    timeline = document.timeline
    if timeline is not None:
        _check_timeline(marked, timeline)
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
        blocks=tuple(dict.fromkeys(document.otherwise.block)),
        who_must_act=document.who_must_act,
        timeline=timeline,
        grace_days=document.grace_days,
        enforced_percent=timeline.rollout[-1] if timeline else 100,
        text=text,
    )
    _check_blocks(marked, policy)
    _check_explain(marked, policy)
    return policy


@cache
def load_pack(name: str = "default") -> tuple[Policy, ...]:
    """The shipped policies of a pack, in order of their file names."""
    folder = files("qianbao.policy").joinpath("packs", name)
    texts = sorted((file.name, file.read_text("utf-8")) for file in folder.iterdir())
    return tuple(load_policy(text) for file, text in texts if file.endswith(".yaml"))


def phase(policy: Policy, now: datetime) -> Phase:
    """Where in its life a policy is by its dates; without a timeline it is in force always."""
    timeline = policy.timeline
    if timeline is None:
        return "enforced"
    if now >= retired_from(policy):
        return "retired"
    if now >= enforced_from(policy):
        return "enforced"
    if now >= start_of_day(timeline.warn):
        return "warning"
    return "announced" if now >= start_of_day(timeline.announce) else "draft"


@lru_cache(maxsize=1024)
def announced_from(policy: Policy) -> datetime:
    """When it was, or will be, announced."""
    return start_of_day(policy.timeline.announce) if policy.timeline else ALWAYS


@lru_cache(maxsize=1024)
def enforced_from(policy: Policy) -> datetime:
    """When it begins to block: the start of that day in the operator's zone."""
    return start_of_day(policy.timeline.enforce) if policy.timeline else ALWAYS


@lru_cache(maxsize=1024)
def retired_from(policy: Policy) -> datetime:
    """From when it blocks nobody any more; the end of time when no day is set."""
    retire = policy.timeline.retire if policy.timeline else None
    return start_of_day(retire) if retire else datetime.max.replace(tzinfo=UTC)


def locked_out_sql(policy: Policy, dialect: str = "postgres", *, columns: bool = False) -> str:
    """A condition over the wallet's row, or over facts as `columns`: whom the policy, once in
    force, would block."""
    applies = to_sql(policy.applies_to.tree, dialect, columns=columns)
    requires = to_sql(policy.requires.tree, dialect, columns=columns)
    return f"({applies}) IS TRUE AND ({requires}) IS NOT TRUE"


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────


class _Otherwise(msgspec.Struct, forbid_unknown_fields=True):
    block: Annotated[list[str], Meta(min_length=1)]


class _Document(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    policy: Annotated[str, Meta(pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
    version: Annotated[int, Meta(ge=1)]
    title: Words
    basis: Words | _Text
    source: str = ""
    explain: Words | None = None
    explain_ahead: Words | None = None
    applies_to: _Text | bool = True
    requires: _Text | bool | None = None
    limit: Limit | None = None
    otherwise: _Otherwise
    timeline: Timeline | None = None
    grace_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    who_must_act: Actor = "holder"


def _document(marked: Marked) -> _Document:
    try:
        document = msgspec.convert(marked.data, _Document)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        steps = [
            int(step) if step.isdecimal() else step
            for step in re.findall(r"\w+", path.strip("`").removeprefix("$"))
        ]
        field = ".".join(map(str, steps)) or "policy"
        place = marked.place(*steps)
        raise PolicyFieldWrong(**place, field=field, problem=problem.replace("`", "")) from None
    if (document.requires is None) == (document.limit is None):
        problem = "exactly one of requires and limit is needed"
        raise PolicyFieldWrong(**marked.place("requires"), field="requires", problem=problem)
    return document


def _condition(marked: Marked, field: str, written: str | bool | None) -> Condition:
    """A condition whose errors name the place in the file. YAML takes a bare TRUE for its own."""
    text = written if isinstance(written, str) else str(written).upper()
    try:
        return read_condition(text)
    except InvalidInput as error:
        place = marked.place_inside(error.detail["offset"], field)
        raise type(error)(**(error.detail | place)) from None


def _requires(marked: Marked, document: _Document) -> Condition:
    limit = document.limit
    if limit is None:
        return _condition(marked, "requires", document.requires)
    fact = FACTS.get(limit.fact)
    place = marked.place("limit", "fact")
    if fact is None:
        close = nearest(limit.fact, list(FACTS))
        raise PolicyUnknownFact(**place, near=limit.fact[:40], nearest=close)
    if fact.unit != "minor":
        raise PolicyTypeError(**place, near=fact.name, given=fact.type, expected="an amount")
    return read_condition(f"{limit.fact} + amount_minor <= {limit.at_most_minor}")


def _check_timeline(marked: Marked, timeline: Timeline) -> None:
    days = [
        (name, day)
        for name in ("announce", "warn", "enforce", "retire")
        if (day := getattr(timeline, name)) is not None
    ]
    for (earlier, before), (later, after) in pairwise(days):
        if after < before or (later != "warn" and after == before):
            place = marked.place("timeline", later)
            raise PolicyTimelineOrder(**place, earlier=earlier, later=later)
    steps = timeline.rollout
    if not steps or steps[-1] != 100 or list(steps) != sorted(set(steps)):
        place = marked.place("timeline", "rollout")
        raise PolicyTimelineOrder(**place, earlier="rollout", later="rollout 100")


def _check_blocks(marked: Marked, policy: Policy) -> None:
    for index, capability in enumerate(policy.blocks):
        detail: dict[str, Any] = marked.place("otherwise", "block", index) | {"near": capability}
        if capability not in CAPABILITIES:
            close = nearest(capability, list(CAPABILITIES))
            known = ", ".join(CAPABILITIES)
            raise PolicyUnknownCapability(**detail, nearest=close, known=known)
        if capability in WAYS_OUT_OF_A_WALLET and not _needs_legal_hold(policy):
            raise PolicyTrapsMoney(**detail, policy=policy.name)


def _needs_legal_hold(policy: Policy) -> bool:
    """Whether the policy can block nobody who is not under a legal hold, whatever else is so.

    With every other fact unknown, `requires` is TRUE or `applies_to` is FALSE only if that follows
    from legal_hold alone. IS NULL would turn not knowing into knowing, so it is not accepted here.
    """
    nothing_known = dict.fromkeys(FACTS) | {"legal_hold": False}
    if policy.requires.holds(nothing_known):
        return policy.requires.tree.find(exp.Is) is None
    if policy.applies_to.fails(nothing_known):
        return policy.applies_to.tree.find(exp.Is) is None
    return False


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
            raise PolicyFieldWrong(**place, field=field, problem=str(error)) from None
        known = [*FACTS, *EXTRA_WORDS]
        for name in names:
            if name not in known:
                raise PolicyUnknownFact(**place, near=name[:40], nearest=nearest(name, known))
