"""A policy's timeline as it is written: its days, their order, and how far away they may be.

What a timeline makes of a moment is `dates`.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from qianbao.errors import InvalidInput
from qianbao.policy.bounds import FIRST_YEAR, LAST_YEAR
from qianbao.policy.marks import Marked, PolicyFieldWrong


class PolicyTimelineOrder(InvalidInput):
    code = "policy_timeline_order"
    en = "Line {line}, column {column}: {later} must come after {earlier}."
    zh = "第 {line} 行第 {column} 列：{later} 必须晚于 {earlier}。"
    next_en = "Order: announce, warn, enforce, retire; rollout percentages grow up to 100."
    next_zh = "顺序：announce、warn、enforce、retire；rollout 百分比递增至 100。"


class Timeline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Days on which a policy's phases begin, at midnight in the operator's zone. `rollout` is the
    percentages of wallets by which it is enforced: the first from the day `enforce` on, each
    further one `step_days` after the one before."""

    announce: date
    warn: date
    enforce: date
    rollout: tuple[Annotated[int, Meta(ge=1, le=100)], ...] = (100,)
    step_days: Annotated[int, Meta(ge=1, le=365)] | None = None
    retire: date | None = None


def check_timeline(marked: Marked, timeline: Timeline) -> None:
    """Raises `PolicyTimelineOrder` or `PolicyFieldWrong`."""
    days = [
        (name, day)
        for name in ("announce", "warn", "enforce", "retire")
        if (day := getattr(timeline, name)) is not None
    ]
    for name, day in days:
        _check_year(marked, name, day)
    for (earlier, before), (later, after) in pairwise(days):
        if after < before or (later != "warn" and after == before):
            place = marked.place("timeline", later)
            raise PolicyTimelineOrder(**place, earlier=earlier, later=later)
    shares = timeline.rollout
    if not shares or shares[-1] != 100 or list(shares) != sorted(set(shares)):
        place = marked.place("timeline", "rollout")
        raise PolicyTimelineOrder(**place, earlier="rollout", later="rollout 100")
    if len(shares) > 1 and timeline.step_days is None:
        place = marked.place("timeline", "rollout")
        raise PolicyFieldWrong(
            **place,
            field="timeline.step_days",
            problem="a rollout in several steps needs step_days, the days from one to the next",
            problem_zh="分步执行须写明 step_days，即相邻两步间隔的天数",
            advice="Write step_days beside rollout.",
            advice_zh="请在 rollout 旁写明 step_days。",
        )
    full = timeline.enforce + timedelta(days=(len(shares) - 1) * (timeline.step_days or 0))
    _check_year(marked, "step_days" if len(shares) > 1 else "enforce", full)
    if timeline.retire is not None and timeline.retire <= full:
        raise PolicyTimelineOrder(
            **marked.place("timeline", "retire"), earlier="rollout 100", later="retire"
        )


def _check_year(marked: Marked, name: str, day: date) -> None:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PolicyFieldWrong(
            **marked.place("timeline", name),
            field=f"timeline.{name}",
            problem=f"{day} is too far away",
            problem_zh=f"{day} 过远",
            advice=f"Days lie in the years {FIRST_YEAR} to {LAST_YEAR}.",
            advice_zh=f"日期须在 {FIRST_YEAR} 年至 {LAST_YEAR} 年之间。",
        )
