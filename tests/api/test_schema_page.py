"""The API's page for people, /schema: it fits a phone, and nothing of it is somebody else's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest


@pytest.mark.stack
def test_the_page_loads_nothing_from_elsewhere(stack):
    with stack.client() as client:
        text = client.get("/schema").text
        loaded = re.findall(r"""(?:src|href)=['"]([^'"]+)""", text.partition("<body>")[0])
        assert len(loaded) >= 4
        for address in loaded:
            assert urlsplit(address).netloc == "", address
            assert client.get(address).status_code == 200, address


@pytest.mark.browser
@pytest.mark.stack
def test_the_page_fits_a_phone(stack, page):
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).netloc))
    page.goto(f"{stack.url}/schema")
    page.locator(".opblock").first.wait_for()
    page.locator(".opblock-summary-control").first.click()
    page.locator(".opblock-body").first.wait_for()
    wide = """() => [...document.querySelectorAll('.swagger-ui *')]
        .filter(one => one.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 12).map(one => one.tagName + '.' + one.className)"""
    overflow = page.evaluate("document.documentElement.scrollWidth - 390")
    assert overflow <= 0, page.evaluate(wide)
    assert set(asked) == {urlsplit(stack.url).netloc}
