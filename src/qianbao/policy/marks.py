"""Where things stand in a policy's YAML: lines and columns for errors.

Here belongs reading YAML with the place of every value kept; not what a policy may say.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from qianbao.errors import InvalidInput

LONGEST_POLICY = 64_000
"""Characters of one policy file."""


class PolicyUnreadable(InvalidInput):
    code = "policy_unreadable"
    en = "Line {line}, column {column}: the file is not readable YAML ({problem})."
    zh = "第 {line} 行第 {column} 列：文件不是可读的 YAML（{problem}）。"
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
    """`text` as YAML; raises `PolicyUnreadable` or, for a key given twice, `PolicyFieldWrong`."""
    if len(text) > LONGEST_POLICY:
        raise PolicyUnreadable(line=1, column=1, problem="too long")
    try:
        _refuse_aliases(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_no_day(root)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        problem = getattr(error, "problem", None) or "not YAML"
        raise PolicyUnreadable(line=line, column=column, problem=problem) from None
    if not isinstance(root, yaml.MappingNode):
        raise PolicyUnreadable(line=1, column=1, problem="not a list of keys and values")
    _refuse_twice(root)
    return Marked(text, data, root)


def _refuse_aliases(text: str) -> None:
    """A policy is short; an alias in it can only be a way to make it long, or endless."""
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise PolicyUnreadable(line=line, column=column, problem="an alias; write it out")


def _refuse_no_day(node: Any) -> None:
    """What looks like a day and is none, such as 2026-13-01, would be refused without its place."""
    if isinstance(node, yaml.MappingNode):
        for _, value in node.value:
            _refuse_no_day(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_no_day(value)
    elif isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:timestamp":
        try:
            yaml.safe_load(node.value)
        except ValueError:
            mark = node.start_mark
            raise PolicyFieldWrong(
                line=mark.line + 1, column=mark.column + 1, field=node.value,
                problem="there is no such day", problem_zh="没有这一天",
                advice="Write a day as 2027-01-15.", advice_zh="日期写作 2027-01-15。",
            ) from None  # fmt: skip


def _refuse_twice(node: Any) -> None:
    """YAML would silently keep the last of two equal keys."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                mark = key.start_mark
                raise PolicyFieldWrong(
                    line=mark.line + 1, column=mark.column + 1, field=key.value,
                    problem="given twice", problem_zh="重复出现",
                    advice="Keep one of them.", advice_zh="请只保留一处。",
                )  # fmt: skip
            seen.add(str(key.value))
            _refuse_twice(value)


def _child(node: Any, step: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]
    return None
