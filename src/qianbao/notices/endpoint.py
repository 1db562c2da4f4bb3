"""A merchant's side of its webhooks: the address, the secrets, and what became of each event.

A secret is shown when it is made and never again. Changing to a new one is a verb of its own; the
one before stays good for a while, and events are signed with both. Sending is `webhooks`.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from qianbao.db.jobs import enqueue
from qianbao.db.pages import read_page
from qianbao.db.queries import Connection, fetch_all, fetch_one
from qianbao.errors import InvalidInput, NotFound, QianbaoError
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.notices.events import WebhookTest
from qianbao.notices.webhooks import RETRIES, SQL, emit

MOST_SECRETS = 5
"""Good at once; every event is signed with each."""


class WebhookUrlInvalid(InvalidInput):
    code = "webhook_url_invalid"
    en = "Events are posted to an https address without a user name in it."
    zh = "事件通知地址须为 https，且不含用户名。"
    next_en = "Give such an address; plain http is taken in the sandbox only."
    next_zh = "请提供符合要求的地址；只有沙盒环境接受 http。"


class WebhookNotSet(QianbaoError):
    code = "webhook_not_set"
    en = "No address for events is set."
    zh = "尚未设置事件通知地址。"
    next_en = "Set one first: PUT /v1/merchant/webhook."
    next_zh = "请先设置：PUT /v1/merchant/webhook。"


class WebhookSecretsMany(QianbaoError):
    code = "webhook_secrets_many"
    status = 429
    retry = True
    en = "{most} secrets are good at once already."
    zh = "目前已有 {most} 个密钥同时有效。"
    next_en = "Change over to the newest; another can be made when the oldest has ended."
    next_zh = "请改用最新密钥；最早的密钥失效后才能再生成新的。"


class DeliveryUnknown(NotFound):
    code = "delivery_unknown"
    en = "There is no such delivery."
    zh = "没有这条事件通知。"
    next_en = "Choose one from the list of deliveries."
    next_zh = "请从通知记录中选择。"


class Secret(msgspec.Struct, frozen=True):
    """A signing secret without the secret; `ends_at` once a newer one has taken its place."""

    secret_id: str
    created_at: datetime
    ends_at: datetime | None


class NewSecret(msgspec.Struct, frozen=True):
    """`secret` is `whsec_` and base64 of 32 bytes, shown this once. The one before it is good until
    `earlier_ends_at`."""

    secret_id: str
    secret: str
    earlier_ends_at: datetime | None


class Webhook(msgspec.Struct, frozen=True):
    """Where events go. `off`: nowhere; `failing`: the latest attempt did not arrive. `encrypted` is
    False for plain http, which only a sandbox takes."""

    state: Literal["on", "off", "failing"]
    url: str | None
    encrypted: bool
    set_at: datetime | None
    secrets: tuple[Secret, ...]


class Delivery(msgspec.Struct, frozen=True):
    """One event on its way. `last_status` is the HTTP status of the last answer, `last_error` what
    was wrong: `refused` (not 2xx), `redirected`, `timed_out`, `no_connection`,
    `address_not_public`; empty when nothing."""

    delivery_id: str
    event: str
    state: Literal["waiting", "delivered", "given_up"]
    attempts: int
    last_status: int | None
    last_error: str
    created_at: datetime
    last_attempt_at: datetime | None
    delivered_at: datetime | None


class DeliveryPage(msgspec.Struct, frozen=True):
    """Deliveries, newest first; `next` asks for the page after, None on the last."""

    items: tuple[Delivery, ...]
    next: str | None


class _Place(msgspec.Struct, frozen=True):
    url: str
    set_at: datetime


async def set_webhook(
    conn: Connection,
    keys: KeyRing,
    *,
    merchant_id: str,
    url: str,
    plain_http: bool = False,
    now: datetime,
    entropy: Callable[[int], bytes] = os.urandom,
) -> NewSecret | None:
    """Where the merchant's events go from now on. The first time a secret is made; after that it is
    kept, whatever the address, and None is given. Raises `WebhookUrlInvalid`; `plain_http` allows
    http, for a sandbox."""
    _check(url, plain_http)
    place = {"merchant_id": merchant_id, "now": now}
    await conn.execute(SQL.set_webhook, place | {"url": url})
    if await _secrets(conn, merchant_id, now):
        return None
    return await _add(conn, keys, merchant_id, new_id("whs", now, entropy), now, entropy)


async def find_webhook(conn: Connection, *, merchant_id: str, now: datetime) -> Webhook:
    """Where events go, and whether they arrive."""
    place = {"merchant_id": merchant_id}
    found = await fetch_one(conn, SQL.find_webhook, place, _Place)
    secrets = await _secrets(conn, merchant_id, now)
    if found is None:
        return Webhook("off", None, False, None, secrets)
    cursor = await conn.execute(SQL.latest_attempt, place)
    row = await cursor.fetchone()
    state: Literal["on", "failing"] = "failing" if row is not None and row[0] else "on"
    return Webhook(state, found.url, found.url.startswith("https:"), found.set_at, secrets)


async def stop_webhook(conn: Connection, *, merchant_id: str) -> None:
    """No more events, and none of those on their way; the secrets are kept."""
    await conn.execute(SQL.stop_webhook, {"merchant_id": merchant_id})


async def change_secret(
    conn: Connection,
    keys: KeyRing,
    *,
    merchant_id: str,
    secret_id: str,
    grace: timedelta,
    now: datetime,
    entropy: Callable[[int], bytes] = os.urandom,
) -> NewSecret:
    """A new secret; those before it are good for `grace` more. The same `secret_id` again gives the
    same secret. Raises `WebhookNotSet` or `WebhookSecretsMany`."""
    place = {"merchant_id": merchant_id, "secret_id": secret_id}
    await conn.execute(SQL.lock_webhook, place)
    cursor = await conn.execute(SQL.find_secret, place)
    row = await cursor.fetchone()
    if row is not None:
        return NewSecret(secret_id, keys.decrypt(row[0], "webhook"), row[1])
    if await fetch_one(conn, SQL.find_webhook, place, _Place) is None:
        raise WebhookNotSet()
    if len(await _secrets(conn, merchant_id, now)) >= MOST_SECRETS:
        raise WebhookSecretsMany(most=MOST_SECRETS)
    ends_at = now + grace
    await conn.execute(SQL.end_secrets, place | {"ends_at": ends_at})
    made = await _add(conn, keys, merchant_id, secret_id, now, entropy)
    return msgspec.structs.replace(made, earlier_ends_at=ends_at)


async def send_test(conn: Connection, *, merchant_id: str, now: datetime) -> str:
    """Sends `webhook.test`; gives the delivery's id. Raises `WebhookNotSet`."""
    told = WebhookTest(now)
    delivery_id = await emit(
        conn, merchant_id=merchant_id, event="webhook.test", payload=told, now=now
    )
    if delivery_id is None:
        raise WebhookNotSet()
    return delivery_id


async def list_deliveries(
    conn: Connection, *, merchant_id: str, limit: int = 50, after: str | None = None
) -> DeliveryPage:
    """What the merchant was told, a page at a time. Raises `CursorInvalid`."""
    page = await read_page(
        conn,
        SQL.list_deliveries,
        {"merchant_id": merchant_id, "retries": RETRIES},
        Delivery,
        place=lambda delivery: (delivery.created_at, delivery.delivery_id),
        limit=limit,
        after=after,
    )
    return DeliveryPage(*page)


async def find_delivery(conn: Connection, *, merchant_id: str, delivery_id: str) -> Delivery:
    """One event as it stands. Raises `DeliveryUnknown`."""
    place = {"merchant_id": merchant_id, "delivery_id": delivery_id, "retries": RETRIES}
    found = await fetch_one(conn, SQL.show_delivery, place, Delivery)
    if found is None:
        raise DeliveryUnknown()
    return found


async def resend(conn: Connection, *, merchant_id: str, delivery_id: str) -> Delivery:
    """Sends an event once more, now; one that has arrived is left alone. Raises `DeliveryUnknown`
    or `WebhookNotSet`."""
    found = await find_delivery(conn, merchant_id=merchant_id, delivery_id=delivery_id)
    if await fetch_one(conn, SQL.find_webhook, {"merchant_id": merchant_id}, _Place) is None:
        raise WebhookNotSet()
    if found.state != "delivered":
        await enqueue(
            conn,
            "deliver_webhook",
            once=f"resend {delivery_id}",
            merchant_id=merchant_id,
            delivery_id=delivery_id,
        )
    return found


def _check(url: str, plain_http: bool) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as "https://["
        raise WebhookUrlInvalid() from None
    schemes = ("https", "http") if plain_http else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username:
        raise WebhookUrlInvalid()


async def _secrets(conn: Connection, merchant_id: str, now: datetime) -> tuple[Secret, ...]:
    place = {"merchant_id": merchant_id, "now": now}
    return tuple(await fetch_all(conn, SQL.list_secrets, place, Secret))


async def _add(
    conn: Connection,
    keys: KeyRing,
    merchant_id: str,
    secret_id: str,
    now: datetime,
    entropy: Callable[[int], bytes],
) -> NewSecret:
    secret = "whsec_" + base64.b64encode(entropy(32)).decode()
    kept = {"merchant_id": merchant_id, "secret_id": secret_id, "now": now}
    await conn.execute(SQL.add_secret, kept | {"cipher": keys.encrypt(secret, "webhook")})
    return NewSecret(secret_id, secret, None)
