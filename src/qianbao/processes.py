"""The processes that together are Qianbao on one machine: start them, wait for them, end them.

Here belongs supervision for the demo and for tests. Not here: what a process does, and anything for
real use, where a service manager supervises.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from qianbao.settings import Settings

POLL_SECONDS = 0.05
READY_SECONDS = 300
"""How long a process may take to answer on a slow machine; one that dies is noticed at once."""
END_SECONDS = 10
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child(msgspec.Struct, frozen=True):
    """A started process; what it says goes to the file `log`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_lines(self, count: int = 20) -> str:
        """The end of what it said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


class ChildDied(RuntimeError):
    """A process ended that should run; `child` is the one."""

    def __init__(self, child: Child) -> None:
        self.child = child
        code = child.process.returncode
        super().__init__(f"The {child.name} process ended with {code}.\n{child.last_lines()}")


class PortTaken(RuntimeError):
    """Something else listens on `port`."""

    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__(f"Port {port} is in use.")


def environment(settings: Settings) -> dict[str, str]:
    """Our environment with `settings` in it: what a child process reads the same settings from."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QIANBAO_")}
    for field in msgspec.structs.fields(Settings):
        kept[f"QIANBAO_{field.name.upper()}"] = str(getattr(settings, field.name))
    return kept | {"PYTHONUNBUFFERED": "1"}


def start(name: str, command: str, settings: Settings, logs: Path) -> Child:
    """Runs `python -m qianbao <command>` beside us; it ends when we do, even if we are killed."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("wb") as file:
        # A session of its own: Ctrl-C reaches only the supervisor, which ends all in order.
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "qianbao", command],
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # one system call; no lock is taken
        )
    return Child(name, process, log)


def _die_with_parent() -> None:
    if _libc is not None:
        _libc.prctl(_DIE_WITH_PARENT, signal.SIGTERM)


def check(children: Iterable[Child]) -> None:
    """Raises `ChildDied` for the first that does not run any more."""
    for child in children:
        if child.process.poll() is not None:
            raise ChildDied(child)


def wait_until_ready(child: Child, url: str, *, timeout_seconds: int = READY_SECONDS) -> None:
    """Returns once `url` answers 200. Raises `ChildDied` or, after too long, `TimeoutError`."""
    give_up = time.monotonic() + timeout_seconds
    while not _answers(url):
        check([child])
        if time.monotonic() > give_up:
            raise TimeoutError(f"{child.name} does not answer at {url}.\n{child.last_lines()}")
        time.sleep(POLL_SECONDS)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - an address we made
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def end(children: Iterable[Child]) -> None:
    """Ends them one after the other, in the order given; one that does not listen is killed, and
    so is what one that died left behind."""
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)  # its group has its number
        child.process.wait()


def check_port(host: str, port: int) -> None:
    """Raises `PortTaken` when nothing can listen on `port` of `host`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise PortTaken(port) from error


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port
