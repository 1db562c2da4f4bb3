"""The embedded server: starts, keeps its data, survives what a person does to it."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest

from qianbao.db import embedded, embedded_account
from qianbao.db.connection_url import database_name, with_database
from qianbao.db.embedded_account import Account, usable_binaries

NOBODY = 65534
IS_ROOT = os.geteuid() == 0


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that any account may pass through, so that root's servers stay in it."""
    folder = Path(tempfile.mkdtemp(prefix="qianbao-place-"))
    folder.chmod(0o711)
    yield folder
    home = (folder / "pg").resolve()
    if (home / "cluster" / "postmaster.pid").exists():
        embedded.end(embedded.start(folder / "pg"))
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(folder)


def write_note(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (text text)")
        connection.execute("INSERT INTO notes VALUES (%s)", (text,))


def read_notes(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes")]


def kill_server(server: embedded.EmbeddedServer) -> None:
    pid_file = server.home / "cluster" / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), 9)


def test_stopped_and_started_again_it_has_its_data(place: Path) -> None:
    first = embedded.start(place / "pg")
    write_note(embedded.create_database(first.url, "wallet"), "Anna 安娜")
    embedded.stop(first)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first.url)
    second = embedded.start(place / "pg")
    assert second.started_here
    assert read_notes(second.database("wallet")) == ["Anna 安娜"]
    embedded.stop(second)


def test_a_second_start_uses_the_running_server_and_does_not_stop_it(place: Path) -> None:
    first = embedded.start(place / "pg")
    second = embedded.start(place / "pg")
    assert (second.started_here, second.url) == (False, first.url)
    embedded.stop(second)
    write_note(first.url, "still here")
    embedded.stop(first)


def test_killed_it_starts_again_with_what_was_committed(place: Path) -> None:
    server = embedded.start(place / "pg")
    write_note(server.url, "committed")
    kill_server(server)
    again = embedded.start(place / "pg")
    assert again.started_here
    assert read_notes(again.url) == ["committed"]
    embedded.stop(again)


def test_a_pid_file_whose_number_is_another_programs_is_cleared(place: Path) -> None:
    server = embedded.start(place / "pg")
    pid_file = server.home / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    embedded.stop(server)
    pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]) + "\n")
    again = embedded.start(place / "pg")
    assert again.started_here
    embedded.stop(again)


def test_an_unfinished_first_start_is_begun_afresh(place: Path) -> None:
    (place / "pg").mkdir()
    (place / "pg" / "cluster.unfinished").mkdir()
    (place / "pg" / "cluster.unfinished" / "PG_VERSION").write_text("18\n")
    if IS_ROOT:
        os.chown(place / "pg", NOBODY, NOBODY)
    server = embedded.start(place / "pg")
    write_note(server.url, "works")
    embedded.stop(server)


def test_data_of_another_version_is_left_alone_and_said(place: Path) -> None:
    server = embedded.start(place / "pg")
    embedded.stop(server)
    (server.home / "cluster" / "PG_VERSION").write_text("14\n")
    with pytest.raises(embedded.ServerFailed, match="made by PostgreSQL 14"):
        embedded.start(place / "pg")


def test_nobody_else_may_enter_and_nothing_listens_on_the_network(place: Path) -> None:
    before = stat.S_IMODE(place.stat().st_mode)
    server = embedded.start(place / "pg")
    assert stat.S_IMODE(server.home.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.stat().st_mode) == before
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SHOW listen_addresses").fetchone()
        assert row == ("",)
        row = connection.execute("SHOW fsync").fetchone()
        assert row == ("on",)
    embedded.stop(server)


def test_a_long_path_and_one_with_spaces_work(place: Path) -> None:
    folder = place / "pg" / "Anna's wallet % & 钱包" / ("long" * 25)
    if IS_ROOT:
        (place / "pg").mkdir(mode=0o711)
    server = embedded.start(folder)
    write_note(server.url, "reached")
    sockets = Path(psycopg.conninfo.conninfo_to_dict(server.url)["host"])  # type: ignore[arg-type]
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    embedded.stop(server)
    assert not sockets.exists() or sockets.is_relative_to(server.home)


def test_create_database_twice_keeps_what_is_in_it(place: Path) -> None:
    server = embedded.start(place / "pg")
    url = embedded.create_database(server.url, "qianbao")
    write_note(url, "kept")
    assert embedded.create_database(server.url, "qianbao") == url
    assert read_notes(url) == ["kept"]
    embedded.stop(server)


@pytest.mark.skipif(not IS_ROOT, reason="only root has folders its server cannot reach")
def test_roots_private_folder_stays_private(place: Path) -> None:
    """The server's account cannot enter, so its files are elsewhere and a link says where."""
    private = place / "private"
    private.mkdir(mode=0o700)
    server = embedded.start(private / "pg")
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert (private / "pg").is_symlink()
    assert server.home == (private / "pg").resolve()
    assert server.home.parent == Path("/var/lib/qianbao")
    write_note(server.url, "elsewhere")
    embedded.stop(server)
    again = embedded.start(private / "pg")
    assert again.home == server.home
    assert read_notes(again.url) == ["elsewhere"]
    embedded.stop(again)
    shutil.rmtree(server.home)


def test_an_ordinary_user_runs_it_as_themselves(place: Path) -> None:
    """Here root becomes `nobody` for it; anybody else is an ordinary user already."""
    if not IS_ROOT:
        embedded.stop(embedded.start(place / "pg"))
        assert (place / "pg" / "cluster").stat().st_uid == os.getuid()
        return
    binaries = usable_binaries(Account("nobody", NOBODY, NOBODY))
    os.chown(place, NOBODY, NOBODY)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with patch.object(embedded_account, "_installed", lambda: binaries.parent):
            try:
                embedded.stop(embedded.start(place / "pg"))
                os._exit(0)
            finally:
                os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert (place / "pg" / "cluster" / "PG_VERSION").stat().st_uid == NOBODY


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("postgresql://anna:x%40y@db:5432/one?sslmode=require",
         "postgresql://anna:x%40y@db:5432/two?sslmode=require"),
        ("postgresql://anna@db", "postgresql://anna@db/two"),
        ("postgresql:///one?host=/tmp/s", "postgresql:///two?host=/tmp/s"),
    ],
)  # fmt: skip
def test_an_address_moves_to_another_database(url: str, moved: str) -> None:
    assert with_database(url, "two") == moved


def test_keyword_addresses_move_too() -> None:
    moved = with_database("host=/tmp/s dbname=one user=anna", "two words")
    assert database_name(moved) == "two words"
    assert database_name("postgresql://anna@db") == "anna"


def test_removed_it_is_gone_even_while_it_runs(place: Path) -> None:
    server = embedded.start(place / "pg")
    embedded.remove(place / "pg")
    assert list(place.iterdir()) == []
    assert not server.home.exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url)
    embedded.remove(place / "pg")  # once more changes nothing


def test_a_folder_with_something_else_in_it_is_not_removed(place: Path) -> None:
    server = embedded.start(place / "pg")
    (server.home / "holiday.jpg").touch()
    with pytest.raises(embedded.ServerFailed, match=r"holiday\.jpg"):
        embedded.remove(place / "pg")
    write_note(server.url, "still here")
    (server.home / "holiday.jpg").unlink()
    embedded.stop(server)
