"""The ledger's rules as tables: a line is one batch with one request, and what comes of it.

```
move BANK anna 1000        -> done        from, to, minor units
hold anna h1 600 3600      -> done        for so many seconds, or until it is ended
settle anna h1 BANK 500    -> done        to whom how much, several times
release anna h1            -> hold_already_settled
expire                     -> 1           how many holds had run out
wait 3600                                 seconds
= anna 500/0                              balance/held
```

Names in capitals may be overdrawn; `kei/JPY` is an account in another currency. After each refusal
every row of the ledger must be what it was.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from qianbao.errors import TABLE, QianbaoError
from qianbao.ledger import (
    Transfer,
    expire_holds,
    open_account,
    open_book,
    write_book,
)
from qianbao.ledger.proof import prove_snapshot
from tests.kit.fingerprint import fingerprint

NOW = datetime(2026, 12, 20, tzinfo=UTC)
ACCOUNTS = ("anna", "taro", "BANK", "FEES", "kei/JPY", "BANK/JPY")

STORIES = {
    "money moves only where it is": """
        move BANK anna 1000             -> done
        move anna taro 1001             -> insufficient_funds
        move anna taro 1000             -> done
        move anna taro 1                -> insufficient_funds
        move anna anna 1                -> same_account
        move anna nobody 1              -> account_unknown
        move nobody anna 1              -> account_unknown
        = anna 0/0  taro 1000/0  BANK -1000/0
        """,
    "a transfer has one currency": """
        move BANK/JPY kei/JPY 50        -> done
        move BANK anna 50               -> done
        move anna kei/JPY 50            -> transfer_currency
        move kei/JPY anna 50            -> transfer_currency
        = anna 50/0  kei/JPY 50/0  BANK -50/0  BANK/JPY -50/0
        """,
    "what is held cannot be spent": """
        move BANK anna 1000             -> done
        hold anna h1 600                -> done
        hold anna h2 401                -> insufficient_funds
        move anna taro 401              -> insufficient_funds
        move anna taro 400              -> done
        = anna 600/600  taro 400/0
        move taro anna 1                -> done
        move anna taro 2                -> insufficient_funds
        = anna 601/600  taro 399/0
        """,
    "a hold is settled once, in whole": """
        move BANK anna 1000             -> done
        hold anna h1 600                -> done
        settle anna h1 BANK 601         -> hold_exceeded
        settle anna h1 BANK 500 FEES 101 -> hold_exceeded
        settle anna h1 nobody 600       -> account_unknown
        = anna 1000/600  BANK -1000/0
        settle anna h1 BANK 590 FEES 10 -> done
        = anna 400/0  BANK -410/0  FEES 10/0
        settle anna h1 BANK 1           -> hold_already_settled
        release anna h1                 -> hold_already_settled
        = anna 400/0  BANK -410/0  FEES 10/0
        """,
    "a hold is settled in part: the rest is free again": """
        move BANK anna 1000             -> done
        hold anna h1 1000               -> done
        settle anna h1 taro 300         -> done
        = anna 700/0  taro 300/0
        move anna taro 700              -> done
        """,
    "a hold is settled with nothing": """
        move BANK anna 10               -> done
        hold anna h1 10                 -> done
        settle anna h1                  -> done
        = anna 10/0
        """,
    "a hold is released once": """
        move BANK anna 1000             -> done
        hold anna h1 600                -> done
        release anna h1                 -> done
        = anna 1000/0
        release anna h1                 -> hold_already_released
        settle anna h1 BANK 1           -> hold_already_released
        release taro h1                 -> hold_unknown
        settle anna h2 BANK 1           -> hold_unknown
        = anna 1000/0
        """,
    "a hold runs out": """
        move BANK anna 1000             -> done
        hold anna h1 600 3600           -> done
        hold anna h2 100 7200           -> done
        hold anna h3 100                -> done
        wait 3599
        expire                          -> 0
        settle anna h1 BANK 1           -> done
        hold anna h4 600 1              -> done
        wait 1
        = anna 999/800                  # nobody may spend it until the sweep has come by
        settle anna h4 BANK 1           -> hold_expired
        release anna h4                 -> hold_expired
        expire                          -> 1
        = anna 999/200
        release anna h4                 -> hold_expired
        expire                          -> 0
        wait 3600
        expire                          -> 1
        = anna 999/100
        release anna h3                 -> done
        expire                          -> 0
        = anna 999/0
        """,
    "an account of the outside may be overdrawn, and hold more than it has": """
        move BANK anna 5                -> done
        hold BANK h1 1000               -> done
        settle BANK h1 anna 1000        -> done
        = anna 1005/0  BANK -1005/0
        """,
}


def lines(story: str) -> list[tuple[list[str], str]]:
    """(words, what is expected of them) of each line."""
    kept = (line.split("#")[0].strip() for line in story.splitlines())
    parted = (line.partition("->") for line in kept if line)
    return [(asked.split(), expected.strip()) for asked, _, expected in parted]


def key(name: str) -> tuple[str, str]:
    owner, _, currency = name.partition("/")
    return (owner, currency or "CNY")


def apply(book, words: list[str], now: datetime) -> None:
    """One request on the book. Raises the ledger's errors."""
    verb, who, *rest = words
    if verb == "move":
        book.transfer(Transfer("transfer", key(who), key(rest[0]), int(rest[1]), now))
    elif verb == "hold":
        ends = now + timedelta(seconds=int(rest[2])) if len(rest) > 2 else None
        book.hold(key(who), rest[0], int(rest[1]), "test", ends)
    elif verb == "settle":
        parts = zip(rest[1::2], rest[2::2], strict=True)
        book.settle(
            (who, rest[0]),
            [Transfer("settled", key(who), key(to), int(amount), now) for to, amount in parts],
        )
    else:
        assert verb == "release"
        book.release((who, rest[0]))


async def ask(pool, words: list[str], now: datetime) -> str:
    """One batch, as a clearing loop writes it whether the request was refused or not."""
    async with pool.connection() as conn:
        if words[0] == "expire":
            return str(await expire_holds(conn, now=now))
        holds = [(words[1], words[2])] if words[0] in ("settle", "release") else []
        book = await open_book(conn, [*map(key, ACCOUNTS)], now=now, holds=holds)
        mark = book.mark()
        try:
            apply(book, words, now)
            outcome = "done"
        except QianbaoError as refusal:
            book.back_to(mark)
            outcome = refusal.code
        await write_book(conn, book)
    return outcome


async def check_balances(pool, words: list[str]) -> None:
    """Each name's balance and what is held of it."""
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT owner_id, account_id, balance_minor || '/' || held_minor FROM accounts"
        )
        found = {(owner, account): text for owner, account, text in await cursor.fetchall()}
    assert [found[key(name)] for name in words[0::2]] == words[1::2]


@pytest.mark.parametrize("name", STORIES)
async def test_story(pool, name):
    now = NOW
    async with pool.connection() as conn:
        for account in ACCOUNTS:
            owner, currency = key(account)
            await open_account(
                conn, owner_id=owner, account_id=currency, kind="any", currency=currency,
                overdraft=owner.isupper(), now=now,
            )  # fmt: skip
    for words, expected in lines(STORIES[name]):
        if words[0] == "=":
            await check_balances(pool, words[1:])
        elif words[0] == "wait":
            now += timedelta(seconds=int(words[1]))
        else:
            before = await fingerprint(pool)
            now += timedelta(microseconds=1)
            assert await ask(pool, words, now) == expected, words
            if expected not in ("done", "1"):
                assert await fingerprint(pool) == before, words
        assert (await prove_snapshot(pool)).broken == []


def test_every_refusal_of_the_ledger_is_in_a_story():
    told = {expected for story in STORIES.values() for _, expected in lines(story)}
    ours = {code for code, error in TABLE.items() if error.__module__.startswith("qianbao.ledger")}
    assert ours - told == set()
