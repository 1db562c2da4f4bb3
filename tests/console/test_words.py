"""Every word of the console has its Chinese, with the same places to fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from qianbao import console
from qianbao.console.words import CATALOGUES, DETAILS, ROOMS, VALUES, choose, translations
from qianbao.policy.facts import FACTS
from qianbao.rollouts.oversight import HoldStep

ROOM = Path(console.__file__).parent
JINJA = "jinja2.ext:babel_extract"
METHODS = {".html": JINJA, ".yaml": JINJA, ".py": "python"}

Message = str | tuple[str, ...]


def _said() -> Iterator[Message]:
    for path in sorted(ROOM.rglob("*")):
        if path.suffix in METHODS:
            with path.open("rb") as file:
                for _, message, _, _ in extract(METHODS[path.suffix], file):
                    yield message


def _catalogue() -> Catalog:
    with (CATALOGUES / "zh" / "LC_MESSAGES" / "console.po").open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", text))


def test_nothing_is_left_in_english() -> None:
    catalogue = _catalogue()
    for message in _said():
        entry = catalogue.get(message)
        assert entry is not None, message
        english = [message] if isinstance(message, str) else list(message)
        chinese = [entry.string] if isinstance(entry.string, str) else list(entry.string)
        for text in chinese:
            assert re.search(r"[\u4e00-\u9fff]", text), message
            assert _places(text) == _places(english[-1]), message


def test_nothing_is_translated_that_nobody_says() -> None:
    said = set(_said())
    assert [entry.id for entry in _catalogue() if entry.id and entry.id not in said] == []


def test_the_catalogue_is_the_one_that_pages_use() -> None:
    assert translations("zh").gettext("Policies") == "规则"
    assert translations("en").gettext("Policies") == "Policies"
    for words in (VALUES, DETAILS, ROOMS):
        assert all(translations("zh").gettext(word) != word for word in words.values())


def test_every_act_that_is_recorded_has_a_name() -> None:
    acts = {f"legal_hold.{step}" for step in get_args(HoldStep)}
    for path in ROOM.parent.rglob("*.py"):
        acts |= set(
            re.findall(
                r'"((?:policy|wallet|legal_hold|exemption|name_change|case|operator)\.(?!html)[a-z_]+)"',
                path.read_text(),
            )
        )
    assert len(acts) > 15
    assert acts - set(VALUES) == set()


def test_whoever_writes_a_fact_has_a_name() -> None:
    assert {room for fact in FACTS.values() for room in fact.source.split(", ")} <= set(ROOMS)


def test_which_language_is_read() -> None:
    assert choose(None, "zh-TW,zh;q=0.9,en;q=0.8") == "zh"
    assert choose(None, "de-DE,zh;q=0.5") == "en"
    assert choose("en", "zh-CN") == "en"
    assert choose("zh", "") == "zh"
