"""A real Chromium on a phone-sized page, for tests marked `browser`.

`page` is one phone; `make_page()` gives more, each with cookies of its own. They are Playwright's
synchronous ones. It switches stacks, which an event loop in the same thread does not bear (nor the
parser of Python 3.11.2), so a test marked `browser` runs in a thread of its own, with the browser.
Playwright's own browser download is never used; `tools/browser.py` finds or gets a browser.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, Route, sync_playwright

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

InBrowserThread = Callable[..., Any]
MakePage = Callable[..., Page]
_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser's program."""
    named = os.environ.get("QIANBAO_BROWSER")
    finder = [sys.executable, str(TOP / "tools" / "browser.py")]
    return named or subprocess.check_output(finder, text=True).strip()


@pytest.fixture(scope="session")
def in_browser_thread() -> Iterator[InBrowserThread]:
    """`in_browser_thread(act, …)`: what `act(…)` gives in the one thread that has the browser."""
    with ThreadPoolExecutor(1, thread_name_prefix="browser") as thread:
        yield lambda act, *args, **named: thread.submit(act, *args, **named).result()


@pytest.fixture(scope="session")
def chromium(browser_path: str, in_browser_thread: InBrowserThread) -> Iterator[Browser]:
    """A running browser."""
    playwright: Playwright = in_browser_thread(lambda: sync_playwright().start())
    yield in_browser_thread(playwright.chromium.launch, executable_path=browser_path, args=FLAGS)
    in_browser_thread(playwright.stop)


@pytest.fixture
def make_page(
    chromium: Browser, in_browser_thread: InBrowserThread, request: pytest.FixtureRequest
) -> Iterator[MakePage]:
    """`make_page(locale="zh-CN")`: another phone. An error in a page's script fails the test; when
    a test fails, a picture of each phone stays in `test-results/`."""
    pages: list[Page] = []
    errors: list[str] = []

    def make(*, locale: str = "en-US") -> Page:
        page = _open_phone(chromium, locale)
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        return page

    yield make
    if request.node.stash.get(_failed, False):
        for number, page in enumerate(pages):
            in_browser_thread(_keep_picture, page, f"{request.node.nodeid}-{number}")
    for page in pages:
        in_browser_thread(page.context.close)
    assert errors == []


@pytest.fixture
def page(make_page: MakePage, in_browser_thread: InBrowserThread) -> Page:
    """A phone."""
    opened: Page = in_browser_thread(make_page)
    return opened


def _open_phone(browser: Browser, locale: str) -> Page:
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale=locale,
    )
    context.set_default_timeout(TIMEOUT_SECONDS * 1000)
    context.route(re.compile(".*"), _stay_here)
    return context.new_page()


def _stay_here(route: Route) -> None:
    """Pages load nothing from elsewhere: what is asked of another machine fails."""
    if urlsplit(route.request.url).hostname in ("127.0.0.1", "localhost"):
        route.continue_()
    else:
        route.abort()


def _keep_picture(page: Page, name: str) -> None:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{re.sub(r'[^A-Za-z0-9]+', '-', name)}.png"
    page.screenshot(path=path, full_page=True)
    print(f"The phone at {page.url}: {path}")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs a test that has a browser in the browser's thread."""
    in_thread = pyfuncitem.funcargs.get("in_browser_thread")
    if in_thread is None:
        return None
    names = pyfuncitem._fixtureinfo.argnames
    in_thread(pyfuncitem.obj, **{name: pyfuncitem.funcargs[name] for name in names})
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Notes that a test failed, for the pictures."""
    report: pytest.TestReport = yield  # type: ignore[misc,assignment]
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report  # type: ignore[return-value]
