"""A browser without a screen: follows links, fills in forms as they stand on the page.

Forms are sent as they were drawn, hidden fields and all, so a test breaks when a page and its
handler no longer fit together.
"""

from __future__ import annotations

import html
import re
import time
from html.parser import HTMLParser
from typing import Any

import httpx

from qianbao.cast import PIN
from tests.kit.stack import Stack


class _Forms(HTMLParser):
    """Every form of a page: its action, and its fields with their values."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(
                {"action": given.get("action", ""), "method": given["method"], "fields": {}}
            )
        elif tag in ("input", "textarea") and self.forms and "name" in given:
            unchosen = given.get("type") in ("radio", "checkbox") and "checked" not in given
            if not unchosen:
                self.forms[-1]["fields"][given["name"]] = given.get("value", "")


class Surfer:
    """Somebody in front of the pages, with cookies of their own."""

    def __init__(self, stack: Stack, *, language: str = "en") -> None:
        self.stack = stack
        self.http = httpx.Client(
            base_url=stack.url,
            timeout=30,
            follow_redirects=True,
            headers={"Origin": stack.url, "Accept": "text/html", "Accept-Language": language},
        )
        self.page: httpx.Response = httpx.Response(204)

    def open(self, path: str) -> str:
        """The page at `path`, as HTML."""
        self.page = self.http.get(path)
        return self.page.text

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form on this page that goes to `action`, as drawn."""
        parser = _Forms()
        parser.feed(self.page.text)
        found = [one for one in parser.forms if one["action"].split("#")[0] == action]
        assert found, (action, [one["action"] for one in parser.forms], self.page.url)
        return dict(found[0]["fields"])

    def send(self, action: str, **typed: str) -> str:
        """Sends that form with what was typed, and gives the page it leads to."""
        self.page = self.http.post(action, data=self.form(action) | typed)
        return self.page.text

    def switch(self, language: str) -> str:
        """This page in that language, by the switch in its bar: a link, or a form on a page that
        answers a form."""
        if f'action="/language?lang={language}"' in self.page.text:
            return self.send(f"/language?lang={language}")
        link = re.search(r'class="bar__language" href="([^"]*)"', self.page.text)
        assert link, self.page.text
        return self.open(html.unescape(link.group(1)))

    @property
    def path(self) -> str:
        """Where we are."""
        return self.page.url.path

    def sign_in(self, phone: str, pin: str = PIN) -> str:
        """Through the three screens of signing up or in; gives the page it leads to."""
        self.open("/signup")
        seen = len(self.messages(phone))
        self.send("/signup", phone=phone)
        here = self.path
        self.send(here, code=self.code(phone, seen))
        assert self.page.status_code == 200, self.page.text
        return self.send(f"{here}/pin", pin=pin, pin_again=pin)

    def transfer(self, phone: str, amount: str, *, pin: str = PIN, note: str = "") -> str:
        """Through both screens of sending money; gives the page it leads to."""
        self.open("/me/pay/transfer")
        self.send("/me/pay/transfer", phone=phone, amount=amount, note=note)
        assert self.page.status_code == 200, self.page.text
        return self.send("/me/pay/transfer/confirm", pin=pin)

    def messages(self, phone: str) -> list[dict[str, Any]]:
        """The text messages on a phone, newest first."""
        answer = httpx.get(
            f"{self.stack.sandbox_url}/sandbox/phones/{phone}/messages",
            headers={"Authorization": f"Bearer {self.stack.settings.bank_token}"},
        )
        return list(answer.json())

    def code(self, phone: str, seen: int) -> str:
        """The code of the first message after `seen` of them."""
        for _ in range(2400):
            messages = self.messages(phone)
            for message in messages[: len(messages) - seen]:  # notices come in between
                if found := re.search(r"\b\d{6}\b", message["text"]):
                    return found.group()
            time.sleep(0.05)
        raise AssertionError("no text message came")

    def wait_for(self, path: str, words: str) -> str:
        """Opens `path` until the page says `words`: the bank is asked by a job."""
        for _ in range(2400):
            if words in self.open(path):
                return self.page.text
            time.sleep(0.05)
        raise AssertionError(f"{path} never said {words!r}")
