"""Moving the sandbox's clock: what the new day brings is told at once."""

from __future__ import annotations

from tests.kit.person import cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer


def test_ben_hears_of_the_rule_before_and_when_it_blocks_him(seeded_stack: Stack) -> None:
    ben = Surfer(seeded_stack)
    ben.sign_in(cast("Ben").phone)
    ben.open("/sandbox/clock")
    ben.send("/sandbox/clock", day="2027-01-08")
    page = ben.wait_for("/me/notices", "Link cards from two banks")
    assert "15 January 2027" in page
    ben.open("/sandbox/clock")
    ben.send("/sandbox/clock", day="2027-01-15")
    ben.wait_for("/me/notices", "Blocked now: Link cards from two banks")


def test_a_day_that_is_none_or_too_early_is_refused_in_its_place(seeded_stack: Stack) -> None:
    somebody = Surfer(seeded_stack)
    for day, said in (("0001-01-01", "only moves forward"), ("1999-12-31", "only moves forward"),
                      ("", "No date was entered"), ("soon", "“soon” is not a date"),
                      ("9999-12-31", "no further than")):  # fmt: skip
        somebody.open("/sandbox/clock")
        assert said in somebody.send("/sandbox/clock", day=day)
        assert somebody.page.status_code == 422
