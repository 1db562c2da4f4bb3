"""A merchant's engineer sets up webhooks over the API, and an event arrives at a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from qianbao.cast import SHOPS
from tests.kit.person import Caller, Refused
from tests.notices.test_webhooks import DOCUMENTED


class Listener:
    """The merchant's server; answers with `status` and keeps what arrived."""

    def __init__(self) -> None:
        self.status = 200
        self.arrived: list[tuple[dict[str, str], bytes]] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                listener.arrived.append((headers, body))
                self.send_response(listener.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def shop(seeded_stack) -> Caller:
    return Caller(seeded_stack.url, SHOPS[0].api_key)


def test_from_the_first_address_to_the_second_secret(seeded_stack, shop, listener):
    with pytest.raises(Refused) as refused:
        shop.post("/merchant/webhook/test")
    assert refused.value.problem["code"] == "webhook_not_set"

    put = shop.ask("PUT", "/merchant/webhook", {"url": listener.url})
    secret = put["new_secret"]["secret"]
    assert put["webhook"]["state"] == "on"
    assert put["webhook"]["encrypted"] is False  # plain http, in the sandbox only
    again = shop.ask("PUT", "/merchant/webhook", {"url": listener.url})
    assert again == {"webhook": put["webhook"], "new_secret": None}
    assert shop.get("/merchant/webhook") == put["webhook"]

    sent = shop.post("/merchant/webhook/test")["delivery_id"]

    def delivery():
        return shop.get(f"/merchant/webhook/deliveries/{sent}")

    seeded_stack.wait_for(lambda: delivery()["state"] == "delivered")
    ((headers, body),) = listener.arrived
    DOCUMENTED["verify"](secret, headers, body, int(headers["webhook-timestamp"]))
    assert headers["webhook-id"] == sent
    assert delivery()["last_status"] == 200

    changed = shop.post("/merchant/webhook/secret", key="change")
    assert shop.post("/merchant/webhook/secret", key="change") == changed
    assert changed["secret"] != secret
    listener.status = 500
    sent = shop.post("/merchant/webhook/test")["delivery_id"]
    seeded_stack.wait_for(lambda: delivery()["attempts"] > 0)
    assert (delivery()["state"], delivery()["last_error"]) == ("waiting", "refused")
    assert shop.get("/merchant/webhook")["state"] == "failing"
    headers, body = listener.arrived[-1]
    for one in (secret, changed["secret"]):
        DOCUMENTED["verify"](one, headers, body, int(headers["webhook-timestamp"]))
    listener.status = 200
    shop.post(f"/merchant/webhook/deliveries/{sent}/resend")
    seeded_stack.wait_for(lambda: delivery()["state"] == "delivered")

    page = shop.get("/merchant/webhook/deliveries?limit=1")
    assert [one["delivery_id"] for one in page["items"]] == [sent]
    rest = shop.get(f"/merchant/webhook/deliveries?after={page['next']}")
    assert len(rest["items"]) == 1
    stranger = Caller(seeded_stack.url, SHOPS[1].api_key)
    assert stranger.get("/merchant/webhook/deliveries")["items"] == []

    shop.delete("/merchant/webhook")
    assert shop.get("/merchant/webhook")["state"] == "off"
