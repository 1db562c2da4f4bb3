"""A real Chromium on a phone-sized page, for tests marked `browser`.

`page` is one phone; `make_page()` gives more, each with cookies of its own. They are Playwright's
asynchronous ones, so that tests that use them are `async def`: its synchronous ones switch stacks
in a way that the parser of Python 3.11.2 does not survive. Playwright's own browser download is
never used; `tools/browser.py` finds or gets a browser.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright

TOP = Path(__file__).resolve().parents[2]
RESULTS = TOP / "test-results"
FLAGS = [
    "--no-sandbox",  # containers seldom allow it, and only our own pages are opened
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
TIMEOUT_SECONDS = 15

MakePage = Callable[..., Awaitable[Page]]
_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser's program."""
    named = os.environ.get("QIANBAO_BROWSER")
    finder = [sys.executable, str(TOP / "tools" / "browser.py")]
    return named or subprocess.check_output(finder, text=True).strip()


@pytest.fixture
async def chromium(browser_path: str) -> AsyncIterator[Browser]:
    """A running browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def make_page(chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[MakePage]:
    """`await make_page(locale="zh-CN")`: another phone. An error in a page's script fails the
    test; when a test fails, a picture of each phone stays in `test-results/`."""
    pages: list[Page] = []
    errors: list[str] = []

    async def make(*, locale: str = "en-US") -> Page:
        context = await chromium.new_context(
            viewport={"width": 390, "height": 844},
            device_scale_factor=2,
            is_mobile=True,
            has_touch=True,
            locale=locale,
        )
        context.set_default_timeout(TIMEOUT_SECONDS * 1000)
        await context.route(re.compile(".*"), _stay_here)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield make
    if request.node.stash.get(_failed, False):
        for number, page in enumerate(pages):
            await _keep_picture(page, f"{request.node.nodeid}-{number}")
    for page in pages:
        await page.context.close()
    assert errors == []


@pytest.fixture
async def page(make_page: MakePage) -> Page:
    """A phone."""
    return await make_page()


async def _stay_here(route: Route) -> None:
    """Pages load nothing from elsewhere: what is asked of another machine fails."""
    if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
        await route.continue_()
    else:
        await route.abort()


async def _keep_picture(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}.png"
    await page.screenshot(path=path, full_page=True)
    print(f"The phone at {page.url}: {path}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Notes that a test failed, for the pictures."""
    report: pytest.TestReport = yield  # type: ignore[misc,assignment]
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report  # type: ignore[return-value]
