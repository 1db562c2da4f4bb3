"""Letting operators and merchants in and keeping them out, from the command line.

Passwords are read from the terminal or a pipe; a merchant's API key is shown once and stored only
as a hash. Whoever has the database's password may do all this: that is whom the machine trusts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import typer

from qianbao.clock import OPERATOR_ZONE, system_clock
from qianbao.settings import Settings
from qianbao.terminal import read_secret, ready_for, show_table

Done = TypeVar("Done")

operators = typer.Typer(no_args_is_help=True)
merchants = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name they sign in with.")]
MerchantId = Annotated[str, typer.Argument(help="As `qianbao merchant list` shows it.")]


@operators.command("add", epilog="Example: qianbao operator add mei")
def add_operator(name: Name) -> None:
    """Let somebody sign in; asks for the password."""
    from qianbao.ids import new_id
    from qianbao.rollouts.operators import COMMAND_LINE, create_operator

    settings, now = ready_for(), system_clock()
    password = read_secret("Password (12 characters or more)")
    _do(settings, lambda conn: create_operator(
        conn, operator_id=new_id("opr", now), name=name, password=password, by=COMMAND_LINE, now=now
    ))  # fmt: skip
    typer.echo(f"{name} can sign in at {settings.base_url}/console")


@operators.command("list", epilog="Example: qianbao operator list")
def list_operators() -> None:
    """Show all operators."""
    from qianbao.rollouts import admitted

    found = _do(ready_for(), admitted.list_operators)
    show_table(
        ("name", "since", "last seen", ""),
        [(one.name, _day(one.created_at), _day(one.last_seen_at), _state(one.disabled_at))
         for one in found],
    )  # fmt: skip


@operators.command("password", epilog="Example: qianbao operator password mei")
def change_password(name: Name) -> None:
    """Give somebody a new password; ends their sessions."""
    from qianbao.rollouts import admitted
    from qianbao.rollouts.operators import COMMAND_LINE

    settings = ready_for()
    password = read_secret("New password (12 characters or more)")
    _do(settings, lambda conn: admitted.set_password(
        conn, name=name, password=password, by=COMMAND_LINE, now=system_clock()
    ))  # fmt: skip
    typer.echo(f"{name} has a new password; every session of theirs has ended")


@operators.command("disable", epilog="Example: qianbao operator disable mei")
def disable_operator(name: Name) -> None:
    """Shut somebody out at once."""
    from qianbao.rollouts import admitted
    from qianbao.rollouts.operators import COMMAND_LINE

    _do(
        ready_for(),
        lambda conn: admitted.disable(conn, name=name, by=COMMAND_LINE, now=system_clock()),
    )
    typer.echo(f"{name} is signed out and cannot sign in")


@operators.command("enable", epilog="Example: qianbao operator enable mei")
def enable_operator(name: Name) -> None:
    """Let somebody in again."""
    from qianbao.rollouts import admitted
    from qianbao.rollouts.operators import COMMAND_LINE

    _do(
        ready_for(),
        lambda conn: admitted.enable(conn, name=name, by=COMMAND_LINE, now=system_clock()),
    )
    typer.echo(f"{name} can sign in with the password they had")


@merchants.command("add", epilog='Example: qianbao merchant add "Green Tea House" 绿茶馆')
def add_merchant(
    name_en: Annotated[str, typer.Argument(help="Its name in English.")],
    name_zh: Annotated[str, typer.Argument(help="Its name in Chinese.")],
) -> None:
    """Admit a merchant; shows its id and API key, the key this once."""
    from qianbao.ids import new_id
    from qianbao.keyring import new_token
    from qianbao.payments.admitted import check_name
    from qianbao.payments.merchants import add_merchant as add

    names = {"name_en": check_name("name_en", name_en), "name_zh": check_name("name_zh", name_zh)}
    settings, now, api_key = ready_for(), system_clock(), new_token()
    made = _do(settings, lambda conn: add(
        conn, merchant_id=new_id("mch", now), api_key=api_key, now=now, **names
    ))  # fmt: skip
    typer.echo(f"merchant {made.merchant_id}\nAPI key  {api_key}")


@merchants.command("list", epilog="Example: qianbao merchant list")
def list_merchants() -> None:
    """Show all merchants."""
    from qianbao.payments import admitted

    found = _do(ready_for(), admitted.list_merchants)
    show_table(
        ("id", "name", "名称", "currency", "since", ""),
        [(one.merchant_id, one.name_en, one.name_zh, one.currency, _day(one.created_at),
          _state(one.disabled_at)) for one in found],
    )  # fmt: skip


@merchants.command("key", epilog="Example: qianbao merchant key mch_…")
def change_key(merchant_id: MerchantId) -> None:
    """Give a merchant a new API key; the one before stops at once."""
    from qianbao.keyring import new_token
    from qianbao.payments import admitted

    api_key = new_token()
    _do(ready_for(), lambda conn: admitted.set_api_key(
        conn, merchant_id=merchant_id, api_key=api_key
    ))  # fmt: skip
    typer.echo(f"API key  {api_key}")


@merchants.command("disable", epilog="Example: qianbao merchant disable mch_…")
def disable_merchant(merchant_id: MerchantId) -> None:
    """Refuse a merchant's key, and take back what nobody has paid."""
    from qianbao.payments import admitted

    taken_back = _do(ready_for(), lambda conn: admitted.disable(
        conn, merchant_id=merchant_id, now=system_clock()
    ))  # fmt: skip
    typer.echo(f"{merchant_id} is shut out; payments taken back: {taken_back}")


@merchants.command("enable", epilog="Example: qianbao merchant enable mch_…")
def enable_merchant(merchant_id: MerchantId) -> None:
    """Take a merchant's key again."""
    from qianbao.payments import admitted

    _do(ready_for(), lambda conn: admitted.enable(conn, merchant_id=merchant_id))
    typer.echo(f"{merchant_id} is let in again with the key it had")


@merchants.command(
    "plan", epilog='Example: qianbao merchant plan mch_… "Monthly pass" 月票 --per-charge 30'
)
def approve_plan(
    merchant_id: MerchantId,
    title_en: Annotated[str, typer.Argument(help="What holders sign, in English.")],
    title_zh: Annotated[str, typer.Argument(help="The same in Chinese.")],
    per_charge: Annotated[str, typer.Option(help="The most that one charge may take, like 30.00.")],
) -> None:
    """Approve an auto-deduction plan that holders may sign."""
    from qianbao.ids import new_id
    from qianbao.mandates import approve_plan as approve
    from qianbao.money import read

    settings, now = ready_for(), system_clock()
    plan = _do(settings, lambda conn: approve(
        conn, merchant_id=merchant_id, plan_id=new_id("pln", now), title_en=title_en,
        title_zh=title_zh, per_charge=read(per_charge),
        most_minor=settings.mandate_per_charge_minor, now=now,
    ))  # fmt: skip
    typer.echo(f"plan {plan.plan_id}")


def _do(settings: Settings, verb: Callable[[Any], Awaitable[Done]]) -> Done:
    """What the verb gives, in one transaction."""

    async def work() -> Done:
        from psycopg import AsyncConnection

        async with await AsyncConnection.connect(settings.database_url) as conn:
            return await verb(conn)

    return asyncio.run(work())


def _day(moment: datetime | None) -> str:
    return moment.astimezone(OPERATOR_ZONE).strftime("%Y-%m-%d %H:%M") if moment else "never"


def _state(disabled_at: datetime | None) -> str:
    return f"shut out since {_day(disabled_at)}" if disabled_at else ""
