"""What merchants are told is written down once, and the page for their engineers says the same."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from qianbao.notices.events import EVENTS

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text("utf-8")


def test_the_page_lists_every_event_and_what_it_says() -> None:
    rows = re.findall(r"^\| `(\w+\.\w+)` \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
    said = [(name, when, re.findall(r"`(\w+)`", data)) for name, when, data in rows]
    assert said == [
        (name, event.en, [field.name for field in msgspec.structs.fields(type(event.example))])
        for name, event in EVENTS.items()
    ]


def test_every_example_can_be_sent_and_read_again() -> None:
    for name, event in EVENTS.items():
        kind = type(event.example)
        assert msgspec.json.decode(msgspec.json.encode(event.example), type=kind) == event.example
        for field in msgspec.structs.fields(kind):
            text = msgspec.json.schema(field.type).get("description")
            assert text, f"{name}: {field.name} is not described"
