"""The job worker: which verb each job's name calls. A job runs at least once, so each verb can.

Jobs that fail are tried again with growing waits; what a bank leaves unanswered comes back by
itself (`payments.ask_bank`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from time import monotonic

import procrastinate
import structlog

from qianbao import logs
from qianbao.banks.cards import end_agreement
from qianbao.clock import local_date, system_clock
from qianbao.db.pool import Pool
from qianbao.db.queries import Connection
from qianbao.errors import QianbaoError
from qianbao.http_client import HttpTrouble, NotSent, Refused
from qianbao.identity.registers import check_registers
from qianbao.ledger import expire_holds
from qianbao.notices.texts import deliver_text
from qianbao.notices.webhooks import RETRIES, deliver_webhook
from qianbao.payments.answers import forget_answers
from qianbao.payments.ask_bank import ask_bank, ask_forgotten
from qianbao.payments.decisions import forget_decisions
from qianbao.payments.step_up import forget_step_ups
from qianbao.payscore.completion import finish_collected
from qianbao.payscore.orders import expire_orders
from qianbao.rollouts.name_changes import record_use
from qianbao.rollouts.refused import forget_refusals, gather_refusals, tell_refused
from qianbao.rollouts.tell import tell_holders, tell_wallet
from qianbao.rollouts.tripwire import watch
from qianbao.services import Services, calm_collector, open_services
from qianbao.settings import Settings
from qianbao.wallets.expiry import remind_of_expiry, settle_replaced
from qianbao.wallets.notice_texts import text_notice

log = structlog.get_logger(__name__)

_RETRY = procrastinate.RetryStrategy(max_attempts=12, exponential_wait=2)
_RETRY_WEBHOOK = procrastinate.RetryStrategy(max_attempts=RETRIES, exponential_wait=2)
_TIDY_SECONDS = 300
"""How long one kind of tidying may take in a row; the rest waits for the next time."""
_TELLING_SECONDS = 3000
"""Telling a population of what is coming takes longer, and everybody is waited for by their day."""


async def _send_text(services: Services, sms_id: str) -> None:
    await deliver_text(
        services.pool, services.keys, services.gateway_http, sms_id=sms_id, now=services.now()
    )


async def _text_notice(services: Services, wallet_id: str, notice_id: str) -> None:
    async with services.pool.connection() as conn:
        await text_notice(
            conn,
            services.keys,
            services.settings,
            wallet_id=wallet_id,
            notice_id=notice_id,
            now=services.now(),
        )


async def _tell_wallet(services: Services, wallet_id: str) -> None:
    async with services.pool.connection() as conn:
        await tell_wallet(conn, services.settings, wallet_id=wallet_id, now=services.now())
        await settle_replaced(conn, wallet_id=wallet_id, now=services.now())


async def _deliver_webhook(services: Services, merchant_id: str, delivery_id: str) -> None:
    await deliver_webhook(
        services.pool,
        services.keys,
        services.webhook_http,
        merchant_id=merchant_id,
        delivery_id=delivery_id,
        now=services.now(),
        sent_at=system_clock(),
    )


async def _check_registers(services: Services, wallet_id: str) -> None:
    await check_registers(
        services.pool, services.registers, services.keys, wallet_id=wallet_id, now=services.now()
    )


async def _record_name_change(services: Services, wallet_id: str, name_change_id: str) -> None:
    async with services.pool.connection() as conn:
        await record_use(
            conn, wallet_id=wallet_id, name_change_id=name_change_id, now=services.now()
        )


async def _end_agreement(services: Services, wallet_id: str, card_id: str) -> None:
    await end_agreement(
        services.pool, services.gateway, services.keys, wallet_id=wallet_id, card_id=card_id
    )


async def _ask_bank(services: Services, wallet_id: str, order_id: str) -> None:
    await ask_bank(
        services.pool,
        services.clearing,
        services.gateway,
        services.keys,
        wallet_id=wallet_id,
        order_id=order_id,
        now=services.now(),
    )


async def _find_forgotten_orders(services: Services, timestamp: int) -> None:
    del timestamp  # when the job was due; procrastinate passes it
    await ask_forgotten(
        services.pool, services.clearing, services.gateway, services.keys, now=services.now()
    )


async def _tidy(services: Services, timestamp: int) -> None:
    del timestamp
    before = services.now() - timedelta(days=services.settings.idempotency_days)
    await until_done(services.pool, partial(expire_orders, now=services.now()))
    await until_done(services.pool, partial(forget_answers, before=before))
    await until_done(services.pool, partial(forget_step_ups, before=before))
    kept = services.now() - timedelta(days=services.settings.decision_log_days)
    await until_done(services.pool, partial(forget_decisions, before=kept))
    await until_done(services.pool, partial(forget_refusals, before=local_date(before)))


async def _remind_of_expiry(services: Services, timestamp: int = 0) -> None:
    del timestamp
    await until_done(services.pool, partial(remind_of_expiry, now=services.now()))


async def _finish_collected(services: Services, timestamp: int) -> None:
    del timestamp
    await until_done(services.pool, partial(finish_collected, now=services.now()))


async def _tell_holders(services: Services, timestamp: int = 0) -> None:
    del timestamp
    step = partial(tell_holders, settings=services.settings, now=services.now())
    await until_done(services.pool, step, _TELLING_SECONDS)


async def _watch_enforcement(services: Services, timestamp: int) -> None:
    del timestamp
    async with services.pool.connection() as conn:
        await gather_refusals(conn, now=services.now())
    async with services.pool.connection() as conn:
        await watch(conn, services.settings, now=services.now())


async def _tell_refused(services: Services, timestamp: int) -> None:
    del timestamp
    step = partial(tell_refused, settings=services.settings, now=services.now())
    await until_done(services.pool, step)


async def _expire_holds(services: Services, timestamp: int) -> None:
    del timestamp
    await until_done(services.pool, partial(expire_holds, now=services.now()))


async def until_done(
    pool: Pool, step: Callable[[Connection], Awaitable[int]], seconds: float = _TIDY_SECONDS
) -> int:
    """Takes `step`, each time in a transaction of its own, until it finds nothing more or the time
    is up; gives how much was done."""
    done, give_up = 0, monotonic() + seconds
    while monotonic() < give_up:
        async with pool.connection() as conn:
            found = await step(conn)
        if not found:
            break
        done += found
    return done


Job = Callable[..., Awaitable[None]]

JOBS: dict[str, Job] = {
    "send_text": _send_text,
    "text_notice": _text_notice,
    "tell_wallet": _tell_wallet,
    "deliver_webhook": _deliver_webhook,
    "check_registers": _check_registers,
    "record_name_change": _record_name_change,
    "end_agreement": _end_agreement,
    "ask_bank": _ask_bank,
}
"""What rooms enqueue, by name."""

PERIODIC: dict[str, tuple[str, Job]] = {
    "find_forgotten_orders": ("* * * * *", _find_forgotten_orders),
    "finish_collected": ("* * * * *", _finish_collected),
    "expire_holds": ("* * * * *", _expire_holds),
    "tell_holders": ("7 * * * *", _tell_holders),
    "watch_enforcement": ("* * * * *", _watch_enforcement),
    "tell_refused": ("* * * * *", _tell_refused),
    "tidy": ("17 * * * *", _tidy),
    "remind_of_expiry": ("37 * * * *", _remind_of_expiry),
}
"""What the worker does by itself: cron line and job."""


def register(services: Services, app: procrastinate.App) -> None:
    """Puts every job on `app`."""
    for name, job in JOBS.items():
        retry = _RETRY_WEBHOOK if name == "deliver_webhook" else _RETRY
        app.task(name=name, retry=retry, pass_context=True)(_bound(services, name, job))
    for name, (cron, job) in PERIODIC.items():
        bound = _bound(services, name, job)
        task = app.task(name=name, queueing_lock=name, pass_context=True)(bound)
        app.periodic(cron=cron)(task)

    async def take_up(timestamp: int) -> None:
        del timestamp
        await take_up_abandoned(app)

    app.periodic(cron="* * * * *")(
        app.task(name="take_up_abandoned", queueing_lock="take_up_abandoned")(take_up)
    )


async def take_up_abandoned(app: procrastinate.App) -> int:
    """Puts back the jobs of a worker that was killed in the middle of them; gives how many. The
    queue marks such a worker dead and would leave its jobs as they are."""
    abandoned = list(await app.job_manager.get_stalled_jobs())
    for job in abandoned:
        try:
            await app.job_manager.retry_job(job)
        except procrastinate.exceptions.ConnectorException:  # another waits under its word
            await app.job_manager.finish_job(job, procrastinate.jobs.Status.FAILED, False)
    return len(abandoned)


def _bound(services: Services, name: str, job: Job) -> Job:
    async def run_job(context: procrastinate.JobContext, *arguments: int, **ids: str) -> None:
        try:
            await services.refresh_clock()
            await job(services, *arguments, **ids)
        except Exception as error:
            # Told when it first fails; the queue itself tells when it gives up.
            if not context.job.attempts:
                _tell(services.settings, name, ids, error)
            raise

    return run_job


def _tell(settings: Settings, name: str, ids: dict[str, str], error: Exception) -> None:
    """Logs why a job failed: what the verb said, and what the wire said where that was the cause.
    An error nobody named is logged with its traceback."""
    if not isinstance(error, QianbaoError):
        log.error("job failed", job=name, **ids, exc_info=error)
        return
    cause = error.__cause__ or error.__context__
    why = _on_the_wire(settings, cause) if isinstance(cause, HttpTrouble) else ""
    reason = f"{error.sentence('en')} {why}".strip()
    log.error("job failed", job=name, **ids, code=error.code, reason=reason)


def _on_the_wire(settings: Settings, trouble: HttpTrouble) -> str:
    gateway = f"The bank gateway at {settings.gateway_url}"
    if isinstance(trouble, NotSent):
        return f"{gateway} cannot be reached."
    if isinstance(trouble, Refused) and trouble.status in (401, 403):
        return (
            f"{gateway} does not accept our token ({trouble.status}): QIANBAO_BANK_TOKEN must be "
            "the same on both sides."
        )
    if isinstance(trouble, Refused):
        return f"{gateway} refused the request ({trouble.status})."
    return f"{gateway} gave no answer that can be read."


def _app(services: Services) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(conninfo=services.settings.database_url)
    app = procrastinate.App(connector=connector)
    register(services, app)
    return app


async def work(settings: Settings) -> None:
    """Works until it is told to stop."""
    async with open_services(settings) as services, _app(services).open_async() as app:
        calm_collector()
        log.info("working", gateway=settings.gateway_url)
        await app.run_worker_async(concurrency=8, fetch_job_polling_interval=2)


async def drain(services: Services) -> None:
    """Does what is waiting now, and returns."""
    async with _app(services).open_async() as app:
        await app.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)


def run(settings: Settings) -> None:
    """The worker process."""
    logs.set_up()
    asyncio.run(work(settings))
