"""What an operator reads in a terminal can be typed again into the next command."""

from __future__ import annotations

import pytest

from qianbao.rollouts.counting import Segment
from qianbao.simulation_commands import _label
from qianbao.terminal import show_table

NAMES = ("category-one-receive", "category-one", "category-two", "category-three")


def test_a_table_cuts_nothing_at_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    row = ("1", "enforced", "100 %", "2026-12-01", "2027-01-15", "installation", "installation")
    show_table(
        ("policy", "version", "stands", "wallets", "announced", "enforced", "drafted by", "by"),
        [(name, *row) for name in NAMES],
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*NAMES]
    assert all("2027-01-15" in line and "…" not in line for line in lines[1:])


@pytest.mark.parametrize(
    ("by", "value", "shown"),
    [
        ("balance_minor", "10000", "100–1,000"), ("balance_minor", "1000000", "10,000+"),
        ("age_days", "30", "30–90"), ("bank", "", "no card"), ("document_kind", "", "no document"),
        ("residency", "", "no document"), ("residency", "foreign", "foreign"),
    ],
)  # fmt: skip
def test_each_segment_has_a_label_and_bands_are_in_yuan(
    monkeypatch: pytest.MonkeyPatch, by: str, value: str, shown: str
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    segment = Segment(
        by=by, value=value, currency="CNY", wallets=1, applies=1, locked_out=0, locked_out_minor=0
    )  # type: ignore[arg-type]
    assert _label(segment) == shown
