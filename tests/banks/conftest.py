"""A sandbox bank of this folder's own: a real process, a real database, a free port."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianbao.banks.gateway import Gateway
from qianbao.http_client import HttpClient
from tests.banks.scene import PATIENCE_SECONDS, SILENCE_SECONDS, TOKEN, Sandbox
from tests.kit.ports import unused_port


@pytest.fixture(scope="session")
def sandbox_process(
    make_database: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of a running sandbox, and where it writes what it says."""
    said = tmp_path_factory.mktemp("sandbox") / "said"
    port = unused_port()
    with make_database(migrated=False) as url, said.open("wb") as output:
        environment = os.environ | {
            "QIANBAO_SANDBOX_DATABASE_URL": url,
            "QIANBAO_SANDBOX_PORT": str(port),
            "QIANBAO_BANK_TOKEN": TOKEN,
            "QIANBAO_BANK_TIMEOUT_SECONDS": str(SILENCE_SECONDS),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "qianbao.banks.sandbox"],
            env=environment,
            stdout=output,
            stderr=output,
        )
        try:
            _wait(f"http://127.0.0.1:{port}/readyz", process, said)
            yield f"http://127.0.0.1:{port}", said
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes], said: Path) -> None:
    give_up = time.monotonic() + 300
    while time.monotonic() < give_up and process.poll() is None:
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the sandbox did not start:\n{said.read_text(errors='replace')}")


@pytest.fixture
async def sandbox(sandbox_process: tuple[str, Path]) -> AsyncIterator[Sandbox]:
    """The sandbox, with every bank working again afterwards."""
    url, said = sandbox_process
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE_SECONDS) as client:
        opened = Sandbox(client, url, said)
        yield opened
        for bank in opened.disturbed:
            await opened.fault(bank, None)


@pytest.fixture
async def gateway(sandbox: Sandbox) -> AsyncIterator[Gateway]:
    """The wallet's side of the wire. It gives up early only while some bank is silent: an answer
    that is on its way may take its time on a busy machine."""
    http = HttpClient(sandbox.url, TOKEN, PATIENCE_SECONDS)
    sandbox.waiting.append(http)
    yield Gateway(http)
    await http.close()
