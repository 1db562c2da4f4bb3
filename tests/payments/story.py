"""Stories about money, written as tables and acted out: a line is one request and its outcome.

```
wallet Anna 100.00 [zone=Europe/Berlin] [banks=ICBC,BOC] [registers=2]
shop [JPY]
time 2026-12-31 23:59:00 Asia/Shanghai        the clock in the test's hand
mandate m1 Anna 30.00 · score-order s1 Anna c9 20.00        what a holder permitted before
ask tea 28.00 ["Green tea"] [mch_…]           the shop asks for a payment; take-back tea
pay Anna tea 28.00 k1                         the last word is the idempotency key
send Anna Taro 30.00 k1 ["a note"]            to a person, or to a phone: +8613…
top-up Anna 0 700.00 k1 · withdraw Anna 0 all k1 [order]    Anna's card number 0
bank k1 settled · bank k1 refused [Taro]      the bank's word on the order made under k1 (as Taro's)
refund r1 tea 20.00 · charge c1 Anna m1 5.00
sign-in KEY                                   a merchant, with its API key
leave Anna                                    her wallet is closed
```

An outcome is `done`, with figures of the answer when they are named (`done fee 1.00`), or an
error's code. `@busy`, `@stopped` and `@cut` before a line send it to a loop that is full, one that
has ended, and one whose database is gone. `= Anna 70.00 shop 28.00/5.00` checks balances and what
is held. An amount in another currency ends with its code: 500JPY. After each refusal every row of
the database must be what it was, the log of decisions apart.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from qianbao.db.look_ups import one_by_one
from qianbao.db.pool import Pool, open_pool
from qianbao.errors import QianbaoError
from qianbao.ids import id_from_key
from qianbao.ledger.proof import prove_snapshot
from qianbao.money import Money, read
from qianbao.payments.bank_orders import FEES, BankAnswered, BankOrder, find_order
from qianbao.payments.charge import Charge, charge
from qianbao.payments.clear import Clearing
from qianbao.payments.merchants import ask_payment, cancel_payment, merchant_by_key
from qianbao.payments.pay import Pay, pay
from qianbao.payments.refund import refund
from qianbao.payments.top_up import TopUp, top_up
from qianbao.payments.transfer import SendMoney, send, to_phone
from qianbao.payments.withdraw import Withdraw, withdraw
from qianbao.wallets.opening import mark_closed
from tests.kit.fingerprint import fingerprint
from tests.kit.money import KEYS, SHOP, Hand, add_shop, add_wallet, clearing, wallet_of

FIGURES = {"fee": "fee_minor", "free": "free_used_minor", "arrives": "amount_minor"}


def answered(order: BankOrder, *, settled: bool) -> BankAnswered:
    """The bank's word on an order."""
    return BankAnswered(
        wallet_id=order.wallet_id,
        order_id=order.order_id,
        bank=order.bank,
        currency=order.currency,
        hold_id=order.hold_id,
        settled=settled,
        result="OK" if settled else "CARD_LOST",
    )


async def outcome_of(coroutine: Coroutine[Any, Any, Any]) -> str:
    """ "done", or the code of the error."""
    try:
        await coroutine
    except QianbaoError as error:
        return error.code
    return "done"


def lines(story: str) -> list[tuple[str, str]]:
    """(what is asked, what is expected) of each line."""
    kept = (line.split("#")[0].strip() for line in story.splitlines())
    parted = (line.partition("->") for line in kept if line)
    return [(asked.strip(), expected.strip()) for asked, _, expected in parted]


async def act_out(pool: Pool, story: str, **settings: Any) -> None:
    """Every line in its order; in the end the ledger proves itself."""
    async with _town(pool, settings) as town:
        for asked, expected in lines(story):
            words = shlex.split(asked)
            if words[0] == "=":
                await town.check_balances(words[1:])
            elif not expected:
                await town.set_scene(words)
            else:
                await town.request(words, expected.split())
    assert (await prove_snapshot(pool)).broken == []


@asynccontextmanager
async def _town(pool: Pool, settings: dict[str, Any]) -> AsyncIterator[Town]:
    clock = Hand()
    async with AsyncExitStack() as stack:
        gone = await open_pool(pool.conninfo, size=1)
        await gone.close()
        loops = {
            "": await stack.enter_async_context(clearing(pool, clock, **settings)),
            "busy": await stack.enter_async_context(clearing(pool, clock, clearing_queue=0)),
            "stopped": await stack.enter_async_context(clearing(pool, clock)),
            "cut": await stack.enter_async_context(clearing(gone, clock)),
        }
        await loops["stopped"].stop()
        yield Town(pool, clock, loops)


class Town:
    """Who lives there, a shop, clearing loops and the clock."""

    def __init__(self, pool: Pool, clock: Hand, loops: dict[str, Clearing]) -> None:
        self.pool = pool
        self.clock = clock
        self.loops = loops
        self.currency = {"shop": "CNY"}

    async def set_scene(self, words: list[str]) -> None:
        """A line of which no outcome is expected."""
        verb, *rest = words
        if verb == "time":
            at = datetime.fromisoformat(" ".join(rest[:2])).replace(tzinfo=ZoneInfo(rest[2]))
            self.clock.at = at.astimezone(ZoneInfo("UTC"))
        elif verb == "shop":
            self.currency["shop"] = rest[0] if rest else "CNY"
            await add_shop(self.pool, SHOP, self.currency["shop"])
        else:
            await getattr(self, f"set_{verb.replace('-', '_')}")(*rest)

    async def request(self, words: list[str], expected: list[str]) -> None:
        """A line with an outcome; a refusal changes nothing."""
        where, words = (words[0][1:], words[1:]) if words[0][0] == "@" else ("", words)
        asking = getattr(self, f"ask_{words[0].replace('-', '_')}")
        before = await fingerprint(self.pool)
        refusal = None
        try:
            answer, outcome = await asking(self.loops[where], *words[1:]), "done"
        except QianbaoError as raised:
            refusal, outcome = raised, raised.code
        assert refusal is None or refusal.sentence("en") != refusal.sentence("zh")
        assert outcome == expected[0], words
        if outcome != "done":
            assert await fingerprint(self.pool) == before, words
        for name, amount in zip(expected[1::2], expected[2::2], strict=True):
            minor = read(amount, answer.currency).amount_minor
            assert getattr(answer, FIGURES[name]) == minor, (words, name)

    async def check_balances(self, words: list[str]) -> None:
        """Names with balance, or balance/held."""
        async with self.pool.connection() as conn:
            for name, text in zip(words[0::2], words[1::2], strict=True):
                owner, currency = self.owner(name), self.currency.get(name, self.currency["shop"])
                cursor = await conn.execute(
                    """SELECT balance_minor, held_minor FROM accounts
                       WHERE owner_id = %s AND account_id = %s""",
                    (owner, currency),
                )
                balance, _, held = text.partition("/")
                expected = (_minor(balance, currency), _minor(held or "0", currency))
                assert await cursor.fetchone() == expected, (name, text)

    def owner(self, name: str) -> str:
        """Whose account is meant."""
        special = {"shop": SHOP, "fees": FEES, "ICBC": "bank:ICBC", "BOC": "bank:BOC"}
        return special.get(name) or wallet_of(name)

    def money(self, typed: str) -> Money:
        """30.00 of the shop's currency, or 500JPY."""
        digits, currency = typed.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), typed[-3:]
        return read(digits, currency if digits != typed else self.currency["shop"])

    # ── The scene ──────────────────────────────────────────────────────────────────────────────

    async def set_wallet(self, name: str, amount: str, *options: str) -> None:
        """Somebody, with money and whatever proves who they are."""
        given = dict(option.split("=", 1) for option in options)
        money = self.money(amount)
        self.currency[name] = money.currency
        registers = ("immigration", "mobile_operator")[: int(given.get("registers", "2"))]
        await add_wallet(
            self.pool, name, balance_minor=money.amount_minor, evidence=registers,
            banks=tuple(given.get("banks", "ICBC,BOC").split(",")), currency=money.currency,
            time_zone=given.get("zone", "Asia/Shanghai"),
        )  # fmt: skip

    async def set_mandate(self, mandate: str, name: str, most: str, state: str = "active") -> None:
        """What a holder signed, or has ended."""
        money = self.money(most)
        async with self.pool.connection() as conn:
            await conn.execute(
                """INSERT INTO mandates (wallet_id, mandate_id, merchant_id, plan_id, title_en,
                   title_zh, per_charge_minor, currency, state, signed_at)
                   VALUES (%s, %s, %s, 'tea', 'Tea', '茶', %s, %s, %s, %s)""",
                (wallet_of(name), mandate, SHOP, money.amount_minor, money.currency, state,
                 self.clock()),
            )  # fmt: skip

    async def set_score_order(self, order: str, name: str, payment: str, amount: str) -> None:
        """A score order that its merchant is completing."""
        money = self.money(amount)
        async with self.pool.connection() as conn:
            await conn.execute(
                """INSERT INTO score_orders (wallet_id, score_order_id, merchant_id,
                   merchant_reference, introduction, deposit_minor, amount_minor, currency, state,
                   payment_id, created_at)
                   VALUES (%s, %s, %s, '1', 'Power bank', %s, %s, %s, 'doing', %s, %s)""",
                (wallet_of(name), order, SHOP, money.amount_minor, money.amount_minor,
                 money.currency, _payment(payment), self.clock()),
            )  # fmt: skip

    async def set_leave(self, name: str) -> None:
        """The wallet is closed, whatever is in it."""
        async with self.pool.connection() as conn:
            await mark_closed(conn, wallet_id=wallet_of(name), now=self.clock())

    # ── The requests ───────────────────────────────────────────────────────────────────────────

    async def ask_sign_in(self, _: Clearing, api_key: str) -> object:
        """A merchant shows its key."""
        async with self.pool.connection() as conn:
            return await merchant_by_key(one_by_one(conn), api_key=api_key)

    async def ask_ask(
        self, _: Clearing, payment: str, amount: str, what: str = "Green tea", shop: str = SHOP
    ) -> object:
        """The shop asks for a payment."""
        async with self.pool.connection() as conn:
            return await ask_payment(
                conn, merchant_id=shop, payment_id=_payment(payment), amount=self.money(amount),
                merchant_reference="1", description=what, now=self.clock(),
            )  # fmt: skip

    async def ask_take_back(self, _: Clearing, payment: str) -> object:
        """It does not want it any more."""
        async with self.pool.connection() as conn:
            return await cancel_payment(conn, merchant_id=SHOP, payment_id=_payment(payment))

    async def ask_pay(self, loop: Clearing, name: str, payment: str, amount: str, key: str) -> Any:
        """A holder pays it."""
        request = Pay(wallet_of(name), key, SHOP, _payment(payment), self.money(amount))
        return await pay(loop, request)

    async def ask_send(
        self, loop: Clearing, name: str, to: str, amount: str, key: str, note: str = ""
    ) -> Any:
        """To a wallet, or to whoever has a phone."""
        if to.startswith("+"):
            async with self.pool.connection() as conn:
                request = await to_phone(
                    conn, KEYS, wallet_id=wallet_of(name), key=key, phone=to,
                    amount=self.money(amount), note=note,
                )  # fmt: skip
        else:
            request = SendMoney(wallet_of(name), key, wallet_of(to), self.money(amount), note)
        return await send(loop, request)

    async def ask_top_up(self, loop: Clearing, name: str, card: str, amount: str, key: str) -> Any:
        """From a card."""
        request = TopUp(wallet_of(name), key, f"ord_{key}", _card(name, card), self.money(amount))
        return await top_up(loop, request)

    async def ask_withdraw(
        self, loop: Clearing, name: str, card: str, amount: str, key: str, order: str = ""
    ) -> Any:
        """To a card; all of it, or all of it in a currency: allEUR."""
        everything = amount.startswith("all")
        request = Withdraw(
            wallet_of(name), key, f"ord_{order or key}", _card(name, card),
            None if everything else self.money(amount),
            amount.removeprefix("all") or self.currency[name] if everything else "CNY",
        )  # fmt: skip
        return await withdraw(loop, request)

    async def ask_bank(self, loop: Clearing, key: str, word: str, whose: str = "") -> Any:
        """The bank's word on an order."""
        async with self.pool.connection() as conn:
            cursor = await conn.execute(
                "SELECT wallet_id FROM bank_orders WHERE order_id = %s", (f"ord_{key}",)
            )
            row = await cursor.fetchone()
            order = await find_order(conn, wallet_id=row[0], order_id=f"ord_{key}")
        said = answered(order, settled=word == "settled")
        return await loop.submit(replace(said, wallet_id=wallet_of(whose) if whose else row[0]))

    async def ask_find_order(self, _: Clearing, name: str, order: str) -> Any:
        """A holder looks one up."""
        async with self.pool.connection() as conn:
            return await find_order(conn, wallet_id=wallet_of(name), order_id=f"ord_{order}")

    async def ask_refund(
        self, loop: Clearing, refund_id: str, payment: str, amount: str, why: str = "cold"
    ) -> Any:
        """The shop gives back."""
        return await refund(
            loop, self.pool, merchant_id=SHOP, refund_id=refund_id, payment_id=_payment(payment),
            amount=self.money(amount), reason=why,
        )  # fmt: skip

    async def ask_charge(
        self, loop: Clearing, payment: str, name: str, permission: str, amount: str
    ) -> Any:
        """The shop takes what was permitted: m… is a mandate, s… a score order."""
        by_mandate = permission.startswith("m")
        return await charge(
            loop,
            Charge(
                SHOP, _payment(payment), wallet_of(name), self.money(amount), "Tea", "2",
                mandate_id=permission if by_mandate else None,
                score_order_id=None if by_mandate else permission,
            ),
        )  # fmt: skip


def _payment(name: str) -> str:
    return id_from_key("pay", "test", name)


def _card(name: str, number: str) -> str:
    return id_from_key("crd", name, number)


def _minor(typed: str, currency: str) -> int:
    sign = -1 if typed.startswith("-") else 1
    return sign * read(typed.removeprefix("-"), currency).amount_minor
