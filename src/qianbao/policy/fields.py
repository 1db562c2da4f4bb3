"""A policy's fields: what is told when one is unknown, missing or of the wrong shape, and where.

Here belongs turning what the reader of structs says (one line, in English, with a path) into errors
with a place and a suggestion in both languages, and the schema that lets an editor say it earlier.
The structs are in `policies`.
"""

from __future__ import annotations

import re
from typing import Any, get_args, get_type_hints

import msgspec

from qianbao.errors import InvalidInput
from qianbao.policy.asking import ASKS_BEFORE, FACTORS
from qianbao.policy.conditions import nearest
from qianbao.policy.facts import FACTS
from qianbao.policy.marks import Marked, PolicyFieldWrong

Step = str | int


class PolicyUnknownField(InvalidInput):
    code = "policy_unknown_field"
    en = "Line {line}, column {column}: there is no field “{near}” here."
    zh = "第 {line} 行第 {column} 列：此处没有字段 “{near}”。"
    next_en = "Did you mean {nearest}? Fields: {known}."
    next_zh = "您要写的是 {nearest} 吗？可用字段：{known}。"


class PolicyFieldMissing(InvalidInput):
    code = "policy_field_missing"
    en = "Line {line}, column {column}: the field {field} is missing."
    zh = "第 {line} 行第 {column} 列：缺少字段 {field}。"
    next_en = "Add it; the shipped policies show how it is written."
    next_zh = "请补上该字段，写法可参照随附的规则文件。"


def field_error(marked: Marked, document: type, error: msgspec.ValidationError) -> InvalidInput:
    """The named error, with its place in the file, for what `error` says of a `document`."""
    problem, _, path = str(error).partition(" - at ")
    steps: list[Step] = [
        int(step) if step.isdecimal() else step
        for step in re.findall(r"\w+", path.strip("`").removeprefix("$"))
    ]
    quoted = problem.split("`")[1] if "`" in problem else ""
    if problem.startswith("Object contains unknown field"):
        known = fields_of(document, steps)
        place = marked.key_place(*steps, quoted)
        close = nearest(quoted, known)
        return PolicyUnknownField(**place, near=quoted, nearest=close, known=", ".join(known))
    if problem.startswith("Object missing required field"):
        field = ".".join(map(str, [*steps, quoted]))
        return PolicyFieldMissing(**marked.place(*steps), field=field)
    return _wrong_shape(marked, document, steps, problem)


def _wrong_shape(
    marked: Marked, document: type, steps: list[Step], problem: str
) -> PolicyFieldWrong:
    en, zh = next(((en, zh) for begin, en, zh in _TOLD if problem.startswith(begin)), ("", ""))
    advice, advice_zh = "Write it otherwise.", "请修改该字段。"
    choices, written = choices_of(document, steps), marked.node(*steps).value
    if choices and isinstance(written, str):
        close = nearest(written, choices)
        en, zh = f"it cannot be “{written}”", f"不能是 “{written}”"
        advice = f"Did you mean {close}? One of: {', '.join(choices)}."
        advice_zh = f"您要写的是 {close} 吗？可选：{'、'.join(choices)}。"
    elif not en:
        en, zh = _expected(problem)
    field = ".".join(map(str, steps)) or "policy"
    return PolicyFieldWrong(
        **marked.place(*steps), field=field,
        problem=en, problem_zh=zh, advice=advice, advice_zh=advice_zh,
    )  # fmt: skip


def fields_of(document: type, steps: list[Step]) -> list[str]:
    """The names of the fields that may stand at a path in a `document`."""
    found = _struct(document)
    for step in steps:
        if found is not None and isinstance(step, str):
            found = _struct(get_type_hints(found).get(step))
    return list(found.__struct_fields__) if found is not None else []


def choices_of(document: type, steps: list[Step]) -> list[str]:
    """The words that the field at a path may be, if it is one of a few."""
    found = _struct(document)
    for step in steps[:-1]:
        if found is not None and isinstance(step, str):
            found = _struct(get_type_hints(found).get(step))
    hint = get_type_hints(found).get(str(steps[-1])) if found is not None and steps else None
    words = get_args(hint)
    return [*words] if words and all(isinstance(word, str) for word in words) else []


def _struct(hint: Any) -> Any:
    """The struct among the types of a field, or None."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint
    return next((struct for part in get_args(hint) if (struct := _struct(part))), None)


_TOLD = (
    ("Invalid RFC3339", "a day is needed, written 2027-01-15", "应为日期，写作 2027-01-15"),
    ("Expected `array` of length", "at least one is needed", "至少需要一项"),
    ("Expected `str` of length >=", "it must not be empty", "不能为空"),
    ("Expected `str` of length <=", "it is too long", "内容过长"),
    ("Expected `str` matching", "small letters and digits, joined by hyphens, are needed",
     "只能用小写字母、数字和连字符"),
    ("Integer value out of range", "the number is too large", "数字过大"),
    ("Expected `int` >=", "the number is too small", "数字过小"),
    ("Expected `int` <=", "the number is too large", "数字过大"),
)  # fmt: skip
_KINDS = {
    "int": ("a whole number", "整数"), "str": ("text", "文本"), "bool": ("TRUE or FALSE", "真或假"),
    "object": ("en: and zh:, or other fields of its own", "由字段组成的内容（如 en 与 zh）"),
    "array": ("a list", "列表"), "null": ("nothing", "空"), "float": ("a fraction", "小数"),
    "date": ("a day", "日期"), "datetime": ("a moment", "时刻"),
}  # fmt: skip


def _expected(problem: str) -> tuple[str, str]:
    """ "Expected `bool | str | null`, got `int`" in words."""
    parts = re.findall(r"`([^`]*)`", problem)
    if len(parts) != 2:
        return problem.replace("`", ""), problem.replace("`", "")
    needed = [_KINDS.get(kind, (kind, kind)) for kind in parts[0].split(" | ") if kind != "null"]
    got = _KINDS.get(parts[1], (parts[1], parts[1]))
    english = " or ".join(kind for kind, _ in needed)
    chinese = "或".join(kind for _, kind in needed)
    return f"{english} is needed, not {got[0]}", f"应为{chinese}，而不是{got[1]}"


# ── For editors ──────────────────────────────────────────────────────────────────────────────────

_SAID = {
    "policy": "The rule's name: small letters, digits and hyphens.",
    "version": "Raised by one for each change; a stored version never changes.",
    "title": "What a person is asked for, in both languages.",
    "basis": "The law or rule it rests on.",
    "source": "Where that can be read.",
    "explain": "Why somebody is blocked. {fact} is filled in.",
    "explain_ahead": "Why somebody will be blocked on {enforced_on}.",
    "applies_to": "Whom the rule is about: a condition over facts. Left out: everybody.",
    "requires": "What they need: a condition over facts. Not TRUE blocks. Or give limit.",
    "limit": "How far an amount may go. Or give requires.",
    "when": "When a rule that asks for something does so: a condition over facts; where it is not "
    "known, it asks. Or give requires, or limit.",
    "otherwise": "What falls away from a wallet that does not meet it, or what is asked of it.",
    "timeline": "The days on which its phases begin. Left out: it is in force always.",
    "grace_days": "Days that each wallet has from when it fell out of compliance.",
    "who_must_act": "Who can end the block.",
}


def schema_of(document: type, capabilities: tuple[str, ...]) -> dict[str, Any]:
    """The JSON Schema of a policy file, for editors: names, shapes, facts and capabilities. What a
    condition may say is more than a schema can hold; `load_policy` checks that."""
    made = msgspec.json.schema(document)
    parts = {name.lstrip("_"): part for name, part in made["$defs"].items()}
    top = parts.pop(document.__name__.lstrip("_"))
    facts = "; ".join(f"{fact.name} ({fact.type}): {fact.en}" for fact in FACTS.values())
    for name, field in top["properties"].items():
        said = _SAID[name]
        if name in ("applies_to", "requires", "when"):
            said = f"{said} Facts: {facts}."
        field["description"] = said
    amounts = [fact.name for fact in FACTS.values() if fact.unit == "minor"]
    parts["Limit"]["properties"]["fact"] = {
        "enum": amounts,
        "description": "What has been used up so far. Left out: the amount of each request.",
    }
    parts["Otherwise"] = _effects(capabilities)
    _tighten_rollout(parts["Timeline"])
    for part in parts.values():
        part.pop("description", None)  # written for readers of the code
        part["title"] = part["title"].lstrip("_")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **top,
        "title": "A policy of Qianbao",
        "oneOf": [{"required": [one]} for one in ("requires", "limit", "when")],
        "dependentSchemas": {"when": _where("otherwise", {"required": ["require", "before"]})},
        "$defs": parts,
    }
    plain = msgspec.json.encode(schema).decode().replace('"#/$defs/_', '"#/$defs/')
    read: dict[str, Any] = msgspec.json.decode(plain)
    return read


def _where(field: str, part: dict[str, Any]) -> dict[str, Any]:
    """An object whose `field`, an object itself, is as `part` says."""
    return {"type": "object", "properties": {field: {"type": "object", **part}}}


def _tighten_rollout(timeline: dict[str, Any]) -> None:
    """Different percentages, 100 among them, and days from step to step where there are several.
    That they grow is more than a schema can say."""
    timeline["properties"]["rollout"] |= {
        "minItems": 1, "uniqueItems": True, "contains": {"const": 100},
    }  # fmt: skip
    several = {"rollout": {"type": "array", "minItems": 2}}
    timeline["if"] = {"type": "object", "properties": several, "required": ["rollout"]}
    timeline["then"] = {"type": "object", "required": ["step_days"]}


def _effects(capabilities: tuple[str, ...]) -> dict[str, Any]:
    """What a rule does: it blocks, or it asks for something before something."""

    def some_of(known: tuple[str, ...], said: str) -> dict[str, Any]:
        items = {"type": "string", "enum": [*known]}
        array = {"type": "array", "minItems": 1, "uniqueItems": True}
        return {**array, "items": items, "description": said}

    return {
        "title": "Otherwise",
        "type": "object",
        "properties": {
            "block": some_of(capabilities, "What falls away."),
            "require": some_of(FACTORS, "What has to be proved as well. Say before what."),
            "before": some_of(ASKS_BEFORE, "Before what that is asked for."),
        },
        "oneOf": [{"required": ["block"]}, {"required": ["require", "before"]}],
        "additionalProperties": False,
    }
