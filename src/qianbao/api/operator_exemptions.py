"""For operators: one wallet exempted from one policy until a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.ids import id_from_key
from qianbao.rollouts import exemptions
from qianbao.rollouts.operators import Operator


class ProposeExemption(msgspec.Struct, forbid_unknown_fields=True):
    """From which policy, until which day, and why."""

    policy: Annotated[str, Meta(min_length=1, max_length=60)]
    until: date
    reason: Annotated[str, Meta(min_length=1, max_length=400)]


@get("/operator/wallets/{wallet_id:str}/exemptions")
async def list_exemptions(
    request: Asked, operator: Operator, wallet_id: str
) -> list[exemptions.Exemption]:
    """List a wallet's exemptions

    All there were, the latest first.
    """
    async with services(request).pool.connection() as conn:
        return await exemptions.list_exemptions(conn, wallet_id)


@get("/operator/exemptions")
async def list_waiting(request: Asked, operator: Operator) -> list[exemptions.Exemption]:
    """List exemptions that wait

    Those that a second operator has to approve, the oldest first.
    """
    async with services(request).pool.connection() as conn:
        return await exemptions.exemptions_waiting(conn)


@post(
    "/operator/wallets/{wallet_id:str}/exemptions",
    status_code=201,
    opt=refuses(
        "exemption_reason_needed",
        "exemption_until_wrong",
        "exemption_impossible",
        "exemption_id_used",
        "policy_not_published",
        "wallet_unknown",
    ),
)
async def propose_exemption(
    request: Asked, operator: Operator, key: str, wallet_id: str, data: ProposeExemption
) -> exemptions.Exemption:
    """Propose an exemption

    It frees nobody until another operator approves it, and ends as the day `until` begins.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await exemptions.propose(
            conn,
            wallet_id=wallet_id,
            exemption_id=id_from_key("exm", operator.name, key),
            policy=data.policy,
            until=data.until,
            reason=data.reason,
            operator=operator.name,
            now=own.now(),
        )


@post(
    "/operator/wallets/{wallet_id:str}/exemptions/{exemption_id:str}/approve",
    status_code=200,
    opt=refuses(
        "exemption_unknown",
        "exemption_needs_second_operator",
        "exemption_settled",
        "exemption_until_wrong",
        "policy_not_published",
        "wallet_unknown",
    ),
)
async def approve_exemption(
    request: Asked, operator: Operator, wallet_id: str, exemption_id: str
) -> exemptions.Exemption:
    """Approve an exemption

    Frees the wallet at once; the holder is told until when. Needs another operator than the one
    who proposed it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await exemptions.approve(
            conn,
            wallet_id=wallet_id,
            exemption_id=exemption_id,
            operator=operator.name,
            now=own.now(),
        )


@post(
    "/operator/wallets/{wallet_id:str}/exemptions/{exemption_id:str}/withdraw",
    status_code=200,
    opt=refuses("exemption_unknown", "exemption_settled", "wallet_unknown"),
)
async def withdraw_exemption(
    request: Asked, operator: Operator, wallet_id: str, exemption_id: str
) -> exemptions.Exemption:
    """Withdraw an exemption

    Takes back a proposal that nobody has approved.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await exemptions.withdraw(
            conn,
            wallet_id=wallet_id,
            exemption_id=exemption_id,
            operator=operator.name,
            now=own.now(),
        )


ROUTES = (
    list_exemptions,
    list_waiting,
    propose_exemption,
    approve_exemption,
    withdraw_exemption,
)
