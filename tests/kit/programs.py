"""Our command line as processes, without importing the libraries anew for each.

A process of its own (Python's fork server) imports them once, and every program is forked from it:
what takes a second or two as `python -m qianbao …` takes a fraction of that. Everything else is as
there: arguments, environment, files, exit code, signals, a session of its own. `tests/test_demo.py`
and some of `tests/test_cli.py` start real ones.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, cast

import msgspec

from qianbao.processes import Child, environment
from qianbao.settings import Settings

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.kit.libraries"])


class Program(msgspec.Struct, frozen=True):
    """A started program, with as much of `subprocess.Popen` as `qianbao.processes` needs."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        """Its process, and its group."""
        return cast(int, self.process.pid)

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self.process.exitcode

    def poll(self) -> int | None:
        """The same."""
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended."""
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired(self.process.name, timeout or 0)
        return self.process.exitcode

    def terminate(self) -> None:
        """Asks it to end."""
        self.process.terminate()

    def kill(self) -> None:
        """Ends it."""
        self.process.kill()


def run(
    words: tuple[str, ...], environ: dict[str, str], *, typed: str = "", timeout_seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """What `python -m qianbao <words>` did with what was typed."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("typed", "said", "complained")]
        files[0].write_text(typed, "utf-8")
        program = _fork(words, environ, files)
        try:
            code = program.wait(timeout_seconds)
        finally:
            program.kill()
        return subprocess.CompletedProcess(
            words, code, *(file.read_text("utf-8") for file in files[1:])
        )


def start(name: str, command: str, settings: Settings, logs: Path) -> Child:
    """What `processes.start` does, faster."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    program = _fork((command,), environment(settings), [Path(os.devnull), log, log])
    return Child(name, cast(Any, program), log)


def _fork(words: tuple[str, ...], environ: dict[str, str], files: list[Path]) -> Program:
    for file in files[1:]:
        file.touch()
    # No daemon: the server of the app has a process of its own.
    process = _context.Process(target=_be, args=(words, environ, [str(file) for file in files]))
    process.start()
    return Program(process)


def _be(words: tuple[str, ...], environ: dict[str, str], files: list[str]) -> None:
    """In the forked process: becomes the program."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    modes = (os.O_RDONLY, os.O_WRONLY | os.O_APPEND, os.O_WRONLY | os.O_APPEND)
    for number, (file, mode) in enumerate(zip(files, modes, strict=True)):
        opened = os.open(file, mode)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["qianbao", *words]
    runpy.run_module("qianbao", run_name="__main__", alter_sys=True)
