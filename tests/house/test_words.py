"""Nothing goes undocumented: settings, error codes, facts, modules; both languages everywhere."""

from __future__ import annotations

import ast
import re
import string

import pytest

from qianbao import reference
from qianbao.errors import QianbaoError
from tests.house.source import TOP, modules

HAN = re.compile(r"[\u4e00-\u9fff]")
CODES = sorted(reference.error_codes().items())
SENTENCES = ("en", "zh", "next_en", "next_zh")


def test_settings_are_documented() -> None:
    """Run `make reference` after changing a setting."""
    assert (TOP / "docs" / "settings.md").read_text("utf-8") == reference.settings_page()


def test_error_codes_are_documented() -> None:
    """Run `make reference` after changing an error."""
    assert (TOP / "docs" / "errors.md").read_text("utf-8") == reference.errors_page()


def test_facts_are_documented() -> None:
    """Run `make reference` after changing a fact."""
    assert (TOP / "docs" / "facts.md").read_text("utf-8") == reference.facts_page()


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize(("code", "error"), CODES, ids=[code for code, _ in CODES])
def test_an_error_speaks_both_languages(code: str, error: type[QianbaoError]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", code)
    assert 400 <= error.status < 600
    for sentence in SENTENCES:
        text = getattr(error, sentence)
        assert text.strip(), f"{code} has no {sentence}"
        assert bool(HAN.search(text)) == sentence.endswith("zh"), f"{code}: {sentence}: {text}"


def test_whoever_raises_an_error_fills_all_its_words() -> None:
    wanted = {
        error.__name__: set().union(*(placeholders(getattr(error, name)) for name in SENTENCES))
        for _, error in CODES
        if "__init__" not in vars(error)
    }
    wrong = []
    for module in modules():
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).split(".")[-1]
            given = {keyword.arg for keyword in node.keywords}
            if name in wanted and None not in given and wanted[name] - given:
                wrong.append(f"{module.where}:{node.lineno}: {name} lacks {wanted[name] - given}")
    assert wrong == []


def test_every_module_says_what_belongs_in_it() -> None:
    silent = [
        module.where
        for module in modules()
        if module.tree.body and not (ast.get_docstring(module.tree) or "").strip()
    ]
    assert silent == []
