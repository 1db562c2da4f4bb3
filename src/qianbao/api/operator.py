"""For operators: policies and their life, wallets, cases, legal holds, proofs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.params import QueryParameter
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.ids import id_from_key
from qianbao.ledger.proof import Proof, prove_snapshot
from qianbao.payments.reconcile import Reconciliation, reconcile
from qianbao.rollouts import in_force, operators, oversight, publish, simulate
from qianbao.rollouts.operators import Operator
from qianbao.wallets import cases, profile
from qianbao.wallets.standing import Standing, standing

Id = Annotated[str, Meta(min_length=1, max_length=64)]


class SignIn(msgspec.Struct):
    """An operator's name and password."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class Token(msgspec.Struct):
    """Goes into the Authorization header."""

    token: str


class DraftPolicy(msgspec.Struct):
    """A policy as written, in YAML."""

    body: Annotated[str, Meta(min_length=1, max_length=20_000)]


class Version(msgspec.Struct):
    """Which version of a policy."""

    version: Annotated[int, Meta(ge=1)]


class AnswerCase(msgspec.Struct):
    """What the operator says."""

    wallet_id: Id
    answer: Annotated[str, Meta(min_length=1, max_length=4000)]


class EnterHold(msgspec.Struct):
    """A legal order with its reference; another operator approves it."""

    wallet_id: Id
    reference: Annotated[str, Meta(min_length=1, max_length=120)]


class HoldStep(msgspec.Struct):
    """Whose hold is approved or lifted."""

    wallet_id: Id


class ProofView(msgspec.Struct):
    """`sound` is True when nothing was found wrong."""

    sound: bool
    proof: Proof


class VersionView(msgspec.Struct):
    """A version of a policy: its text, its dates, and where it stands now."""

    policy: str
    version: int
    title_en: str
    title_zh: str
    state: str
    phase: str
    announce: date | None
    warn: date | None
    enforce: date | None
    drafted_by: str
    drafted_at: datetime
    published_by: str | None
    published_at: datetime | None
    body: str


def _version(listed: in_force.ListedVersion) -> VersionView:
    stored, timeline = listed.stored, listed.policy.timeline
    return VersionView(
        policy=stored.policy,
        version=stored.version,
        title_en=listed.policy.title_en,
        title_zh=listed.policy.title_zh,
        state=stored.state,
        phase=listed.phase,
        announce=timeline.announce if timeline else None,
        warn=timeline.warn if timeline else None,
        enforce=timeline.enforce if timeline else None,
        drafted_by=stored.drafted_by,
        drafted_at=stored.drafted_at,
        published_by=stored.published_by,
        published_at=stored.published_at,
        body=stored.body,
    )


@post("/operator/session", status_code=201, security=[{}])
async def sign_in(request: Asked, data: SignIn) -> Token:
    """Signs an operator in."""
    own = services(request)
    token = await operators.sign_in(
        own.pool,
        name=data.name,
        password=data.password,
        now=own.now(),
        attempts=own.settings.pin_attempts,
        lock_minutes=own.settings.pin_lock_minutes,
    )
    return Token(token)


@get("/operator/policies")
async def list_policies(request: Asked, operator: Operator) -> list[VersionView]:
    """Every version ever written, with its phase and dates."""
    own = services(request)
    async with own.pool.connection() as conn:
        return [_version(one) for one in await in_force.versions(conn, now=own.now())]


@get("/operator/rollouts")
async def list_rollouts(request: Asked, operator: Operator) -> list[VersionView]:
    """The published versions: where each stands between announcement and enforcement."""
    own = services(request)
    async with own.pool.connection() as conn:
        found = await in_force.versions(conn, now=own.now())
    return [_version(one) for one in found if one.stored.state == "published"]


@post("/operator/policies", status_code=201)
async def draft_policy(
    request: Asked, operator: Operator, data: DraftPolicy
) -> publish.PolicyVersion:
    """Stores a draft. Mistakes are found here, with line and column."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await publish.draft(conn, body=data.body, operator=operator.name, now=own.now())


@post("/operator/policies/{policy:str}/simulations", status_code=201)
async def simulate_policy(
    request: Asked, operator: Operator, key: str, policy: str, data: Version
) -> simulate.Simulation:
    """Tries a version on every wallet there is; nothing changes."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await simulate.simulate(
            conn,
            policy=policy,
            version=data.version,
            operator=operator.name,
            simulation_id=id_from_key("sim", operator.name, key),
            now=own.now(),
        )


@get("/operator/policies/{policy:str}/simulations")
async def list_simulations(
    request: Asked, operator: Operator, policy: str
) -> list[simulate.Simulation]:
    """Stored simulations, newest first."""
    async with services(request).pool.connection() as conn:
        return await simulate.list_simulations(conn, policy=policy)


@post("/operator/policies/{policy:str}/publish", status_code=200)
async def publish_policy(
    request: Asked, operator: Operator, policy: str, data: Version
) -> publish.PolicyVersion:
    """Publishes a simulated draft; needs another operator than the one who drafted it."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await publish.publish(
            conn, policy=policy, version=data.version, operator=operator.name, now=own.now()
        )


@post("/operator/policies/{policy:str}/retire", status_code=204)
async def retire_policy(request: Asked, operator: Operator, policy: str) -> None:
    """Takes a policy out of force; every capability comes back at once."""
    own = services(request)
    async with own.pool.connection() as conn:
        await publish.retire(conn, policy=policy, operator=operator.name, now=own.now())


@get("/operator/wallets")
async def find_wallets(
    request: Asked,
    operator: Operator,
    phone: Annotated[str, QueryParameter(min_length=3, max_length=32)],
) -> list[profile.Wallet]:
    """Every wallet that a phone has or had."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.find_wallets(
            conn, own.keys, phone=phone, operator=operator.name, now=own.now()
        )


@get("/operator/wallets/{wallet_id:str}/standing")
async def wallet_standing(request: Asked, operator: Operator, wallet_id: str) -> Standing:
    """What the holder sees of their standing."""
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


@get("/operator/cases")
async def list_cases(request: Asked, operator: Operator) -> Any:
    """Open cases, the oldest first."""
    async with services(request).pool.connection() as conn:
        return await cases.list_open_cases(conn)


@post("/operator/cases/{case_id:str}/answer", status_code=200)
async def answer_case(request: Asked, operator: Operator, case_id: str, data: AnswerCase) -> Any:
    """Answers a case; the holder gets a notice."""
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


@post("/operator/legal-holds", status_code=201)
async def enter_hold(request: Asked, operator: Operator, key: str, data: EnterHold) -> Any:
    """Enters a legal order; nothing is held until another operator approves it."""
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


@post("/operator/legal-holds/{legal_hold_id:str}/approve", status_code=200)
async def approve_hold(
    request: Asked, operator: Operator, legal_hold_id: str, data: HoldStep
) -> Any:
    """Puts a legal order in force."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.approve_hold(
            conn,
            wallet_id=data.wallet_id,
            legal_hold_id=legal_hold_id,
            operator=operator.name,
            now=own.now(),
        )


@post("/operator/legal-holds/{legal_hold_id:str}/lift", status_code=200)
async def lift_hold(request: Asked, operator: Operator, legal_hold_id: str, data: HoldStep) -> Any:
    """Ends a legal order."""
    own = services(request)
    async with own.pool.connection() as conn:
        return await oversight.lift_hold(
            conn,
            wallet_id=data.wallet_id,
            legal_hold_id=legal_hold_id,
            operator=operator.name,
            now=own.now(),
        )


@get("/operator/ledger-proof")
async def ledger_proof(request: Asked, operator: Operator) -> ProofView:
    """Recomputes the whole ledger."""
    found = await prove_snapshot(services(request).pool)
    return ProofView(found.sound, found)


@get("/operator/reconciliation")
async def reconciliation(
    request: Asked, operator: Operator, since: datetime | None = None
) -> Reconciliation:
    """Compares bank orders with what the banks say; without `since`, those of the last day."""
    own = services(request)
    return await reconcile(own.pool, own.gateway, since=since or own.now() - timedelta(days=1))


@get("/operator/audit")
async def list_audit(
    request: Asked, operator: Operator, before: Annotated[str, QueryParameter(max_length=64)] = ""
) -> list[operators.AuditEntry]:
    """Who did what, the latest first."""
    async with services(request).pool.connection() as conn:
        return await operators.list_audit(conn, before=before)


ROUTES = (
    sign_in,
    list_policies,
    list_rollouts,
    draft_policy,
    simulate_policy,
    list_simulations,
    publish_policy,
    retire_policy,
    find_wallets,
    wallet_standing,
    list_cases,
    answer_case,
    enter_hold,
    approve_hold,
    lift_hold,
    ledger_proof,
    reconciliation,
    list_audit,
)
