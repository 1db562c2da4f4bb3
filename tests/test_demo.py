"""`make demo`: ready, safe to stop and to start again, and plain about what stands in its way."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from qianbao.cast import CAST, PIN
from qianbao.db.connection_url import with_database
from tests.kit import programs
from tests.kit.ports import unused_port

READY_SECONDS = 300
END_SECONDS = 180
"""Long, because nothing waits for them to pass: a slow machine shared with others is no failure."""


class Demo(NamedTuple):
    """A started demo, and the file that what it says goes to."""

    process: subprocess.Popen[bytes]
    output: Path

    def said(self) -> str:
        """All it has said."""
        return self.output.read_text()


StartDemo = Callable[..., Demo]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A data folder that the embedded server's account can reach; the tests below share it."""
    folder = Path(tempfile.mkdtemp(prefix="qianbao-demo-"))
    folder.chmod(0o711)
    yield folder / "data"
    shutil.rmtree((folder / "data" / "postgresql").resolve(), ignore_errors=True)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def port() -> int:
    """A free port whose neighbour is free too."""
    return unused_port(neighbours=1)


@pytest.fixture
def start_demo(place: Path, port: int, tmp_path: Path) -> Iterator[StartDemo]:
    """Starts the demo on the shared folder; whatever still runs after the test is stopped."""
    started: list[Demo] = []

    def start(*words: str, **changes: str) -> Demo:
        output = tmp_path / f"demo-{len(started)}.log"
        started.append(_start(words, surroundings(place, port) | changes, output))
        return started[-1]

    yield start
    for demo in started:
        _stop(demo)


@pytest.fixture(scope="module")
def running(place: Path, port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that is ready: some tests stand beside it, and the last of them brings it down."""
    output = tmp_path_factory.mktemp("demo") / "demo.log"
    demo = _start((), surroundings(place, port), output)
    try:
        wait_until_ready(demo, port)
        yield demo
    finally:
        _stop(demo)


def surroundings(place: Path, port: int) -> dict[str, str]:
    """The environment of a demo on that folder."""
    kept = {name: value for name, value in os.environ.items() if "QIANBAO" not in name}
    return kept | {"QIANBAO_DATA_FOLDER": str(place), "PORT": str(port), "COLUMNS": "200"}


def _start(words: tuple[str, ...], environ: dict[str, str], output: Path) -> Demo:
    process = subprocess.Popen(
        [sys.executable, "-m", "qianbao", "demo", *words], env=environ,
        stdin=subprocess.DEVNULL, stdout=output.open("wb"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    return Demo(process, output)


def _stop(demo: Demo) -> None:
    if demo.process.poll() is None:
        demo.process.terminate()
        demo.process.wait(END_SECONDS)


def is_ready(port: int) -> bool:
    """Whether the app answers that it is ready."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_for(condition: Callable[[], object], demo: Demo) -> None:
    """Returns once `condition` holds; fails with what the demo said when it ends before."""
    give_up = time.monotonic() + READY_SECONDS
    while not condition():
        assert demo.process.poll() is None, demo.said()
        assert time.monotonic() < give_up, demo.said()
        time.sleep(0.05)


def wait_until_ready(demo: Demo, port: int) -> None:
    """Returns once the app answers and the demo has said where to go."""
    wait_for(lambda: is_ready(port) and "Ctrl-C stops it" in demo.said(), demo)


def said_at_the_end(demo: Demo, number: signal.Signals | None = None) -> tuple[int, str]:
    """Exit code and all that was printed, after the signal if one is given."""
    if number:
        demo.process.send_signal(number)
    return demo.process.wait(END_SECONDS), demo.said()


def app_process(place: Path, port: int) -> int:
    """The process that listens on the app's port, as its log names it."""
    first = (place / "logs" / "app.log").read_text().partition("main PID: ")[2]
    assert str(port) in (place / "logs" / "app.log").read_text()
    return int(first.partition(")")[0])


def test_interrupted_while_people_move_in_it_starts_afresh(
    start_demo: StartDemo, place: Path, port: int
) -> None:
    """Ctrl-C comes at the worst moment; the next start is whole, and stops without a trace."""
    demo = start_demo()
    wait_for((place / "seeding").exists, demo)
    code, said = said_at_the_end(demo, signal.SIGINT)
    assert code == 0, said
    assert "Stopped" in said

    again = start_demo()
    wait_until_ready(again, port)
    code, said = said_at_the_end(again, signal.SIGTERM)
    assert code == 0
    assert all(person.name in said and person.phone in said for person in CAST)
    assert f"http://127.0.0.1:{port}/" in said
    assert PIN in said
    assert "merchants' API keys" in said
    assert not is_ready(port)
    assert not (place / "postgresql" / "cluster" / "postmaster.pid").exists()
    for secret in ("bank_token", "master.key"):
        assert (place / secret).stat().st_mode & 0o777 == 0o600


def refused(place: Path, port: int, *words: str, **changes: str) -> tuple[int, str]:
    """Exit code and what was printed by a demo that ends at once."""
    environ = surroundings(place, port) | changes
    done = programs.run(("demo", *words), environ, timeout_seconds=END_SECONDS)
    return done.returncode, done.stdout + done.stderr


def test_it_starts_again_with_its_data_after_being_killed(
    start_demo: StartDemo, place: Path, port: int
) -> None:
    demo = start_demo()
    wait_until_ready(demo, port)
    demo.process.kill()
    demo.process.wait()
    give_up = time.monotonic() + END_SECONDS
    while is_ready(port):  # its processes follow it
        assert time.monotonic() < give_up
        time.sleep(0.05)

    again = start_demo()
    wait_until_ready(again, port)
    code, said = said_at_the_end(again, signal.SIGINT)
    assert code == 0
    assert "signs up" not in said


def test_it_starts_over_when_asked_to(start_demo: StartDemo, place: Path, port: int) -> None:
    """What the demo made goes; what somebody else put there stays. Nobody to ask: nothing goes."""
    (place / "notes.txt").write_text("mine")
    before = (place / "master.key").read_text()
    code, said = refused(place, port, "--fresh")
    assert code == 1
    assert "--fresh --yes" in said
    assert (place / "master.key").read_text() == before

    again = start_demo("--fresh", "--yes")
    wait_until_ready(again, port)
    code, said = said_at_the_end(again, signal.SIGINT)
    assert code == 0
    assert f"deletes the demo's wallets, keys and logs in {place}" in said
    assert "signs up" in said
    assert (place / "master.key").read_text() != before
    assert (place / "notes.txt").read_text() == "mine"


def test_a_second_demo_on_the_same_data_is_refused(running: Demo, place: Path, port: int) -> None:
    code, said = refused(place, unused_port(neighbours=1))
    assert code == 1
    assert "already runs" in said
    assert is_ready(port)


def test_while_it_runs_or_elsewhere_nothing_is_deleted(
    running: Demo, place: Path, port: int
) -> None:
    code, said = refused(place, unused_port(neighbours=1), "--fresh", "--yes")
    assert code == 1
    assert "already runs" in said
    own = "postgresql://anna@127.0.0.1/wallet"
    code, said = refused(place, port, "--fresh", "--yes", QIANBAO_DATABASE_URL=own)
    assert code == 1
    assert "Drop the databases wallet and wallet_sandbox" in said
    assert is_ready(port)


def test_when_a_process_dies_it_says_which_and_ends(running: Demo, place: Path, port: int) -> None:
    os.kill(app_process(place, port), signal.SIGKILL)
    code, said = said_at_the_end(running)
    assert code == 1
    assert "The app process ended" in said
    assert not (place / "postgresql" / "cluster" / "postmaster.pid").exists()


def test_a_taken_port_is_named(place: Path, port: int) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port + 1))
        other.listen()
        code, said = refused(place, port)
    assert code == 1
    assert f"Port {port + 1} is in use" in said
    assert "PORT=" in said


@pytest.mark.parametrize("typed", ["http", "0", "-1", "65535", "99999"])
def test_a_port_that_is_none_is_refused(place: Path, port: int, typed: str) -> None:
    code, said = refused(place, port, PORT=typed)
    assert code == 1
    assert f"PORT={typed} is not a port" in said


def test_a_database_that_is_not_there_is_said(place: Path, port: int) -> None:
    nowhere = f"postgresql://anna@127.0.0.1:{unused_port()}/wallet"
    code, said = refused(place, port, QIANBAO_DATABASE_URL=nowhere)
    assert code == 1
    assert "QIANBAO_DATABASE_URL does not lead to a database" in said


@pytest.mark.parametrize("typed", ["garbage", "mysql://x", "postgresql://[x", "dbname"])
def test_an_address_that_is_none_is_said_in_a_line(place: Path, port: int, typed: str) -> None:
    for words in ((), ("--fresh", "--yes")):
        code, said = refused(place, port, *words, QIANBAO_DATABASE_URL=typed)
        assert code == 1
        assert "QIANBAO_DATABASE_URL" in said
        assert len(said.strip().splitlines()) == 1, said


def test_a_postgresql_of_ones_own_is_used(
    start_demo: StartDemo, database_server: str, port: int
) -> None:
    """The databases are made beside one another, and nothing embedded starts."""
    own = with_database(database_server, "anna_wallet")
    with tempfile.TemporaryDirectory() as folder:
        demo = start_demo(QIANBAO_DATABASE_URL=own, QIANBAO_DATA_FOLDER=folder)
        wait_until_ready(demo, port)
        code, said = said_at_the_end(demo, signal.SIGINT)
        assert code == 0, said
        assert not (Path(folder) / "postgresql").exists()
    for name in ("anna_wallet", "anna_wallet_sandbox"):
        assert f"Creating the database {name} on your PostgreSQL\n" in said
    with psycopg.connect(database_server, autocommit=True) as connection:
        for name in ("anna_wallet", "anna_wallet_sandbox"):
            connection.execute(f"DROP DATABASE {name}")
