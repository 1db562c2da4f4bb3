"""The inbox as Ben reads it: every way out with its links, and what is over shown so."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from qianbao.errors import Language
from qianbao.notices.inbox import Notice
from qianbao.policy.policies import load_pack
from qianbao.rollouts.wording import Step, Telling, words
from qianbao.settings import Settings
from qianbao.web.drawing import environment
from qianbao.web.visit import Visit
from qianbao.web.ways import ways
from tests.policy.cast import anna, at

ENFORCED = at(2027, 1, 15, 0)


def notice(step: Step, day: int) -> Notice:
    now = at(2027, 1, day)
    pack = load_pack()
    (policy,) = [one for one in pack if one.name == "two-banks"]
    said = words(pack, policy, anna(), Settings(), Telling(step, ENFORCED), now)
    return Notice(
        notice_id="ntc_x", kind=f"policy_{step}", title_en=said.title_en, title_zh=said.title_zh,
        body_en=said.body_en, body_zh=said.body_zh, link="/me/pay/wallet", ways_out=said.ways_out,
        created_at=now, read_at=None, settled_at=None,
    )  # fmt: skip


def page(*notices: Notice, language: Language = "en") -> str:
    visit = Visit(
        now=at(2027, 1, 20), language=language, care=False, wallet_id="wal_x", wallet_open=True,
        pin_locked_until=None, path="/me/notices", query=(), sandbox=True, phone_url="",
    )  # fmt: skip
    return (
        environment()
        .get_template("notices.html")
        .render(
            request=SimpleNamespace(method="GET", state=SimpleNamespace(visit=visit)),
            notices=[(one, ways(one.ways_out)) for one in notices],
            older="",
        )
    )


@pytest.mark.parametrize(("step", "day"), [("blocked", 15), ("week_before", 9)])
def test_a_notice_lists_every_way_out_with_its_links(step: Step, day: int) -> None:
    drawn = page(notice(step, day))
    first, second = drawn.index("Link a card from another bank"), drawn.index("Register again")
    assert first < second
    assert 'href="/me/pay/cards/add"' in drawn
    assert "Holds until" in drawn
    assert ("once it blocks" in drawn) == (step != "blocked")
    chinese = page(notice(step, day), language="zh")
    assert "您可以这样做（3）" in chinese
    assert "What you can do" not in chinese


def test_what_is_over_is_shown_so_and_asks_for_nothing() -> None:
    drawn = page(replace(notice("blocked", 15), settled_at=at(2027, 1, 19)))
    said = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", drawn))
    assert "Over Blocked now: Link cards from two banks" in said
    assert "over since 19 Jan 2027" in said
    assert "What you can do" not in said
