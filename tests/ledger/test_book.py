"""The book in memory: what holds promise, and that a refusal changes nothing."""

from __future__ import annotations

import gc
import weakref
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianbao.errors import QianbaoError
from qianbao.ledger import Account, Book, Transfer, by_key

NOW = datetime(2026, 12, 20, tzinfo=UTC)
ANNA, TARO, BANK = ("wal_anna", "CNY"), ("wal_taro", "CNY"), ("bank:ICBC", "CNY")


def new_book(anna_minor: int = 100) -> Book:
    """Anna has some money, Taro none, the bank is the outside."""
    unused = (0, 0, NOW, NOW.date(), None, 0, 0, 0, 0)
    accounts = [
        Account(*ANNA, "CNY", False, anna_minor, *unused),
        Account(*TARO, "CNY", False, 0, *unused),
        Account(*BANK, "CNY", True, -anna_minor, *unused),
        Account("wal_kei", "JPY", "JPY", False, 50, *unused),
    ]
    return Book(by_key(accounts), now=NOW)


def move(debit, credit, amount):
    """A transfer."""
    return Transfer("transfer", debit, credit, amount, NOW)


def test_a_transfer_leaves_two_entries_with_the_balance_after():
    book = new_book()
    book.transfer(move(ANNA, TARO, 30))
    assert [(entry[0], entry[2], entry[6], entry[7]) for entry in book.entries()] == [
        ("wal_anna", 1, -30, 70),
        ("wal_taro", 1, 30, 30),
    ]


def test_a_book_is_freed_without_the_collector():
    """A cycle in it would keep every batch's rows until the collector looks, which stops payments
    for as long as it takes."""
    book = new_book()
    book.transfer(move(ANNA, TARO, 30))
    book.hold(ANNA, "hld_1", 20, "order")
    book.release(("wal_anna", "hld_1"))
    gone = weakref.ref(book)
    gc.disable()
    try:
        del book
        assert gone() is None
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("debit", "credit", "amount", "code"),
    [
        (ANNA, ANNA, 1, "same_account"),
        (ANNA, ("wal_nobody", "CNY"), 1, "account_unknown"),
        (ANNA, ("wal_kei", "JPY"), 1, "transfer_currency"),
        (ANNA, TARO, 101, "insufficient_funds"),
    ],
)
def test_refusals(debit, credit, amount, code):
    book = new_book()
    before = deepcopy(book.accounts)
    with pytest.raises(QianbaoError) as error:
        book.transfer(move(debit, credit, amount))
    assert error.value.code == code
    assert (book.accounts, book.transfers, book.after) == (before, [], [])


def test_a_hold_reserves_and_ends_once():
    """midaz#1519: settled twice, released twice, released after settling: each has its name."""
    book = new_book()
    book.hold(ANNA, "h1", 60, "withdrawal")
    with pytest.raises(QianbaoError, match="There is"):
        book.transfer(move(ANNA, TARO, 41))  # 40 are free
    with pytest.raises(QianbaoError) as more:
        book.settle(("wal_anna", "h1"), [move(ANNA, BANK, 61)])
    assert more.value.code == "hold_exceeded"
    book.settle(("wal_anna", "h1"), [move(ANNA, BANK, 50)])  # in part: 10 come back
    account = book.accounts[ANNA]
    assert (account.balance_minor, account.held_minor, account.available_minor) == (50, 0, 50)
    for end in (book.release, lambda key: book.settle(key, [])):
        with pytest.raises(QianbaoError) as twice:
            end(("wal_anna", "h1"))
        assert twice.value.code == "hold_already_settled"
    book.hold(ANNA, "h2", 50, "withdrawal")
    book.release(("wal_anna", "h2"))
    for end in (book.release, lambda key: book.settle(key, [])):
        with pytest.raises(QianbaoError) as again:
            end(("wal_anna", "h2"))
        assert again.value.code == "hold_already_released"
    with pytest.raises(QianbaoError) as unknown:
        book.release(("wal_anna", "h3"))
    assert unknown.value.code == "hold_unknown"


@pytest.mark.parametrize(
    "slip",
    [
        lambda book: book.transfer(move(ANNA, TARO, 0)),
        lambda book: book.transfer(move(ANNA, TARO, -1)),
        lambda book: book.hold(ANNA, "h2", 0, "withdrawal"),
        lambda book: book.hold(ANNA, "h2", -5, "withdrawal"),  # would free what others hold
        lambda book: book.hold(ANNA, "h1", 5, "withdrawal"),  # the first would never end
        lambda book: book.settle(("wal_anna", "h1"), [move(BANK, TARO, 1)]),  # somebody else's
    ],
)
def test_a_slip_of_a_caller_is_found_before_anything_changes(slip):
    book = new_book()
    book.hold(ANNA, "h1", 60, "withdrawal")
    before = deepcopy(written(book))
    with pytest.raises(ValueError):
        slip(book)
    assert written(book) == before


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["transfer", "hold", "settle", "release"]),
        st.sampled_from([ANNA, TARO, BANK]),
        st.sampled_from([ANNA, TARO, BANK]),
        st.integers(1, 120),
        st.integers(0, 3),
    ),
    max_size=20,
)


def take(book: Book, step) -> None:
    """One step, refused or not."""
    verb, debit, credit, amount, number = step
    hold = (debit[0], f"h{number}")
    try:
        if verb == "transfer":
            book.transfer(move(debit, credit, amount))
        elif verb == "hold" and hold not in book.holds:
            book.hold(debit, hold[1], amount, "test")
        elif verb == "settle":
            book.settle(hold, [move(debit, credit, amount)])
        else:
            book.release(hold)
    except QianbaoError:
        pass


@given(STEPS, STEPS)
def test_going_back_to_a_mark_forgets_everything_since(before, after):
    book = new_book()
    for step in before:
        take(book, step)
    picture = deepcopy(written(book))
    mark = book.mark()
    for step in after:
        take(book, step)
    book.back_to(mark)
    assert written(book) == picture


def written(book: Book):
    """Everything that would be written."""
    return (
        book.accounts, book.holds, book.transfers, book.after, book.touched, book.touched_holds,
    )  # fmt: skip


@given(STEPS)
def test_money_is_neither_made_nor_lost_and_holds_are_covered(steps):
    book = new_book()
    for step in steps:
        take(book, step)
    in_yuan = [account for account in book.accounts.values() if account.currency == "CNY"]
    assert sum(account.balance_minor for account in in_yuan) == 0
    for account in in_yuan:
        key = (account.owner_id, account.account_id)
        entries = [entry for entry in book.entries() if entry[:2] == key]
        assert account.entry_count == len(entries)
        held = sum(
            hold.amount_minor
            for hold in book.holds.values()
            if (hold.owner_id, hold.account_id) == key and hold.state == "held"
        )
        assert account.held_minor == held
        assert account.overdraft or account.available_minor >= 0
