"""What a holder is told about a policy: what, why, by when, what to do, and what can leave now.

Here belong the words of one notice, made from one wallet's facts and nothing else, so that an
operator can look at them before anybody is told. When who is told is `tell`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from qianbao.clock import local_date
from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.dates import phase
from qianbao.policy.decide import HORIZON_DAYS
from qianbao.policy.facts import Situation, carry, facts_at
from qianbao.policy.policies import SMALLEST_AMOUNT_MINOR, Policy
from qianbao.policy.reasons import Reason, reason
from qianbao.policy.sentences import show_value
from qianbao.policy.spells import (
    as_it_blocks,
    blocked_spells,
    can_change_by_waiting,
    held_against,
    held_against_minor,
    is_told_by_amount,
    is_unmet,
)
from qianbao.remedies.goals import Goal, is_reached
from qianbao.remedies.offer import plans
from qianbao.remedies.plan import WayOut
from qianbao.remedies.prove import withdrawable_minor
from qianbao.settings import Settings
from qianbao.wallets.fees import withdraw_all

Step = Literal["announced", "warned", "week_before", "day_before", "blocked"]
STEPS: tuple[Step, ...] = get_args(Step)
"""In the order in which a holder meets them."""

_DAY = timedelta(days=1)

_DOES: dict[str, dict[Language, str]] = {
    "receive": {"en": "receiving", "zh": "收款"},
    "top_up": {"en": "topping up", "zh": "充值"},
    "transfer": {"en": "sending money", "zh": "转账"},
    "pay": {"en": "paying", "zh": "付款"},
    "withdraw": {"en": "withdrawing", "zh": "提现"},
    "be_charged": {"en": "auto-deduction", "zh": "自动扣费"},
    "close": {"en": "closing the wallet", "zh": "销户"},
    "export": {"en": "exporting records", "zh": "导出记录"},
}
"""What stops working, within a sentence."""

_TITLES: dict[Step, dict[Language, str]] = {
    "announced": {"en": "From {day}: {title}", "zh": "{day}起：{title}"},
    "warned": {"en": "Needed before {day}: {title}", "zh": "请在{day}前完成：{title}"},
    "week_before": {"en": "Less than a week left: {title}", "zh": "剩余不到一周：{title}"},
    "day_before": {"en": "Less than a day left: {title}", "zh": "剩余不到一天：{title}"},
    "blocked": {"en": "Blocked now: {title}", "zh": "已受限：{title}"},
}


class _RefusedWords(msgspec.Struct, frozen=True):
    title: dict[Language, str]
    said: dict[Language, str]
    room: dict[Language, str]


_REFUSED = {
    "receive": _RefusedWords(
        {"en": "A transfer to you was refused", "zh": "有一笔款项未能收取"},
        {
            "en": "On {day} somebody wanted to send you {amount}; it was not taken.",
            "zh": "{day}有人向您转账 {amount}，未能收取。",
        },
        {
            "en": "Up to {room} could still be received.",
            "zh": "当时还可收取 {room}。",
        },
    ),
    "be_charged": _RefusedWords(
        {"en": "A charge was refused", "zh": "有一笔扣费未成功"},
        {
            "en": "On {day} a merchant wanted to charge you {amount}; nothing was charged.",
            "zh": "{day}有商家向您扣费 {amount}，未扣款。",
        },
        {
            "en": "Up to {room} could still be charged.",
            "zh": "当时还可扣费 {room}。",
        },
    ),
}
"""By what somebody else asked for: the title, what happened, and what a limit left."""

_BASIS: dict[Language, str] = {"en": "Basis: {basis}.", "zh": "依据：{basis}。"}
_NOBODY_ANSWERS: dict[Language, str] = {
    "en": "A merchant's charge is refused then, because nobody is there to answer; where the "
    "merchant asks for a payment instead, you confirm it yourself.",
    "zh": "商家自动扣费时无人可以验证，因此会被拒绝；商家改为发起付款，由您本人确认即可。",
}
_PASSES: dict[Language, str] = {
    "en": "By now it would go through.",
    "zh": "现在已可办理。",
}
_AT_A_LOSS: dict[Language, str] = {
    "en": "What to do: open the wallet, or ask us there.",
    "zh": "处理方式：请打开钱包查看，或在钱包内咨询我们。",
}


class Telling(msgspec.Struct, frozen=True):
    """That a wallet is to be told `step`; `deadline` is when the policy begins, or began, to block
    it."""

    step: Step
    deadline: datetime


class Refusal(msgspec.Struct, frozen=True):
    """What somebody else asked for and a rule refused, `receive` or `be_charged`: why, as it was
    decided, and what a limit still left (minor units; None: the rule is no limit)."""

    capability: str
    amount_minor: int
    sentence_en: str
    sentence_zh: str
    headroom_minor: int | None


class NoticeWords(msgspec.Struct, frozen=True):
    """A notice in both languages. `ways_out` are all there are, the best first; before the day the
    temporary ones come last, for they are reckoned from it."""

    title_en: str
    title_zh: str
    body_en: str
    body_zh: str
    ways_out: tuple[WayOut, ...] = ()


def telling(policy: Policy, situation: Situation, now: datetime) -> Telling | None:
    """What the wallet, as it stands, is to be told about `policy` now; None: nothing, because it
    meets it, is exempted for long, or nothing was announced. Of steps that were missed only the
    latest is told."""
    told = steps_of(policy)
    if not told or phase(policy, now) in ("draft", "retired"):
        return None
    deadline = own_deadline(policy, situation, now)
    if situation.status != "open" or deadline is None:
        return None
    step = _step(policy, deadline, now)
    return Telling(step, deadline) if step in told else None


def steps_of(policy: Policy) -> tuple[Step, ...]:
    """What holders are told about it, in this order; nothing where a block cannot come by itself.

    A rule with dates is told at each step; of a limit in force the amount that meets it tells.
    Without dates, it is told where time alone or the end of days of grace brings the block: there
    is nothing to announce, so whoever has grace is told at once, and the others a week before. A
    document's last day has reminders of its own, and only the grace after it is told. What an act
    or an amount brings on is told with the act, an authority's order by its case, and a rule that
    asks for more proof takes nothing away and says itself what; but before a merchant's charge,
    where nobody is there to answer, it blocks."""
    policy = as_it_blocks(policy)
    if not policy.blocks:
        return ()
    if policy.timeline is not None:
        return STEPS[:-1] if is_told_by_amount(policy) else STEPS
    if policy.limit is not None or not (policy.grace_days or can_change_by_waiting(policy)):
        return ()
    if "document_valid_until" in policy.requires.reads:
        return STEPS[2:] if policy.grace_days else ()
    return STEPS[1:] if policy.grace_days else STEPS[2:]


def own_deadline(
    policy: Policy, situation: Situation, now: datetime, amount_minor: int | None = None
) -> datetime | None:
    """When `policy` begins to block this wallet if nobody does anything, or began to, for this
    amount (None: that which it is held against); None: not within the horizon."""
    until = now + HORIZON_DAYS * _DAY
    if amount_minor is None:
        amount_minor = held_against_minor(policy, situation)
    spells = blocked_spells(policy, situation, now, until=until, amount_minor=amount_minor)
    return next((one.begin for one in spells if one.end is None or one.end > now), None)


def words(
    policies: tuple[Policy, ...],
    policy: Policy,
    situation: Situation,
    settings: Settings,
    told: Telling,
    now: datetime,
) -> NoticeWords:
    """The notice for one wallet, read at `now`; `policies` are those in force, `policy` among them.
    Searches for the ways out, which takes milliseconds."""
    begins = max(told.deadline, now)
    then = carry(situation, now, begins)
    why = _why(policy, situation, then, told, now)
    others = tuple(one for one in policies if one.name != policy.name)
    amount_minor = held_against_minor(policy, situation)
    goal = Goal(capabilities=held_against(policy), amount_minor=amount_minor)
    ways = plans((*others, policy), then, begins, goal)
    if told.step != "blocked":
        ways = tuple(sorted(ways, key=lambda way: policy.name in way.because))
    leaves = _leaves(policies, situation, settings, now)
    return NoticeWords(
        title_en=_title(policy, situation, told, "en"),
        title_zh=_title(policy, situation, told, "zh"),
        body_en=_body(policy, situation, told, why.sentence_en, not ways, leaves, "en"),
        body_zh=_body(policy, situation, told, why.sentence_zh, not ways, leaves, "zh"),
        ways_out=ways,
    )


def refused(
    policies: tuple[Policy, ...],
    policy: Policy,
    situation: Situation,
    refusal: Refusal,
    at: datetime,
    now: datetime,
) -> NoticeWords:
    """That `policy` refused at `at` what somebody else asked for, as the decision said it then, and
    the ways out as they are at `now`. Searches for these, which takes milliseconds."""
    goal = Goal(capabilities=(refusal.capability,), amount_minor=refusal.amount_minor)
    passes = is_reached(policies, situation, now, goal)
    ways = () if passes else plans(policies, situation, now, goal)
    amount = show(refusal.amount_minor, situation.currency)
    room = show(refusal.headroom_minor or 0, situation.currency)
    words = _REFUSED[refusal.capability]
    sentences: dict[Language, str] = {"en": refusal.sentence_en, "zh": refusal.sentence_zh}
    parts: dict[Language, list[str]] = {}
    for language, sentence in sentences.items():
        day = _day(at, situation, language)
        basis = policy.basis.zh if language == "zh" else policy.basis.en
        parts[language] = [
            words.said[language].format(amount=amount, day=day),
            sentence,
            words.room[language].format(room=room) if refusal.headroom_minor else "",
            _BASIS[language].format(basis=basis),
            _NOBODY_ANSWERS[language] if policy.asks else "",
            _PASSES[language] if passes else "" if ways else _AT_A_LOSS[language],
        ]
    return NoticeWords(
        title_en=f"{words.title['en']}: {policy.title_en}",
        title_zh=f"{words.title['zh']}：{policy.title_zh}",
        body_en=" ".join(part for part in parts["en"] if part),
        body_zh="".join(part for part in parts["zh"] if part),
        ways_out=ways,
    )


def over(policy: Policy, situation: Situation | None, now: datetime) -> NoticeWords:
    """That what a wallet was told about `policy` is over: it has what is asked for, or the policy
    asks for nothing now (None: it has gone)."""
    done = situation is not None and not is_unmet(
        policy, facts_at(situation, now, SMALLEST_AMOUNT_MINOR)
    )
    return NoticeWords(
        title_en=f"Settled: {policy.title_en}",
        title_zh=f"已解除：{policy.title_zh}",
        body_en="You have what this rule asks for; it blocks nothing in your wallet."
        if done
        else "This rule blocks nothing in your wallet now. Should it do so again, you are told "
        "beforehand.",
        body_zh="您已符合该规则的要求，它不再限制您的钱包。"
        if done
        else "该规则目前不限制您的钱包。如将来恢复，我们会提前通知您。",
    )


def _step(policy: Policy, deadline: datetime, now: datetime) -> Step:
    if deadline <= now:
        return "blocked"
    if deadline - now <= _DAY:
        return "day_before"
    if deadline - now <= 7 * _DAY:
        return "week_before"
    return "announced" if phase(policy, now) == "announced" else "warned"


def _why(
    policy: Policy, situation: Situation, then: Situation, told: Telling, now: datetime
) -> Reason:
    amount_minor = held_against_minor(policy, situation)
    if told.deadline <= now:
        facts = facts_at(situation, now, amount_minor)
        return reason(policy, situation, facts, told.deadline, deadline=None)
    return reason(
        policy,
        then,
        facts_at(then, told.deadline, amount_minor),
        told.deadline,
        deadline=told.deadline,
        today=facts_at(situation, now, amount_minor),
    )


def _leaves(
    policies: tuple[Policy, ...], situation: Situation, settings: Settings, now: datetime
) -> str:
    """What arrives on the holder's card when they withdraw everything now."""
    total_minor = withdrawable_minor(policies, situation, now)
    arrives_minor, _ = withdraw_all(total_minor, situation.free_withdrawal_left_minor, settings)
    return show(arrives_minor, situation.currency)


def _title(policy: Policy, situation: Situation, told: Telling, language: Language) -> str:
    title = policy.title_zh if language == "zh" else policy.title_en
    day = _day(told.deadline, situation, language)
    return _TITLES[told.step][language].format(day=day, title=title)


def _body(
    policy: Policy,
    situation: Situation,
    told: Telling,
    sentence: str,
    at_a_loss: bool,
    leaves: str,
    language: Language,
) -> str:
    day = _day(told.deadline, situation, language)
    basis = policy.basis.zh if language == "zh" else policy.basis.en
    does = [_DOES[capability][language] for capability in policy.blocks]
    limits = is_told_by_amount(policy)
    if language == "zh":
        state = "已停用" if told.step == "blocked" else "将限额" if limits else "将停用"
        parts = [
            sentence,
            f"自{day}起{state}：{'、'.join(does)}。依据：{basis}。",
            _NOBODY_ANSWERS["zh"] if policy.asks else "",
            _AT_A_LOSS["zh"] if at_a_loss else "",
            f"目前可提现到账 {leaves}。",
        ]
        return "".join(part for part in parts if part)
    limited = f"From {day} on it limits" if limits else f"From {day} on it blocks"
    when = f"Since {day} it blocks" if told.step == "blocked" else limited
    parts = [
        sentence,
        f"{when}: {', '.join(does)}. Basis: {basis}.",
        _NOBODY_ANSWERS["en"] if policy.asks else "",
        _AT_A_LOSS["en"] if at_a_loss else "",
        f"If you withdraw everything now, {leaves} arrives on your card.",
    ]
    return " ".join(part for part in parts if part)


def _day(moment: datetime, situation: Situation, language: Language) -> str:
    day = local_date(moment, ZoneInfo(situation.time_zone))
    return show_value(day, "", currency=situation.currency, language=language)
