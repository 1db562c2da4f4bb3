"""How a refusal, a coming deadline and the ways out are laid before a person.

Here belongs turning reasons and plans into what the component `standing.html` prints; what they say
comes from `policy` and `remedies` in both languages, and is only arranged here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

from qianbao.errors import QianbaoError
from qianbao.leaving.close import ClosingBlocked
from qianbao.payments.errors import BlockedByPolicy
from qianbao.policy.facts import FACTS
from qianbao.policy.reasons import Reason
from qianbao.policy.sentences import Comparison, Told, show_value
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.closing import ClosingBlocker
from qianbao.remedies.plan import Step, WayOut
from qianbao.wallets.standing import Standing, Withdrawable, standing
from qianbao.web.i18n import Text
from qianbao.web.visit import Asked, holder, of, services_of

CAPABILITY_WORDS = {
    "pay": Text("Paying", "付款"),
    "transfer": Text("Transferring", "转账"),
    "top_up": Text("Topping up", "充值"),
    "receive": Text("Receiving", "收款"),
    "be_charged": Text("Auto-deduction", "自动扣费"),
    "withdraw": Text("Withdrawing", "提现"),
    "close": Text("Closing", "注销"),
    "export": Text("Exporting", "导出"),
}
NEEDED = {
    "=": Text("{}", "{}"),
    "<>": Text("anything but {}", "非 {}"),
    "<": Text("less than {}", "少于 {}"),
    "<=": Text("at most {}", "不超过 {}"),
    ">": Text("more than {}", "多于 {}"),
    ">=": Text("at least {}", "至少 {}"),
    "IN": Text("one of {}", "{} 之一"),
    "NOT IN": Text("none of {}", "非 {}"),
    "IS NULL": Text("not set", "为空"),
    "IS NOT NULL": Text("known", "已知"),
}
WHO = {
    "holder": Text("You", "您本人"),
    "bank": Text("Your bank", "银行"),
    "operator": Text("We", "平台"),
}


class Row(msgspec.Struct, frozen=True):
    """One thing compared: what it is, what it was, what is needed."""

    label: Text
    actual: Text
    needed: Text


class Blocker(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that blocks, or will from `since` on."""

    title: Text
    sentence: Text
    rows: tuple[Row, ...]
    capabilities: tuple[Text, ...]
    since: datetime
    announced_at: datetime | None
    who: Text
    basis: str


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way out, as a card with numbered steps."""

    title: Text
    steps: tuple[Step, ...]
    minutes: int
    visit: bool
    loses: tuple[Text, ...]
    temporary_until: datetime | None
    because: tuple[Text, ...]


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's standing: what is blocked now, what is coming, the ways out, what can leave."""

    blocked: tuple[Text, ...]
    blockers: tuple[Blocker, ...]
    coming: tuple[Blocker, ...]
    ways: tuple[Way, ...]
    ahead: tuple[Way, ...]
    withdrawable: Withdrawable


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An error as a page or a form shows it."""

    code: str
    sentence: Text
    next_step: Text
    blockers: tuple[Blocker, ...] = ()
    ways: tuple[Way, ...] = ()
    closing: tuple[ClosingBlocker, ...] = ()


async def standing_of(request: Asked) -> Whole:
    """The standing of whoever is signed in."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        found = await standing(
            conn,
            await services.policies.current(conn),
            services.settings,
            wallet_id=holder(request),
            now=of(request).now,
        )
    return whole(found)


def whole(found: Standing) -> Whole:
    """A standing as the pages print it."""
    currency = found.balance.currency
    blocked = [name for name, one in found.capabilities.items() if one.outcome == "blocked"]
    reasons = [one.reason for one in found.blockers] + [one.reason for one in found.coming]
    return Whole(
        blocked=tuple(CAPABILITY_WORDS[name] for name in CAPABILITY_WORDS if name in blocked),
        blockers=tuple(
            blocker(one.reason, _words(one.capabilities), currency=currency)
            for one in found.blockers
        ),
        coming=tuple(
            blocker(one.reason, _words(one.capabilities), currency=currency) for one in found.coming
        ),
        ways=ways(found.ways_out, reasons),
        ahead=ways(found.ways_ahead, reasons),
        withdrawable=found.withdrawable_now,
    )


def _words(capabilities: Iterable[str]) -> tuple[Text, ...]:
    return tuple(CAPABILITY_WORDS[one] for one in capabilities)


def shown(error: QianbaoError | None) -> Refused | None:
    """What a form shows above itself: nothing when nothing was refused."""
    return refused(error) if error is not None else None


def status_of(error: QianbaoError | None) -> int:
    """The HTTP status of a page that may show a refusal."""
    return error.status if error is not None else 200


def refused(error: QianbaoError) -> Refused:
    """What to show of an error; a rule's refusal brings all its reasons and ways out."""
    sentence = Text(error.sentence("en"), error.sentence("zh"))
    next_step = Text(error.next_step("en"), error.next_step("zh"))
    found = Refused(code=error.code, sentence=sentence, next_step=next_step)
    if isinstance(error, BlockedByPolicy):
        word = CAPABILITY_WORDS[error.decision.capability]
        currency = error.situation.currency
        blocked = {reason.policy: (reason, [word]) for reason in error.decision.reasons}
        return msgspec.structs.replace(
            found,
            sentence=Text(f"{word.en} is not possible now.", f"暂时无法{word.zh}。"),
            blockers=tuple(blocker(*pair, currency=currency) for pair in blocked.values()),
            ways=ways(error.ways_out, error.decision.reasons),
        )
    if isinstance(error, ClosingBlocked):
        return msgspec.structs.replace(found, closing=error.blockers)
    return found


def blocker(reason: Reason, capabilities: Iterable[Text], *, currency: str) -> Blocker:
    """A reason, with the words of what it takes away."""
    return Blocker(
        title=Text(reason.title_en, reason.title_zh),
        sentence=Text(reason.sentence_en, reason.sentence_zh),
        rows=tuple(
            row(compared, currency) for compared in reason.compared if compared.fact in FACTS
        ),
        capabilities=tuple(capabilities),
        since=reason.since,
        announced_at=reason.announced_at,
        who=WHO[reason.who_must_act],
        basis=reason.basis,
    )


def row(compared: Comparison, currency: str) -> Row:
    """One comparison of a known fact, in words."""
    fact = FACTS[compared.fact]
    expected = compared.expected if isinstance(compared.expected, tuple) else (compared.expected,)
    needed = NEEDED[compared.operator]
    return Row(
        label=Text(fact.en[:1].upper() + fact.en[1:], fact.zh),
        actual=_shown(fact.name, (compared.actual,), currency),
        needed=Text(
            needed.en.format(_shown(fact.name, expected, currency).en),
            needed.zh.format(_shown(fact.name, expected, currency).zh),
        ),
    )


def ways(found: Iterable[WayOut], reasons: Iterable[Reason] = ()) -> tuple[Way, ...]:
    """Plans as cards; `reasons` give the titles of the policies that a temporary one lapses by."""
    titles = {one.policy: Text(one.title_en, one.title_zh) for one in reasons}
    return tuple(
        Way(
            title=_title(way.steps),
            steps=way.steps,
            minutes=way.minutes,
            visit=way.visit,
            loses=tuple(map(Text, way.loses_en, way.loses_zh)),
            temporary_until=way.temporary_until,
            because=tuple(titles[name] for name in way.because if name in titles),
        )
        for way in found
    )


def _title(steps: tuple[Step, ...]) -> Text:
    """The first two steps that are taken for themselves; the others only make them possible."""
    main = [step for step in steps if ACTIONS[step.action].for_itself] or list(steps)
    first, then = main[0], main[1:2]
    if not then:
        return Text(first.title_en, first.title_zh)
    second = then[0].title_en
    return Text(
        f"{first.title_en}, then {second[:1].lower()}{second[1:]}",
        f"{first.title_zh}，然后{then[0].title_zh}",
    )


def _shown(name: str, values: Iterable[Told], currency: str) -> Text:
    fact = FACTS[name]
    told = [
        date.fromisoformat(value) if fact.type == "date" and isinstance(value, str) else value
        for value in values
    ]
    en = ", ".join(show_value(one, fact.unit, currency=currency, language="en") for one in told)
    zh = "、".join(show_value(one, fact.unit, currency=currency, language="zh") for one in told)
    return Text(en, zh)
