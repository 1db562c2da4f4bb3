"""A real Chromium on a phone-sized page, for tests marked `browser`.

`page` is one phone; `make_page()` gives more, each with cookies of its own. They are Playwright's
synchronous ones: a module that uses them has no async tests. Playwright's own browser download is
never used; `tools/browser.py` finds or gets a browser.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

TOP = Path(__file__).resolve().parents[2]
RESULTS = TOP / "test-results"
FLAGS = [
    "--no-sandbox",  # containers seldom allow it, and only our own pages are opened
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PHONE = {"width": 390, "height": 844}

MakePage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser's program."""
    named = os.environ.get("QIANBAO_BROWSER")
    finder = [sys.executable, str(TOP / "tools" / "browser.py")]
    return named or subprocess.check_output(finder, text=True).strip()


@pytest.fixture(scope="module")
def chromium(browser_path: str) -> Iterator[Browser]:
    """A running browser; by module, for while it runs no async test can."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def make_page(chromium: Browser) -> Iterator[MakePage]:
    """`make_page(locale="zh-CN")`: another phone. An error in a page's script fails the test."""
    contexts, errors = [], []

    def make(*, locale: str = "en-US") -> Page:
        context = chromium.new_context(
            viewport=PHONE, device_scale_factor=2, is_mobile=True, has_touch=True, locale=locale
        )  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.route(re.compile(".*"), _stay_here)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(make_page: MakePage) -> Page:
    """A phone."""
    return make_page()


def _stay_here(route: Route) -> None:
    """Pages load nothing from elsewhere: what is asked of another machine fails."""
    if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
        route.continue_()
    else:
        route.abort()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keeps a picture of every page of a test that failed in `test-results/`."""
    report: pytest.TestReport = yield  # type: ignore[misc,assignment]
    page = getattr(item, "funcargs", {}).get("page")
    if report.failed and report.when == "call" and isinstance(page, Page):
        RESULTS.mkdir(exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9]+", "-", item.nodeid)
        for number, opened in enumerate(_pages(page)):
            opened.screenshot(path=RESULTS / f"{name}-{number}.png", full_page=True)
        report.sections.append(("pictures", f"{RESULTS}/{name}-*.png, at {page.url}"))
    return report  # type: ignore[return-value]


def _pages(page: Page) -> list[Page]:
    browser = page.context.browser
    return [one for context in browser.contexts for one in context.pages] if browser else [page]
