"""For operators: one wallet's next document may have another name."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.ids import id_from_key
from qianbao.rollouts import name_changes
from qianbao.rollouts.operators import Operator


class ProposeNameChange(msgspec.Struct, forbid_unknown_fields=True):
    """What the operator saw of the change."""

    reason: Annotated[str, Meta(min_length=1, max_length=400)]


@get("/operator/wallets/{wallet_id:str}/name-changes")
async def list_name_changes(
    request: Asked, operator: Operator, wallet_id: str
) -> list[name_changes.NameChange]:
    """List a wallet's changes of name

    All there were, the latest first.
    """
    async with services(request).pool.connection() as conn:
        return await name_changes.list_name_changes(conn, wallet_id)


@get("/operator/name-changes")
async def list_waiting_name_changes(
    request: Asked, operator: Operator
) -> list[name_changes.NameChange]:
    """List changes of name that wait

    Those that a second operator has to approve, the oldest first.
    """
    async with services(request).pool.connection() as conn:
        return await name_changes.name_changes_waiting(conn)


@post(
    "/operator/wallets/{wallet_id:str}/name-changes",
    status_code=201,
    opt=refuses(
        "name_change_reason_needed",
        "name_change_not_needed",
        "name_change_stands",
        "name_change_id_used",
        "wallet_unknown",
    ),
)
async def propose_name_change(
    request: Asked, operator: Operator, key: str, wallet_id: str, data: ProposeNameChange
) -> name_changes.NameChange:
    """Propose a change of name

    For a holder whom a bank has confirmed and whose document now has another name, so that it is
    refused as another person's. It lets nothing pass until another operator approves it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await name_changes.propose(
            conn,
            wallet_id=wallet_id,
            name_change_id=id_from_key("chn", operator.name, key),
            reason=data.reason,
            operator=operator.name,
            now=own.now(),
        )


@post(
    "/operator/wallets/{wallet_id:str}/name-changes/{name_change_id:str}/approve",
    status_code=200,
    opt=refuses(
        "name_change_unknown",
        "name_change_needs_second_operator",
        "name_change_settled",
        "wallet_unknown",
    ),
)
async def approve_name_change(
    request: Asked, operator: Operator, wallet_id: str, name_change_id: str
) -> name_changes.NameChange:
    """Approve a change of name

    The next document with another name is taken, once, until the day that the holder is told; the
    date of birth, the sex and a number for life must be as before. Needs another operator than the
    one who proposed it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await name_changes.approve(
            conn,
            wallet_id=wallet_id,
            name_change_id=name_change_id,
            operator=operator.name,
            days=own.settings.name_change_days,
            now=own.now(),
        )


@post(
    "/operator/wallets/{wallet_id:str}/name-changes/{name_change_id:str}/withdraw",
    status_code=200,
    opt=refuses("name_change_unknown", "name_change_settled", "wallet_unknown"),
)
async def withdraw_name_change(
    request: Asked, operator: Operator, wallet_id: str, name_change_id: str
) -> name_changes.NameChange:
    """Withdraw a change of name

    Takes it back, approved or not, as long as no document has used it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await name_changes.withdraw(
            conn,
            wallet_id=wallet_id,
            name_change_id=name_change_id,
            operator=operator.name,
            now=own.now(),
        )


ROUTES = (
    list_name_changes,
    list_waiting_name_changes,
    propose_name_change,
    approve_name_change,
    withdraw_name_change,
)
