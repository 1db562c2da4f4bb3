"""Ways out, and ways to take in time, as the cards that pages print."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

import msgspec

from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.offer import asks_operator
from qianbao.remedies.plan import Step, WayOut
from qianbao.web.i18n import Text


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way out, as a card with numbered steps. `minutes` and `temporary_until` say nothing
    unless it is `certain`. `asks`: a case with the operator, where no plan is known. `prevents`
    are the rules that a way ahead keeps away, where it is not against all that are coming."""

    asks: bool
    title: Text
    steps: tuple[Step, ...]
    certain: bool
    minutes: int | None
    visit: bool
    loses: tuple[Text, ...]
    temporary_until: datetime | None
    because: Text
    prevents: tuple[Text, ...] = ()


def ways(found: Iterable[WayOut]) -> tuple[Way, ...]:
    """Plans as cards. Of one that an authority has to make room for, the steps that can be taken
    meanwhile, if all others can; whom to ask is said where the order is told."""
    return tuple(
        Way(
            asks=asks_operator(way),
            title=_title(steps),
            steps=steps,
            certain=way.certain,
            minutes=way.minutes,
            visit=way.visit,
            loses=tuple(map(Text, way.loses_en, way.loses_zh)),
            temporary_until=way.temporary_until,
            because=Text(", ".join(way.because_en), "、".join(way.because_zh)),
        )
        for way in found
        if (steps := _to_take(way))
    )


def _to_take(way: WayOut) -> tuple[Step, ...]:
    """The steps of a card; none when they have to wait for somebody else's decision."""
    if asks_operator(way):
        return way.steps
    steps = tuple(step for step in way.steps if ACTIONS[step.action].certain)
    waits = any(ACTIONS[step.action].capability is not None for step in steps)
    return () if waits and not way.certain else steps


def _title(steps: tuple[Step, ...]) -> Text:
    """The steps that are taken for themselves or mean a visit; the others make them possible."""
    main = [step for step in steps if step.visit or ACTIONS[step.action].for_itself]
    main = main or list(steps)
    titles = [Text(step.title_en, step.title_zh) for step in main]
    counted = [(title, len(list(same))) for title, same in groupby(titles)]
    en = [title.en + (f" ({count} times)" if count > 1 else "") for title, count in counted]
    zh = [title.zh + (f"（{count} 次）" if count > 1 else "") for title, count in counted]
    if len(counted) == 1:
        return Text(en[0], zh[0])
    lowered = [one[:1].lower() + one[1:] for one in en[1:]]
    first = ", ".join([en[0], *lowered[:-1]])
    return Text(f"{first}, then {lowered[-1]}", f"{'，'.join(zh[:-1])}，然后{zh[-1]}")
