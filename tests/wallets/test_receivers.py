"""Whom Anna is about to pay: enough to recognise Ben, too little to learn who has a wallet."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.identity.documents import DocumentSubmission, add_document
from qianbao.ids import new_id
from qianbao.ledger import SameAccount
from qianbao.names import LegalName, from_chinese, from_fields, from_mrz
from qianbao.wallets.phones import PhoneInvalid
from qianbao.wallets.receivers import (
    Receiver,
    ReceiverChanged,
    ReceiverLookupsUsedUp,
    check_seal,
    look_up,
    mask,
)
from tests.wallets.scene import ANNA, BEN, KEYS, NOW, SETTINGS, TARO, sign_up


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (from_chinese("王小明"), "**明"),
        (from_chinese("王明"), "*明"),
        (from_chinese("欧阳小明"), "***明"),
        (from_fields("Wang", "Henry"), "*enry W***"),
        (from_fields("Müller", "Anna"), "*nna M*****"),
        (from_mrz("MUELLER<<ANNA<MARIA"), "*nna ***** M******"),
        (from_fields("de la Cruz", "Juan"), "*uan d* l* C***"),
        (from_fields("Suharto", ""), "S******"),
        (from_fields("", "Suharto"), "*uharto"),
        (from_fields("Li", "A"), "* L*"),
    ],
)
def test_a_name_is_masked(name: LegalName, shown: str) -> None:
    assert mask(name) == shown


async def _look(pool: Pool, wallet_id: str, phone: str, now=NOW, most: int = 20) -> Receiver | None:
    settings = msgspec.structs.replace(SETTINGS, receiver_lookups_per_day=most)
    return await look_up(pool, KEYS, settings, wallet_id=wallet_id, phone=phone, now=now)


async def test_anna_recognises_whom_she_pays(pool: Pool) -> None:
    annas, wangs = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    nameless = await _look(pool, annas, BEN)
    assert nameless
    assert (nameless.name, nameless.phone_tail) == ("", BEN[-4:])
    submission = DocumentSubmission(
        kind="resident_id", number="11010519491231002X", native="王小明",
        valid_until=date(2035, 1, 1),
    )  # fmt: skip
    async with pool.connection() as conn:
        await add_document(
            conn, KEYS, wallet_id=wangs, document_id=new_id("doc", NOW), submission=submission,
            now=NOW,
        )  # fmt: skip
    found = await _look(pool, annas, "138 0013 8002")
    assert found
    assert (found.wallet_id, found.name) == (wangs, "**明")
    assert await _look(pool, annas, TARO) is None
    with pytest.raises(SameAccount):
        await _look(pool, annas, ANNA)
    with pytest.raises(PhoneInvalid):
        await _look(pool, annas, "no phone")


async def test_a_seal_is_good_for_those_two_only(pool: Pool) -> None:
    annas, bens = await sign_up(pool, ANNA), await sign_up(pool, BEN)
    found = await _look(pool, annas, BEN)
    assert found
    check_seal(KEYS, wallet_id=annas, to_wallet_id=bens, seal=found.seal)
    for sender, receiver, seal in (
        (bens, annas, found.seal), (annas, annas, found.seal), (annas, bens, ""), (annas, "", "ü"),
    ):  # fmt: skip
        with pytest.raises(ReceiverChanged):
            check_seal(KEYS, wallet_id=sender, to_wallet_id=receiver, seal=seal)


async def test_only_so_many_phones_are_looked_up_in_a_day(pool: Pool) -> None:
    """Whether they have a wallet or not; the same one again costs nothing, and tomorrow is new."""
    annas = await sign_up(pool, ANNA)
    phones = [f"+861391234567{number}" for number in range(4)]
    for phone in phones[:3]:
        assert await _look(pool, annas, phone, most=3) is None
    with pytest.raises(ReceiverLookupsUsedUp):
        await _look(pool, annas, phones[3], most=3)
    assert await _look(pool, annas, phones[0], most=3) is None
    assert await _look(pool, annas, phones[3], NOW + timedelta(days=1), most=3) is None
    await _look(pool, await sign_up(pool, BEN), phones[3], most=1)  # others have their own
