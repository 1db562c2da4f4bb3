"""What one process works with: opened together, closed together.

Doors, the worker and the seed take things from here; rooms never see it.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
import msgspec

from qianbao.banks.gateway import Gateway
from qianbao.clock import Clock, MovableClock, system_clock
from qianbao.db import clock as sandbox_clock
from qianbao.db.look_ups import LookUps
from qianbao.db.pool import Pool, open_pool
from qianbao.http_client import HttpClient
from qianbao.identity.registers import Registers
from qianbao.keyring import KeyRing, kept_secret, new_master_key
from qianbao.notices.public_addresses import public_only
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.rollouts.in_force import PoliciesInForce
from qianbao.settings import Settings, SettingsWrong, missing


class Services(msgspec.Struct, frozen=True):
    """One process's settings, connections, keys and loops."""

    settings: Settings
    pool: Pool
    look_ups: LookUps
    clock: Clock
    keys: KeyRing
    gateway: Gateway
    registers: Registers
    gateway_http: HttpClient
    webhook_http: httpx.AsyncClient
    policies: PoliciesInForce
    clearing: Clearing

    def now(self) -> datetime:
        """The present moment; in the sandbox, wherever its clock has been moved to."""
        return self.clock()

    async def refresh_clock(self) -> None:
        """Follows the sandbox's clock, which another process may have moved."""
        if isinstance(self.clock, MovableClock):
            async with self.pool.connection() as conn:
                await sandbox_clock.refresh(conn, self.clock)


def read_keys(settings: Settings) -> KeyRing:
    """The master key from the settings; in the sandbox one is made once in the data folder. Outside
    it an operator brings the key: one made on the spot would be lost with the folder, and every
    phone and document number with it. Raises `SettingsWrong`."""
    if wrong := missing(settings, ["keys"]):
        raise SettingsWrong(wrong)
    made = (
        "" if settings.master_key else kept_secret(settings.folder / "master.key", new_master_key)
    )
    return KeyRing.from_base64(settings.master_key or made)


def calm_collector() -> None:
    """Has the garbage collector look less often, and never again at what there is now: a process
    calls it when it has opened what it keeps. Only the first call counts, since what is frozen is
    never freed.

    A batch's objects live until it ends, so young collections find nothing in them. As Python ships
    it the collector took a fifth of the CPU of clearing in batches of 8,000 (0.8 to 1.0 s of 4.2
    for 90,000 payments, 2,300 collections), like this 5 % (12 collections); with 32 single payments
    in flight 6 %, like this nothing.
    """
    if gc.get_freeze_count():
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything a process needs, with the clearing loop running. Raises `SettingsWrong`."""
    if wrong := missing(settings, ["database", "keys", "banks"]):
        raise SettingsWrong(wrong)
    keys = read_keys(settings)
    pool = await open_pool(settings.database_url, size=settings.database_pool_size)
    clock: Clock = MovableClock() if settings.sandbox else system_clock
    policies = PoliciesInForce()
    timeout = settings.bank_timeout_seconds
    gateway_http = HttpClient(settings.gateway_url, settings.bank_token, timeout)
    services = Services(
        settings=settings,
        pool=pool,
        look_ups=LookUps(pool),
        clock=clock,
        keys=keys,
        gateway=Gateway(gateway_http),
        registers=Registers(gateway_http),
        gateway_http=gateway_http,
        webhook_http=httpx.AsyncClient(
            timeout=timeout, event_hooks={"request": [] if settings.sandbox else [public_only]}
        ),
        policies=policies,
        clearing=Clearing(pool, KINDS, policies.ask, settings, clock),
    )
    await services.refresh_clock()
    services.clearing.start()
    try:
        yield services
    finally:
        await services.clearing.stop()
        await services.gateway_http.close()
        await services.webhook_http.aclose()
        await pool.close()
