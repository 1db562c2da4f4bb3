"""`qianbao names` and `qianbao bench names`, as typed in a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from qianbao.bench.name_scorers import opensanctions
from qianbao.bench.names import command
from qianbao.names_commands import LINE_BYTES, answers, app

LINES = "Anna Müller\tMUELLER ANNA\nLi Wei\tLI WEN\tnoted\nalone\n"


def test_lines_get_verdict_score_and_reason_behind_them():
    done = CliRunner().invoke(app, ["compare"], input=LINES)
    assert done.exit_code == 0
    assert done.output.splitlines() == [
        "Anna Müller\tMUELLER ANNA\tmatch\t0.95\tdiacritic",
        "Li Wei\tLI WEN\tnoted\tno_match\t0.0\tdifferent",
        "alone\t\tno_match\t0.0\tempty",
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


def test_a_huge_line_is_passed_on_as_it_comes_and_refused_in_its_place():
    block = b"A" * 4096
    blocks = [b"Li Wei\tWei Li\n", *[block] * 64, b"\tB\r", b"\nA B\tB A\n", *[block] * 64]
    told, heard = 0, 0
    out = []
    for got, answer in zip(blocks, answers(iter(blocks)), strict=False):
        told, heard = told + len(got), heard + len(answer)
        assert told - heard <= 2 * LINE_BYTES
        out.append(answer)
    lines = b"".join(answers(iter(blocks))).split(b"\n")
    assert lines[0] == b"Li Wei\tWei Li\tmatch\t0.97\torder"
    assert lines[1] == block * 64 + b"\tB\tno_match\t0.0\ttoo_long"
    assert lines[2] == b"A B\tB A\tmatch\t0.97\torder"
    assert lines[3] == block * 64 + b"\t\tno_match\t0.0\ttoo_long"
    assert lines[4:] == [b""]


def test_two_names_before_a_huge_column_are_compared():
    blocks = [b"A B\tB A\t", *[b"x" * 4096] * 64, b"\n"]
    done = b"".join(answers(iter(blocks)))
    assert done == b"".join(blocks)[:-1] + b"\tmatch\t0.97\torder\n"


def test_a_pipe_with_a_name_is_read(tmp_path):
    pipe = tmp_path / "pairs"
    os.mkfifo(pipe)
    line = [sys.executable, "-m", "qianbao", "names", "compare", str(pipe)]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        assert process.stdout
        with pipe.open("wb") as into:
            into.write(b"Li Wei\tWei Li\n")
        assert process.stdout.read() == b"Li Wei\tWei Li\tmatch\t0.97\torder\n"
    assert CliRunner().invoke(app, ["compare", str(tmp_path)]).exit_code == 2


def test_a_whole_passport_line_is_read_for_its_name():
    line = "P<D<<MUELLER<<ANNA".ljust(44, "<")
    shown = CliRunner().invoke(app, ["parse", "--mrz", line])
    assert shown.output.splitlines() == ["surname: MUELLER", "given names: ANNA"]
    spaniard = "P<ESPGARCIA<LOPEZ<<JUAN".ljust(44, "<")
    assert "second surname: LOPEZ" in CliRunner().invoke(app, ["parse", "--mrz", spaniard]).output
    card = "I<UTOERIKSSON<<ANNA<MARIA".ljust(36, "<")
    assert "surname: ERIKSSON" in CliRunner().invoke(app, ["parse", "--mrz", card]).output


def test_part_of_a_passport_line_is_refused_not_misread():
    done = CliRunner().invoke(app, ["forms", "--mrz", "P<DEUMUELLER<<ANNA<<<", "--bank", "icbc"])
    assert done.exit_code == 2
    assert "44" in done.output
    named = CliRunner().invoke(app, ["parse", "--mrz", "PERERA<<P"])
    assert named.output.splitlines() == ["surname: PERERA", "given names: P"]


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


def test_no_source_speaks_of_names_in_characters():
    done = CliRunner().invoke(app, ["forms", "--native", "娜塔莎·罗曼诺夫", "--bank", "icbc"])
    assert done.exit_code == 0
    assert "[sourced]" not in done.output
    assert "[assumed]" in done.output


@pytest.mark.parametrize(
    "more",
    [["--surname", "HUBER"], ["--given", "LENA"], ["--native", "王小明"]],
)  # fmt: skip
@pytest.mark.parametrize("verb", [["forms", "--bank", "icbc"], ["parse"]])
def test_a_name_given_twice_is_refused(verb, more):
    done = CliRunner().invoke(app, [*verb, "--mrz", "MUELLER<<ANNA", *more])
    assert done.exit_code == 2
    assert more[0] in done.output


def test_a_line_of_headings_is_compared_as_any_other():
    done = CliRunner().invoke(app, ["compare"], input="name_a\tname_b\nLi Wei\tWei Li\n")
    assert len(done.output.splitlines()) == 2
    assert done.output.startswith("name_a\tname_b\t")


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


def test_a_folder_is_called_one(tmp_path):
    done = CliRunner().invoke(app, ["compare", str(tmp_path)])
    assert done.exit_code == 2
    assert "folder" in done.output
    assert "no file" not in done.output
