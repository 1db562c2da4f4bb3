"""Aliases in a policy are refused before they cost anything."""

from __future__ import annotations

import pytest

from qianbao.policy import marks
from qianbao.policy.marks import PolicyUnreadable
from qianbao.policy.policies import load_policy


def test_a_policy_that_holds_itself_is_refused():
    with pytest.raises(PolicyUnreadable):
        load_policy("a: &a {b: *a}")


def test_a_policy_of_aliases_costs_no_more_than_its_length(monkeypatch):
    """Each line doubles the work: thirty of them stop the process for minutes."""
    visits = 0
    refuse = marks._mapping

    def counted(*arguments):
        nonlocal visits
        visits += 1
        return refuse(*arguments)

    monkeypatch.setattr(marks, "_mapping", counted)
    lines = [f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}" for n in range(1, 12)]
    with pytest.raises(PolicyUnreadable):
        load_policy("\n".join(["a0: &a0 {x: 1}", *lines]))
    assert visits < 200
