"""`qianbao policy`: a policy's life from the command line.

An act is an operator's, so whoever runs it signs in: the name with --operator, the password typed
or piped. Two operators are two people here as in the console.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from qianbao import lint_command, simulation_commands
from qianbao.clock import OPERATOR_ZONE
from qianbao.policy.dates import ALWAYS, Days
from qianbao.settings import Settings
from qianbao.terminal import WRONG, leave, read_secret, ready_for, show_table

Done = TypeVar("Done")
Act = Callable[[Any, str, datetime], Awaitable[Done]]
"""What an operator does: with a connection, their name, and the present moment."""

app = typer.Typer(help="A policy's life, and taking one back.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The policy, as `qianbao policy list` names it.")]
Version = Annotated[int, typer.Argument(help="Which version of it.", min=1)]
By = Annotated[str, typer.Option("--operator", help="Who does it; asks for their password.")]
Reason = Annotated[str, typer.Option(help="Why; it stays in the audit.")]


@app.callback()
def _group() -> None:
    """A policy's life, and taking one back."""


app.command(name="schema", epilog=lint_command.SCHEMA_EXAMPLE)(lint_command.schema)
app.command(name="lint", epilog=lint_command.LINT_EXAMPLE)(lint_command.lint)
app.command(name="snapshot", epilog=simulation_commands.SNAPSHOT_EXAMPLE)(
    simulation_commands.snapshot
)
app.command(name="simulate", epilog=simulation_commands.SIMULATE_EXAMPLE)(
    simulation_commands.simulate
)


@app.command("list", epilog="Example: qianbao policy list")
def list_policies() -> None:
    """Show every version and where it stands."""
    from qianbao.rollouts.in_force import versions

    found = _read(ready_for(), lambda conn, now: versions(conn, now=now))
    show_table(
        ("policy", "version", "stands", "wallets", "announced", "enforced", "drafted by", "by"),
        [(one.stored.policy, str(one.stored.version), one.phase,
          f"{one.percent} %" if one.phase == "enforced" else "",
          _day(one.days, "announce"), _day(one.days, "enforce"),
          one.stored.drafted_by, one.stored.published_by or "") for one in found],
    )  # fmt: skip


@app.command("show", epilog="Example: qianbao policy show two-banks")
def show_policy(policy: Name) -> None:
    """Show how far the published version is enforced, and its forecast."""
    from qianbao.rollouts.enforcement import enforcement

    settings = ready_for()
    found = _read(settings, lambda conn, now: enforcement(conn, settings, policy=policy, now=now))
    typer.echo(f"{found.policy}, version {found.version}: {found.percent} % of wallets")
    for step in found.steps:
        typer.echo(f"  {step.percent:>3} %  {_begin(step.begins)}")
    typer.echo(f"refused: {found.refused:,} wallets; forecast: {_forecast(found)}")
    if found.trips_beyond is not None:
        typer.echo(f"stops by itself beyond {found.trips_beyond:,} refused wallets")
    for stop in found.stops:
        until = _moment(stop.resumes_at) if stop.resumes_at else "now"
        typer.echo(
            f"stopped by {stop.stopped_by} from {_moment(stop.stopped_at)} to {until}: "
            f"{stop.reason}"
        )


@app.command("draft", epilog="Example: qianbao policy draft two-banks.yaml --operator mei")
def draft_policy(
    file: Annotated[Path, typer.Argument(help="The policy, in YAML.")], operator: By
) -> None:
    """Store a policy as a draft, or say what is wrong with it and where."""
    from qianbao.rollouts.publish import draft

    if not file.is_file():
        leave(f"There is no file {file}.", code=WRONG)
    body = file.read_text("utf-8")
    stored = _act(operator, lambda conn, who, now: draft(conn, body=body, operator=who, now=now))
    typer.echo(f"{stored.policy}, version {stored.version}, is a draft")


@app.command("announce", epilog="Example: qianbao policy announce two-banks 2 --operator lin")
def announce_policy(policy: Name, version: Version, operator: By) -> None:
    """Publish a simulated draft; holders see it from its day of announcement on."""
    from qianbao.policy.policies import load_policy
    from qianbao.rollouts.publish import publish

    settings = ready_for()
    stored = _act(operator, lambda conn, who, now: publish(
        conn, settings, policy=policy, version=version, operator=who, now=now
    ))  # fmt: skip
    timeline = load_policy(stored.body).timeline
    days = f"announced on {timeline.announce}, enforced from {timeline.enforce}" if timeline else (
        "enforced from now on"
    )  # fmt: skip
    typer.echo(f"{policy}, version {version}, is published: {days}")


@app.command("enforce", epilog="Example: qianbao policy enforce two-banks --operator mei")
def enforce_policy(policy: Name, operator: By) -> None:
    """Resume an enforcement that was stopped. One that was not follows its own days."""
    from qianbao.rollouts.enforcement import resume

    done = _act(operator, lambda conn, who, now: resume(
        conn, policy=policy, operator=who, now=now
    ))  # fmt: skip
    assert done.resumes_at is not None, "it was resumed"
    typer.echo(f"{policy} blocks again from {_moment(done.resumes_at)}")


@app.command("stop", epilog='Example: qianbao policy stop two-banks --reason "…" --operator mei')
def stop_policy(policy: Name, reason: Reason, operator: By) -> None:
    """Stop a policy's enforcement at once; it stays published."""
    from qianbao.rollouts.enforcement import stop

    _act(operator, lambda conn, who, now: stop(
        conn, policy=policy, reason=reason, operator=who, now=now
    ))  # fmt: skip
    typer.echo(f"{policy} blocks nobody until it is resumed")


@app.command(
    "rollback", epilog='Example: qianbao policy rollback two-banks --reason "…" --operator mei'
)
def roll_back_policy(
    policy: Name,
    reason: Reason,
    operator: By,
    version: Annotated[
        int | None, typer.Option(help="The version that you looked at; no other is taken back.")
    ] = None,
) -> None:
    """Take the published version back: all that it blocked works again at once."""
    from qianbao.rollouts.rollback import roll_back

    settings = ready_for()
    done = _act(operator, lambda conn, who, now: roll_back(
        conn, settings, policy=policy, version=version, reason=reason, operator=who, now=now
    ))  # fmt: skip
    back = f"version {done.returned} is in its place" if done.returned else "none is in its place"
    typer.echo(f"{policy}, version {done.version.version}, is taken back; {back}")


@app.command("retire", epilog="Example: qianbao policy retire two-banks --operator lin")
def retire_policy(policy: Name, operator: By) -> None:
    """Propose to retire a policy; where another operator has, retire it."""
    from qianbao.rollouts import retire
    from qianbao.rollouts.in_force import find_published

    async def propose_or_retire(conn: Any, who: str, now: datetime) -> Any:
        proposed_by = (await find_published(conn, policy)).retire_proposed_by
        verb = retire.propose if proposed_by in (None, who) else retire.retire
        return await verb(conn, policy=policy, operator=who, now=now)

    done = _act(operator, propose_or_retire)
    if done.state == "retired":
        typer.echo(f"{policy}, version {done.version}, is retired")
    else:
        typer.echo(f"{policy}: {done.retire_proposed_by} proposes to retire it; another has to")


def _act(name: str, act: Act[Done]) -> Done:
    """What the act gives, in one transaction, once the operator has signed in."""
    settings = ready_for()
    password = read_secret(f"Password of {name}", twice=False)

    async def work(pool: Any, now: datetime) -> Done:
        from qianbao.rollouts import operators

        token = await operators.sign_in(
            pool, name=name, password=password, now=now, attempts=settings.pin_attempts,
            lock_minutes=settings.pin_lock_minutes,
        )  # fmt: skip
        async with pool.connection() as conn:
            await operators.sign_out(conn, token=token, now=now)
        async with pool.connection() as conn:
            return await act(conn, name, now)

    return asyncio.run(_opened(settings, work))


def _read(settings: Settings, read: Callable[[Any, datetime], Awaitable[Done]]) -> Done:
    async def work(pool: Any, now: datetime) -> Done:
        async with pool.connection() as conn:
            return await read(conn, now)

    return asyncio.run(_opened(settings, work))


async def _opened(settings: Settings, work: Callable[[Any, datetime], Awaitable[Done]]) -> Done:
    """`work` with a pool and the present moment, in the sandbox that of its clock."""
    from qianbao.db.clock import present
    from qianbao.db.pool import open_pool

    pool = await open_pool(settings.database_url, size=2)
    try:
        async with pool.connection() as conn:
            now = await present(conn, sandbox=settings.sandbox)
        return await work(pool, now)
    finally:
        await pool.close()


def _day(days: Days | None, name: str) -> str:
    return str(getattr(days, name) or "stopped") if days else "always"


def _begin(begins: datetime | None) -> str:
    if begins is None:
        return "stopped"
    return "always" if begins == ALWAYS else _moment(begins)


def _forecast(found: Any) -> str:
    """What is to be expected at the present percentage; before the first step, of everybody."""
    if found.forecast is None:
        return "none"
    if found.expected is None:
        return f"{found.forecast.wallets:,} in all"
    return f"{found.expected:,} at most"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(OPERATOR_ZONE):%Y-%m-%d %H:%M}"
