"""The promise, kept by the product itself: wallets made up from seeds are put into the running
wallet and its sandbox banks; each is asked what is blocked and for a way out; the way is followed
by the calls that it names; and what was blocked then works."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from qianbao.cast import PIN, SHOPS, TWO_BANKS_ENFORCED
from qianbao.clock import local_date
from qianbao.policy.policies import CAPABILITIES
from tests.kit.person import Caller
from tests.kit.plans import Follower, Somebody, operators
from tests.kit.stack import Stack

pytestmark = pytest.mark.stack

SEEDS = (1, 3, 5, 7, 10, 11, 13, 15, 17, 20, 22, 25, 33, 43, 48, 59, 73, 76)
ASKED = ("pay", "pay", "transfer", "top_up", "receive", "be_charged")
MONEY_IN_MINOR = 500_00


@pytest.fixture(scope="module")
def town(seeded_stack: Stack) -> Stack:
    """The sandbox on the morning on which two-banks is in force."""
    seeded_stack.move_clock(TWO_BANKS_ENFORCED)
    return seeded_stack


@pytest.mark.parametrize("seed", SEEDS)
def test_a_way_out_works(town: Stack, seed: int) -> None:
    random = Random(seed)
    now = town.now() + timedelta(hours=1)  # codes are counted by the hour
    town.move_clock(now)
    who = Somebody(town, 40_000 + seed, now.date())
    _settle_in(town, who, random)
    _grow_old(town, who, random, now)
    whole = who.get("/wallet/standing")
    _is_consistent(whole)
    blocked = [name for name in ASKED if whole["capabilities"][name]["outcome"] == "blocked"]
    assert blocked, "a seed of a wallet that nothing blocks proves nothing"
    capability = random.choice(blocked)
    amount_minor = random.choice((1, 1, 50_00, 4_000_000))
    asked = f"/wallet/standing?capability={capability}&amount_minor="
    before = who.get(f"{asked}{amount_minor}")
    _is_consistent(before)
    ways = before["ways_out"]
    if not ways:  # nothing to pay so much from: it is a smaller amount that has to have one
        ways = who.get(f"{asked}1")["ways_out"]
        amount_minor = 1
    assert ways, (seed, whole["blockers"])
    way = ways[random.randrange(len(ways))]
    steps = [(step["action"], step["argument"]) for step in way["steps"]]
    follower = Follower(town, who, amount_minor)
    try:
        follower.follow(way)
    except Exception as error:
        error.add_note(f"seed {seed}: {capability} {amount_minor}: {steps}")
        raise
    after = who.get(f"{asked}{follower.amount_minor}")
    assert after["capabilities"][capability]["outcome"] == "allowed", (steps, after["blockers"])
    _is_consistent(after)
    _use(town, who, capability, follower.amount_minor)


def _settle_in(town: Stack, who: Somebody, random: Random) -> None:
    """What they do at first, as far as it goes: a document, cards, money, services."""
    who.sign_in()
    if random.random() < 0.1:
        return
    who.show_document()
    for bank in random.choice(((), ("ICBC",), ("ICBC",), ("ICBC", "BOC"), ("BOC", "CMB", "CCB"))):
        who.link_at(bank)
    if random.random() < 0.5:
        who.open_account("ABC")
    linked = [card for card in who.get("/cards") if card["state"] == "linked"]
    if not linked:
        return
    if random.random() < 0.6:
        who.pay_in(MONEY_IN_MINOR)
    for shop in [shop for shop in SHOPS if shop.per_charge_minor][: random.randrange(3)]:
        who.post("/mandates", {"merchant_id": shop.merchant_id, "plan_id": shop.plan_id,
                               "pin": PIN})  # fmt: skip
    if random.random() < 0.4:
        who.ask("PUT", "/pay-score")
        if random.random() < 0.5:
            bike = Caller(town.url, SHOPS[2].api_key)
            bike.post("/merchant/score-orders", {
                "wallet_id": who.wallet_id, "merchant_reference": f"ride-{who.wallet_id[-8:]}",
                "introduction": "A bike", "deposit": {"amount_minor": 100_00, "currency": "CNY"},
            })  # fmt: skip


def _grow_old(town: Stack, who: Somebody, random: Random, now: datetime) -> None:
    """What only time, other people and an authority bring about."""

    def ago(*days: int) -> datetime:
        return now - timedelta(days=random.choice(days))

    shown = bool(who.get("/documents"))
    opened = ago(10, 100, 200, 300)
    confirmed = max(opened, ago(0, 90, 183, 185))
    town.sql(
        "UPDATE wallets SET opened_at = %s, facts_changed_at = %s, data_confirmed_at = %s, "
        "verified_at = CASE WHEN verified_at IS NOT NULL THEN %s::timestamptz END "
        "WHERE wallet_id = %s",
        opened, opened, confirmed if shown else None, max(opened, ago(5, 89, 91)), who.wallet_id,
    )  # fmt: skip
    if shown and random.random() < 0.3:
        expired = (now - timedelta(days=random.choice((1, 40)))).date()
        for table in ("documents SET valid_until", "wallets SET document_valid_until"):
            town.sql(f"UPDATE {table} = %s WHERE wallet_id = %s", expired, who.wallet_id)
    if shown and random.random() < 0.3:
        town.sql("DELETE FROM identity_data WHERE wallet_id = %s", who.wallet_id)
        town.sql("UPDATE wallets SET data_missing = '{occupation,address}' WHERE wallet_id = %s",
                  who.wallet_id)  # fmt: skip
    if not shown:
        return
    used = random.choice((None, now - timedelta(days=1)))
    town.sql(
        "UPDATE accounts SET last_used_at = %s, counted_on = %s, paid_this_year_minor = %s, "
        "moved_for_life_minor = %s, received_for_life_minor = received_for_life_minor + %s "
        "WHERE owner_id = %s",
        used, local_date(now), random.choice((0, 0, 10_000_000, 20_000_000)),
        random.choice((0, 0, 100_000)), random.choice((0, 0, 100_000)), who.wallet_id,
    )  # fmt: skip
    if random.random() < 0.15:
        wei, lin = operators(town)
        entered = wei.post("/operator/legal-holds",
                           {"wallet_id": who.wallet_id, "reference": "(2027) Jing 01"})  # fmt: skip
        lin.post(f"/operator/legal-holds/{entered['legal_hold_id']}/approve",
                 {"wallet_id": who.wallet_id})  # fmt: skip


def _is_consistent(standing: dict[str, Any]) -> None:
    """Blocked means told, by rules that block it; allowed means that nothing is shown for it."""
    told = {name: set() for name in CAPABILITIES}
    for blocker in standing["blockers"]:
        for name in blocker["capabilities"]:
            told[name].add(blocker["reason"]["policy"])
    for name, found in standing["capabilities"].items():
        assert set(found["policies"]) == told[name]
        assert (found["outcome"] == "blocked") is bool(told[name])
    if not standing["blockers"]:
        assert standing["ways_out"] == []


def _use(town: Stack, who: Somebody, capability: str, amount_minor: int) -> None:
    """What was blocked is done, as far as there is money for it."""
    available = who.get("/wallet")["available"]["amount_minor"]
    amount = {"amount_minor": amount_minor, "currency": "CNY"}
    if capability == "pay" and amount_minor <= available:
        assert who.pay_tea(Caller(town.url, SHOPS[-1].api_key), amount_minor)
    elif capability == "transfer" and amount_minor <= min(available, MONEY_IN_MINOR):
        sent = {"to_phone": _friend(town, who).person.phone, "amount": amount, "pin": PIN}
        assert who.post("/transfers", sent)
    elif capability == "receive" and amount_minor <= MONEY_IN_MINOR:
        sent = {"to_phone": who.person.phone, "amount": amount, "pin": PIN}
        assert _friend(town, who).post("/transfers", sent)
    elif capability == "top_up" and amount_minor >= 100:
        who.pay_in(amount_minor)


def _friend(town: Stack, who: Somebody) -> Somebody:
    """Somebody whom nothing stands in the way of, with money."""
    friend = Somebody(town, 10_000 + int(who.person.phone[-6:]), town.now().date())
    friend.sign_in()
    friend.show_document()
    for bank in ("ICBC", "BOC"):
        friend.link_at(bank)
    friend.pay_in(2 * MONEY_IN_MINOR)
    return friend
