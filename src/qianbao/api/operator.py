"""For operators: policies and their life, proofs, the audit; wallets are `operator_wallets`."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import QueryParameter
from msgspec import Meta

from qianbao.api import (
    operator_exemptions,
    operator_name_changes,
    operator_rollouts,
    operator_wallets,
)
from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.ids import id_from_key
from qianbao.ledger.proof import Proof, prove_snapshot
from qianbao.payments.reconcile import Reconciliation, reconcile
from qianbao.policy.policies import load_policy
from qianbao.rollouts import forecast, in_force, operators, publish, retire, simulate
from qianbao.rollouts.operators import Operator


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """An operator's name and password."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class Token(msgspec.Struct):
    """Goes into the Authorization header."""

    token: str


class DraftPolicy(msgspec.Struct, forbid_unknown_fields=True):
    """A policy as written, in YAML."""

    body: Annotated[str, Meta(min_length=1, max_length=20_000)]


class Version(msgspec.Struct, forbid_unknown_fields=True):
    """Which version of a policy."""

    version: Annotated[int, Meta(ge=1)]


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
    percent: int
    stopped_by: str | None
    stopped_at: datetime | None
    drafted_by: str
    drafted_at: datetime
    published_by: str | None
    published_at: datetime | None
    retire_proposed_by: str | None
    retire_proposed_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None
    body: str


def version_view(listed: in_force.ListedVersion) -> VersionView:
    """As it is listed."""
    stored, days = listed.stored, listed.days
    return VersionView(
        policy=stored.policy,
        version=stored.version,
        title_en=listed.policy.title_en,
        title_zh=listed.policy.title_zh,
        state=stored.state,
        phase=listed.phase,
        announce=days.announce if days else None,
        warn=days.warn if days else None,
        enforce=days.enforce if days else None,
        percent=listed.percent,
        stopped_by=listed.stop.stopped_by if listed.stop else None,
        stopped_at=listed.stop.stopped_at if listed.stop else None,
        drafted_by=stored.drafted_by,
        drafted_at=stored.drafted_at,
        published_by=stored.published_by,
        published_at=stored.published_at,
        retire_proposed_by=stored.retire_proposed_by,
        retire_proposed_at=stored.retire_proposed_at,
        retired_by=stored.retired_by,
        retired_at=stored.retired_at,
        body=stored.body,
    )


@post(
    "/operator/session",
    status_code=201,
    security=[{}],
    opt=refuses("sign_in_refused", "sign_in_busy"),
)
async def sign_in(request: Asked, data: SignIn) -> Token:
    """Sign in

    With name and password; the session ends after twelve hours without use.
    """
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
    """List policies

    Every version ever written, with its phase and dates.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return [version_view(one) for one in await in_force.versions(conn, now=own.now())]


@get("/operator/rollouts")
async def list_rollouts(request: Asked, operator: Operator) -> list[VersionView]:
    """List rollouts

    The published versions: where each stands between announcement and enforcement.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        found = await in_force.versions(conn, now=own.now())
    return [version_view(one) for one in found if one.stored.state == "published"]


@post(
    "/operator/policies",
    status_code=201,
    opt=refuses(
        "policy_unreadable",
        "policy_field_missing",
        "policy_field_wrong",
        "policy_syntax",
        "policy_forbidden",
        "policy_type_error",
        "policy_unknown_fact",
        "policy_unknown_field",
        "policy_unknown_value",
        "policy_unknown_capability",
        "policy_out_of_bounds",
        "policy_timeline_order",
        "policy_traps_money",
        "policy_version_exists",
    ),
)
async def draft_policy(
    request: Asked, operator: Operator, data: DraftPolicy
) -> in_force.PolicyVersion:
    """Draft a policy

    Stores a version that nobody sees yet. Mistakes are found here, with line and column.
    """
    own = services(request)
    await asyncio.to_thread(load_policy, data.body)  # nobody else waits; then it is known
    async with own.pool.connection() as conn:
        return await publish.draft(conn, body=data.body, operator=operator.name, now=own.now())


@post(
    "/operator/policies/{policy:str}/simulations",
    status_code=201,
    opt=refuses("policy_version_unknown", "simulation_id_used"),
)
async def simulate_policy(
    request: Asked, operator: Operator, key: str, policy: str, data: Version
) -> simulate.Simulation:
    """Simulate a policy

    Tries a version on every wallet there is and keeps what it would change; nothing changes.
    """
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
    """List simulations

    Those stored of a policy, newest first.
    """
    async with services(request).pool.connection() as conn:
        return await simulate.list_simulations(conn, policy=policy)


@get("/operator/policies/{policy:str}/forecast", opt=refuses("policy_not_published"))
async def compare_forecast(
    request: Asked, operator: Operator, policy: str
) -> forecast.Outturn | None:
    """Compare a forecast

    What the published version's simulation foretold, beside whom it has refused since it began to
    block; null before that.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await forecast.compare(conn, policy=policy, now=own.now())


@post(
    "/operator/policies/{policy:str}/publish",
    status_code=200,
    opt=refuses(
        "policy_version_unknown",
        "policy_not_a_draft",
        "policy_over",
        "policy_does_not_lint",
        "simulation_needed",
        "second_operator_needed",
        "policy_not_told_in_time",
        "legal_holds_stand",
        "rules_changed",
    ),
)
async def publish_policy(
    request: Asked, operator: Operator, policy: str, data: Version
) -> in_force.PolicyVersion:
    """Publish a policy

    Puts a simulated draft on its way. Needs another operator than the one who drafted it. The same
    operator's second request gives what the first one did.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await publish.publish(
            conn,
            own.settings,
            policy=policy,
            version=data.version,
            operator=operator.name,
            now=own.now(),
        )


@post(
    "/operator/policies/{policy:str}/propose-retirement",
    status_code=200,
    opt=refuses("policy_not_published", "legal_holds_stand"),
)
async def propose_retirement(
    request: Asked, operator: Operator, policy: str
) -> in_force.PolicyVersion:
    """Propose to retire a policy

    It stays in force until another operator retires it.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await retire.propose(conn, policy=policy, operator=operator.name, now=own.now())


@post(
    "/operator/policies/{policy:str}/keep",
    status_code=200,
    opt=refuses("policy_not_published", "retirement_not_proposed"),
)
async def keep_policy(request: Asked, operator: Operator, policy: str) -> in_force.PolicyVersion:
    """Keep a policy

    Turns a proposal to retire it down, one's own or another's.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await retire.keep(conn, policy=policy, operator=operator.name, now=own.now())


@post(
    "/operator/policies/{policy:str}/retire",
    status_code=200,
    opt=refuses(
        "policy_not_published",
        "retirement_not_proposed",
        "retirement_needs_second_operator",
        "legal_holds_stand",
    ),
)
async def retire_policy(request: Asked, operator: Operator, policy: str) -> in_force.PolicyVersion:
    """Retire a policy

    As another operator has proposed: every capability that it alone blocks comes back at once.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await retire.retire(conn, policy=policy, operator=operator.name, now=own.now())


@get("/operator/ledger-proof")
async def ledger_proof(request: Asked, operator: Operator) -> ProofView:
    """Prove the ledger

    Recomputes the whole of it: `sound` is true when nothing was found wrong.
    """
    found = await prove_snapshot(services(request).pool)
    return ProofView(found.sound, found)


@get(
    "/operator/reconciliation", opt=refuses("bank_silent", "bank_unreachable", "bank_misunderstood")
)
async def reconciliation(
    request: Asked, operator: Operator, since: datetime | None = None
) -> Reconciliation:
    """Reconcile with the banks

    Compares bank orders with what the banks say of them, those of the last day unless said
    otherwise.
    """
    own = services(request)
    return await reconcile(own.pool, own.gateway, since=since or own.now() - timedelta(days=1))


@get("/operator/audit")
async def list_audit(
    request: Asked,
    operator: Operator,
    subject: Annotated[str, QueryParameter(max_length=64)] = "",
    kind: Annotated[str, QueryParameter(max_length=64)] = "",
    before: Annotated[str, QueryParameter(max_length=64)] = "",
) -> list[operators.AuditEntry]:
    """List the audit

    Who did what, the latest first.
    """
    async with services(request).pool.connection() as conn:
        return await operators.list_audit(conn, subject=subject, kind=kind, before=before)


ROUTES = (
    sign_in,
    list_policies,
    list_rollouts,
    draft_policy,
    simulate_policy,
    list_simulations,
    compare_forecast,
    publish_policy,
    propose_retirement,
    keep_policy,
    retire_policy,
    ledger_proof,
    reconciliation,
    list_audit,
    *operator_wallets.ROUTES,
    *operator_exemptions.ROUTES,
    *operator_name_changes.ROUTES,
    *operator_rollouts.ROUTES,
)
