"""The console's pictures: every line is where its day or its number says."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from qianbao.console.pictures import COUNTS, LABELS, WIDTH, Dates, bars, timeline

DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@st.composite
def dated(draw: st.DrawFn) -> Dates:
    days = sorted(draw(st.lists(DAYS, min_size=4, max_size=4, unique=True)))
    retire = draw(st.sampled_from([None, days[3]]))
    return Dates("rule", "Rule", "announced", days[0], days[1], days[2], retire)


TWO_BANKS = Dates(
    "two-banks", "Two banks", "announced", date(2026, 12, 1), date(2026, 12, 15), date(2027, 1, 15)
)


def test_a_policy_is_three_stretches_without_a_gap() -> None:
    picture = timeline([TWO_BANKS], date(2026, 12, 5))
    announced, warning, enforced = picture.rows[0].spans
    assert [announced.phase, warning.phase, enforced.phase] == ["announced", "warning", "enforced"]
    assert announced.x < picture.today_x < warning.x
    assert abs(announced.x + announced.width - warning.x) < 0.2
    assert abs(warning.x + warning.width - enforced.x) < 0.2
    assert abs(enforced.x + enforced.width - WIDTH) < 0.2


def test_a_policy_without_dates_has_always_been_in_force() -> None:
    always = Dates("limit", "Limit", "enforced", None, None, None)
    picture = timeline([always, TWO_BANKS], date(2026, 12, 5))
    (span,) = picture.rows[0].spans
    assert (span.x, span.x + span.width, span.starts) == (LABELS, WIDTH, None)


def test_months_are_marked_on_their_first_day() -> None:
    picture = timeline([TWO_BANKS], date(2026, 12, 5))
    assert [tick.label for tick in picture.ticks] == ["2026-12", "2027-01", "2027-02"]
    assert picture.ticks[0].x == picture.rows[0].spans[0].x


@given(st.lists(dated(), max_size=4), DAYS)
def test_nothing_is_drawn_outside_and_time_runs_to_the_right(
    policies: list[Dates], today: date
) -> None:
    picture = timeline(policies, today)
    assert LABELS < picture.today_x < WIDTH
    assert len(picture.ticks) <= 12
    assert [tick.x for tick in picture.ticks] == sorted(tick.x for tick in picture.ticks)
    for row in picture.rows:
        assert 0 < row.y < picture.height
        for span in row.spans:
            assert span.starts is not None
            assert span.x > LABELS
            assert span.width >= 0
            assert span.x + span.width <= WIDTH + 0.2
            assert (span.x <= picture.today_x) == (span.starts <= today) or (
                abs(span.starts - today) <= timedelta(days=40)  # a pixel is many days here
            )


@given(st.lists(st.tuples(st.text(max_size=8), st.integers(0, 10**9)), max_size=8), st.data())
def test_bars_are_as_long_as_their_counts(
    counted: list[tuple[str, int]], data: st.DataObject
) -> None:
    marked = [data.draw(st.integers(0, count)) for _, count in counted]
    picture = bars([(*pair, part) for pair, part in zip(counted, marked, strict=True)])
    longest = max((count for _, count in counted), default=0)
    for row, (_, count), part in zip(picture.rows, counted, marked, strict=True):
        assert row.width <= WIDTH - LABELS - COUNTS
        assert (row.width == 0) == (count == 0)
        assert (row.marked_width == 0) == (part == 0)  # one wallet among millions is still seen
        assert row.marked_width <= row.width
        if count == longest and count:
            assert row.width == WIDTH - LABELS - COUNTS
