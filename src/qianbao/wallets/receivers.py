"""Whom a sender is about to pay: as much of the holder's name as lets the sender recognise them.

A name is shown masked, to somebody who has typed the phone, and only so many phones a day:
otherwise the wallet would tell anybody who has one, and who they are.
"""

from __future__ import annotations

import hmac
from datetime import datetime

import msgspec

from qianbao.clock import local_date
from qianbao.db.pool import Pool
from qianbao.db.queries import load
from qianbao.errors import QianbaoError
from qianbao.identity.documents import current_document
from qianbao.keyring import KeyRing
from qianbao.ledger import SameAccount
from qianbao.names import LegalName, display, in_characters
from qianbao.settings import Settings
from qianbao.wallets.phones import read_phone, tail
from qianbao.wallets.profile import open_wallet_of

SQL = load("qianbao.wallets")


class ReceiverLookupsUsedUp(QianbaoError):
    code = "receiver_lookups_used_up"
    status = 429
    retry = True
    en = "This wallet has looked up {most} phone numbers today; no more are looked up."
    zh = "本钱包今日已查询 {most} 个手机号，不再查询新的号码。"
    next_en = "Send to a number that you have looked up today, or try again tomorrow."
    next_zh = "可向今日已查询过的号码转账，或明天再试。"


class ReceiverChanged(QianbaoError):
    code = "receiver_changed"
    en = "This phone number is not the same person's any more. Nothing was sent now."
    zh = "该手机号的钱包持有人已变更，本次未转账。"
    next_en = "Look the number up again, and see the name before you send."
    next_zh = "请重新查询该号码，核对姓名后再转账。"


class Receiver(msgspec.Struct, frozen=True):
    """`name` is masked, and empty when no document says it. `seal` stands for this sender and this
    receiver, so that money goes to whom the sender was shown."""

    wallet_id: str
    name: str
    phone_tail: str
    seal: str


async def look_up(
    pool: Pool, keys: KeyRing, settings: Settings, *, wallet_id: str, phone: str, now: datetime
) -> Receiver | None:
    """The holder of a phone's open wallet as `wallet_id` may see them; None when there is none. The
    same phone again on the same day is not counted. Raises `PhoneInvalid`, `ReceiverLookupsUsedUp`,
    `SameAccount`."""
    number = read_phone(phone)
    await count_look_up(pool, keys, settings, wallet_id=wallet_id, phone=number, now=now)
    async with pool.connection() as conn:
        found = await open_wallet_of(conn, keys, number)
        if found is None:
            return None
        if found == wallet_id:
            raise SameAccount
        document = await current_document(conn, found)
    name = mask(document.legal_name) if document else ""
    return Receiver(found, name, tail(number), _seal(keys, wallet_id, found))


def check_seal(keys: KeyRing, *, wallet_id: str, to_wallet_id: str, seal: str) -> None:
    """Raises `ReceiverChanged` unless `wallet_id` was shown `to_wallet_id`."""
    if not hmac.compare_digest(_seal(keys, wallet_id, to_wallet_id).encode(), seal.encode()):
        raise ReceiverChanged


def mask(name: LegalName) -> str:
    """ "*nna M*****" of Anna Müller, "**明" of 王小明: a given name without its first letter, of a
    surname only the first; of characters the last."""
    if in_characters(name):
        shown = "".join(display(name).split())
        return "*" * (len(shown) - 1) + shown[-1:] if len(shown) > 1 else "*"
    # Capitals of a machine-readable line are shown as a person would write them.
    given = display(LegalName("", name.given)).split() if name.given else []
    surname = display(LegalName(name.surname, "")).split() if name.surname else []
    words = ["*" + word[1:] for word in given[:1]] + ["*" * len(word) for word in given[1:]]
    return " ".join(words + [word[:1] + "*" * (len(word) - 1) for word in surname])


def _seal(keys: KeyRing, wallet_id: str, to_wallet_id: str) -> str:
    return keys.index(f"{wallet_id} {to_wallet_id}", "receiver").hex()


async def count_look_up(
    pool: Pool, keys: KeyRing, settings: Settings, *, wallet_id: str, phone: str, now: datetime
) -> None:
    """Counts that `wallet_id` asks who has `phone`, in a transaction of its own: finding nobody
    tells something, too. Raises `PhoneInvalid`, `ReceiverLookupsUsedUp`."""
    most = settings.receiver_lookups_per_day
    look = {
        "wallet_id": wallet_id,
        "day": local_date(now),
        "phone_index": keys.index(read_phone(phone), "phone"),
        "most": most,
    }
    async with pool.connection() as conn:
        row = await (await conn.execute(SQL.count_look_up, look)).fetchone()
    if row is None:
        raise ReceiverLookupsUsedUp(most=most)
