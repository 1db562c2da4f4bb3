"""A page whose one thing is blocked: the reasons and the ways out stand where the form would.

Here belongs asking, before a form is drawn, whether it could be of any use. The verb decides again
when the form is sent.
"""

from __future__ import annotations

import msgspec

from qianbao.clock import local_date
from qianbao.errors import QianbaoError
from qianbao.ledger import InsufficientFunds
from qianbao.money import show
from qianbao.wallets.standing import Withdrawable
from qianbao.web.i18n import Text
from qianbao.web.standing import CAPABILITY_WORDS, Refused, blocker, read_standing, refused
from qianbao.web.visit import Asked
from qianbao.web.ways import ways

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


def withdrawing_less(error: QianbaoError | None, found: Withdrawable) -> Refused | None:
    """A withdrawal of more than there is, told with the most that can arrive and its fee: topping
    up is not what somebody wants who takes money out. None for any other refusal."""
    if not isinstance(error, InsufficientFunds):
        return None
    arrives, fee = (show(one.amount_minor, one.currency) for one in (found.arrives, found.fee))
    return msgspec.structs.replace(
        refused(error),
        next_step=Text(
            f"At most {arrives} can arrive: the fee of {fee} comes on top.",
            f"最多可到账 {arrives}，另收手续费 {fee}。",
        ),
    )
