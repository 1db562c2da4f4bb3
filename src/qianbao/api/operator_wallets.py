"""For operators: wallets looked up, their standing, cases, legal holds."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.ids import id_from_key
from qianbao.payments.decisions import LoggedDecision, list_decisions
from qianbao.rollouts import oversight, set_aside
from qianbao.rollouts.operators import Operator
from qianbao.rollouts.population import HoldWaiting, holds_waiting
from qianbao.wallets import cases, profile
from qianbao.wallets.holds import LegalHold
from qianbao.wallets.standing import Standing, standing

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class AnswerCase(msgspec.Struct, forbid_unknown_fields=True):
    """What the operator says."""

    wallet_id: Id
    answer: Annotated[str, Meta(min_length=1, max_length=4000)]


class EnterHold(msgspec.Struct, forbid_unknown_fields=True):
    """A legal order with its reference; another operator approves it."""

    wallet_id: Id
    reference: Annotated[str, Meta(min_length=1, max_length=120)]


class HeldWallet(msgspec.Struct, forbid_unknown_fields=True):
    """The wallet that the hold was placed on."""

    wallet_id: Id


class SetDocumentAside(msgspec.Struct, forbid_unknown_fields=True):
    """Why the document may be somebody else's."""

    reason: Annotated[str, Meta(min_length=1, max_length=400)]


class PhoneSearch(msgspec.Struct, forbid_unknown_fields=True):
    """The phone of a wallet; in the body, so that no address and no log keeps it."""

    phone: Annotated[str, Meta(min_length=3, max_length=32)]


class DocumentSearch(msgspec.Struct, forbid_unknown_fields=True):
    """The number of a document; in the body, so that no address and no log keeps it."""

    number: Annotated[str, Meta(min_length=1, max_length=64)]


@post("/operator/document-searches", status_code=200)
async def find_showing(
    request: Asked, operator: Operator, data: DocumentSearch
) -> list[profile.Wallet]:
    """Find wallets by a document's number

    The open wallets that show it now, of whichever kind and issuer. Each look is recorded.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.find_wallets_showing(
            conn, own.keys, number=data.number, operator=operator.name, now=own.now()
        )


@post("/operator/wallet-searches", status_code=200, opt=refuses("phone_invalid"))
async def find_wallets(
    request: Asked, operator: Operator, data: PhoneSearch
) -> list[profile.Wallet]:
    """Find wallets by phone

    Every wallet that a phone has or had, the latest first. Each look is recorded. The phone stands
    in the body, so that no log keeps it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.find_wallets(
            conn, own.keys, phone=data.phone, operator=operator.name, now=own.now()
        )


@get("/operator/wallets/{wallet_id:str}/standing", opt=refuses("wallet_unknown"))
async def wallet_standing(request: Asked, operator: Operator, wallet_id: str) -> Standing:
    """Show a wallet's standing

    What the holder sees of it. Each look is recorded.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        await oversight.look_at(conn, wallet_id=wallet_id, operator=operator.name, now=own.now())
        return await standing(
            conn,
            await own.policies.current(conn),
            own.settings,
            wallet_id=wallet_id,
            now=own.now(),
        )


@get("/operator/wallets/{wallet_id:str}/decisions", opt=refuses("wallet_unknown"))
async def wallet_decisions(
    request: Asked, operator: Operator, wallet_id: str
) -> list[LoggedDecision]:
    """List a wallet's decisions

    The latest twenty that were logged: every refusal, and a sample of permits. Each look is
    recorded.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        await oversight.look_at(conn, wallet_id=wallet_id, operator=operator.name, now=own.now())
        return await list_decisions(conn, wallet_id=wallet_id)


@get(
    "/operator/decisions/{decision_id:str}",
    opt=refuses("decision_unknown", "policy_version_unknown"),
)
async def show_decision(
    request: Asked, operator: Operator, decision_id: str
) -> oversight.DecisionLooked:
    """Show a decision

    As it was logged, and taken again now by the versions of the policies that took it. Each look is
    recorded.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.look_at_decision(
            conn, decision_id=decision_id, operator=operator.name, now=own.now()
        )


@post(
    "/operator/wallets/{wallet_id:str}/document/set-aside",
    status_code=200,
    opt=refuses(
        "set_aside_reason_needed", "set_aside_impossible", "set_aside_held", "wallet_unknown"
    ),
)
async def set_document_aside(
    request: Asked, operator: Operator, key: str, wallet_id: str, data: SetDocumentAside
) -> set_aside.SetAside:
    """Set a wallet's document aside

    Of a wallet that no bank has confirmed: it then has no document and is nobody's known, and
    whoever the document belongs to can show it in theirs. The holder is told.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await set_aside.set_aside(
            conn,
            wallet_id=wallet_id,
            request_id=id_from_key("req", operator.name, key),
            reason=data.reason,
            operator=operator.name,
            now=own.now(),
        )


@get("/operator/cases")
async def list_cases(request: Asked, operator: Operator) -> list[cases.Case]:
    """List open cases

    The oldest first.
    """
    async with services(request).pool.connection() as conn:
        return await cases.list_open_cases(conn)


@post(
    "/operator/cases/{case_id:str}/answer",
    status_code=200,
    opt=refuses("case_unknown", "case_of_legal_hold", "case_answered", "case_text_length"),
)
async def answer_case(
    request: Asked, operator: Operator, case_id: str, data: AnswerCase
) -> cases.Case:
    """Answer a case

    Once; the holder finds the answer in the inbox.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.answer_case(
            conn,
            wallet_id=data.wallet_id,
            case_id=case_id,
            answer=data.answer,
            operator=operator.name,
            now=own.now(),
        )


@get("/operator/legal-holds")
async def list_holds(request: Asked, operator: Operator) -> list[HoldWaiting]:
    """List legal holds that wait

    Those that need a second operator, to be approved or lifted.
    """
    async with services(request).pool.connection() as conn:
        return await holds_waiting(conn)


@post(
    "/operator/legal-holds",
    status_code=201,
    opt=refuses(
        "legal_hold_reference_needed",
        "legal_hold_id_used",
        "legal_hold_rule_missing",
        "wallet_unknown",
    ),
)
async def enter_hold(request: Asked, operator: Operator, key: str, data: EnterHold) -> LegalHold:
    """Enter a legal hold

    An authority's order, with its reference. Nothing is held until another operator approves it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.enter_hold(
            conn,
            wallet_id=data.wallet_id,
            legal_hold_id=id_from_key("leg", operator.name, key),
            reference=data.reference,
            operator=operator.name,
            now=own.now(),
        )


@post(
    "/operator/legal-holds/{legal_hold_id:str}/approve",
    status_code=200,
    opt=refuses(
        "wallet_unknown",
        "legal_hold_unknown",
        "legal_hold_needs_second_operator",
        "legal_hold_lifted",
        "legal_hold_rule_missing",
    ),
)
async def approve_hold(
    request: Asked, operator: Operator, legal_hold_id: str, data: HeldWallet
) -> LegalHold:
    """Approve a legal hold

    Puts the order in force and opens the holder's case. Needs another operator than the one who
    entered it.
    """
    return await _step_hold(request, operator, "approve", data.wallet_id, legal_hold_id)


@post(
    "/operator/legal-holds/{legal_hold_id:str}/withdraw",
    status_code=200,
    opt=refuses("wallet_unknown", "legal_hold_unknown", "legal_hold_in_force", "legal_hold_lifted"),
)
async def withdraw_hold(
    request: Asked, operator: Operator, legal_hold_id: str, data: HeldWallet
) -> LegalHold:
    """Withdraw a legal hold

    Takes back an order that nobody has approved.
    """
    return await _step_hold(request, operator, "withdraw", data.wallet_id, legal_hold_id)


@post(
    "/operator/legal-holds/{legal_hold_id:str}/propose-lift",
    status_code=200,
    opt=refuses(
        "wallet_unknown", "legal_hold_unknown", "legal_hold_not_in_force", "legal_hold_lifted"
    ),
)
async def propose_lift(
    request: Asked, operator: Operator, legal_hold_id: str, data: HeldWallet
) -> LegalHold:
    """Propose to lift a legal hold

    It stands until another operator lifts it.
    """
    return await _step_hold(request, operator, "propose_lift", data.wallet_id, legal_hold_id)


@post(
    "/operator/legal-holds/{legal_hold_id:str}/keep",
    status_code=200,
    opt=refuses(
        "wallet_unknown", "legal_hold_unknown", "legal_hold_not_in_force", "legal_hold_lifted"
    ),
)
async def keep_hold(
    request: Asked, operator: Operator, legal_hold_id: str, data: HeldWallet
) -> LegalHold:
    """Keep a legal hold

    Turns a proposal to lift it down, one's own or another's.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.keep_hold(
            conn,
            wallet_id=data.wallet_id,
            legal_hold_id=legal_hold_id,
            operator=operator.name,
            now=own.now(),
        )


@post(
    "/operator/legal-holds/{legal_hold_id:str}/lift",
    status_code=200,
    opt=refuses(
        "wallet_unknown",
        "legal_hold_unknown",
        "legal_hold_not_in_force",
        "legal_hold_lift_not_proposed",
        "legal_hold_lift_needs_second_operator",
    ),
)
async def lift_hold(
    request: Asked, operator: Operator, legal_hold_id: str, data: HeldWallet
) -> LegalHold:
    """Lift a legal hold

    Ends it and its case, as another operator has proposed.
    """
    return await _step_hold(request, operator, "lift", data.wallet_id, legal_hold_id)


async def _step_hold(
    request: Asked,
    operator: Operator,
    step: oversight.HoldStep,
    wallet_id: str,
    legal_hold_id: str,
) -> LegalHold:
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.step_hold(
            conn,
            step,
            wallet_id=wallet_id,
            legal_hold_id=legal_hold_id,
            operator=operator.name,
            now=own.now(),
        )


ROUTES = (
    find_wallets,
    find_showing,
    wallet_standing,
    wallet_decisions,
    show_decision,
    set_document_aside,
    list_cases,
    answer_case,
    list_holds,
    enter_hold,
    approve_hold,
    withdraw_hold,
    propose_lift,
    keep_hold,
    lift_hold,
)
