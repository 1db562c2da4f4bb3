"""Each problem's `type` leads to a page, in both languages, that says what it means."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from qianbao import reference

LOOKS = (Path(__file__).parents[1] / "web" / "looks.js").read_text()
"""What a page tells about itself: a list of faults."""
HAN = re.compile(r"[\u4e00-\u9fff]")


def text_of(page):
    """What a page shows in its middle."""
    body = page.text.partition("<main")[2].partition("</main>")[0]
    return html.unescape(re.sub(r"<[^>]+>", " ", body.replace("<wbr>", "")))


@pytest.fixture(scope="module")
def codes(stack):
    """Every code that the app's own list shows."""
    with stack.client() as client:
        listed = client.get("/errors").text
    return re.findall(r'href="/errors/(\w+)"', listed)


def test_the_list_has_every_error_that_the_app_can_give(stack, codes):
    """Others are the command line's, or the sandbox banks'."""
    with stack.client() as client:
        described = client.get("/schema/openapi.json").json()["components"]["examples"]
    assert codes == sorted(described)
    assert set(codes) <= set(reference.error_codes())


def test_every_page_says_it_in_both_languages(stack, codes):
    with stack.client() as client:
        for code in codes:
            english = client.get(f"/errors/{code}", params={"lang": "en"})
            chinese = client.get(f"/errors/{code}", params={"lang": "zh"})
            assert (english.status_code, chinese.status_code) == (200, 200), code
            assert english.headers["content-type"].startswith("text/html")
            error = reference.error_codes()[code]
            first, last = error.next_en.partition("{")[0], error.next_zh.partition("{")[0]
            assert first.strip() in text_of(english)
            assert last.strip() in text_of(chinese)
            assert str(error.status) in text_of(english)
            assert code in text_of(chinese)
            assert not re.search(r"\{\w+", text_of(english)), code
            assert HAN.search(text_of(chinese))


def test_a_problem_leads_to_its_page(stack):
    with stack.client() as client:
        refused = client.get("/v1/wallet").json()
        page = client.get(refused["type"], params={"lang": "en"})
        assert "This needs a token" in text_of(page)
        assert client.get("/errors/no_such_code").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_longest_codes_fit_a_phone(stack, codes, make_page, language):
    page = make_page()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{stack.url}/?lang={language}")
    faults = []
    for path in ("", *[f"/{code}" for code in sorted(codes, key=len)[-4:]]):
        page.goto(f"{stack.url}/errors{path}")
        faults += [f"{path}: {fault}" for fault in page.evaluate(LOOKS)]
    assert faults == []
