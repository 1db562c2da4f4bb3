"""How a refusal, a coming deadline and the ways out are laid before a person.

Here belongs turning reasons and plans into what the component `standing.html` prints; what they say
comes from `policy` and `remedies` in both languages, and is only arranged here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Literal

import msgspec

from qianbao.clock import local_date
from qianbao.errors import Language, QianbaoError
from qianbao.leaving.close import ClosingBlocked
from qianbao.money import Money, show
from qianbao.payments.errors import BlockedByPolicy
from qianbao.policy.compared import MET, Compared, Comparison
from qianbao.policy.decide import Coming
from qianbao.policy.policies import Words
from qianbao.policy.reasons import Reason
from qianbao.policy.sentences import actual_words, needed_words, show_value
from qianbao.remedies.actions import ACTIONS
from qianbao.remedies.ahead import WayAhead
from qianbao.remedies.closing import ClosingBlocker
from qianbao.remedies.offer import asks_operator
from qianbao.wallets.standing import HeldStanding, Standing, Withdrawable, standing
from qianbao.web.i18n import Text
from qianbao.web.visit import Asked, holder, of, services_of
from qianbao.web.ways import Way, ways

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
WHO = {
    "holder": Text("You", "您本人"),
    "bank": Text("Your bank", "银行"),
    "operator": Text("We", "平台"),
    "authority": Text("The authority that gave the order", "作出决定的机关"),
}


class Row(msgspec.Struct, frozen=True):
    """One thing compared: what it is, what it was, what is needed."""

    label: Text
    actual: Text
    needed: Text


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What would have to be otherwise: all of it, or any one. `groups` count as one thing each."""

    combine: Literal["all", "any"]
    rows: tuple[Row, ...]
    groups: tuple[Needs, ...]


class Blocker(msgspec.Struct, frozen=True, kw_only=True):
    """One rule that blocks, or will from `since` on; `deadline` as in `Reason`. Of a limit, `since`
    is the moment of the request."""

    title: Text
    sentence: Text
    needs: Needs
    capabilities: tuple[Text, ...]
    since: datetime
    deadline: datetime | None
    announced_at: datetime | None
    in_force_from: datetime | None
    who: Text
    basis: Words
    is_limit: bool


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold: the numbers to cite, what still works, what is kept in."""

    case_ids: tuple[str, ...]
    still_works: tuple[Text, ...]
    balance: Money
    orders: tuple[Blocker, ...]


class Stale(msgspec.Struct, frozen=True):
    """A bank that holds an old document number, and what to take there."""

    bank: Text
    take_en: tuple[str, ...]
    take_zh: tuple[str, ...]


class Whole(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet's standing: what is blocked now, what is coming, the ways out, what can leave.
    `stops` are the names of what is blocked; `waits_for_card` is money that could leave if a card
    were linked, and `to_withdraw` how; `stale` are banks to go to that no way out names."""

    held: Held | None
    stops: frozenset[str]
    blocked: tuple[Text, ...]
    blockers: tuple[Blocker, ...]
    coming: tuple[Blocker, ...]
    ways: tuple[Way, ...]
    ahead: tuple[Way, ...]
    to_withdraw: tuple[Way, ...]
    stale: tuple[Stale, ...]
    withdrawable: Withdrawable
    waits_for_card: Money | None


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An error as a page or a form shows it. `held`: a legal order is among its reasons. `at_most`
    is what limits let through where nothing but limits refuses: the form stays, with that at its
    amount."""

    code: str
    sentence: Text
    next_step: Text
    blockers: tuple[Blocker, ...] = ()
    ways: tuple[Way, ...] = ()
    closing: tuple[ClosingBlocker, ...] = ()
    held: bool = False
    at_most: Money | None = None


async def read_standing(request: Asked, capability: str | None = None) -> Standing:
    """The standing of whoever is signed in; with `capability`, of that one thing alone."""
    services = services_of(request)
    async with services.pool.connection() as conn:
        return await standing(
            conn,
            await services.policies.current(conn),
            services.settings,
            wallet_id=holder(request),
            capability=capability,
            now=of(request).now,
        )


async def standing_of(request: Asked) -> Whole:
    """The standing of whoever is signed in, as the pages print it."""
    return whole(await read_standing(request))


def whole(found: Standing) -> Whole:
    """A standing as the pages print it."""
    currency, today = found.balance.currency, local_date(found.at)
    stops = {name for name, one in found.capabilities.items() if one.outcome == "blocked"}
    blockers = tuple(
        blocker(one.reason, _words(one.capabilities), currency=currency, today=today)
        for one in found.blockers
        if one.reason.who_must_act != "authority"
    )
    coming = tuple(coming_block(one, currency, found.at) for one in found.coming)
    return Whole(
        held=_held(found, found.legal_hold) if found.legal_hold else None,
        stops=frozenset(stops),
        blocked=tuple(CAPABILITY_WORDS[name] for name in CAPABILITY_WORDS if name in stops),
        blockers=blockers,
        coming=coming,
        ways=ways(found.ways_out),
        ahead=_ahead(found),
        to_withdraw=ways(found.ways_to_withdraw),
        stale=_stale(found),
        withdrawable=found.withdrawable_now,
        waits_for_card=_waits_for_card(found),
    )


def _ahead(found: Standing) -> tuple[Way, ...]:
    """What to do in time; each says which rule it is for, unless it is for every one."""
    every = len(found.coming)
    return tuple(
        msgspec.structs.replace(way, prevents=_titles(one) if len(one.prevents) < every else ())
        for one in found.ways_ahead
        for way in ways((one,))
    )


def _titles(way: WayAhead) -> tuple[Text, ...]:
    return tuple(map(Text, way.prevents_en, way.prevents_zh))


def coming_block(one: Coming, currency: str, now: datetime) -> Blocker:
    """What is coming, or would come of an act, as the pages print it."""
    on = local_date(one.at) if one.at > now else None
    words = _words(one.capabilities)
    return blocker(one.reason, words, currency=currency, on=on, today=local_date(now))


def _held(found: Standing, hold: HeldStanding) -> Held:
    return Held(
        case_ids=hold.case_ids,
        still_works=_words(hold.still_works),
        balance=found.balance,
        orders=tuple(
            blocker(one.reason, _words(one.capabilities), currency=found.balance.currency)
            for one in found.blockers
            if one.reason.who_must_act == "authority"
        ),
    )


def _stale(found: Standing) -> tuple[Stale, ...]:
    update = ACTIONS["update_id_at_bank"]
    named = {
        step.argument
        for way in (*found.ways_out, *found.ways_ahead)
        for step in way.steps
        if step.action == update.code
    }
    return tuple(
        Stale(Text(one.en, one.zh), update.bring_en, update.bring_zh)
        for one in found.stale_banks
        if one.bank not in named
    )


def _waits_for_card(found: Standing) -> Money | None:
    """Nothing but a card is missing: withdrawing is allowed, and yet nothing could leave."""
    free = found.balance - found.held
    withdraw = found.capabilities.get("withdraw")
    allowed = withdraw is not None and withdraw.outcome == "allowed"
    nothing_leaves = not found.withdrawable_now.amount.amount_minor
    return free if free.amount_minor > 0 and allowed and nothing_leaves else None


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
    if isinstance(error, BlockedByPolicy) and (at_most := too_much(error)) is not None:
        return _over_a_limit(found, error, at_most)
    if isinstance(error, BlockedByPolicy):
        word = CAPABILITY_WORDS[error.decision.capability]
        currency = error.situation.currency
        return msgspec.structs.replace(
            found,
            sentence=Text(f"{word.en} is not possible now.", f"暂时无法{word.zh}。"),
            blockers=tuple(
                blocker(reason, [word], currency=currency) for reason in error.decision.reasons
            ),
            ways=ways(error.ways_out),
            held=error.situation.legal_hold,
        )
    if isinstance(error, ClosingBlocked):
        return msgspec.structs.replace(found, closing=error.blockers)
    return found


def too_much(error: QianbaoError | None) -> Money | None:
    """What could be moved instead where nothing but limits refuses; None for any other refusal, and
    where they leave nothing."""
    if not isinstance(error, BlockedByPolicy):
        return None
    left = [reason.headroom_minor for reason in error.decision.reasons]
    known = [minor for minor in left if minor is not None]
    if len(known) < len(left) or not known or min(known) <= 0:
        return None
    return Money(min(known), error.situation.currency)


def _over_a_limit(found: Refused, error: BlockedByPolicy, at_most: Money) -> Refused:
    """Less is the way; whatever raises a limit is told, too, and no other rule's way."""
    most, reasons = show(at_most.amount_minor, at_most.currency), error.decision.reasons
    raise_it = (
        way
        for way in error.ways_out
        if not asks_operator(way) and all(step.action != "lower_amount" for step in way.steps)
    )
    return msgspec.structs.replace(
        found,
        sentence=Text(f"This is too much: {most} at most.", f"金额过大：最多 {most}。"),
        next_step=Text(
            " ".join(reason.sentence_en for reason in reasons),
            "".join(reason.sentence_zh for reason in reasons),
        ),
        ways=ways(raise_it),
        at_most=at_most,
    )


def blocker(
    reason: Reason,
    capabilities: Iterable[Text],
    *,
    currency: str,
    on: date | None = None,
    today: date | None = None,
) -> Blocker:
    """A reason, with the words of what it takes away; `on` is the day of one still to come;
    with `today`, what counts days says from which day on. A limit's own sentence says all that
    it compares."""
    compared = reason.compared if reason.headroom_minor is None else MET
    return Blocker(
        title=Text(reason.title_en, reason.title_zh),
        sentence=Text(reason.sentence_en, reason.sentence_zh),
        needs=_needs(compared, currency, on, today),
        capabilities=tuple(capabilities),
        since=reason.since,
        deadline=reason.deadline,
        announced_at=reason.announced_at,
        in_force_from=reason.in_force_from,
        who=WHO[reason.who_must_act],
        basis=reason.basis,
        is_limit=reason.headroom_minor is not None,
    )


def _needs(compared: Compared, currency: str, on: date | None, today: date | None) -> Needs:
    return Needs(
        combine=compared.combine,
        rows=tuple(_row(one, currency, on, today) for one in compared.comparisons if one.fact),
        groups=tuple(_needs(group, currency, on, today) for group in compared.groups),
    )


def _row(compared: Comparison, currency: str, on: date | None, today: date | None) -> Row:
    """One comparison, in words."""
    label = compared.label_en
    since = {"en": "", "zh": ""}
    if (
        today is not None
        and compared.fact.startswith("days_since_")
        and compared.actual is not None
    ):
        first = today - timedelta(days=int(compared.actual))
        since = {
            "en": f" ({show_value(first, '', currency=currency, language='en')})",
            "zh": f"（{show_value(first, '', currency=currency, language='zh')}）",
        }

    def actual(language: Language) -> str:
        if compared.actual is None and compared.fact.startswith("days_since_"):
            return {"en": "not yet", "zh": "尚无"}[language]  # it has not happened
        return actual_words(compared, currency=currency, language=language, on=on)

    def needed(language: Language) -> str:
        return needed_words(compared, currency=currency, language=language)

    return Row(
        label=Text(label[:1].upper() + label[1:] + since["en"], compared.label_zh + since["zh"]),
        actual=Text(actual("en"), actual("zh")),
        needed=Text(needed("en"), needed("zh")),
    )
