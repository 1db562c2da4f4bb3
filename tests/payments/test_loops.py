"""Two clearing loops, as two processes have them, and neighbours in one batch: nobody waits in a
circle, nobody is failed by another, and the chains stay sound."""

from __future__ import annotations

import asyncio
import itertools
import random

import msgspec
import pytest

from qianbao.db.pool import open_pool
from qianbao.ids import id_from_key
from qianbao.ledger import (
    Transfer,
    main_account,
    open_account,
    open_book,
    write_book,
)
from qianbao.ledger.proof import prove_snapshot
from qianbao.ledger.seal import take_chain
from qianbao.money import Money
from qianbao.payments.batch import Kind
from qianbao.payments.clear import Clearing
from qianbao.payments.kinds import KINDS
from qianbao.payments.merchants import ask_payment
from qianbao.payments.pay import Pay, pay
from qianbao.payments.refund import Refund, RefundExceedsPayment
from qianbao.payments.top_up import TopUp
from qianbao.payments.transfer import SendMoney, send
from qianbao.payments.withdraw import Withdraw
from qianbao.settings import Settings
from tests.kit.fingerprint import fingerprint
from tests.kit.money import NOW, SHOP, Hand, add_shop, add_wallet, balances, clearing, wallet_of
from tests.payments.story import answered, outcome_of


async def test_a_payment_is_made_once_by_two_at_once(pool):
    """Anna and Taro scan the same code at the same moment: one pays, one is told."""
    people = [await add_wallet(pool, name, balance_minor=50_00) for name in ("Anna", "Taro")]
    await add_shop(pool)
    tea = await ask_tea(pool, "tea", 28_00)
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        outcomes = await asyncio.gather(
            *(
                outcome_of(pay(loop, Pay(person, "k", SHOP, tea, Money(28_00))))
                for loop, person in zip((one, two), people, strict=True)
            )
        )
    assert sorted(outcomes) == ["done", "payment_not_awaiting"]
    assert (await balances(pool, SHOP)) == [(28_00, 0)]


async def test_six_holds_of_a_thousand_on_five_thousand(pool):
    """blnk#181; laravel-wallet#276, #397, #757, #939: six withdrawals at once from 5,000: what is
    held never passes the balance."""
    anna = await add_wallet(pool, "Anna", balance_minor=5000_00)
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        outcomes = await asyncio.gather(
            *(
                outcome_of(
                    (one, two)[n % 2].submit(
                        Withdraw(anna, f"k{n}", f"ord_{n}", card, Money(1000_00))
                    )
                )
                for n in range(6)
            )
        )
    # The first 1,000 are free of fee; the fifth leaves no room for the fees of those before it.
    assert sorted(outcomes) == ["done"] * 4 + ["insufficient_funds"] * 2
    assert await balances(pool, anna) == [(5000_00, 4003_00)]


async def test_the_same_refund_from_two_processes_at_once(pool):
    """blnk#152: the same payment refunded twice. Under one id it happens once, under two ids only
    what is left of the payment is given."""
    anna = await add_wallet(pool, "Anna", balance_minor=50_00)
    await add_shop(pool)
    tea = await ask_tea(pool, "tea", 28_00)
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        await pay(one, Pay(anna, "k", SHOP, tea, Money(28_00)))
        refunds = [Refund(SHOP, f"ref_{n % 2}", tea, anna, Money(20_00), "cold") for n in range(6)]
        loops = itertools.cycle((one, two))
        outcomes = await asyncio.gather(*(outcome_of(next(loops).submit(r)) for r in refunds))
    assert outcomes in (
        ["done", "refund_exceeds_payment"] * 3,
        ["refund_exceeds_payment", "done"] * 3,
    )
    assert await balances(pool, anna, SHOP) == [(42_00, 0), (8_00, 0)]


async def test_two_commits_of_one_hold_at_once(pool):
    """midaz#1519: two simultaneous commits of one hold both succeed. Here the bank's two words on
    one withdrawal are one word, whichever loop hears it first."""
    anna = await add_wallet(pool, "Anna", balance_minor=50_00)
    await add_shop(pool)
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        order = await one.submit(
            Withdraw(anna, "k", "ord_k", id_from_key("crd", "Anna", "0"), Money(20_00))
        )
        words = [answered(order, settled=n % 2 == 0) for n in range(6)]
        loops = itertools.cycle((one, two))
        answers = await asyncio.gather(*(next(loops).submit(word) for word in words))
    assert len({answer.state for answer in answers}) == 1
    taken = 20_00 if answers[0].state == "settled" else 0
    assert await balances(pool, anna, "bank:ICBC") == [(50_00 - taken, 0), (taken, 0)]


async def test_the_same_request_from_two_processes_at_once(pool):
    """formance ledger#364: concurrent duplicates get one and the same whole answer."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        request = SendMoney(anna, "a", taro, Money(30_00))
        answers = await asyncio.gather(*(send((one, two)[n % 2], request) for n in range(8)))
    assert len(set(answers)) == 1
    assert (answers[0].amount, answers[0].balance_minor) == (Money(30_00), 70_00)
    assert await balances(pool, anna, taro) == [(70_00, 0), (30_00, 0)]


async def test_a_retry_changes_nothing_of_what_was_written(pool):
    """formance wallets PR#110: a retry clobbers metadata. The note, the moment and the bank order
    stay those of the first time, though the clock has moved on."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    clock = Hand()
    card = id_from_key("crd", "Anna", "0")
    asked = [
        SendMoney(anna, "a", taro, Money(30_00), "for tea"),
        Withdraw(anna, "w", "ord_w", card, Money(5_00)),
        TopUp(anna, "u", "ord_u", card, Money(6_00)),
    ]
    rows = """SELECT (SELECT json_agg(t ORDER BY transfer_id) FROM transfers t)::text,
        (SELECT json_agg(o ORDER BY order_id) FROM bank_orders o)::text,
        (SELECT json_agg(a ORDER BY owner_id) FROM accounts a)::text"""
    async with clearing(pool, clock) as loop, pool.connection() as conn:
        await conn.set_autocommit(True)
        first = [await loop.submit(request) for request in asked]
        before = await (await conn.execute(rows)).fetchone()
        clock.move(days=1)
        assert await asyncio.gather(*(loop.submit(request) for request in asked)) == first
        assert await (await conn.execute(rows)).fetchone() == before
        await conn.set_autocommit(False)


@pytest.mark.parametrize("many", [3, 300])
async def test_a_bad_neighbour_fails_alone(pool, many):
    """One request in the batch breaks a rule of the database, another one the code itself; the
    others are settled."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    await add_shop(pool)
    card = id_from_key("crd", "Anna", "0")
    async with clearing(pool, Hand()) as loop:
        await loop.submit(Withdraw(anna, "first", "ord_same", card, Money(1_00)))
        good = [SendMoney(anna, f"k{n}", taro, Money(1)) for n in range(many)]
        bad = [
            Withdraw(anna, "clash", "ord_same", card, Money(1_00)),
            SendMoney(anna, "text", taro, Money(1), "\ud800"),  # no door lets it through
            SendMoney(anna, "type", taro, None),
        ]
        asked = [*good[: many // 2], *bad, *good[many // 2 :]]
        outcomes = dict(
            zip(
                asked,
                await asyncio.gather(*(outcome_of(loop.submit(r)) for r in asked)),
                strict=True,
            )
        )
    assert {outcomes[one] for one in good} == {"done"}
    assert [outcomes[one] for one in bad] == ["request_clash", *["clearing_interrupted"] * 2]
    assert await balances(pool, taro) == [(many, 0)]
    assert (await prove_snapshot(pool)).sound


class Half(msgspec.Struct, frozen=True):
    """A request that moves and holds money, and then thinks better of it."""

    wallet_id: str
    key: str
    to_wallet_id: str

    @property
    def scope(self) -> str:
        """Whose key it is."""
        return self.wallet_id


def _half_done(request, batch):
    ours, theirs = main_account(request.wallet_id), main_account(request.to_wallet_id)
    batch.book.transfer(Transfer("half", ours, theirs, 5, batch.now))
    batch.book.hold(ours, f"hld_{request.key}", 7, "half")
    batch.book.settle((ours[0], f"hld_{request.key}"), [Transfer("half", ours, theirs, 3, NOW)])
    raise RefundExceedsPayment(left="0", asked="1")


async def test_what_was_half_done_is_taken_back(pool):
    """A kind of request that refuses after it has moved money: its neighbours never notice."""
    anna = await add_wallet(pool, "Anna", balance_minor=100_00)
    taro = await add_wallet(pool, "Taro")
    half = Kind(
        name="half", request=Half, answer=str, apply=_half_done,
        body=lambda one: (one.to_wallet_id,),
        accounts=lambda one: [main_account(one.wallet_id), main_account(one.to_wallet_id)],
        wallets=lambda one: [one.wallet_id, one.to_wallet_id],
    )  # fmt: skip

    async def rules(_):
        return ()

    clock = Hand()
    loop = Clearing(pool, [*KINDS, half], lambda _: rules, Settings(), clock)
    before = await fingerprint(pool)
    clock.move(seconds=1)
    loop.start()
    assert await outcome_of(loop.submit(Half(anna, "a", taro))) == "refund_exceeds_payment"
    assert await fingerprint(pool) == before
    good = [SendMoney(anna, f"k{n}", taro, Money(1)) for n in range(3)]
    bad = [Half(anna, f"h{n}", taro) for n in range(3)]
    mixed = [request for pair in zip(bad, good, strict=True) for request in pair]
    outcomes = await asyncio.gather(*(outcome_of(loop.submit(request)) for request in mixed))
    await loop.stop()
    assert outcomes == ["refund_exceeds_payment", "done"] * 3
    assert await balances(pool, anna, taro) == [(100_00 - 3, 0), (3, 0)]
    assert (await prove_snapshot(pool)).sound


async def test_two_loops_with_overlapping_accounts_under_load(database_url):
    """Each loop has a pool of its own, as a process has. Everybody sends to everybody, pays the one
    shop, tops up and withdraws, in both loops at once; then each loop has people of its own, so
    that both seal at once. Nobody is told to come back: there was no deadlock."""
    dice = random.Random(7)
    pools = [await open_pool(database_url, size=4) for _ in range(2)]
    names = [f"Person {n}" for n in range(8)]
    wallets = [await add_wallet(pools[0], name, balance_minor=10_000_00) for name in names]
    await add_shop(pools[0])
    teas = [await ask_tea(pools[0], f"tea {n}", 1_00) for n in range(60)]

    def one(number, among):
        n, m = dice.sample(among, 2)
        key, amount = f"k{number}", Money(dice.randint(1, 300), dice.choice(["CNY"] * 9 + ["EUR"]))
        card = id_from_key("crd", names[n], "0")
        return dice.choice(
            [
                Pay(wallets[n], key, SHOP, dice.choice(teas), Money(1_00)),
                TopUp(wallets[n], key, f"ord_{key}", card, amount),
                Withdraw(wallets[n], key, f"ord_{key}", card, amount),
                *[SendMoney(wallets[n], key, wallets[m], amount)] * 7,
            ]
        )

    async def client(loop, requests):
        return [await outcome_of(loop.submit(request)) for request in requests]

    async with clearing(pools[0], Hand()) as first, clearing(pools[1], Hand()) as second:
        shares = [[one(number, range(8)) for number in range(k, 2000, 20)] for k in range(20)]
        # Each share is asked for in both loops: the second asking is a repeat of the first.
        told = await asyncio.gather(
            *(client(loop, share) for share in shares for loop in (first, second))
        )
        apart = await asyncio.gather(
            client(first, [one(f"a{n}", range(4)) for n in range(300)]),
            client(second, [one(f"b{n}", range(4, 8)) for n in range(300)]),
        )
    outcomes = set(itertools.chain.from_iterable([*told, *apart]))
    assert outcomes <= {"done", "payment_not_awaiting", "currency_unsupported"}
    assert told[0::2] == told[1::2]
    await _check_sound(pools[0], wallets)
    for pool in pools:
        await pool.close()


async def test_no_account_puts_them_in_line(pool):
    """Who names a currency that the wallet has no account in locks no account; cards are still
    looked at, and the wallets' rows locked for it: always in the same order."""
    people = ("Anna", "Ben")
    for name in people:
        await add_wallet(pool, name, balance_minor=1_00)
    euros = Money(1, "EUR")

    def both(name, other, n):
        return [
            TopUp(wallet_of(name), f"u{n}", f"ord_u{n}", id_from_key("crd", name, "0"), euros),
            Withdraw(wallet_of(other), f"w{n}", f"ord_w{n}", id_from_key("crd", other, "0"), euros),
        ]

    async def client(loop, names):
        told = []
        for n in range(200):
            told += await asyncio.gather(*(outcome_of(loop.submit(r)) for r in both(*names, n)))
        return told

    async with clearing(pool, Hand()) as one, clearing(pool, Hand()) as two:
        told = await asyncio.gather(client(one, people), client(two, people[::-1]))
    assert set(itertools.chain.from_iterable(told)) == {"currency_unsupported"}


async def _check_sound(pool, wallets):
    """The proof, over several chains, and each person's holds and orders against each other."""
    proof = await prove_snapshot(pool)
    assert proof.broken == []
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT count(*) FROM chains WHERE links > 0")
        assert (await cursor.fetchone())[0] > 1
        cursor = await conn.execute(
            """SELECT w.wallet_id, w.in_flight, a.held_minor,
                  (SELECT count(*) FROM bank_orders o WHERE o.wallet_id = w.wallet_id),
                  (SELECT coalesce(sum(amount_minor + fee_minor), 0)::bigint FROM bank_orders o
                   WHERE o.wallet_id = w.wallet_id AND o.kind = 'withdrawal')
               FROM wallets w JOIN accounts a ON a.owner_id = w.wallet_id
               WHERE w.wallet_id = ANY(%s)""",
            (wallets,),
        )
        for wallet_id, in_flight, held, orders, withdrawn in await cursor.fetchall():
            assert (in_flight, held) == (orders, withdrawn), wallet_id


async def test_when_every_chain_is_held_a_batch_waits_for_one(pool):
    """Nine processes at once: the ninth waits for the first chain, and nothing is lost."""
    anna, taro = main_account(wallet_of("Anna")), main_account(wallet_of("Taro"))
    async with pool.connection() as conn:
        for n in range(8):
            for owner in (f"payer {n}", f"payee {n}"):
                await open_account(
                    conn, owner_id=owner, account_id="CNY", kind="any", currency="CNY",
                    overdraft=True, now=NOW,
                )  # fmt: skip
    await add_wallet(pool, "Anna", balance_minor=1_00)
    await add_wallet(pool, "Taro")
    wide = await open_pool(pool.conninfo, size=10)
    async with clearing(pool, Hand()) as loop:
        holding = [await wide.getconn() for _ in range(8)]
        chains = [await take_chain(conn) for conn in holding]
        assert len({chain.chain for chain in chains}) == 8
        sending = asyncio.create_task(send(loop, SendMoney(anna[0], "a", taro[0], Money(1))))
        done, _ = await asyncio.wait([sending], timeout=0.5)
        assert not done
        await holding[0].rollback()
        await asyncio.wait_for(sending, 60)
        for n, conn in enumerate(holding):
            book = await open_book(conn, [(f"payer {n}", "CNY"), (f"payee {n}", "CNY")], now=NOW)
            book.transfer(Transfer("x", (f"payer {n}", "CNY"), (f"payee {n}", "CNY"), 5, NOW))
            await write_book(conn, book)
            await conn.commit()
            await wide.putconn(conn)
    await wide.close()
    assert (await prove_snapshot(pool)).broken == []


async def ask_tea(pool, name, amount):
    """A payment that somebody may make."""
    tea = id_from_key("pay", "test", name)
    async with pool.connection() as conn:
        await ask_payment(
            conn, merchant_id=SHOP, payment_id=tea, amount=Money(amount), merchant_reference="1",
            description="Green tea", now=NOW,
        )  # fmt: skip
    return tea
