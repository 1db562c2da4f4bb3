"""A merchant's engineer sets up webhooks, changes the secret, and looks what became of events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qianbao.db.pages import CursorInvalid
from qianbao.db.queries import Connection
from qianbao.ids import id_from_key, new_id
from qianbao.keyring import KeyRing
from qianbao.notices.endpoint import (
    MOST_SECRETS,
    DeliveryUnknown,
    NewSecret,
    WebhookNotSet,
    WebhookSecretsMany,
    WebhookUrlInvalid,
    change_secret,
    find_delivery,
    find_webhook,
    list_deliveries,
    resend,
    send_test,
    set_webhook,
    stop_webhook,
)
from qianbao.notices.webhooks import RETRIES

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
SHOP, OTHER = new_id("mch", NOW), new_id("mch", NOW)
URL = "https://noodles.test/hooks"
DAY = timedelta(hours=24)


async def _set(conn: Connection, url: str = URL, now: datetime = NOW) -> NewSecret | None:
    return await set_webhook(conn, KEYS, merchant_id=SHOP, url=url, now=now)


async def _change(conn: Connection, key: str, now: datetime = NOW) -> NewSecret:
    return await change_secret(
        conn, KEYS, merchant_id=SHOP, secret_id=id_from_key("whs", SHOP, key), grace=DAY, now=now
    )


async def test_the_secret_is_made_once_and_kept(conn: Connection) -> None:
    """Whatever the address becomes, and however often it is set."""
    off = await find_webhook(conn, merchant_id=SHOP, now=NOW)
    assert (off.state, off.url, off.secrets) == ("off", None, ())
    made = await _set(conn)
    assert made
    assert made.secret.startswith("whsec_")
    later = NOW + timedelta(minutes=1)
    assert await _set(conn, now=later) is None
    found = await find_webhook(conn, merchant_id=SHOP, now=later)
    assert (found.state, found.url, found.encrypted, found.set_at) == ("on", URL, True, NOW)
    assert [one.secret_id for one in found.secrets] == [made.secret_id]
    assert made.secret not in repr(found)
    assert await _set(conn, "https://elsewhere.test/hooks", later) is None
    moved = await find_webhook(conn, merchant_id=SHOP, now=later)
    assert (moved.url, moved.set_at) == ("https://elsewhere.test/hooks", later)
    assert moved.secrets == found.secrets


async def test_where_events_may_go(conn: Connection) -> None:
    wrong = [
        "https://[",
        "noodles.test",
        "https://",
        "ftp://noodles.test/",
        "https://a@noodles.test/",
    ]
    for url in [*wrong, "http://noodles.test/"]:
        with pytest.raises(WebhookUrlInvalid):
            await _set(conn, url)
    await set_webhook(
        conn, KEYS, merchant_id=SHOP, url="http://noodles.test/", plain_http=True, now=NOW
    )
    found = await find_webhook(conn, merchant_id=SHOP, now=NOW)
    assert (found.url, found.encrypted) == ("http://noodles.test/", False)
    for url in wrong:
        with pytest.raises(WebhookUrlInvalid):
            await set_webhook(conn, KEYS, merchant_id=SHOP, url=url, plain_http=True, now=NOW)


async def test_a_secret_is_changed_and_the_one_before_is_good_for_a_while(
    conn: Connection,
) -> None:
    first = await _set(conn)
    assert first
    second = await _change(conn, "a", NOW + timedelta(hours=1))
    assert second.secret != first.secret
    assert second.earlier_ends_at == NOW + timedelta(hours=25)
    again = await _change(conn, "a", NOW + timedelta(hours=2))
    assert again == second  # a lost answer is not a lost secret
    good = (await find_webhook(conn, merchant_id=SHOP, now=NOW + timedelta(hours=2))).secrets
    assert [(one.secret_id, one.ends_at) for one in good] == [
        (second.secret_id, None), (first.secret_id, second.earlier_ends_at),
    ]  # fmt: skip
    good = (await find_webhook(conn, merchant_id=SHOP, now=NOW + timedelta(hours=26))).secrets
    assert [one.secret_id for one in good] == [second.secret_id]


async def test_secrets_do_not_pile_up(conn: Connection) -> None:
    await _set(conn)
    for number in range(MOST_SECRETS - 1):
        await _change(conn, f"{number}", NOW + timedelta(minutes=number))
    with pytest.raises(WebhookSecretsMany):
        await _change(conn, "one more", NOW + timedelta(hours=1))
    await _change(conn, "one more", NOW + timedelta(hours=25))


async def test_without_an_address_there_is_nothing_to_change_or_try(conn: Connection) -> None:
    with pytest.raises(WebhookNotSet):
        await _change(conn, "a")
    with pytest.raises(WebhookNotSet):
        await send_test(conn, merchant_id=SHOP, now=NOW)
    made = await _set(conn)
    assert made
    delivery_id = await send_test(conn, merchant_id=SHOP, now=NOW)
    await stop_webhook(conn, merchant_id=SHOP)
    with pytest.raises(WebhookNotSet):
        await resend(conn, merchant_id=SHOP, delivery_id=delivery_id)
    assert await _set(conn) is None  # the secret was kept


async def test_deliveries_newest_first_and_a_page_at_a_time(conn: Connection) -> None:
    await _set(conn)
    sent = [
        await send_test(conn, merchant_id=SHOP, now=NOW + timedelta(microseconds=number))
        for number in range(5)
    ]
    seen: list[str] = []
    after = None
    while True:
        page = await list_deliveries(conn, merchant_id=SHOP, limit=2, after=after)
        seen += [delivery.delivery_id for delivery in page.items]
        if page.next is None:
            break
        await send_test(conn, merchant_id=SHOP, now=NOW + timedelta(hours=1))  # moves nothing
        after = page.next
    assert seen == sent[::-1]
    assert (await list_deliveries(conn, merchant_id=OTHER)).items == ()
    with pytest.raises(CursorInvalid):
        await list_deliveries(conn, merchant_id=SHOP, after="tea")


async def test_what_became_of_an_event(conn: Connection) -> None:
    await _set(conn)
    delivery_id = await send_test(conn, merchant_id=SHOP, now=NOW)
    place = {"merchant_id": SHOP, "delivery_id": delivery_id}
    assert (await find_delivery(conn, **place)).state == "waiting"

    async def tried(times: int, error: str) -> None:
        for _ in range(times):
            await conn.execute(
                "UPDATE webhook_deliveries SET attempts = attempts + 1, last_error = %s, "
                "delivered_at = CASE WHEN %s = '' THEN created_at END",
                (error, error),
            )

    await tried(1, "timed_out")
    assert (await find_webhook(conn, merchant_id=SHOP, now=NOW)).state == "failing"
    await tried(RETRIES - 1, "timed_out")
    assert (await find_delivery(conn, **place)).state == "waiting"
    await tried(1, "timed_out")
    given_up = await find_delivery(conn, **place)
    assert (given_up.state, given_up.attempts) == ("given_up", RETRIES + 1)
    for _ in range(3):
        await resend(conn, **place)
    cursor = await conn.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE queueing_lock LIKE 'resend %'"
    )
    assert await cursor.fetchone() == (1,)
    await tried(1, "")
    assert (await find_delivery(conn, **place)).state == "delivered"
    assert (await find_webhook(conn, merchant_id=SHOP, now=NOW)).state == "on"
    with pytest.raises(DeliveryUnknown):
        await find_delivery(conn, merchant_id=OTHER, delivery_id=delivery_id)
