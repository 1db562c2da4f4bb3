"""Somebody at the other end of a wire: answers as told, and keeps what arrived."""

from __future__ import annotations

import httpx

from qianbao.http_client import HttpClient


class Wire:
    """`statuses` are answered in turn, the last one for ever; None is a lost connection."""

    def __init__(self, *statuses: int | None) -> None:
        self._statuses = list(statuses)
        self.arrived: list[httpx.Request] = []
        transport = httpx.MockTransport(self._answer)
        self.http = httpx.AsyncClient(transport=transport)
        self.gateway = HttpClient("http://gateway.test", "token", 5.0, transport)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.arrived.append(request)
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status is None:
            raise httpx.ConnectError("lost", request=request)
        headers = {"location": "http://elsewhere.test/"} if status == 302 else None
        return httpx.Response(status, headers=headers)
