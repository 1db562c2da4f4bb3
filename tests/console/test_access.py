"""Who gets into the console: Mei does, the curious and other sites do not."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.console.conftest import PASSWORD, Enter, Moment

Browser = Callable[[], httpx.AsyncClient]


def _routes(app: Litestar) -> list[tuple[str, str]]:
    """(method, address) of every page, with something in each place."""
    found = []
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not route.path.startswith("/console"):
            continue
        if "static" in route.path:
            continue
        address = route.path
        for part in route.path_components:
            if not isinstance(part, str):
                address = address.replace(f"{{{part.full}}}", "1")
        found += [(method, address) for method in route.methods if method != "OPTIONS"]
    return found


async def test_every_page_stands_behind_the_session(app: Litestar, browser: Browser) -> None:
    stranger = browser()
    open_to_all = {"/console/sign-in", "/console/language"}
    tried = [each for each in _routes(app) if each[1] not in open_to_all and each[0] != "HEAD"]
    assert len(tried) >= 15
    for method, address in tried:
        answer = await stranger.request(method, address)
        assert (answer.status_code, answer.headers.get("location")) == (
            303, "/console/sign-in",
        ), address  # fmt: skip


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", ""])
async def test_forms_from_elsewhere_do_nothing(app: Litestar, enter: Enter, origin: str) -> None:
    mei = await enter("Mei")
    for method, address in _routes(app):
        if method != "POST":
            continue
        answer = await mei.post(address, data={}, headers={"Origin": origin})
        assert answer.status_code == 403, address
        assert "form_from_elsewhere" in answer.text
    assert (await mei.get("/console")).status_code == 200


async def test_a_wrong_password_says_so_and_keeps_the_name(browser: Browser, enter: Enter) -> None:
    await enter("Mei")
    form = {"name": "Mei", "password": "not this one at all"}
    answer = await browser().post("/console/sign-in", data=form)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert 'value="Mei"' in answer.text
    assert "not this one" not in answer.text


async def test_the_lock_holds_through_the_door(browser: Browser, enter: Enter) -> None:
    await enter("Mei")
    client = browser()
    for _ in range(5):
        await client.post("/console/sign-in", data={"name": "Mei", "password": "wrong wrong wrong"})
    answer = await client.post("/console/sign-in", data={"name": "Mei", "password": PASSWORD})
    assert answer.status_code == 401
    assert "sign_in_refused" in answer.text


async def test_signing_out_ends_the_session_everywhere(enter: Enter) -> None:
    mei = await enter("Mei")
    kept = dict(mei.cookies)
    answer = await mei.post("/console/sign-out")
    assert answer.headers["location"] == "/console/sign-in"
    mei.cookies.update(kept)
    again = await mei.get("/console")
    assert again.status_code == 303


async def test_a_night_away_ends_the_session(enter: Enter, clock: Moment) -> None:
    mei = await enter("Mei")
    clock.pass_by(hours=13)
    assert (await mei.get("/console")).status_code == 303


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    browser: Browser, enter: Enter
) -> None:
    await enter("Mei")
    answer = await browser().post("/console/sign-in", data={"name": "Mei", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/console" in cookie


async def test_pages_run_their_own_script_alone_and_are_kept_by_no_cache(enter: Enter) -> None:
    mei = await enter("Mei")
    answer = await mei.get("/console")
    assert "default-src 'none'; script-src 'self';" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert re.findall("<script.*?>.*?<", answer.text) == [
        '<script src="/console/static/console.js" defer><'
    ]
    assert " style=" not in answer.text


async def test_the_language_is_switched_on_any_page_and_kept(enter: Enter) -> None:
    mei = await enter("Mei")
    assert "What operators did" in (await mei.get("/console/audit")).text
    answer = await mei.post("/console/language", data={"language": "zh", "back": "/console/audit"})
    assert answer.headers["location"] == "/console/audit"
    page = (await mei.get("/console/audit")).text
    assert "操作员做了什么" in page
    assert 'lang="zh-CN"' in page


async def test_what_answers_a_form_is_switched_too(enter: Enter, browser: Browser) -> None:
    """A draft that is refused stays, with why; a look-up is not made again."""
    mei = await enter("Mei")
    refused = await mei.post("/console/policies", data={"body": "policy: nothing-else"})
    assert refused.status_code == 422
    kept = refused.text.partition('name="page" value="')[2].partition('"')[0]
    answer = await mei.post("/console/language", data={"language": "zh", "page": kept})
    assert answer.status_code == 200
    assert 'lang="zh-CN"' in answer.text
    assert "policy: nothing-else" in answer.text
    assert 'role="alert"' in answer.text
    assert answer.headers["content-security-policy"]
    assert 'lang="zh-CN"' in (await mei.get("/console")).text
    back = answer.text.partition('name="page" value="')[2].partition('"')[0]
    english = await mei.post("/console/language", data={"language": "en", "page": back})
    assert "policy: nothing-else" in english.text
    stolen = await browser().post("/console/language", data={"language": "zh", "page": kept})
    assert stolen.status_code == 422
    assert "kept_page_unreadable" in stolen.text


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example/console", "/me"]
)
async def test_the_language_form_leads_nowhere_else(browser: Browser, back: str) -> None:
    answer = await browser().post("/console/language", data={"language": "zh", "back": back})
    assert answer.headers["location"] == "/console"


async def test_a_form_without_its_fields_is_refused_on_a_page(browser: Browser) -> None:
    answer = await browser().post("/console/sign-in", data={"name": "Mei"})
    assert answer.status_code == 422
    assert "console_form_incomplete" in answer.text


async def test_the_style_sheet_is_open(browser: Browser) -> None:
    answer = await browser().get("/console/static/console.css")
    assert answer.status_code == 200
    assert "--phase-enforced" in answer.text
