"""Sending work: as soon as there is an answer, or when it is due; and how long each took.

With a rate, work arrives at moments drawn beforehand (exponential gaps), and is timed from the
moment it was meant to leave: what waits behind slow work is slow itself, and counted so.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec

Send = Callable[[Any], Awaitable[int]]
"""Sends a piece of work and waits for its answer; gives how many payments in it were refused."""
Tell = Callable[[str, int, int], object]
"""Hears (step, done, of how many)."""


class Taken(msgspec.Struct, frozen=True):
    """What a drive took: the whole, and each piece of work in milliseconds, ascending."""

    seconds: float
    times_ms: list[float]
    refused: int

    def at(self, share: float) -> float:
        """The time that this share of the work took at most, such as 0.99."""
        return round(self.times_ms[min(len(self.times_ms) - 1, int(len(self.times_ms) * share))], 2)


async def drive(
    work: Sequence[Any],
    sends: Sequence[Send],
    tell: Callable[[int], object],
    dues: Sequence[float] = (),
) -> Taken:
    """Sends all of `work`, each of `sends` with one piece under way at a time. `dues` are seconds
    from the beginning, ascending, one a piece; none: as soon as there is a free hand. A due moment
    is kept to about a millisecond, the event loop's own grain."""
    times: list[float] = []
    refused, left = 0, iter(enumerate(work))
    started = time.perf_counter()

    async def hand(send: Send) -> None:
        nonlocal refused
        for number, piece in left:
            began = time.perf_counter()
            if dues:
                due = started + dues[number]
                if due > began:
                    await asyncio.sleep(due - began)
                began = min(due, time.perf_counter())
            refused += await send(piece)
            times.append((time.perf_counter() - began) * 1000)
            if len(times) % every == 0:
                tell(len(times))

    every = max(1, len(work) // 100)
    await asyncio.gather(*(hand(send) for send in sends))
    seconds = time.perf_counter() - started
    tell(len(times))
    return Taken(seconds, sorted(times), refused)


def arrivals(chance: random.Random, pieces: int, rate: float) -> list[float]:
    """When `pieces` arrive, `rate` of them a second on average; nothing without a rate."""
    if not rate:
        return []
    return list(accumulate(chance.expovariate(rate) for _ in range(pieces)))


def parts(work: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """`work` in parts of `size`."""
    return (work[start : start + size] for start in range(0, len(work), size))
