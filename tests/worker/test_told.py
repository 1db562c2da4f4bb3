"""A job that fails says so in the log: once when it first fails and once when it is given up."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import psycopg
import pytest
from structlog.testing import capture_logs

from qianbao.clock import system_clock
from qianbao.notices.texts import send_text
from qianbao.services import open_services
from qianbao.settings import Settings
from qianbao.worker import drain

PHONE, TEXT = "+8613800138001", "Your code is 123456"


class Refusing(BaseHTTPRequestHandler):
    """A gateway that knows another token."""

    def do_POST(self) -> None:
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def refusing_url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_wrong_token_is_said_once_for_each_job(refusing_url, database_url, tmp_path):
    settings = Settings(
        sandbox=True, database_url=database_url, bank_url=refusing_url, bank_token="not-theirs",
        data_folder=str(tmp_path),
    )  # fmt: skip
    async with open_services(settings) as services:
        for _ in range(2):
            async with services.pool.connection() as conn:
                sms_id = await send_text(
                    conn, services.keys, phone=PHONE, text=TEXT, now=system_clock()
                )
        with capture_logs() as said:
            for _ in range(4):  # tries
                await drain(services)
                bring_forward(database_url)
    told = [one for one in said if one["event"] == "job failed"]
    assert len(told) == 2
    assert {one["log_level"] for one in told} == {"error"}
    assert (told[1]["job"], told[1]["sms_id"]) == ("send_text", sms_id)
    assert "could not be handed to the network" in told[1]["reason"]
    assert "401" in told[1]["reason"]
    assert "QIANBAO_BANK_TOKEN" in told[1]["reason"]
    text = json.dumps(said, default=str)
    for secret in ("not-theirs", PHONE, "123456"):
        assert secret not in text


async def test_a_gateway_that_is_not_there_is_told_from_one_that_refuses(database_url, tmp_path):
    settings = Settings(
        sandbox=True, database_url=database_url, bank_url="http://127.0.0.1:1", bank_token="x",
        data_folder=str(tmp_path),
    )  # fmt: skip
    async with open_services(settings) as services:
        async with services.pool.connection() as conn:
            await send_text(conn, services.keys, phone=PHONE, text=TEXT, now=system_clock())
        with capture_logs() as said:
            await drain(services)
    [told] = [one for one in said if one["event"] == "job failed"]
    assert "cannot be reached" in told["reason"]
    assert "http://127.0.0.1:1" in told["reason"]


def bring_forward(database_url: str) -> None:
    """Makes every waiting job due now."""
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() - %s WHERE status = 'todo'",
            (timedelta(hours=1),),
        )
