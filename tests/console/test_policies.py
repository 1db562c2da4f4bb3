"""Mei drafts a rule in the console, looks at whom it reaches, and Oskar publishes it."""

from __future__ import annotations

import re

from qianbao.db.pool import Pool
from qianbao.rollouts.publish import install_pack
from tests.console.conftest import NOW, Enter, Moment
from tests.rollouts.policies import two_banks
from tests.rollouts.population import settle

ADDRESS = "/console/policies/two-banks"


async def test_from_draft_to_enforced(enter: Enter, pool: Pool, clock: Moment) -> None:
    async with pool.connection() as conn:
        await settle(conn, seed=3, count=60, now=NOW)
    mei, oskar = await enter("Mei"), await enter("Oskar")
    saved = await mei.post("/console/policies", data={"body": two_banks()})
    assert saved.headers["location"] == f"{ADDRESS}?version=1"
    page = (await mei.get(saved.headers["location"])).text
    assert "Publishing needs a simulation of this very version." in page

    refused = await oskar.post(f"{ADDRESS}/versions/1/publication")
    assert (refused.status_code, "simulation_needed" in refused.text) == (409, True)

    await mei.post(f"{ADDRESS}/versions/1/simulations")
    page = (await mei.get(ADDRESS)).text
    assert "Simulated as of 2027-01-15 00:00" in page
    assert re.search(r"Do not meet it</span><b>\d+</b>", page)
    assert "can be withdrawn all the same" in page
    assert 'class="c-bar c-bar-marked"' in page

    refused = await mei.post(f"{ADDRESS}/versions/1/publication")
    assert (refused.status_code, "second_operator_needed" in refused.text) == (403, True)

    await oskar.post(f"{ADDRESS}/versions/1/publication")
    assert _phase((await mei.get(ADDRESS)).text) == "published"
    for days, phase in ((30, "announced"), (14, "warning"), (31, "enforced")):
        clock.now = NOW if not days else clock.now
        clock.pass_by(days=days)
        mei, _ = await _again(mei), None
        assert _phase((await mei.get(ADDRESS)).text) == phase
