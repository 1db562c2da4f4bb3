"""For merchants' engineers: where events go, what they are signed with, what became of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post, put
from msgspec import Meta

from qianbao.api.access import After, Asked, Limit, services
from qianbao.api.described import refuses
from qianbao.ids import id_from_key
from qianbao.notices import endpoint
from qianbao.notices.endpoint import Delivery, DeliveryPage, NewSecret, Webhook
from qianbao.payments.merchants import Merchant


class WebhookBody(msgspec.Struct, forbid_unknown_fields=True):
    """Where events are posted."""

    url: Annotated[
        str,
        Meta(
            min_length=8,
            max_length=500,
            description="An https address; plain http is taken in the sandbox only.",
            examples=["https://shop.example/qianbao"],
        ),
    ]


class SetWebhook(msgspec.Struct):
    """Where events go now. `new_secret` is there the first time, when the secret was made: it is
    shown this once."""

    webhook: Webhook
    new_secret: NewSecret | None


class Sending(msgspec.Struct):
    """An event on its way."""

    delivery_id: str


@get("/merchant/webhook")
async def show_webhook(request: Asked, merchant: Merchant) -> Webhook:
    """Show where events go

    The address, whether events arrive there (`state`), and which secrets are good; never a secret
    itself.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await endpoint.find_webhook(conn, merchant_id=merchant.merchant_id, now=own.now())


@put("/merchant/webhook", status_code=200, opt=refuses("webhook_url_invalid"))
async def put_webhook(request: Asked, merchant: Merchant, data: WebhookBody) -> SetWebhook:
    """Set where events go

    Events that happen from now on are posted to this address, and those that have not arrived yet.
    The first time a signing secret is made and shown, this once; setting an address again keeps it.
    In the sandbox plain `http://` is taken, and the answer says `encrypted: false`; elsewhere it is
    refused, as are addresses that are not public.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        made = await endpoint.set_webhook(
            conn,
            own.keys,
            merchant_id=merchant.merchant_id,
            url=data.url,
            plain_http=own.settings.sandbox,
            now=own.now(),
        )
        found = await endpoint.find_webhook(conn, merchant_id=merchant.merchant_id, now=own.now())
    return SetWebhook(found, made)


@delete("/merchant/webhook", status_code=204)
async def delete_webhook(request: Asked, merchant: Merchant) -> None:
    """Stop events

    Nothing is posted any more, and what happens from now on is not kept to be sent later. The
    secrets stay as they are.
    """
    async with services(request).pool.connection() as conn:
        await endpoint.stop_webhook(conn, merchant_id=merchant.merchant_id)


@post(
    "/merchant/webhook/secret",
    status_code=201,
    opt=refuses("webhook_not_set", "webhook_secrets_many"),
)
async def change_secret(request: Asked, merchant: Merchant, key: str) -> NewSecret:
    """Make a new signing secret

    The secret is shown this once; sent again under the same key, the same one. Those before it stay
    good until `earlier_ends_at`: meanwhile each event carries a signature for every secret that is
    good, separated by spaces, so change over at any moment in between.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await endpoint.change_secret(
            conn,
            own.keys,
            merchant_id=merchant.merchant_id,
            secret_id=id_from_key("whs", merchant.merchant_id, key),
            grace=timedelta(hours=own.settings.webhook_secret_grace_hours),
            now=own.now(),
        )


@post("/merchant/webhook/test", status_code=202, opt=refuses("webhook_not_set"))
async def send_test(request: Asked, merchant: Merchant) -> Sending:
    """Send a test event

    Posts `webhook.test`, signed like every other event; `GET /v1/merchant/webhook/deliveries/{id}`
    tells what became of it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return Sending(
            await endpoint.send_test(conn, merchant_id=merchant.merchant_id, now=own.now())
        )


@get("/merchant/webhook/deliveries", opt=refuses("cursor_invalid"))
async def deliveries(
    request: Asked, merchant: Merchant, limit: Limit = 50, after: After = None
) -> DeliveryPage:
    """List deliveries

    Every event there was, newest first: how often it was tried, what the last answer was, and
    whether it has arrived, is still tried, or was given up after three days.
    """
    async with services(request).pool.connection() as conn:
        return await endpoint.list_deliveries(
            conn, merchant_id=merchant.merchant_id, limit=limit, after=after
        )


@get("/merchant/webhook/deliveries/{delivery_id:str}", opt=refuses("delivery_unknown"))
async def delivery(request: Asked, merchant: Merchant, delivery_id: str) -> Delivery:
    """Show a delivery

    One event as it stands.
    """
    async with services(request).pool.connection() as conn:
        return await endpoint.find_delivery(
            conn, merchant_id=merchant.merchant_id, delivery_id=delivery_id
        )


@post(
    "/merchant/webhook/deliveries/{delivery_id:str}/resend",
    status_code=202,
    opt=refuses("delivery_unknown", "webhook_not_set"),
)
async def resend(request: Asked, merchant: Merchant, delivery_id: str) -> Delivery:
    """Send an event again

    Tries once more, now; for what was given up while your address was away. An event that has
    arrived is left alone.
    """
    async with services(request).pool.connection() as conn:
        return await endpoint.resend(
            conn, merchant_id=merchant.merchant_id, delivery_id=delivery_id
        )


ROUTES: tuple[Any, ...] = (
    show_webhook,
    put_webhook,
    delete_webhook,
    change_secret,
    send_test,
    deliveries,
    delivery,
    resend,
)
