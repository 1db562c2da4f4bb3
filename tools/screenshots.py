"""`make screenshots`: the pictures in `docs/pictures/`, taken from the demo on a phone-sized page.

It runs a demo of its own, in a folder of its own, and goes through it as Anna does: the wallet in
order, then the morning on which two-banks is in force.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from qianbao.cast import CAST, PIN, TWO_BANKS_ENFORCED
from qianbao.processes import free_port

TOP = Path(__file__).resolve().parent.parent
PICTURES = TOP / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PAGES = {
    "pay": "/me/pay",
    "wallet": "/me/pay/wallet",
    "cards": "/me/pay/cards",
    "cancel": "/me/pay/manage/cancel",
    "advise": "/advise",
}
READY_SECONDS = 180


def main() -> None:
    """Takes every picture, in both languages where a page is a holder's."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="qianbao-pictures-") as folder:
        os.chmod(folder, 0o711)  # the embedded server may run as another account
        settings = {"PORT": str(port), "QIANBAO_DATA_FOLDER": f"{folder}/data"}
        command = [sys.executable, "-m", "qianbao", "demo"]
        demo = subprocess.Popen(command, env=os.environ | settings)
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", demo)
            take_all(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}")
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()


def wait_for(url: str, demo: subprocess.Popen[bytes]) -> None:
    """Returns once the demo is ready."""
    for _ in range(READY_SECONDS * 5):
        try:
            urllib.request.urlopen(url, timeout=5)
            return
        except (urllib.error.URLError, OSError):
            if demo.poll() is not None:
                sys.exit("The demo did not start.")
            time.sleep(0.2)
    sys.exit("The demo is not ready.")


def take_all(url: str, banks: str) -> None:
    """Signs in as Anna on a phone and photographs each page in both languages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["QIANBAO_BROWSER"], args=FLAGS
        )
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, device_scale_factor=2, locale="en-GB"
        )
        page = context.new_page()
        sign_in(page, url, banks)
        move_clock(page, url)
        for language in ("en", "zh"):
            for name, path in PAGES.items():
                page.goto(f"{url}{path}?lang={language}")
                page.screenshot(path=PICTURES / f"{name}-{language}.png")
        browser.close()


def sign_in(page: Page, url: str, banks: str) -> None:
    """Anna's phone number, the code that arrives on her phone, her PIN."""
    anna = CAST[0]
    page.goto(f"{url}/signup")
    page.fill("input[name=phone]", anna.phone)
    page.click("button[type=submit]")
    page.wait_for_selector("input[name=code]")
    with page.context.expect_page() as opened:
        page.evaluate("address => window.open(address)", f"{banks}/phone/{anna.phone}")
    phone = opened.value
    phone.wait_for_timeout(1500)
    phone.reload()
    code = re.search(r"\b\d{6}\b", phone.inner_text("body"))
    phone.close()
    if code is None:
        sys.exit("No code arrived on Anna's phone.")
    page.fill("input[name=code]", code.group())
    page.click("button[type=submit]")
    page.wait_for_selector("input[name=pin]")
    page.fill("input[name=pin]", PIN)
    page.click("button[type=submit]")
    page.wait_for_url(re.compile("/me"))


def move_clock(page: Page, url: str) -> None:
    """To the morning on which two-banks is in force."""
    page.goto(f"{url}/sandbox/clock")
    page.fill("input[name=day]", TWO_BANKS_ENFORCED.date().isoformat())
    page.click("form:has(input[name=day]) button[type=submit]")


if __name__ == "__main__":
    main()
