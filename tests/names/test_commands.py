"""`qianbao names` and `qianbao bench names`, as typed in a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from qianbao.bench.name_scorers import opensanctions
from qianbao.bench.names import command
from qianbao.names_commands import app

LINES = "Anna Müller\tMUELLER ANNA\nLi Wei\tLI WEN\tnoted\nalone\n"


def test_lines_get_verdict_score_and_reason_behind_them():
    done = CliRunner().invoke(app, ["compare"], input=LINES)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "Anna Müller\tMUELLER ANNA\tmatch\t0.95\tdiacritic",
        "Li Wei\tLI WEN\tnoted\tno_match\t0.0\tdifferent",
        "alone\tno_match\t0.0\tempty",
    ]


def test_a_file_of_many_lines_is_answered_line_by_line(tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("王小明\tWANG XIAOMING\n" * 1_203, encoding="utf-8")
    done = CliRunner().invoke(app, ["compare", str(pairs)])
    assert (
        done.output.splitlines() == ["王小明\tWANG XIAOMING\tmatch\t0.94\ttransliteration"] * 1_203
    )


def test_whoever_sends_one_line_gets_its_answer_before_the_next():
    line = [sys.executable, "-m", "qianbao", "names", "compare"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"Li Wei\tWei Li\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"Li Wei\tWei Li\tmatch\t0.97\torder\n"
        process.stdin.close()


def test_bytes_that_are_no_text_come_back_as_they_were():
    done = CliRunner().invoke(app, ["compare"], input=b"\xff\tLi\r\nA B\tB A")
    assert done.stdout_bytes.splitlines() == [
        b"\xff\tLi\tno_match\t0.0\tempty", b"A B\tB A\tmatch\t0.97\torder",
    ]  # fmt: skip


def test_a_missing_file_is_named(tmp_path):
    done = CliRunner().invoke(app, ["compare", str(tmp_path / "none.tsv")])
    assert done.exit_code == 2


def test_annas_forms_at_icbc_begin_with_its_own():
    done = CliRunner().invoke(
        app, ["forms", "--mrz", "MUELLER<<ANNA<MARIA", "--bank", "icbc", "--json"]
    )
    forms = json.loads(done.output)
    assert forms[0]["text"] == "MUELLER ANNA MARIA"
    assert forms[0]["confidence"] == "sourced"
    assert len(forms) > 5


def test_a_name_in_characters_has_forms_too():
    done = CliRunner().invoke(app, ["forms", "--native", "吕小明", "--bank", "BOC"])
    assert done.output.splitlines()[0] == "吕小明"
    assert "LYU XIAOMING" in done.output


def test_a_spaniards_forms_leave_out_the_second_surname():
    line = ["--mrz", "GARCIA<LOPEZ<<JUAN<CARLOS"]
    with_issuer = CliRunner().invoke(app, ["forms", *line, "--country", "esp", "--bank", "icbc"])
    assert "GARCIA JUAN CARLOS\n    Without the second surname." in with_issuer.output
    without = CliRunner().invoke(app, ["forms", *line, "--bank", "icbc"])
    assert "second surname" not in without.output


def test_the_parts_of_a_name_are_told():
    done = CliRunner().invoke(
        app, ["parse", "--surname", "AL FALASI", "--given", "AHMED BIN MOHAMMED"]
    )
    assert done.output.splitlines() == [
        "surname: AL FALASI", "particles: AL", "given names: AHMED BIN MOHAMMED",
        "father's name: BIN MOHAMMED",
    ]  # fmt: skip
    told = CliRunner().invoke(
        app, ["parse", "--mrz", "GARCIA<LOPEZ<<JUAN", "--country", "ESP", "--json"]
    )
    assert json.loads(told.output)["second_surname"] == "LOPEZ"
    assert CliRunner().invoke(app, ["parse"]).exit_code == 2


def test_the_bench_counts_what_became_of_each_pair(tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text(
        "name_a\tname_b\tlabel\tkind\n"
        "Anna Müller\tANNA MUELLER\tsame\tdiacritics\n"
        "Bill Taylor\tWilliam Taylor\tsame\tnickname\n"
        "Anna Müller\tLena Huber\tdifferent\tneg_random\n"
        "Anna Müller\tMiller\tsame\talias_or_changed\n",
        encoding="utf-8",
    )
    bench = typer.Typer()
    bench.command()(command)
    done = CliRunner().invoke(bench, [str(pairs), "--json"])
    found = json.loads(done.output)
    assert (found["pairs_same"], found["pairs_different"]) == (2, 1)
    assert (found["recall"], found["recall_match"], found["false_matches"]) == (1.0, 0.5, 0)
    assert found["f1"] == 1.0
    assert {"kind": "nickname", "same": True, "pairs": 1, "match": 0, "close": 1} in found["kinds"]
    assert found["scorers"][0]["scorer"].startswith("rapidfuzz")


def test_the_bench_prints_what_is_wanted_beside_what_was_found():
    bench = typer.Typer()
    bench.command()(command)
    ours = Path(__file__).with_name("pairs.tsv")
    lines = CliRunner().invoke(bench, [str(ours)]).output.splitlines()
    assert lines[1].split()[:5] == ["different", "persons", "called", "match", "0"]
    assert lines[1].split()[5] == "0"
    printed = [line.split() for line in lines if line.startswith("printed bank forms")]
    assert [row[-3:-1] for row in printed] == [["all", "1"]] * 3
    assert any(line.startswith("nomenklatura") for line in lines) or not opensanctions()
    assert any(line.startswith("rapidfuzz WRatio") for line in lines)


def test_the_bench_refuses_a_file_without_the_columns(tmp_path):
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text("name_a\tname_b\nAnna\tAnna\n", encoding="utf-8")
    bench = typer.Typer()
    bench.command()(command)
    done = CliRunner().invoke(bench, [str(pairs)])
    assert done.exit_code == 2
    assert "label" in done.output
    done = CliRunner().invoke(bench, [str(pairs), "--bank-forms", str(tmp_path / "none.tsv")])
    assert done.exit_code == 2
