"""The page of one's real name after a slip was corrected: whose verdict is about what."""

from __future__ import annotations

import re

import pytest

from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

REAL_NAME = "/me/pay/manage/real-name"


def verdict(page: str, source: str) -> str:
    """What the page says of that source, once."""
    (row,) = re.findall(rf'<span class="weui-cell__bd">{source}.*?</div>', page, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row))


def test_a_verdict_is_told_of_the_entry_that_it_is_about(seeded_stack: Stack) -> None:
    nia = Surfer(seeded_stack)
    nia.sign_in("+8613900000055")
    newcomer = nia.http.post(
        f"{seeded_stack.sandbox_url}/newcomer",
        data={"surname": "Okafor", "given": "Nia", "phone": "+8613900000055", "bank": "CMB"},
    ).text
    (good,) = re.findall(r"(P(?:<|&lt;)CAN.{0,400}?)</pre>", newcomer, re.DOTALL)
    good = good.replace("&lt;", "<")
    for slip in ("NIB", "NIC", "NID"):
        nia.open(f"{REAL_NAME}/add")
        nia.send(f"{REAL_NAME}/add", mrz=good.replace("<<NIA<", f"<<{slip}<", 1))
        assert nia.path == REAL_NAME, nia.page.text
    page = nia.wait_for(REAL_NAME, "differs")
    assert "correct a slip" in verdict(page, "Immigration register")
    nia.open(f"{REAL_NAME}/add")
    nia.send(f"{REAL_NAME}/add", mrz=good)
    for source in ("Immigration register", "Mobile operator"):
        said = verdict(nia.page.text, source)
        assert "being asked again" in said or "confirmed" in said
        assert "differs" not in said
    page = nia.wait_for(REAL_NAME, "confirmed")
    assert "entered 3 times" in page
    assert page.count("•••• ") == 2  # the document, and once what it was before
