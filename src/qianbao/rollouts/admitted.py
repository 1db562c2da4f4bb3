"""Which operators there are: listed, given a new password, shut out, let in again.

Letting a new one in is `operators.create_operator`. Each act is audited under the name of whoever
does it; on the command line that is the machine's own account, which is no operator.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import NotFound
from qianbao.rollouts import passwords
from qianbao.rollouts.operators import SQL, Operator, audit, check_password


class OperatorUnknown(NotFound):
    code = "operator_unknown"
    en = "There is no operator named {name}."
    zh = "没有名为 {name} 的操作员。"
    next_en = "Look in the list of operators for the exact spelling."
    next_zh = "请在操作员列表中核对准确写法。"


class ListedOperator(msgspec.Struct, frozen=True):
    """An operator in the list: `disabled_at` since when they cannot sign in, `last_seen_at` when
    they last did anything; None: never."""

    operator_id: str
    name: str
    created_at: datetime
    disabled_at: datetime | None
    last_seen_at: datetime | None


async def list_operators(conn: Connection) -> list[ListedOperator]:
    """All of them, by name."""
    return await fetch_all(conn, SQL.list_operators, None, ListedOperator)


async def set_password(
    conn: Connection, *, name: str, password: str, by: str, now: datetime
) -> Operator:
    """A new password; every session under the old one ends, and a lock is lifted. Raises
    `OperatorUnknown`, `PasswordTooShort`."""
    check_password(password)
    row = {"name": name, "password_hash": await passwords.hash_password(password)}
    operator = _known(await fetch_one(conn, SQL.set_password, row, Operator), name)
    await _end_sessions(conn, operator, now)
    await audit(
        conn, operator=by, action="operator.password", subject=operator.operator_id, now=now
    )
    return operator


async def disable(conn: Connection, *, name: str, by: str, now: datetime) -> Operator:
    """Shuts the operator out at once: no sign-in, and every session ends. What they did stays
    theirs. Doing it again changes nothing. Raises `OperatorUnknown`."""
    row = {"name": name, "now": now}
    operator = _known(await fetch_one(conn, SQL.disable_operator, row, Operator), name)
    await _end_sessions(conn, operator, now)
    await audit(conn, operator=by, action="operator.disable", subject=operator.operator_id, now=now)
    return operator


async def enable(conn: Connection, *, name: str, by: str, now: datetime) -> Operator:
    """Lets the operator sign in again, with the password they had. Raises `OperatorUnknown`."""
    found = await fetch_one(conn, SQL.enable_operator, {"name": name}, Operator)
    operator = _known(found, name)
    await audit(conn, operator=by, action="operator.enable", subject=operator.operator_id, now=now)
    return operator


def _known(found: Operator | None, name: str) -> Operator:
    if found is None:
        raise OperatorUnknown(name=name[:40])
    return found


async def _end_sessions(conn: Connection, operator: Operator, now: datetime) -> None:
    row = {"operator_id": operator.operator_id, "now": now}
    await conn.execute(SQL.end_every_session, row)
