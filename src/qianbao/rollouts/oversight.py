"""What an operator does to one wallet: look at it, answer its cases, enter legal holds. Each act is
recorded in the transaction that does it, whichever door it came through.

The acts themselves belong to `wallets`; here they only get the operator's name put to them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from qianbao.db.queries import Connection
from qianbao.identity.documents import wallets_showing
from qianbao.keyring import KeyRing
from qianbao.payments.decisions import LoggedDecision, find_decision
from qianbao.rollouts.hold_rule import check_in_force
from qianbao.rollouts.operators import audit
from qianbao.rollouts.replay import Replayed, replay
from qianbao.wallets import cases, holds, profile

HoldStep = Literal["approve", "withdraw", "propose_lift", "lift"]
"""What an operator does to a hold that is entered."""

_STEPS = {
    "approve": (holds.approve, "approved_at"),
    "withdraw": (holds.withdraw, "lifted_at"),
    "propose_lift": (holds.propose_lift, "lift_proposed_at"),
    "lift": (holds.lift, "lifted_at"),
}
"""The verb of each step, and the moment that it sets: an act that was done before is recorded once.
"""


async def find_wallets(
    conn: Connection, keys: KeyRing, *, phone: str, operator: str, now: datetime
) -> list[profile.Wallet]:
    """Every wallet that `phone` has or had, the latest first; each look is recorded. Raises
    `PhoneInvalid`."""
    found = await profile.find_by_phone(conn, keys, phone)
    for wallet in found:
        await audit(
            conn, operator=operator, action="wallet.find", subject=wallet.wallet_id, now=now
        )
    return found


async def find_wallets_showing(
    conn: Connection, keys: KeyRing, *, number: str, operator: str, now: datetime
) -> list[profile.Wallet]:
    """The open wallets whose document has that number now; each look is recorded, and not the
    number. For somebody who is kept out by a wallet that shows their document."""
    found = [
        await profile.wallet(conn, wallet_id)
        for wallet_id in await wallets_showing(conn, keys, number)
    ]
    for wallet in found:
        await audit(
            conn, operator=operator, action="wallet.find_document", subject=wallet.wallet_id,
            now=now,
        )  # fmt: skip
    return found


async def look_at(
    conn: Connection, *, wallet_id: str, operator: str, now: datetime
) -> profile.Wallet:
    """The wallet, recorded as looked at. Raises `WalletUnknown`."""
    found = await profile.wallet(conn, wallet_id)
    await audit(conn, operator=operator, action="wallet.look_at", subject=wallet_id, now=now)
    return found


class DecisionLooked(msgspec.Struct, frozen=True):
    """A logged decision, and what comes out when it is taken again now."""

    logged: LoggedDecision
    replayed: Replayed


async def look_at_decision(
    conn: Connection, *, decision_id: str, operator: str, now: datetime
) -> DecisionLooked:
    """The decision taken again, recorded as a look at its wallet. Raises `DecisionUnknown` or
    `PolicyVersionUnknown`."""
    logged = await find_decision(conn, decision_id)
    await audit(
        conn, operator=operator, action="wallet.look_at", subject=logged.wallet_id, now=now,
        detail={"decision": decision_id},
    )  # fmt: skip
    return DecisionLooked(logged, await replay(conn, logged))


async def answer_case(
    conn: Connection, *, wallet_id: str, case_id: str, answer: str, operator: str, now: datetime
) -> cases.Case:
    """As `wallets.cases.answer`."""
    answered = await cases.answer(
        conn, wallet_id=wallet_id, case_id=case_id, answer=answer, operator=operator, now=now
    )
    await audit(
        conn, operator=operator, action="case.answer", subject=wallet_id, now=now,
        detail={"case": case_id},
    )  # fmt: skip
    return answered


async def enter_hold(
    conn: Connection,
    *,
    wallet_id: str,
    legal_hold_id: str,
    reference: str,
    operator: str,
    now: datetime,
) -> holds.LegalHold:
    """As `wallets.holds.enter`."""
    hold = await holds.enter(
        conn,
        wallet_id=wallet_id,
        legal_hold_id=legal_hold_id,
        reference=reference,
        operator=operator,
        now=now,
    )
    if hold.entered_at == now:
        await _record_hold(conn, "legal_hold.enter", hold, operator, now)
    return hold


async def step_hold(
    conn: Connection,
    step: HoldStep,
    *,
    wallet_id: str,
    legal_hold_id: str,
    operator: str,
    now: datetime,
) -> holds.LegalHold:
    """As the verb of that name in `wallets.holds`. Approving raises `LegalHoldRuleMissing`, too,
    when the hold would hold nothing."""
    if step == "approve":
        await check_in_force(conn, now=now)
    verb, moment = _STEPS[step]
    hold = await verb(
        conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id, operator=operator, now=now
    )
    if getattr(hold, moment) == now:
        await _record_hold(conn, f"legal_hold.{step}", hold, operator, now)
    return hold


async def keep_hold(
    conn: Connection, *, wallet_id: str, legal_hold_id: str, operator: str, now: datetime
) -> holds.LegalHold:
    """As `wallets.holds.keep`."""
    hold = await holds.keep(conn, wallet_id=wallet_id, legal_hold_id=legal_hold_id)
    await _record_hold(conn, "legal_hold.keep", hold, operator, now)
    return hold


async def _record_hold(
    conn: Connection, action: str, hold: holds.LegalHold, operator: str, now: datetime
) -> None:
    await audit(
        conn, operator=operator, action=action, subject=hold.wallet_id, now=now,
        detail={"legal_hold": hold.legal_hold_id, "reference": hold.reference},
    )  # fmt: skip
