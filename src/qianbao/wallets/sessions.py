"""Sessions: who is holding the phone. A session reads; what moves money asks for the PIN besides.

The session of a closed wallet stays good for reading: its statement and its history.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from qianbao.db.arrays import bytes_of, moment, moments
from qianbao.db.look_ups import Find, LookUp
from qianbao.db.queries import Connection, load
from qianbao.errors import Language, QianbaoError
from qianbao.keyring import token_hash
from qianbao.settings import Settings

SQL = load("qianbao.wallets")

SEEN_EVERY = timedelta(hours=1)
"""How often use of a session is written down: reading a page must not cost a write."""


class NotSignedIn(QianbaoError):
    code = "not_signed_in"
    status = 401
    en = "You are not signed in, or have not been here for a long time."
    zh = "您尚未登录，或登录已过期。"
    next_en = "Sign in with your phone."
    next_zh = "请用手机号登录。"


class Session(msgspec.Struct, frozen=True):
    """Whose session it is. `status` is the wallet's: `closed` may read, and nothing else.
    `pin_locked_until` is None while its PIN can be tried."""

    wallet_id: str
    status: Literal["open", "closed"]
    language: Language
    pin_locked_until: datetime | None


async def start_session(conn: Connection, *, wallet_id: str, token: str, now: datetime) -> None:
    """Makes `token` (`keyring.new_token`) good for `wallet_id`; only its hash is kept."""
    session = {"token_hash": token_hash(token), "wallet_id": wallet_id, "now": now}
    await conn.execute(SQL.add_session, session)


_BY_TOKEN = LookUp(
    SQL.find_sessions,
    lambda keys: {
        "hashes": bytes_of([digest for digest, _, _ in keys]),
        "since": moments([moment(since) for _, since, _ in keys]),
        "unseen": moments([moment(now - SEEN_EVERY) for _, _, now in keys]),
        "nows": moments([moment(now) for _, _, now in keys]),
    },
    Session,
)


async def find_session(find: Find, *, token: str, now: datetime, settings: Settings) -> Session:
    """Whose session `token` is. Raises `NotSignedIn` when there is none, it was ended, or it was
    not used for `session_days`."""
    since = now - timedelta(days=settings.session_days)
    found: Session | None = await find(_BY_TOKEN, (token_hash(token), since, now))
    if found is None:
        raise NotSignedIn
    return found


async def end_other_sessions(
    conn: Connection, *, wallet_id: str, token: str, now: datetime
) -> None:
    """Signs out everywhere but where `token` is in use."""
    place = {"wallet_id": wallet_id, "token_hash": token_hash(token), "now": now}
    await conn.execute(SQL.end_other_sessions, place)


async def end_session(conn: Connection, *, token: str, now: datetime) -> None:
    """Signs out; a session that is not there is left alone."""
    await conn.execute(SQL.end_session, {"token_hash": token_hash(token), "now": now})
