"""One of the cast, at the API: signs in, does things, reads text messages."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import httpx

from qianbao.cast import CAST, PIN, BankCard, Person

_numbers = itertools.count(1)


def cast(first_name: str) -> Person:
    """The cast member of that first name."""
    return next(person for person in CAST if person.name.split()[0] == first_name)


class Refused(AssertionError):
    """The API answered with a problem; `problem` is its document."""

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(f"{problem.get('code')}: {problem.get('detail')}")


class Caller:
    """Somebody with a token. Each POST gets a fresh idempotency key unless one is given."""

    def __init__(self, url: str, token: str = "") -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """The answer's JSON; raises `Refused` on a problem."""
        headers = {"Idempotency-Key": key or f"test-{next(_numbers)}-{time.time_ns()}"}
        answer = self.http.request(method, f"/v1{path}", json=body, headers=headers)
        if answer.is_error:
            assert answer.headers["content-type"].startswith("application/problem+json"), (
                answer.text
            )
            raise Refused(answer.json())
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        """GET."""
        return self.ask("GET", path)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Any:
        """POST."""
        return self.ask("POST", path, {} if body is None else body, key)

    def delete(self, path: str) -> Any:
        """DELETE."""
        return self.ask("DELETE", path)


class Holder(Caller):
    """One of the cast with a phone in hand."""

    def __init__(self, stack: Any, person: Person) -> None:
        super().__init__(stack.url)
        self.person = person
        self.bank = httpx.Client(
            base_url=stack.sandbox_url,
            timeout=30,
            headers={"Authorization": f"Bearer {stack.settings.bank_token}"},
        )
        self.wallet_id = ""

    def sign_in(self, pin: str = PIN) -> dict[str, Any]:
        """Signs up or in, with the code from the phone."""
        seen = len(self.messages())
        started = self.post("/signups", {"phone": self.person.phone})
        code = self.next_code(seen)
        done = self.post(f"/signups/{started['signup_id']}/confirm", {"code": code, "pin": pin})
        self.http.headers["Authorization"] = f"Bearer {done['token']}"
        self.wallet_id = done["wallet_id"]
        return dict(done)

    def messages(self) -> list[dict[str, Any]]:
        """The phone's text messages, newest first."""
        answer = self.bank.get(f"/sandbox/phones/{self.person.phone}/messages")
        answer.raise_for_status()
        return list(answer.json())

    def next_code(self, seen: int) -> str:
        """The code of the first message that arrives after `seen` of them."""
        for _ in range(2400):
            messages = self.messages()
            for message in messages[: len(messages) - seen]:  # notices come in between
                if found := re.search(r"\b\d{6}\b", message["text"]):
                    return found.group()
            time.sleep(0.05)
        raise AssertionError("no text message came")

    def link(self, card: BankCard, **body: Any) -> Any:
        """Links a card, the bank's code included."""
        seen = len(self.messages())
        asked = self.post(
            "/cards", {"card_number": card.number, "phone": self.person.phone, **body}
        )
        code = self.next_code(seen)
        return self.post(f"/cards/{asked['card_id']}/confirm", {"code": code})

    def settle(self, order: dict[str, Any]) -> dict[str, Any]:
        """Waits until the bank has answered."""
        for _ in range(2400):
            found = self.get(f"/bank-orders/{order['order_id']}")
            if found["state"] in ("settled", "refused"):
                return dict(found)
            time.sleep(0.05)
        raise AssertionError(f"the bank has not answered: {found}")

    def pay_tea(self, shop: Caller, amount_minor: int = 28_00) -> Any:
        """Pays at the tea house by its code."""
        amount = {"amount_minor": amount_minor, "currency": "CNY"}
        asked = shop.post(
            "/merchant/payments",
            {"amount": amount, "merchant_reference": "table 4", "description": "Green tea"},
        )["payment"]
        return self.post(
            "/payments",
            {
                "merchant_id": asked["merchant_id"],
                "payment_id": asked["payment_id"],
                "amount": amount,
                "pin": PIN,
            },
        )
