"""What one process works with: opened together, closed together.

Doors, the worker and the seed take things from here; rooms never see it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import httpx
import msgspec

from qianbao.banks.gateway import Gateway
from qianbao.clock import Clock, MovableClock, system_clock
from qianbao.db import clock as sandbox_clock
from qianbao.db.pool import Pool, open_pool
from qianbao.identity.registers import Registers
from qianbao.keyring import KeyRing, kept_secret, new_master_key
from qianbao.notices.public_addresses import public_only
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.rollouts.in_force import PoliciesInForce
from qianbao.settings import Settings


class MasterKeyMissing(ValueError):
    """Outside the sandbox, an operator brings the key: one made on the spot would be lost with the
    folder, and every phone and document number with it."""


class BankGatewayMissing(ValueError):
    """Outside the sandbox nobody may stand where the banks do by chance: card numbers go there."""


class Services(msgspec.Struct, frozen=True):
    """One process's settings, connections, keys and loops."""

    settings: Settings
    pool: Pool
    clock: Clock
    keys: KeyRing
    gateway: Gateway
    registers: Registers
    gateway_http: httpx.AsyncClient
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
    """The master key from the settings; in the sandbox one is made once in the data folder. Raises
    `MasterKeyMissing`."""
    if settings.master_key:
        return KeyRing.from_base64(settings.master_key)
    if not settings.sandbox:
        raise MasterKeyMissing("set QIANBAO_MASTER_KEY or QIANBAO_MASTER_KEY_FILE")
    return KeyRing.from_base64(kept_secret(settings.folder / "master.key", new_master_key))


def _check_gateway(settings: Settings) -> None:
    """Raises `BankGatewayMissing`."""
    if not settings.sandbox and not (settings.bank_url and settings.bank_token):
        raise BankGatewayMissing("set QIANBAO_BANK_URL and QIANBAO_BANK_TOKEN")


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Everything a process needs, with the clearing loop running. Raises `MasterKeyMissing` or
    `BankGatewayMissing`."""
    keys = read_keys(settings)
    _check_gateway(settings)
    pool = await open_pool(settings.database_url, size=settings.database_pool_size)
    clock: Clock = MovableClock() if settings.sandbox else system_clock
    policies = PoliciesInForce()
    url, token, timeout = settings.gateway_url, settings.bank_token, settings.bank_timeout_seconds
    gateway_http = httpx.AsyncClient(
        base_url=url, timeout=timeout, headers={"Authorization": f"Bearer {token}"}
    )
    services = Services(
        settings=settings,
        pool=pool,
        clock=clock,
        keys=keys,
        gateway=Gateway(url, token, timeout),
        registers=Registers(url, token, timeout),
        gateway_http=gateway_http,
        webhook_http=httpx.AsyncClient(
            timeout=timeout, event_hooks={"request": [] if settings.sandbox else [public_only]}
        ),
        policies=policies,
        clearing=Clearing(pool, KINDS, policies.current, settings, clock),
    )
    await services.refresh_clock()
    services.clearing.start()
    try:
        yield services
    finally:
        await services.clearing.stop()
        await services.gateway.close()
        await services.registers.close()
        await services.gateway_http.aclose()
        await services.webhook_http.aclose()
        await pool.close()
