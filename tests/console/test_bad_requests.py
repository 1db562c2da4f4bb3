"""What no page of the console sends: told on a page, and nothing broken by it afterwards."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.console.conftest import ADDRESS, Enter

NUL = "\x00"
POLICY = """policy: far-away
version: 1
title: {{en: Far away, zh: 很远}}
basis: none
applies_to: residency = 'foreign'
requires: linked_banks >= 3
otherwise: {{block: [pay]}}
timeline: {{announce: {announce}, warn: {warn}, enforce: {enforce}{more}}}
"""


@pytest.mark.parametrize(
    "address",
    [
        "wallets?phone=%00", "wallets/%00", "policies/%00", "policies/new?from=%00",
        "audit?subject=%00", "audit?before=%00",
    ],
)  # fmt: skip
async def test_addresses_that_are_no_text(enter: Enter, address: str) -> None:
    answer = await (await enter("Mei")).get(f"/console/{address}")
    assert answer.status_code == 400
    assert "console_address_unreadable" in answer.text


async def test_forms_that_are_no_text(
    enter: Enter, browser: Callable[[], httpx.AsyncClient]
) -> None:
    mei = await enter("Mei")
    for path, form in {
        "policies/x/versions/99999999999999999999999/publication": {},
        "wallets/wal_x/legal-holds": {"reference": NUL},
        "cases/wal_x/cas_x/answer": {"answer": NUL},
    }.items():
        answer = await mei.post(f"/console/{path}", data=form)
        assert 400 <= answer.status_code < 500, path
    answer = await browser().post("/console/sign-in", data={"name": NUL, "password": NUL})
    assert answer.status_code == 422
    broken = await browser().post(
        "/console/sign-in",
        content=b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\r\n--x--\r\n',
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert 400 <= broken.status_code < 500
    long = await browser().post("/console/sign-in", data={"name": "x" * 300_000, "password": "x"})
    assert long.status_code in (413, 422)


@pytest.mark.parametrize("origin", ["http://[", "http://[::1", "x", "null"])
async def test_an_origin_that_is_no_address(
    browser: Callable[[], httpx.AsyncClient], origin: str
) -> None:
    answer = await browser().post("/console/sign-in", data={}, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("back", ["//[", "//elsewhere.test", "/\t/elsewhere.test", "\\\\e.test"])
async def test_a_way_back_that_is_none(browser: Callable[[], httpx.AsyncClient], back: str) -> None:
    answer = await browser().post("/console/language", data={"language": "zh", "back": back})
    assert answer.headers["location"] == "/console"


async def test_a_page_before_that_is_none(enter: Enter) -> None:
    mei = await enter("Mei")
    headers = {"Referer": f"{ADDRESS}//["}
    answer = await mei.post("/console/policies/nowhere/retirement", headers=headers)
    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("announce", "warn", "enforce", "more"),
    [
        ("2027-01-01", "2027-02-01", "2100-12-31", ""),
        ("2027-01-01", "2027-02-01", "2028-01-01", ", retire: 2100-12-31"),
        ("2000-01-01", "2027-02-01", "2028-01-01", ""),
    ],
)
async def test_a_draft_dated_to_the_end_of_time_breaks_no_page(
    enter: Enter, announce: str, warn: str, enforce: str, more: str
) -> None:
    """One operator's slip does not take the list of policies away from all of them; what lies
    beyond is refused."""
    mei = await enter("Mei")
    body = POLICY.format(announce=announce, warn=warn, enforce=enforce, more=more)
    for beyond in (body.replace("2100-12", "9999-12"), body.replace("2000-01", "0001-01")):
        if beyond != body:
            answer = await mei.post("/console/policies", data={"body": beyond})
            assert answer.status_code == 422, answer.text
    answer = await mei.post("/console/policies", data={"body": body})
    assert answer.status_code == 303, answer.text
    for page in (answer.headers["location"], "/console/policies", "/console"):
        assert (await mei.get(page)).status_code == 200, page
