"""For operators: how far a policy is enforced, stopping that, taking a version back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import QueryParameter
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import refuses
from qianbao.policy.dates import ALWAYS
from qianbao.rollouts import enforcement, in_force, preview, rollback, wording
from qianbao.rollouts.operators import Operator


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """The reason, for the audit."""

    reason: Annotated[str, Meta(min_length=1, max_length=400)]


class WhyBack(Why):
    """The version that was looked at: no other is taken back, and that one only once."""

    version: Annotated[int, Meta(ge=1)] | None = None


@get("/operator/policies/{policy:str}/enforcement", opt=refuses("policy_not_published"))
async def show_enforcement(
    request: Asked, operator: Operator, policy: str
) -> enforcement.Enforcement:
    """Show how far a policy is enforced

    Its steps with their days, the forecast of its latest simulation beside what it has refused,
    beyond how many refused wallets it stops by itself, and each time it was stopped.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        found = await enforcement.enforcement(conn, own.settings, policy=policy, now=own.now())
    steps = tuple(
        enforcement.RolloutStep(one.percent, None if one.begins == ALWAYS else one.begins)
        for one in found.steps
    )
    return msgspec.structs.replace(found, steps=steps)


@post(
    "/operator/policies/{policy:str}/stop",
    status_code=200,
    opt=refuses("reason_needed", "policy_not_published", "legal_holds_stand"),
)
async def stop_policy(
    request: Asked, operator: Operator, policy: str, data: Why
) -> in_force.StopRow:
    """Stop a policy's enforcement

    It blocks nobody from now on, until an operator resumes it. The version stays published.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await enforcement.stop(
            conn, policy=policy, reason=data.reason, operator=operator.name, now=own.now()
        )


@post(
    "/operator/policies/{policy:str}/resume",
    status_code=200,
    opt=refuses("policy_not_published", "enforcement_not_stopped", "new_simulation_needed"),
)
async def resume_policy(request: Asked, operator: Operator, policy: str) -> in_force.StopRow:
    """Resume a policy's enforcement

    What it had reached it reaches again from `resumes_at` on, so that holders are told before; its
    later steps are as much later as the stop lasted. Where it stopped by itself, the version has
    to be simulated again first.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await enforcement.resume(conn, policy=policy, operator=operator.name, now=own.now())


@post(
    "/operator/policies/{policy:str}/rollback",
    status_code=200,
    opt=refuses(
        "reason_needed",
        "policy_not_published",
        "policy_version_unknown",
        "other_version_published",
        "legal_holds_stand",
    ),
)
async def roll_back_policy(
    request: Asked, operator: Operator, policy: str, data: WhyBack
) -> rollback.RolledBack:
    """Roll a policy back

    Takes the published version back at once: every capability that it alone blocks is there again.
    The version before it returns (`returned`) unless somebody would lose by that, at once or before
    they can be told. One operator is enough. Name the `version` that you looked at: where somebody
    was faster, what returned is left alone.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await rollback.roll_back(
            conn,
            own.settings,
            policy=policy,
            version=data.version,
            reason=data.reason,
            operator=operator.name,
            now=own.now(),
        )


@get(
    "/operator/policies/{policy:str}/notice-preview",
    opt=refuses("policy_version_unknown", "notices_need_dates", "wallet_unknown"),
)
async def preview_notice(
    request: Asked,
    operator: Operator,
    policy: str,
    version: Annotated[int, QueryParameter(ge=1)],
    wallet_id: Annotated[str, QueryParameter(min_length=1, max_length=64)],
    step: wording.Step = "announced",
) -> preview.Preview:
    """Preview a notice

    What one wallet would be told about a version, a draft too, in both languages, with its own
    facts. The look at the wallet is recorded.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await preview.preview(
            conn,
            own.settings,
            policy=policy,
            version=version,
            wallet_id=wallet_id,
            step=step,
            operator=operator.name,
            now=own.now(),
        )


ROUTES = (show_enforcement, stop_policy, resume_policy, roll_back_policy, preview_notice)
