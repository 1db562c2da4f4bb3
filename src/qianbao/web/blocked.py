"""A page whose one thing is blocked: the reasons and the ways out stand where the form would.

Here belongs asking, before a form is drawn, whether it could be of any use. The verb decides again
when the form is sent.
"""

from __future__ import annotations

import msgspec

from qianbao.clock import local_date
from qianbao.errors import QianbaoError
from qianbao.ledger import InsufficientFunds
from qianbao.web.i18n import Text
from qianbao.web.standing import CAPABILITY_WORDS, Refused, blocker, read_standing, refused, ways
from qianbao.web.visit import Asked

SMALLER = Text("Choose a smaller amount.", "请减少金额。")


async def blocked(request: Asked, capability: str) -> Refused | None:
    """Why whoever is signed in may not do this now, with every way out; None when no rule says
    no."""
    found = await read_standing(request, capability)
    if found.capabilities[capability].outcome != "blocked":
        return None
    word = CAPABILITY_WORDS[capability]
    return Refused(
        code="blocked_by_policy",
        sentence=Text(f"{word.en} is not possible now.", f"暂时无法{word.zh}。"),
        next_step=Text("See the ways out.", "请查看解决办法。"),
        blockers=tuple(
            blocker(
                one.reason,
                [word],
                currency=found.balance.currency,
                today=local_date(found.at),
            )
            for one in found.blockers
        ),
        ways=ways(found.ways_out),
        held=found.legal_hold is not None,
    )


async def told(request: Asked, error: QianbaoError | None) -> Refused | None:
    """A refusal as a form shows it, recommending nothing that is blocked itself."""
    if error is None:
        return None
    found = refused(error)
    if isinstance(error, InsufficientFunds) and await blocked(request, "top_up"):
        return msgspec.structs.replace(found, next_step=SMALLER)
    return found
