"""Long tails only shrink: what is too long is listed with its length, and may not grow.

`python -m tests.house.test_length` lowers the list to what is there now; it never raises it.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.house.source import functions, modules

FILE_LINES = 400
FUNCTION_LINES = 50
USUAL_LINES = 30
USUAL_SHARE_PERCENT = 90
RATCHET = Path(__file__).with_name("long_tails.json")


def too_long() -> dict[str, int]:
    """Every file and function beyond the limit, with its length in lines."""
    found = {}
    for module in modules():
        lines = len(module.path.read_text(encoding="utf-8").splitlines())
        if lines > FILE_LINES:
            found[module.where] = lines
        for name, length in functions(module):
            if length > FUNCTION_LINES:
                found[f"{module.where}:{name}"] = length
    return found


def listed() -> dict[str, int]:
    """What was too long when the list was last lowered."""
    stored: dict[str, int] = json.loads(RATCHET.read_text())
    return stored


def test_nothing_grows_long() -> None:
    stored = listed()
    grown = {
        place: f"{length} lines, at most {stored.get(place, 'the limit')}"
        for place, length in too_long().items()
        if length > stored.get(place, 0)
    }
    assert grown == {}


def test_what_became_short_is_off_the_list() -> None:
    """Run `python -m tests.house.test_length`."""
    assert set(listed()) - set(too_long()) == set()


def test_most_functions_are_short() -> None:
    lengths = [length for module in modules() for _, length in functions(module)]
    short = sum(length <= USUAL_LINES for length in lengths)
    assert short * 100 >= len(lengths) * USUAL_SHARE_PERCENT


def lower() -> None:
    """Writes the list again, with nothing longer on it than before."""
    now, stored = too_long(), listed()
    kept = {place: min(now[place], stored[place]) for place in sorted(now) if place in stored}
    RATCHET.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    lower()
