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
