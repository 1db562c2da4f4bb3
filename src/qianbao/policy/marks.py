"""Where things stand in a policy's YAML: lines and columns for errors.

Here belongs reading YAML with the place of every value kept; not what a policy may say.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml
from yaml.reader import ReaderError

from qianbao.errors import InvalidInput

LONGEST_POLICY = 32_000
"""Characters of one policy file."""

DEEPEST_POLICY = 12
"""Levels of lists and fields; a policy has three."""

_DEEP = ("nested too deep", "嵌套过深")

_YAML = "tag:yaml.org,2002:"
_SCALARS = {_YAML + kind for kind in ("str", "int", "float", "bool", "null", "timestamp")}

_DAYLIKE = re.compile(r"\d{4}-\d\d?-\d\d?")

_CONTROL = re.compile(r"[^\n\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]")
"""What PostgreSQL cannot hold, a terminal would obey, or turns the direction of what follows."""


class PolicyUnreadable(InvalidInput):
    code = "policy_unreadable"
    en = "Line {line}, column {column}: the file is not readable YAML ({problem})."
    zh = "第 {line} 行第 {column} 列：文件不是可读的 YAML（{problem_zh}）。"
    next_en = "Write one policy a file, as key: value lines."
    next_zh = "每个文件写一条规则，采用“键: 值”的形式。"


class PolicyFieldWrong(InvalidInput):
    code = "policy_field_wrong"
    en = "Line {line}, column {column}: {field}: {problem}."
    zh = "第 {line} 行第 {column} 列：字段 {field} 有误：{problem_zh}。"
    next_en = "{advice} The shipped policies show how it is written."
    next_zh = "{advice_zh}写法可参照随附的规则文件。"


class Marked(msgspec.Struct, frozen=True):
    """A YAML document: its text, its plain data, and the tree that knows the places."""

    text: str
    data: Any
    root: Any

    def place(self, *path: str | int) -> dict[str, int]:
        """Line and column (from 1) of the value at `path`, or of the nearest value above it."""
        mark = self.node(*path).start_mark
        return {"line": mark.line + 1, "column": mark.column + 1}

    def node(self, *path: str | int) -> Any:
        """The tree's node at `path`, or the nearest above it."""
        found = self.root
        for step in path:
            inner = _child(found, step)
            if inner is None:
                break
            found = inner
        return found

    def key_place(self, *path: str | int) -> dict[str, int]:
        """Line and column of the key itself that ends `path`, rather than of its value."""
        above = self.node(*path[:-1])
        keys = above.value if isinstance(above, yaml.MappingNode) else []
        mark = next((key.start_mark for key, _ in keys if key.value == path[-1]), above.start_mark)
        return {"line": mark.line + 1, "column": mark.column + 1}

    def place_inside(self, offset: int, *path: str | int) -> dict[str, int]:
        """Line and column of the character `offset` of the text value at `path`, whichever of
        YAML's ways it is written in: the same word is counted in the value and in the file."""
        node = self.node(*path)
        word = re.compile(r"\w+").search(node.value, offset)
        if word is None:
            return self.place(*path)
        count = re.findall(r"\w+", node.value[:offset]).count(word.group())
        begin, end = node.start_mark.index, node.end_mark.index
        if self.text[begin] in "|>":
            begin = self.text.index("\n", begin)
        same = [m for m in re.finditer(r"\w+", self.text[begin:end]) if m.group() == word.group()]
        if count >= len(same):
            return self.place(*path)
        index = begin + same[count].start() - (word.start() - offset)
        line_start = self.text.rfind("\n", 0, index) + 1
        return {"line": self.text.count("\n", 0, index) + 1, "column": index - line_start + 1}


def read_marked(text: str) -> Marked:
    """`text` as YAML; raises `PolicyUnreadable` or, for a key given twice or a value that cannot
    be, `PolicyFieldWrong`."""
    if len(text) > LONGEST_POLICY:
        raise _unreadable(None, "too long", "内容过长")
    try:
        _refuse_brackets(text)
        _refuse_aliases_and_depth(text)
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
    except ReaderError as error:
        # YAML's own reader gives where it is, but no line.
        before = text[: error.position]
        place = {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}
        problem = f"the character U+{ord(text[error.position]):04X}"
        problem_zh = f"含有字符 U+{ord(text[error.position]):04X}"
        raise PolicyUnreadable(**place, problem=problem, problem_zh=problem_zh) from None
    except yaml.YAMLError as error:
        problem = getattr(error, "problem", None) or "not YAML"
        raise _unreadable(getattr(error, "problem_mark", None), problem, problem) from None
    if not isinstance(root, yaml.MappingNode):
        raise _unreadable(None, "not a list of keys and values", "不是由“键: 值”组成的内容")
    return Marked(text, _plain(loader, root), root)


def _unreadable(mark: Any, problem: str, problem_zh: str) -> PolicyUnreadable:
    place = {"line": mark.line + 1, "column": mark.column + 1} if mark else {"line": 1, "column": 1}
    return PolicyUnreadable(**place, problem=problem, problem_zh=problem_zh)


def _refuse_brackets(text: str) -> None:
    """YAML's scanner looks far ahead, and at each bracket at all those open before it. Those within
    quotes are counted too: a title has no use for so many that nobody closes."""
    depth = 0
    for bracket in re.finditer(r"[][{}]", text):
        depth = depth + 1 if bracket.group() in "[{" else max(depth - 1, 0)
        if depth > DEEPEST_POLICY:
            before = text[: bracket.start()]
            place = {"line": before.count("\n") + 1, "column": len(before) - before.rfind("\n")}
            raise PolicyUnreadable(**place, problem=_DEEP[0], problem_zh=_DEEP[1])


def _refuse_aliases_and_depth(text: str) -> None:
    """A policy is short; an alias in it can only be a way to make it long, or endless."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST_POLICY:
            raise _unreadable(event.start_mark, *_DEEP)
        if isinstance(event, yaml.AliasEvent):
            raise _unreadable(
                event.start_mark, "an alias; write it out", "含有别名，请直接写出内容"
            )


def _plain(loader: yaml.SafeLoader, node: Any) -> Any:
    """A node's plain data, each value looked at where it stands."""
    if isinstance(node, yaml.MappingNode) and node.tag == _YAML + "map":
        return _mapping(loader, node)
    if isinstance(node, yaml.SequenceNode) and node.tag == _YAML + "seq":
        return [_plain(loader, value) for value in node.value]
    if not isinstance(node, yaml.ScalarNode) or node.tag not in _SCALARS:
        raise _wrong(
            node, "what a tag makes of it is not taken", "不支持 YAML 标签",
            "Leave out what begins with an exclamation mark.", "请去掉以感叹号开头的标签。",
        )  # fmt: skip
    _refuse_control(node)
    try:
        return loader.construct_object(node)
    except (ValueError, ArithmeticError, LookupError, AttributeError, TypeError):
        if _DAYLIKE.match(node.value):
            raise _wrong(
                node, "there is no such day", "没有这一天",
                "Write a day as 2027-01-15.", "日期写作 2027-01-15。",
            ) from None  # fmt: skip
        raise _wrong(
            node, "it is not what it looks like", "内容与其类型不符",
            "Put text in quotes; write numbers as 100.", "文本请加引号；数字写作 100。",
        ) from None  # fmt: skip


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    """YAML would silently keep the last of two equal keys."""
    read: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _unreadable(key.start_mark, "a key must be one word", "键必须是一个词")
        _refuse_control(key)
        if key.value in read:
            raise _wrong(key, "given twice", "重复出现", "Keep one of them.", "请只保留一处。")
        read[str(key.value)] = _plain(loader, value)
    return read


def _refuse_control(node: yaml.ScalarNode) -> None:
    found = _CONTROL.search(node.value)
    if found is not None:
        number = f"U+{ord(found.group()):04X}"
        raise _wrong(
            node, f"it holds the control character {number}", f"含有控制字符 {number}",
            "Leave it out.", "请将其删除。",
        )  # fmt: skip


def _wrong(
    node: Any, problem: str, problem_zh: str, advice: str, advice_zh: str
) -> PolicyFieldWrong:
    mark = node.start_mark
    shown = node.value if isinstance(node.value, str) else node.tag
    return PolicyFieldWrong(
        line=mark.line + 1, column=mark.column + 1, field=_CONTROL.sub("�", shown)[:40],
        problem=problem, problem_zh=problem_zh, advice=advice, advice_zh=advice_zh,
    )  # fmt: skip


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None
