"""Every address that a screen, a step or a notice points to is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from litestar import Litestar

import qianbao
from qianbao import advise, web
from qianbao.policy.policies import CAPABILITIES, Actor
from qianbao.policy.sentences import NEEDED
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.needs import LEFTOVERS
from qianbao.settings import Settings
from qianbao.web.cancel import CURES
from qianbao.web.standing import CAPABILITY_WORDS, WHO

SOURCE = Path(qianbao.__file__).parent
ELSEWHERE = ("/schema", "/console", "/static/")
"""Other doors' addresses."""


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    """The paths of all pages, a placeholder as one star."""
    app = Litestar([*web.routes(), *advise.routes()], **web.configuration(Settings()))
    return {
        re.sub(r"\{[^}]*\}", "*", route.path)
        for route in app.routes
        if "GET" in getattr(route, "methods", ())
    }


def is_there(path: str, addresses: set[str]) -> bool:
    """Whether a path, with stars for what is filled in, is a page's."""
    bare = path.split("?")[0].split("#")[0].rstrip("/") or "/"
    patterns = (re.sub(r"\\\*", "[^/]+", re.escape(one)) for one in addresses)
    return any(re.fullmatch(pattern, bare) for pattern in patterns)


def test_links_and_forms_of_the_templates_lead_somewhere(addresses: set[str]) -> None:
    """Forms, too: each answers GET at its own address, so a reload or the other language works."""
    wrong = []
    for path in [*SOURCE.glob("web/templates/*.html"), *SOURCE.glob("advise/templates/*.html")]:
        text = path.read_text()
        found = re.findall(r'(?:href|action|hx-get)="(/[^"]*)"', text)
        found += re.findall(r'set back = "(/[^"]*)"', text)
        found += re.findall(r'parts\.cell\([^,]+(?:\([^)]*\))?, "(/[^"]*)"', text)
        for link in found:
            filled = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "x", link))
            own = filled.endswith("/pin") or not filled.startswith(ELSEWHERE)
            exempt = filled in ("/signout", "/me/care", "/me/pay/wallet/history")
            if own and not exempt and not is_there(filled, addresses):
                wrong.append(f"{path.name}: {link}")
    assert wrong == []


@pytest.mark.parametrize("action", [one for one in ACTIONS.values() if one.screen])
def test_each_step_of_a_way_out_has_its_screen(action: object, addresses: set[str]) -> None:
    assert is_there(action.screen, addresses)  # type: ignore[attr-defined]


def test_each_thing_in_the_way_of_closing_says_what_to_do() -> None:
    assert {one.cure for one in LEFTOVERS} == set(CURES)


def test_each_capability_and_comparison_has_words() -> None:
    assert set(CAPABILITY_WORDS) == set(CAPABILITIES)
    operators = {"=", "<>", "<", "<=", ">", ">=", "IN", "NOT IN", "IS NULL", "IS NOT NULL"}
    assert set(NEEDED["en"]) == set(NEEDED["zh"]) == operators
    assert set(WHO) == set(get_args(Actor))
