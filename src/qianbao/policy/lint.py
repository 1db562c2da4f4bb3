"""What is wrong with policies as they are written, proven over every abstract wallet (`space`).

Here belongs what follows from the conditions alone: rules that contradict each other, stand behind
another, or can never apply. What holders can do about a block is in `remedies.lint`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Literal

import msgspec

from qianbao.policy.asking import FACTORS
from qianbao.policy.marks import read_marked
from qianbao.policy.policies import Policy, Words, load_policy
from qianbao.policy.space import Cell, Space, space_of
from qianbao.policy.spells import is_unmet

Severity = Literal["error", "warning"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing wrong. `policies` are those it is about, by name, the one to change first;
    `line` is where in its file. `story` tells of one wallet that it would happen to, in as few
    words as there are."""

    code: str
    severity: Severity
    policies: tuple[str, ...]
    line: int
    column: int = 1
    message: Words
    story: Words | None = None


def in_force(policies: Iterable[Policy]) -> tuple[Policy, ...]:
    """The policies as they will be once all of them are enforced on everybody, grace used up."""
    return tuple(
        msgspec.structs.replace(
            load_policy(policy.text, kept_open=False), timeline=None, grace_days=0
        )
        for policy in policies
    )


def lint_conditions(policies: tuple[Policy, ...]) -> tuple[Finding, ...]:
    """Every policy that is named twice, can never apply, block or ask, and every two of which no
    wallet can meet both or one stands behind the other."""
    found = [*_twice(policies), *_unproven(policies), *_asking_nothing(policies)]
    found += _outlasting(policies)
    useful = []
    for policy in policies:
        useless = _useless(policy)
        if useless is None:
            useful.append(policy)
        else:
            found.append(useless)
    for one, other in combinations(useful, 2):
        if touched_by(one) & touched_by(other):
            found += _of_two(one, other)
    return tuple(found)


def space_of_policies(policies: Iterable[Policy], **fixed: object) -> Space:
    """The wallets that these policies tell apart."""
    policies = tuple(policies)
    conditions = [one for policy in policies for one in (policy.applies_to, policy.requires)]
    return space_of(conditions, **fixed)


def stops_nobody_else(one: Policy, other: Policy) -> bool:
    """Whether every wallet that does not meet `one` does not meet `other` either: because they say
    the same, or proven."""
    if (one.applies_to.text, one.requires.text) == (other.applies_to.text, other.requires.text):
        return True
    space = space_of_policies([one, other])
    return not space.unproven and all(
        is_unmet(other, made.facts) for made in space.cells() if is_unmet(one, made.facts)
    )


def line_of(policy: Policy, field: str) -> int:
    """The line of the policy's file on which `field` stands; 1 where it is left out."""
    return read_marked(policy.text).key_place(field)["line"]


def condition_field(policy: Policy) -> str:
    """Where a policy says what it requires."""
    if policy.limit is not None:
        return "limit"
    written = read_marked(policy.text).data
    return "when" if isinstance(written, dict) and "when" in written else "requires"


def touched_by(policy: Policy) -> set[str]:
    """The capabilities that a policy blocks, or asks before."""
    return {*policy.blocks, *policy.asks_before}


def _effects(policy: Policy) -> set[tuple[str, str]]:
    """What it does, each effect with its capability; a block stands before whatever is asked."""
    blocks = {(one, effect) for one in policy.blocks for effect in ("block", *FACTORS)}
    return blocks | {(one, factor) for one in policy.asks_before for factor in policy.asks}


def _asking_nothing(policies: tuple[Policy, ...]) -> Iterator[Finding]:
    """Whoever moves their own money gives the PIN anyway; only for a charge does it mean more."""
    for policy in policies:
        if policy.asks == ("pin",) and "be_charged" not in policy.asks_before:
            yield Finding(
                code="asks_nothing", severity="warning", policies=(policy.name,),
                line=line_of(policy, "otherwise"),
                message=Words(
                    f"“{policy.name}” asks for nothing new: the payment PIN is always asked for "
                    "before money moves.",
                    f"规则 “{policy.name}” 没有新的要求：动用资金前本来就须输入支付密码。",
                ),
            )  # fmt: skip


def _outlasting(policies: tuple[Policy, ...]) -> Iterator[Finding]:
    """Policies are looked at without their days here; the text has them."""
    for policy in policies:
        written = load_policy(policy.text, kept_open=False)
        dates, grace_days = written.timeline, written.grace_days
        if dates is None or dates.retire is None:
            continue
        enforced_days = (dates.retire - dates.enforce).days
        if grace_days >= enforced_days:
            yield Finding(
                code="grace_outlasts", severity="warning", policies=(policy.name,),
                line=line_of(policy, "grace_days"),
                message=Words(
                    f"“{policy.name}” is enforced for {enforced_days} days and gives {grace_days} "
                    "days of grace: whoever falls out of it meanwhile is never blocked.",
                    f"规则 “{policy.name}” 只执行 {enforced_days} 天，宽限期却有 {grace_days} 天："
                    "执行期间不再符合要求的用户始终不会受限。",
                ),
            )  # fmt: skip


def _twice(policies: tuple[Policy, ...]) -> Iterator[Finding]:
    names = [policy.name for policy in policies]
    for number, policy in enumerate(policies):
        if policy.name in names[:number]:
            yield Finding(
                code="policy_twice", severity="error", policies=(policy.name,),
                line=line_of(policy, "policy"),
                message=Words(
                    f"There are two policies “{policy.name}”; only one of a name can be in force.",
                    f"有两条名为 “{policy.name}” 的规则；同名规则只能有一条生效。",
                ),
            )  # fmt: skip


def _unproven(policies: tuple[Policy, ...]) -> Iterator[Finding]:
    for policy in policies:
        for what in space_of_policies([policy]).unproven:
            yield Finding(
                code="not_proven", severity="warning", policies=(policy.name,),
                line=line_of(policy, condition_field(policy)),
                message=Words(
                    f"“{policy.name}” reads {what}, which is looked at in examples only: nothing "
                    "is proven about it.",
                    f"规则 “{policy.name}” 涉及 {what}，只能抽样检查，无法完全证明。",
                ),
            )  # fmt: skip


def _useless(policy: Policy) -> Finding | None:
    """A rule that is about nobody, or that everybody it is about always meets."""
    applies = False
    for made in space_of_policies([policy]).cells():
        if policy.applies_to.holds(made.facts):
            if not policy.requires.holds(made.facts):
                return None
            applies = True
    if applies:
        return Finding(
            code="never_blocks", severity="error", policies=(policy.name,),
            line=line_of(policy, condition_field(policy)),
            message=Words(
                f"“{policy.name}” can never {'ask' if policy.asks else 'block'}: whoever it "
                "applies to always meets it.",
                f"规则 “{policy.name}” 永远不会生效：适用的用户总能满足条件。",
            ),
        )  # fmt: skip
    return Finding(
        code="never_applies", severity="error", policies=(policy.name,),
        line=line_of(policy, "applies_to"),
        message=Words(
            f"“{policy.name}” can never apply: there is no wallet like that.",
            f"规则 “{policy.name}” 永远不会适用：不存在这样的钱包。",
        ),
    )  # fmt: skip


def _of_two(one: Policy, other: Policy) -> Iterator[Finding]:
    cells = list(space_of_policies([one, other]).cells())
    both = [
        made for made in cells
        if one.applies_to.holds(made.facts) and other.applies_to.holds(made.facts)
    ]  # fmt: skip
    can_be_met = any(_met(one, made) and _met(other, made) for made in both)
    alone = any(_met(one, made) for made in both) and any(_met(other, made) for made in both)
    if both and alone and not can_be_met and one.blocks and other.blocks:
        yield Finding(
            code="contradict", severity="error", policies=(other.name, one.name),
            line=line_of(other, condition_field(other)),
            message=Words(
                f"“{one.name}” and “{other.name}” contradict: whoever both apply to cannot meet "
                "both.",
                f"规则 “{one.name}” 与 “{other.name}” 相互矛盾：同时适用的用户无法同时满足两者。",
            ),
        )  # fmt: skip
        return
    for behind, before in ((other, one), (one, other)):
        if _effects(behind) <= _effects(before) and all(
            is_unmet(before, made.facts) for made in cells if is_unmet(behind, made.facts)
        ):
            yield Finding(
                code="shadowed", severity="warning", policies=(behind.name, before.name),
                line=line_of(behind, condition_field(behind)),
                message=Words(
                    f"“{behind.name}” changes nothing: whoever it stops, “{before.name}” stops "
                    "as far.",
                    f"规则 “{behind.name}” 不起作用：它限制的用户都已被 “{before.name}” 同样限制。",
                ),
            )  # fmt: skip
            return


def _met(policy: Policy, made: Cell) -> bool:
    return policy.requires.holds(made.facts)
