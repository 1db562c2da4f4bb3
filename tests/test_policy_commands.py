"""`qianbao policy lint` and `qianbao policy schema`, as an operator runs them."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from qianbao.policy.policies import load_pack
from qianbao.policy_commands import app

RULE = """\
policy: {name}
version: 1
title: {{en: A rule, zh: 一条规则}}
basis: a test
requires: {requires}
otherwise: {{block: [{blocks}]}}
"""


def _write(folder: Path, name: str, requires: str, blocks: str = "pay") -> None:
    text = RULE.format(name=name, requires=requires, blocks=blocks)
    (folder / f"{name}.yaml").write_text(text, "utf-8")


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_the_shipped_pack_is_clean() -> None:
    done = CliRunner().invoke(app, ["lint"])
    assert done.exit_code == 0
    assert done.output.startswith(f"{len(load_pack())} policies: no money is trapped")


def test_a_folder_with_mistakes_and_traps_is_not(tmp_path: Path) -> None:
    for shipped in (files("qianbao.policy") / "packs" / "default").iterdir():
        (tmp_path / shipped.name).write_text(shipped.read_text("utf-8"), "utf-8")
    _write(tmp_path, "misspelt", "linked_bank >= 2")
    _write(tmp_path, "keeps-in", "residency = 'mainland'", blocks="withdraw")
    done = CliRunner().invoke(app, ["lint", str(tmp_path), "--json"])
    assert done.exit_code == 1
    found = json.loads(done.output)
    told = [(Path(one["file"]).name, one["finding"]["code"]) for one in found["found"]]
    assert told == [
        ("keeps-in.yaml", "policy_traps_money"),
        ("misspelt.yaml", "policy_unknown_fact"),
        ("keeps-in.yaml", "traps_money"),
    ]
    assert found["clean"] is False
    assert found["found"][1]["finding"]["line"] == 5
    assert found["found"][1]["finding"]["column"] == 11


def test_it_is_told_for_people_with_file_line_and_story(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(tmp_path, "locals", "residency = 'mainland'")
    done = CliRunner().invoke(app, ["lint", str(tmp_path)])
    assert done.exit_code == 1
    assert f"{tmp_path / 'locals.yaml'}:5:1: error no_way_out" in done.output
    assert "There is no way out." in done.output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "没有任何办法" in CliRunner().invoke(app, ["lint", str(tmp_path)]).output


def test_a_rule_that_keeps_money_in_has_a_story_though_there_is_a_way(tmp_path: Path) -> None:
    _write(tmp_path, "keeps-in", "linked_banks >= 2", blocks="withdraw")
    done = CliRunner().invoke(app, ["lint", str(tmp_path)])
    assert done.exit_code == 1
    assert "They want to withdraw, be it only ¥0.01, and are refused by “keeps-in”" in done.output
    assert "No order of an authority keeps it in" in done.output
    assert "traps_money" not in done.output.replace("policy_traps_money", "")


def test_warnings_alone_are_no_failure(tmp_path: Path) -> None:
    _write(tmp_path, "two", "linked_banks >= 2")
    _write(tmp_path, "three", "linked_banks >= 3")
    done = CliRunner().invoke(app, ["lint", str(tmp_path)])
    assert (done.exit_code, "warning shadowed" in done.output) == (0, True)


def test_an_empty_folder_is_a_mistake(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["lint", str(tmp_path)]).exit_code == 2
    assert CliRunner().invoke(app, ["lint", str(tmp_path / "none")]).exit_code == 2


def test_the_schema_is_printed_as_it_is_kept() -> None:
    kept = (files("qianbao.policy") / "packs" / "policy.schema.json").read_text("utf-8")
    assert CliRunner().invoke(app, ["schema"]).output == kept
