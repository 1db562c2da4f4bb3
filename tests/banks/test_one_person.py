"""Whatever namesakes, strangers and banks do in whichever order, a person is one person."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random

import msgspec
import pytest

from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.errors import QianbaoError
from qianbao.identity.documents import current_document, document_number
from qianbao.ids import new_id
from qianbao.rollouts.set_aside import set_aside
from qianbao.wallets.opening import mark_closed
from tests.banks.scene import (
    KEYS,
    NOW,
    Sandbox,
    bring,
    finish,
    new_number,
    new_phone,
    new_wallet,
    passport,
    start,
)

STEPS = 120
NAMES = (("MUELLER", "ANNA"), ("MUELLER", "ANNA MARIA"), ("SMITH", "BEN"), ("MUELLER", "ANNA"))
"""Of four people, each with a number of their own; the first and the last are namesakes."""

NEVER = {
    "one person has two open wallets": """
        SELECT person_id FROM wallets WHERE status = 'open' AND person_id IS NOT NULL
        GROUP BY person_id HAVING count(*) > 1""",
    "banks have confirmed two persons with one number": """
        SELECT d.number_index FROM documents AS d JOIN cards AS c USING (wallet_id, document_id)
        WHERE c.linked_at IS NOT NULL
        GROUP BY d.number_index HAVING count(DISTINCT d.person_id) > 1""",
    "nobody has shown the number by which a newcomer is somebody": """
        SELECT w.wallet_id FROM wallets AS w
        JOIN documents AS d ON d.wallet_id = w.wallet_id AND d.superseded_at IS NULL
        JOIN wallets AS e ON e.person_id = w.person_id AND e.wallet_id <> w.wallet_id
        LEFT JOIN documents AS o ON o.wallet_id = e.wallet_id
            AND (o.number_index, o.person_id) = (d.number_index, w.person_id)
        WHERE w.verified_at IS NULL GROUP BY w.wallet_id HAVING count(o.document_id) = 0""",
}


class Town:
    """Up to four open wallets, and what is done to them at random."""

    def __init__(self, pool: Pool, gateway: Gateway, sandbox: Sandbox, seed: int) -> None:
        self.pool, self.gateway, self.sandbox = pool, gateway, sandbox
        self.random, self.now = Random(seed), NOW
        self.numbers = {new_number(): name for name in NAMES}
        self.wallets: list[str] = []
        self.happened: Counter[str] = Counter()

    async def step(self) -> None:
        self.now += timedelta(hours=3)
        act = self.random.choice(
            [self.open, *[self.show] * 4, *[self.link] * 2, self.close, self.set_aside]
        )
        if not self.wallets:
            act = self.open
        try:
            await act()
        except QianbaoError as refused:
            self.happened[refused.code] += 1

    async def open(self) -> None:
        if len(self.wallets) < 4:
            self.wallets.append(await new_wallet(self.pool, now=self.now))

    async def close(self) -> None:
        if self.random.random() < 0.8:
            wallet = self.random.choice(self.wallets)
            async with self.pool.connection() as conn:
                await mark_closed(conn, wallet_id=wallet, now=self.now)
            self.wallets.remove(wallet)

    async def show(self, wallet: str = "") -> None:
        """Anybody's number under anybody's name, often its holder's."""
        number = self.random.choice([*self.numbers])
        name = self.random.choice([self.numbers[number], *NAMES])
        paper = passport(*name, number, valid_until=date(self.random.choice([2031, 2033]), 5, 1))
        if self.random.random() < 0.2:
            paper = msgspec.structs.replace(paper, mrz=(paper.mrz or "").replace("6F", "6M"))
        await bring(self.pool, wallet or self.random.choice(self.wallets), paper, self.now)

    async def set_aside(self) -> None:
        """By an operator who believes anybody."""
        async with self.pool.connection() as conn:
            await set_aside(
                conn, wallet_id=self.random.choice(self.wallets), reason="Case",
                request_id=new_id("req", self.now), operator="Mei", now=self.now,
            )  # fmt: skip
        self.happened["set aside"] += 1

    async def link(self) -> None:
        """A card of whoever has the number; sometimes another document is shown meanwhile."""
        wallet, phone = self.random.choice(self.wallets), new_phone()
        async with self.pool.connection() as conn:
            document = await current_document(conn, wallet)
        if document is None:
            return
        number = document_number(KEYS, document)
        printed = " ".join(self.numbers[number])
        [card_number] = await self.sandbox.account("CMB", printed, number, phone)
        card = await start(
            self.pool, self.gateway, wallet, card_number, phone,
            name_form=printed, confirmed_close=printed, now=self.now,
        )  # fmt: skip
        if self.random.random() < 0.3:
            await self.show(wallet)
        await finish(self.pool, self.gateway, card, await self.sandbox.code(phone), self.now)
        self.happened["linked"] += 1

    async def persons(self) -> dict[str, tuple[str, datetime | None]]:
        async with self.pool.connection() as conn:
            for what, query in NEVER.items():
                assert await (await conn.execute(query)).fetchall() == [], what
            rows = await conn.execute("SELECT wallet_id, person_id, verified_at FROM wallets")
            return {wallet: (person, at) for wallet, person, at in await rows.fetchall()}


@pytest.mark.parametrize("seed", range(3))
async def test_whoever_shows_what_a_person_stays_one_person(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, seed: int
) -> None:
    town = Town(pool, gateway, sandbox, seed)
    before: dict[str, tuple[str, datetime | None]] = {}
    for _ in range(STEPS):
        await town.step()
        after = await town.persons()
        for wallet, (person, verified_at) in before.items():
            if verified_at is not None:
                assert after[wallet] == (person, verified_at), (
                    "a confirmed holder stays who they are"
                )
        before = after
    for what in (
        "linked", "document_of_another_person", "person_has_open_wallet",
        "set aside", "set_aside_impossible",
    ):  # fmt: skip
        assert town.happened[what] > 0, what
