"""What holders are told about a version, with a real wallet's facts, in both languages."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath, FromQuery

from qianbao.console.access import who
from qianbao.console.render import Asked, page
from qianbao.rollouts.in_force import versions
from qianbao.rollouts.preview import Preview, preview
from qianbao.rollouts.publish import PolicyVersionUnknown
from qianbao.rollouts.tell import told
from qianbao.rollouts.wording import Step, steps_of


@get("/policies/{name:str}/versions/{version:int}/notices")
async def notices_page(
    request: Asked,
    name: FromPath[str],
    version: FromPath[int],
    wallet: FromQuery[str] = "",
    step: FromQuery[Step] = "blocked",
) -> Response[Any]:
    """The notice of `step` as `wallet` would get it; without a wallet, a box to name one."""
    services = request.app.state.services
    now = services.clock()
    shown: Preview | None = None
    async with services.pool.connection() as conn:
        listed = await versions(conn, now=now, policy=name)
        found = next((each for each in listed if each.stored.version == version), None)
        if found is None:
            raise PolicyVersionUnknown(policy=name[:60], version=version)
        if wallet.strip():
            shown = await preview(
                conn,
                services.settings,
                policy=name,
                version=version,
                wallet_id=wallet.strip(),
                step=step,
                operator=who(request),
                now=now,
            )
        counted = await told(conn, policy=name, version=version)
    return page(
        request,
        "policy_notices.html",
        shown=found,
        wallet=wallet.strip(),
        step=step,
        steps=steps_of(found.policy),
        preview=shown,
        told={one.step: one.wallets for one in counted},
    )


ROUTES = (notices_page,)
