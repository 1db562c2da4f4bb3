"""Operators: who runs this wallet, how they sign in, and the record of what they did.

An operator is known by a name that never changes, and that name is what other tables keep. What an
operator may do to policies is `publish`; to wallets, `wallets`. Here is also the audit, because
every act in it is an operator's.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from qianbao.db.pool import Pool
from qianbao.db.queries import Connection, fetch_all, fetch_one, load
from qianbao.errors import InvalidInput, QianbaoError
from qianbao.ids import check_id, new_id
from qianbao.keyring import new_token, token_hash
from qianbao.rollouts import passwords

SQL = load("qianbao.rollouts")

SHIPPED = "shipped pack"
"""Whose name stands beside what came with the software; no operator may take it."""

COMMAND_LINE = "$ qianbao"
"""Who did what was done on the command line; no operator can have this name."""

DEMO = "$ demo"
"""Who did what came with the demo; no operator can have this name."""

SWEEP = "sweep"
"""Whose acts those of the job that tells holders are."""

TRIPWIRE = "tripwire"
"""Who stopped what stopped by itself; no operator may take this name."""

HOLDER = "$ holder"
"""Who used what operators had allowed them; no operator can have this name."""

MOST_REASON = 400
"""Characters of the reason that an act is recorded with."""

SESSION_IDLE = timedelta(hours=12)
"""A session that nobody used for so long has ended: a working day, and no night."""

PASSWORD_LENGTH_LEAST = 12
"""Characters. Length is all that is asked: rules about digits and signs make worse passwords."""

_NAME = re.compile(r"\w[\w .-]{0,39}")


class OperatorNameTaken(QianbaoError):
    code = "operator_name_taken"
    en = "There is an operator named {name} already."
    zh = "已有名为 {name} 的操作员。"
    next_en = "Choose another name."
    next_zh = "请换一个名称。"


class OperatorNameInvalid(InvalidInput):
    code = "operator_name_invalid"
    en = "An operator's name has 1 to 40 letters, digits, spaces, points or hyphens."
    zh = "操作员名称须为 1 至 40 个字母、数字、空格、点或连字符。"
    next_en = "Choose another name."
    next_zh = "请换一个名称。"


class PasswordTooShort(InvalidInput):
    code = "password_too_short"
    en = "A password here has at least {least} characters."
    zh = "密码至少需要 {least} 个字符。"
    next_en = "A few words in a row are easy to keep in mind."
    next_zh = "可以用几个词连成一句，便于记忆。"


class SignInRefused(QianbaoError):
    code = "sign_in_refused"
    status = 401
    en = "The name or the password is wrong."
    zh = "名称或密码不正确。"
    next_en = (
        "Type both again. After {attempts} wrong passwords even the right one is refused for "
        "{minutes} minutes."
    )
    next_zh = "请重新输入。连续输错 {attempts} 次后，{minutes} 分钟内正确的密码也不予受理。"


class OperatorNotSignedIn(QianbaoError):
    code = "operator_not_signed_in"
    status = 401
    en = "You are not signed in as an operator, or your session has ended."
    zh = "您尚未以操作员身份登录，或登录已失效。"
    next_en = "Sign in."
    next_zh = "请登录。"


class Operator(msgspec.Struct, frozen=True):
    """Whoever is signed in to the console or the operators' API."""

    operator_id: str
    name: str


class AuditEntry(msgspec.Struct, frozen=True):
    """One act of one operator: `action` is a verb such as `policy.publish`, `subject` what it was
    done to (`subject_name`: what people call it, "" unless it is an operator), `detail` what
    somebody reading it later needs."""

    audit_id: str
    operator: str
    action: str
    subject: str
    detail: dict[str, Any]
    at: datetime
    subject_name: str = ""


class _Credentials(msgspec.Struct, frozen=True):
    operator_id: str
    name: str
    password_hash: str
    failures: int
    locked_until: datetime | None


async def create_operator(
    conn: Connection, *, operator_id: str, name: str, password: str, by: str, now: datetime
) -> Operator:
    """`by` is whoever lets them in, for the audit. Raises `OperatorNameInvalid`,
    `PasswordTooShort` or `OperatorNameTaken`."""
    check_id(operator_id, "opr")
    if name in (SHIPPED, SWEEP, TRIPWIRE):
        raise OperatorNameTaken(name=name)
    if not _NAME.fullmatch(name):
        raise OperatorNameInvalid
    check_password(password)
    hashed = await passwords.hash_password(password)
    cursor = await conn.execute(
        SQL.add_operator,
        {"operator_id": operator_id, "name": name, "password_hash": hashed, "now": now},
    )
    if cursor.rowcount == 0:
        raise OperatorNameTaken(name=name)
    await audit(conn, operator=by, action="operator.create", subject=operator_id, now=now)
    return Operator(operator_id, name)


def check_password(password: str) -> None:
    """Raises `PasswordTooShort`."""
    if len(password) < PASSWORD_LENGTH_LEAST:
        raise PasswordTooShort(least=PASSWORD_LENGTH_LEAST)


async def sign_in(
    pool: Pool, *, name: str, password: str, now: datetime, attempts: int, lock_minutes: int
) -> str:
    """A new session's token. Raises `SignInRefused`, the same for an unknown name, a wrong password
    and a locked name: it tells nobody which names there are. Raises `SignInBusy` before anything
    is counted.

    Takes the pool because a wrong password must be counted although an error is raised. The attempt
    is counted before the password is looked at: guesses sent all at once are counted too, and no
    connection waits while argon2 works.
    """
    with passwords.a_place():
        found = await _count_attempt(
            pool, name=name, now=now, attempts=attempts, lock_minutes=lock_minutes
        )
        hashed = found.password_hash if found else passwords.NOBODYS
        right = await passwords.is_password(hashed, password)
    if found is None or not right:
        raise SignInRefused(attempts=attempts, minutes=lock_minutes)
    token = new_token()
    session = {"token_hash": token_hash(token), "operator_id": found.operator_id, "now": now}
    async with pool.connection() as conn:
        await conn.execute(SQL.forget_attempts, {"operator_id": found.operator_id})
        await conn.execute(SQL.add_session, session)
        await audit(
            conn, operator=found.name, action="operator.sign_in", subject=found.operator_id, now=now
        )
    return token


async def _count_attempt(
    pool: Pool, *, name: str, now: datetime, attempts: int, lock_minutes: int
) -> _Credentials | None:
    async with pool.connection() as conn:
        found = await fetch_one(conn, SQL.find_operator, {"name": name}, _Credentials)
        if found is None:
            return None
        if found.locked_until is not None and found.locked_until > now:
            return None
        failures = 1 if found.locked_until else found.failures + 1
        locked_until = now + timedelta(minutes=lock_minutes) if failures >= attempts else None
        await conn.execute(
            SQL.count_attempt,
            {
                "operator_id": found.operator_id,
                "failures": failures,
                "locked_until": locked_until,
            },
        )
        return found


async def find_session(conn: Connection, *, token: str, now: datetime) -> Operator:
    """Whose session this is; its idle time starts again. Raises `OperatorNotSignedIn`."""
    found = await fetch_one(
        conn,
        SQL.touch_session,
        {"token_hash": token_hash(token), "now": now, "idle_since": now - SESSION_IDLE},
        Operator,
    )
    if found is None:
        raise OperatorNotSignedIn
    return found


async def sign_out(conn: Connection, *, token: str, now: datetime) -> None:
    """Ends the session; a session that is not there is left alone."""
    await conn.execute(SQL.end_session, {"token_hash": token_hash(token), "now": now})


async def audit(
    conn: Connection,
    *,
    operator: str,
    action: str,
    subject: str,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Records what `operator` (a name) did, in the transaction that does it. `detail` holds no
    document, card or phone number."""
    entry = {
        "audit_id": new_id("aud", now),
        "operator": operator,
        "action": action,
        "subject": subject,
        "detail": Jsonb(detail or {}),
        "now": now,
    }
    await conn.execute(SQL.add_audit, entry)


async def list_audit(
    conn: Connection, *, subject: str = "", kind: str = "", before: str = "", limit: int = 50
) -> list[AuditEntry]:
    """The latest acts first; `before` is the last id of the page before. `subject` and `kind` (the
    first part of an action, such as `policy`) narrow."""
    wanted = {"subject": subject, "kind": kind, "before": before, "limit": limit}
    return await fetch_all(conn, SQL.list_audit, wanted, AuditEntry)
