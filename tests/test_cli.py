"""The command line: every command says what it does, and what is wrong is said in a line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from qianbao.cli import GROUPS
from qianbao.clock import system_clock
from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.payments.merchants import MerchantKeyWrong, merchant_by_key
from qianbao.rollouts.operators import SignInRefused, find_session, sign_in
from qianbao.rollouts.simulate import simulate
from qianbao.settings import Settings
from tests.kit import programs
from tests.kit.money import add_wallet
from tests.kit.ports import unused_port
from tests.rollouts.policies import two_banks

TOP = Path(__file__).parents[1]
PASSWORD = "four calm words here"
COMMANDS = (
    "demo", "sandbox", "new-key", "migrate", "serve", "worker", "settings", "errors", "facts",
    "operator add", "operator list", "operator password", "operator disable", "operator enable",
    "merchant add", "merchant list", "merchant key", "merchant disable", "merchant enable",
    "merchant plan", "ledger verify", "policy list", "policy show", "policy draft",
    "policy announce", "policy enforce", "policy stop", "policy rollback", "policy retire",
    "policy schema", "policy lint", "policy snapshot", "policy simulate", "decision replay",
)  # fmt: skip


def surroundings(environ: dict[str, str]) -> dict[str, str]:
    """An environment with nothing of ours in it but what is given."""
    kept = {name: value for name, value in os.environ.items() if "QIANBAO" not in name}
    return kept | {"COLUMNS": "100", "LC_ALL": "C.UTF-8"} | environ


def qianbao(*words: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """What the command did."""
    return programs.run(words, surroundings(environ), typed=typed)


def from_nothing(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The same of a process that began as everybody's does."""
    return subprocess.run(
        [sys.executable, "-m", "qianbao", *words], capture_output=True, text=True, check=False,
        timeout=60, stdin=subprocess.DEVNULL, env=surroundings(environ),
    )  # fmt: skip


@pytest.fixture
def now() -> datetime:
    """The command line's own clock: that of the machine."""
    return system_clock()


@pytest.fixture
def on(database_url: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command on this test's database."""
    return lambda *words, **given: qianbao(*words, QIANBAO_DATABASE_URL=database_url, **given)


def test_help_lists_every_command_under_a_heading() -> None:
    shown = from_nothing("--help")
    assert shown.returncode == 0
    for heading in ("Try it", "Run it", "Let in and keep out", "Read"):
        assert heading in shown.stdout
    for command in {one.split()[0] for one in COMMANDS} | set(GROUPS):
        assert re.search(rf"^│ {command}\s+[A-Z].*[.] +│$", shown.stdout, re.MULTILINE), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_says_what_it_does_and_gives_an_example(command: str) -> None:
    shown = qianbao(*command.split(), "--help").stdout
    assert f"Usage: qianbao {command}" in shown
    assert re.search(rf"Example: .*qianbao {command}", shown)


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_all_that_is_missing_is_said_at_once(command: str) -> None:
    done = from_nothing(command, QIANBAO_PORT="eighty")
    assert done.returncode == 2
    said = done.stderr.splitlines()
    assert [line.split()[0] for line in said[:-1]] == [
        "QIANBAO_PORT", "QIANBAO_DATABASE_URL", "QIANBAO_MASTER_KEY_FILE", "QIANBAO_BANK_URL",
        "QIANBAO_BANK_TOKEN",
    ]  # fmt: skip
    assert "Traceback" not in done.stderr
    assert said[-1] == "Every setting: `qianbao settings`."


@pytest.mark.parametrize("command", ["migrate", "serve", "operator list"])
@pytest.mark.parametrize("place", ["postgresql://nobody@127.0.0.1:{port}/none", "no address"])
def test_a_database_that_is_not_there_is_one_line(command: str, place: str) -> None:
    key = qianbao("new-key").stdout.strip()
    done = qianbao(
        *command.split(), QIANBAO_DATABASE_URL=place.format(port=unused_port()),
        QIANBAO_MASTER_KEY=key, QIANBAO_BANK_URL="http://127.0.0.1:1", QIANBAO_BANK_TOKEN="x",
    )  # fmt: skip
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("QIANBAO_DATABASE_URL does not lead to a database: ")


def test_an_empty_database_is_migrated_first(
    make_database: Callable[..., AbstractContextManager[str]],
) -> None:
    with make_database(migrated=False) as url:
        early = qianbao("operator", "list", QIANBAO_DATABASE_URL=url)
        assert early.returncode == 1
        assert early.stderr == "The database is not up to date. Run `qianbao migrate` first.\n"
        assert "migrations applied" in qianbao("migrate", QIANBAO_DATABASE_URL=url).stdout
        assert qianbao("migrate", QIANBAO_DATABASE_URL=url).stdout == "Nothing to do\n"
        assert qianbao("operator", "list", QIANBAO_DATABASE_URL=url).returncode == 0


async def test_an_operator_is_let_in_and_shut_out(on, pool: Pool, now) -> None:  # type: ignore[no-untyped-def]
    """Mei is added with a password from a pipe, changes it, is shut out and let in again."""
    rules = {"name": "mei", "now": now, "attempts": 5, "lock_minutes": 30}
    added = on("operator", "add", "mei", typed=f"{PASSWORD}\n")
    assert (added.returncode, added.stdout) == (
        0, "mei can sign in at http://127.0.0.1:8420/console\n",
    )  # fmt: skip
    token = await sign_in(pool, password=PASSWORD, **rules)
    assert on("operator", "password", "mei", typed="five other calm words\n").returncode == 0
    async with pool.connection() as conn:
        with pytest.raises(Exception, match="not signed in"):
            await find_session(conn, token=token, now=now)
    token = await sign_in(pool, password="five other calm words", **rules)
    assert on("operator", "disable", "mei").returncode == 0
    assert re.search(r"mei +\d{4}.*shut out since", on("operator", "list").stdout)
    async with pool.connection() as conn:
        with pytest.raises(Exception, match="not signed in"):
            await find_session(conn, token=token, now=now)
    with pytest.raises(SignInRefused):
        await sign_in(pool, password="five other calm words", **rules)
    assert on("operator", "enable", "mei").returncode == 0
    await sign_in(pool, password="five other calm words", **rules)
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT action, operator FROM audit ORDER BY audit_id")
        done = [row[0] for row in await cursor.fetchall() if row[1] == "$ qianbao"]
    assert done == ["operator." + act for act in ("create", "password", "disable", "enable")]


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("operator", "add", "mei"), "short\n", "A password here has at least 12 characters."),
        (("operator", "add", "<mei>"), f"{PASSWORD}\n", "An operator's name has"),
        (("operator", "disable", "nobody"), "", "There is no operator named nobody."),
        (("operator", "password", "nobody"), f"{PASSWORD}\n", "There is no operator named nobody."),
        (("merchant", "key", "mch_1"), "", "There is no such merchant."),
        (("merchant", "add", "", "茶"), "", "“name_en” has between 1 and 60 characters."),
        (("merchant", "plan", "mch_1", "Pass", "月票", "--per-charge", "1e3"), "",
         "“1e3” is not an amount in CNY."),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_with_its_exit_code(on, words, typed, said) -> None:  # type: ignore[no-untyped-def]
    done = on(*words, typed=typed)
    assert done.returncode == 3
    [line] = done.stderr.splitlines()
    assert line.startswith(said)


def test_a_refusal_speaks_the_terminals_language(on) -> None:  # type: ignore[no-untyped-def]
    done = on("operator", "disable", "nobody", LC_ALL="zh_CN.UTF-8")
    assert done.stderr == "没有名为 nobody 的操作员。请在操作员列表中核对准确写法。\n"


def test_no_password_is_taken_from_the_command_line(on) -> None:  # type: ignore[no-untyped-def]
    assert on("operator", "add", "mei", "--password", PASSWORD).returncode == 2
    assert on("operator", "add", "mei", PASSWORD).returncode == 2


async def test_a_merchant_is_admitted_and_its_key_changed(on, pool: Pool, now) -> None:  # type: ignore[no-untyped-def]
    async def is_taken(key: str) -> bool:
        async with pool.connection() as conn:
            try:
                found = await merchant_by_key(one_by_one(conn), api_key=key)
            except MerchantKeyWrong:
                return False
            return found.merchant_id == merchant_id

    added = on("merchant", "add", "Green Tea House", "绿茶馆").stdout
    merchant_id, first = re.findall(r"^(?:merchant|API key) +(\S+)$", added, re.MULTILINE)
    assert await is_taken(first)
    second = on("merchant", "key", merchant_id).stdout.split()[-1]
    assert (await is_taken(first), await is_taken(second)) == (False, True)
    plan = on("merchant", "plan", merchant_id, "Tea pass", "茶票", "--per-charge", "30元")
    assert re.fullmatch(r"plan pln_\w+\n", plan.stdout), plan.stderr
    async with pool.connection() as conn:
        await conn.execute(
            "INSERT INTO payments (merchant_id, payment_id, merchant_reference, description,"
            " amount_minor, currency, state, created_at)"
            " VALUES (%s, 'pay_1', 'table 1', 'tea', 2800, 'CNY', 'awaiting', %s)",
            (merchant_id, now),
        )
    assert "taken back: 1" in on("merchant", "disable", merchant_id).stdout
    assert not await is_taken(second)
    assert "shut out since" in on("merchant", "list").stdout
    assert on("merchant", "enable", merchant_id).returncode == 0
    assert await is_taken(second)


async def test_the_ledger_proves_itself(on, pool: Pool) -> None:  # type: ignore[no-untyped-def]
    anna = await add_wallet(pool, "Anna", balance_minor=3200_00)
    sound = on("ledger", "verify")
    assert (sound.returncode, sound.stdout.splitlines()[-1]) == (0, "Sound.")
    async with pool.connection() as conn:
        await conn.execute("UPDATE accounts SET balance_minor = 1 WHERE owner_id = %s", (anna,))
    broken = on("ledger", "verify", "--json")
    assert broken.returncode == 1
    first = json.loads(broken.stdout)["broken"][0]
    assert (first["what"], first["row"]) == ("account", f"{anna}/CNY")


async def test_a_policys_life(on, pool: Pool, now, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Mei drafts, Lin announces; Mei stops it, goes on with it and takes it back."""
    for name in ("mei", "lin"):
        assert on("operator", "add", name, typed=f"{PASSWORD}\n").returncode == 0
    rule = tmp_path / "rule.yaml"
    rule.write_text(two_banks().replace("2026-12-01", "2098-12-01").replace(
        "2026-12-15", "2098-12-15").replace("2027-01-15", "2099-01-15"), "utf-8")  # fmt: skip

    def act(*words: str, by: str = "mei") -> subprocess.CompletedProcess[str]:
        return on("policy", *words, "--operator", by, typed=f"{PASSWORD}\n")

    assert act("draft", str(rule)).stdout == "two-banks, version 1, is a draft\n"
    refused = act("announce", "two-banks", "1", by="lin")
    assert (refused.returncode, "has not been tried" in refused.stderr) == (3, True)
    async with pool.connection() as conn:
        await simulate(
            conn, policy="two-banks", version=1, operator="mei",
            simulation_id=new_id("sim", now), now=now,
        )  # fmt: skip
    refused = act("announce", "two-banks", "1")
    assert (refused.returncode, "mei drafted this version" in refused.stderr) == (3, True)
    published = act("announce", "two-banks", "1", by="lin")
    assert "announced on 2098-12-01, enforced from 2099-01-15" in published.stdout
    wrong = on("policy", "stop", "two-banks", "--reason", "x", "--operator", "mei", typed="no\n")
    assert (wrong.returncode, "password is wrong" in wrong.stderr) == (3, True)
    assert act("stop", "two-banks", "--reason", "A bank is down").returncode == 0
    assert "stopped by mei" in on("policy", "show", "two-banks").stdout
    assert "stopped" in on("policy", "list").stdout
    assert "blocks again from" in act("enforce", "two-banks").stdout
    assert act("enforce", "two-banks").returncode == 3
    assert "mei proposes" in act("retire", "two-banks").stdout
    taken_back = act("rollback", "two-banks", "--reason", "The wrong people")
    assert "version 1, is taken back; none is in its place" in taken_back.stdout
    assert "rolled_back" in on("policy", "list").stdout
    assert act("retire", "two-banks", by="lin").returncode == 3


def test_hosting_md_names_what_there_is() -> None:
    """Its commands, settings and make targets exist."""
    text = (TOP / "docs" / "hosting.md").read_text("utf-8")
    one = r"(?:^|`|/bin/|\| )qianbao ((?:operator|merchant) [a-z]+|[a-z][a-z-]+)"
    said = set(re.findall(one, text, re.MULTILINE))
    assert len(said) >= 12
    assert said <= set(COMMANDS)
    settings = {f"QIANBAO_{name.upper()}" for name in Settings.__struct_fields__}
    named = {name.removesuffix("_FILE") for name in re.findall(r"QIANBAO_[A-Z_]+", text)}
    assert named <= settings
    targets = re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z-]+)  ", text)) <= set(targets)


def test_the_worker_does_not_start_on_a_wrong_key(database_url: str) -> None:
    done = qianbao(
        "worker", QIANBAO_DATABASE_URL=database_url, QIANBAO_MASTER_KEY="c2hvcnQ=",
        QIANBAO_BANK_URL="http://127.0.0.1:1", QIANBAO_BANK_TOKEN="x",
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("QIANBAO_MASTER_KEY is not base64 of 32 bytes or more")
    assert "c2hvcnQ=" not in done.stderr


def test_the_database_is_not_touched_by_asking(on, database_url: str) -> None:  # type: ignore[no-untyped-def]
    on("operator", "list")
    on("merchant", "list")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


def test_a_draft_is_tried_on_a_snapshot_from_the_command_line(
    on: Callable[..., subprocess.CompletedProcess[str]], database_url: str, tmp_path: Path
) -> None:
    """Whichever engine counts, the run is kept with the version, and says who ran it."""
    pytest.importorskip("duckdb", reason="the extra simulation is not installed")
    on("migrate")
    folder = str(tmp_path / "monday")
    taken = on("policy", "snapshot", folder, "--json")
    assert (json.loads(taken.stdout)["wallets"], taken.stderr) == (0, "")
    assert on("policy", "snapshot", folder).returncode == 3
    runs = [
        on("policy", "simulate", "two-banks", "1", "--json", *words)
        for words in ((), ("--engine", "duckdb"), ("--engine", "duckdb", "--snapshot", folder))
    ]
    found = [json.loads(run.stdout) for run in runs]
    assert [one["engine"] for one in found] == ["postgres", "duckdb", "duckdb"]
    assert found[0]["result"] == found[1]["result"] == found[2]["result"]
    shown = on("policy", "simulate", "two-banks", "1")
    assert "0 of 0 wallets do not meet it" in shown.stdout
    assert on("policy", "simulate", "two-banks", "9").returncode == 3
    with psycopg.connect(database_url) as conn:
        stored = conn.execute(
            "SELECT engine, run_by FROM simulations ORDER BY created_at"
        ).fetchall()
    # by the moment of the wallets that were counted: the snapshot's is the oldest
    assert stored == [
        (engine, "$ qianbao") for engine in ("duckdb", "postgres", "duckdb", "postgres")
    ]


def test_a_sandbox_s_clock_counts_on_the_command_line(
    on: Callable[..., subprocess.CompletedProcess[str]], database_url: str, tmp_path: Path
) -> None:
    """Whoever has moved a demo on tries rules, and takes decisions again, on its day."""
    pytest.importorskip("duckdb", reason="the extra simulation is not installed")
    on("migrate")
    with psycopg.connect(database_url) as conn:
        conn.execute("UPDATE clock SET offset_seconds = %s", (40 * 365 * 86_400,))
    folder = str(tmp_path / "later")
    taken = json.loads(on("policy", "snapshot", folder, "--json", QIANBAO_SANDBOX="true").stdout)
    tried = on("policy", "simulate", "two-banks", "1", "--json", QIANBAO_SANDBOX="true")
    found = json.loads(tried.stdout)
    later = str(datetime.now(UTC).year + 38)
    assert min(taken["as_of"], found["as_of"], found["created_at"]) > later
    assert on("policy", "simulate", "two-banks", "1", "--snapshot", folder, "--engine", "duckdb",
              QIANBAO_SANDBOX="true").returncode == 0  # fmt: skip


def test_a_simulation_s_day_is_the_operator_s(
    on: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Midnight in Shanghai is the evening before in UTC."""
    on("migrate")
    shown = on("policy", "simulate", "two-banks", "1").stdout
    assert "two-banks 1 as of 2027-01-15 00:00\n" in shown


def test_what_a_rule_says_of_itself_before_and_without_days(
    on: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    on("migrate")
    shown = on("policy", "show", "real-name").stdout
    assert "100 %  always" in shown
    on("policy", "simulate", "two-banks", "1")
    assert "forecast: 0 in all" in on("policy", "show", "two-banks").stdout


def test_spark_ends_without_a_word_of_its_own(
    on: Callable[..., subprocess.CompletedProcess[str]], java: None
) -> None:
    on("migrate")
    done = on("policy", "simulate", "two-banks", "1", "--engine", "spark",
              "--spark-master", "local[1]", "--json")  # fmt: skip
    assert json.loads(done.stdout)["engine"] == "spark"
    assert "Exception" not in done.stderr
