"""The console on a database of its own, and operators who can sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from litestar import Litestar

from qianbao import console
from qianbao.clock import Clock
from qianbao.db.pool import Pool
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.rollouts.in_force import PoliciesInForce
from qianbao.rollouts.operators import COMMAND_LINE, create_operator
from qianbao.settings import Settings

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
PASSWORD = "four calm words here"
ADDRESS = "http://qianbao.test"

Enter = Callable[[str], Awaitable[httpx.AsyncClient]]


class Desk(msgspec.Struct, frozen=True):
    """What the console takes from a process's services."""

    settings: Settings
    pool: Pool
    clock: Clock
    keys: KeyRing
    policies: PoliciesInForce


class Moment:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        """Moves on by `timedelta(**length)`."""
        self.now += timedelta(**length)


@pytest.fixture
def clock() -> Moment:
    """Where the console's clock stands."""
    return Moment()


@pytest.fixture
def keys() -> KeyRing:
    """Keys for what is encrypted."""
    return KeyRing(b"k" * 32)


@pytest.fixture
async def app(pool: Pool, clock: Moment, keys: KeyRing) -> Litestar:
    """The console alone."""
    made = Litestar(route_handlers=console.routes())
    settings = Settings(public_url=ADDRESS)
    made.state.services = Desk(settings, pool, clock, keys, PoliciesInForce())
    return made


@pytest.fixture
async def browser(app: Litestar) -> AsyncIterator[Callable[[], httpx.AsyncClient]]:
    """Makes browsers that nobody has signed in with; they send Origin as browsers do."""
    opened: list[httpx.AsyncClient] = []

    def make() -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        headers = {"Origin": ADDRESS, "Accept-Language": "en"}
        client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)
        opened.append(client)
        return client

    yield make
    for client in opened:
        await client.aclose()


@pytest.fixture
async def enter(pool: Pool, browser: Callable[[], httpx.AsyncClient]) -> Enter:
    """`await enter("Mei")`: a browser with Mei, an operator, signed in."""

    async def sign_in(name: str) -> httpx.AsyncClient:
        async with pool.connection() as conn:
            await create_operator(
                conn,
                operator_id=new_id("opr", NOW),
                name=name,
                password=PASSWORD,
                by=COMMAND_LINE,
                now=NOW,
            )
        client = browser()
        form = {"name": name, "password": PASSWORD}
        answer = await client.post("/console/sign-in", data=form)
        assert answer.status_code == 303, answer.text
        return client

    return sign_in
