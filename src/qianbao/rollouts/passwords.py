"""Operators' passwords, hashed and compared by argon2 in a thread of their own.

Argon2 is slow on purpose, and anybody may try to sign in: however many do, payment PINs and all
else that works in threads never wait behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from qianbao.errors import QianbaoError

MOST_WAITING = 40
"""Sign-ins under way at once in a process; a few seconds of work."""

_hasher = PasswordHasher()
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="password")
_places = BoundedSemaphore(MOST_WAITING)

NOBODYS = _hasher.hash("nobody has this password")
"""Compared when the name is unknown, so that an unknown name takes as long as a known one."""


class SignInBusy(QianbaoError):
    code = "sign_in_busy"
    status = 503
    retry = True
    en = "Too many are signing in at this moment."
    zh = "当前登录人数过多。"
    next_en = "Try again in {left_seconds} seconds; this attempt was not counted."
    next_zh = "请 {left_seconds} 秒后再试；本次尝试不计入次数。"


@contextmanager
def a_place() -> Iterator[None]:
    """A place among those signing in, to be held before anything is counted or compared. Raises
    `SignInBusy`."""
    if not _places.acquire(blocking=False):
        raise SignInBusy(left_seconds=5)
    try:
        yield
    finally:
        _places.release()


async def hash_password(password: str) -> str:
    """A password as it is stored."""
    return await asyncio.get_running_loop().run_in_executor(_thread, _hasher.hash, password)


async def is_password(hashed: str, password: str) -> bool:
    """Whether `password` is the one that is stored as `hashed`."""
    return await asyncio.get_running_loop().run_in_executor(_thread, _matches, hashed, password)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
