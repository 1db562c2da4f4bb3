"""What came of asking: an answer, a no, silence, or nobody there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from qianbao.http_client import MOST_BYTES, HttpClient, NotSent, Refused, Unanswered
from tests.kit.ports import unused_port


@asynccontextmanager
async def service(head: str, body: bytes, *, drip: bool = False) -> AsyncIterator[str]:
    """The address of a server that answers every request with the same bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {head}\r\n\r\n".encode() + body)
        while drip and not reader.at_eof():
            await asyncio.sleep(0.05)
            writer.write(b" ")
        await asyncio.sleep(0.1)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def ask(url: str, timeout_seconds: float = 30.0) -> dict[str, int]:
    http = HttpClient(url, "secret", timeout_seconds)
    try:
        return await http.ask("POST", "/x", dict[str, int], {"a": 1})
    finally:
        await http.close()


def sized(status: str, body: bytes) -> tuple[str, bytes]:
    return f"{status}\r\nContent-Length: {len(body)}", body


async def test_an_answer_is_read_as_its_shape() -> None:
    async with service(*sized("200 OK", b'{"b": 2}')) as url:
        assert await ask(url) == {"b": 2}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Oops", b"{}"),
        ("429 Slowly", b"{}"),
        ("200 OK", b"<html>"),
        ("200 OK", b'{"b": "two"}'),
        ("200 OK", b'{"b": "\xff"}'),
        ("200 OK", b'{"b": ' + b"1" * MOST_BYTES + b"}"),
    ],
)
async def test_what_cannot_be_read_is_no_answer(status: str, body: bytes) -> None:
    async with service(*sized(status, body)) as url:
        with pytest.raises(Unanswered):
            await ask(url)


async def test_an_answer_that_drips_for_ever_is_none() -> None:
    """Each byte comes in time; the whole does not."""
    async with service("200 OK", b"", drip=True) as url:
        with pytest.raises(Unanswered):
            await asyncio.wait_for(ask(url, 0.4), 60)


async def test_a_no_is_told_with_its_status() -> None:
    async with service(*sized("422 No", b"{}")) as url:
        with pytest.raises(Refused) as refused:
            await ask(url)
    assert refused.value.status == 422


async def test_nobody_there_means_that_nothing_was_sent() -> None:
    with pytest.raises(NotSent):
        await ask(f"http://127.0.0.1:{unused_port()}")
