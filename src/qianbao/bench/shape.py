"""What a bench is asked for, and the payments that come of it. The dice are the same each time."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from itertools import accumulate

import msgspec


class Shape(msgspec.Struct, frozen=True):
    """So many wallets and payments; how many at once, how uneven, and beside how many old ones.

    `batch` is what one transaction settles at most. `hot_share` of the payments (0 to 1) go to one
    and the same receiver; the others are chosen evenly, or with `zipf` above 0 the one of rank k
    with a weight of 1/k^zipf. `rate` is arrivals a second whatever the answers do, 0: the next
    payment leaves when one is answered. `existing` transfers are there before.
    """

    accounts: int
    transfers: int
    batch: int
    concurrency: int
    hot_share: float = 0.0
    zipf: float = 0.0
    rate: float = 0.0
    existing: int = 0
    seed: int = 1


class Wanted(msgspec.Struct, frozen=True):
    """A payment that is to be made, under its idempotency key."""

    payer: str
    payee: str
    amount_minor: int
    key: str


def dice(shape: Shape) -> random.Random:
    """Chance that comes out alike in every run of a shape."""
    return random.Random(shape.seed)  # noqa: S311 - nothing secret


def wanted(shape: Shape, payers: Sequence[str], payees: Sequence[str]) -> list[Wanted]:
    """The payments of a run, nobody paying themselves. Keys are random, as callers' are."""
    chance = dice(shape)
    froms = _chosen(chance, payers, shape)
    tos = _chosen(chance, payees, shape)
    made = []
    for number, (payer, payee) in enumerate(zip(froms, tos, strict=True)):
        if chance.random() < shape.hot_share:
            payee = payees[0]
        while payer == payee:
            payer = chance.choice(payers)
        key = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        made.append(Wanted(payer, payee, 1 + number % 100, key))
    return made


def each_once(payers: Sequence[str], payees: Sequence[str]) -> list[Wanted]:
    """One payment by every payer, each to the next payee round: the warm-up."""
    return [
        Wanted(payer, payees[(place + 1) % len(payees)], 1, f"warm-up-{place}")
        for place, payer in enumerate(payers)
    ]


def _chosen(chance: random.Random, some: Sequence[str], shape: Shape) -> list[str]:
    weights = None
    if shape.zipf:
        weights = list(accumulate(1 / rank**shape.zipf for rank in range(1, len(some) + 1)))
    return chance.choices(some, cum_weights=weights, k=shape.transfers)
