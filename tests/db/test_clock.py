"""The sandbox's clock, moved for every process."""

from __future__ import annotations

from datetime import timedelta

import pytest

from qianbao.clock import MovableClock
from qianbao.db import clock as sandbox_clock


@pytest.mark.parametrize("part", [0.0, 0.2, 0.4, 0.6, 0.9])
async def test_nobody_who_waited_for_midnight_stands_before_it(conn, part):
    here, elsewhere = MovableClock(), MovableClock()
    to = here().replace(microsecond=0) + timedelta(days=1, seconds=part)
    await sandbox_clock.move(conn, here, to)
    await sandbox_clock.refresh(conn, elsewhere)
    assert timedelta(0) <= elsewhere() - to < timedelta(seconds=2)
    assert here.offset == elsewhere.offset
