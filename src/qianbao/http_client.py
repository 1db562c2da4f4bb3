"""An outside service that is asked in JSON over HTTP, with a token: what came of asking.

Here belongs the wire: time-outs, the size of an answer, and the difference between a request that
surely never left and one whose outcome is unknown. What that means for a card, a text message or
money belongs to whoever asked.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TypeVar

import httpx
import msgspec

MOST_BYTES = 1_000_000
"""The longest answer that is read; a longer one is none."""

# Addresses hold agreements, and httpx logs addresses.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Answer = TypeVar("Answer")


class HttpTrouble(Exception):
    """Parent of what can come of asking besides an answer."""


class NotSent(HttpTrouble):
    """No connection was made: the request has surely not been carried out."""


class Unanswered(HttpTrouble):
    """The request may or may not have been carried out: silence, an answer nobody can read, or one
    that says the other side is in trouble (5xx, 429)."""


class Refused(HttpTrouble):
    """The other side did not accept the request's form (4xx): surely not carried out."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


class HttpClient:
    """One pool of connections to one service."""

    def __init__(
        self,
        url: str,
        token: str,
        timeout_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            # Less for connecting, so that "never sent" is known before the whole time is up.
            timeout=httpx.Timeout(timeout_seconds, connect=timeout_seconds / 2),
            transport=transport,
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.aclose()

    async def ask(self, method: str, path: str, shape: type[Answer], body: object = None) -> Answer:
        """The answer as `shape`, within `timeout_seconds` in all. Raises `NotSent`, `Unanswered` or
        `Refused`."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                status, content = await self._exchange(method, path, body)
        except _NEVER_SENT:
            raise NotSent from None
        except (httpx.HTTPError, TimeoutError):
            raise Unanswered from None
        if status >= 500 or status == 429:
            raise Unanswered
        if not 200 <= status < 300:
            raise Refused(status)
        try:
            return msgspec.json.decode(content or b"null", type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Unanswered from None

    async def _exchange(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        sent = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if sent is not None else None
        content = bytearray()
        async with self._client.stream(method, path, content=sent, headers=headers) as answer:
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > MOST_BYTES:
                    raise Unanswered
        return answer.status_code, bytes(content)
