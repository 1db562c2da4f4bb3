"""The facts that rules may read: their registry, and how a wallet's row becomes them.

Here belongs what a fact means, its type, its words and its SQL. Not here: who writes the columns
(each fact names its room), and any rule about facts (`packs/`).

All facts that depend on time change at midnight where the holder lives and at no other moment;
`per_day` and `resets` say how, and `spells` builds on that to find the exact moment a rule bites.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from qianbao.errors import Language

Value = int | str | bool | date | None
Facts = dict[str, Value]
Kind = Literal["integer", "text", "boolean", "date"]

GREATEST_MINOR = 10**15
"""The most money that a rule reckons with, in minor units: ten trillion yuan."""


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One wallet's state, as read from its row at one moment; moments are UTC, money is minor units
    of `currency`. Counters are those of the day and year (where the holder lives) it was read in.
    """

    wallet_id: str
    status: Literal["open", "closed"]
    residency: Literal["foreign", "mainland", "hmt"] | None
    document_kind: str | None
    document_valid_until: date | None
    """The last day the document is good for; None with a document: it does not expire."""
    card_banks: tuple[str, ...]
    """The bank of each linked card; two cards of one bank stand twice and are one channel."""
    evidence: tuple[str, ...]
    """Other outside sources that confirmed the holder: immigration, mobile_operator."""
    opened_at: datetime
    verified_at: datetime | None
    last_used_at: datetime | None
    facts_changed_at: datetime
    """When an act (not time, not a payment, not confirming data) last changed something that rules
    read."""
    mandates_active: int
    pay_score_on: bool
    score_orders_open: int
    in_flight: int
    """Bank orders that have not ended."""
    legal_hold: bool
    bucket: int
    """0 to 99, fixed for the wallet: with a policy's own turn, its slice of that one's rollout."""
    balance_minor: int
    held_minor: int
    currency: str
    time_zone: str
    paid_today_minor: int
    paid_this_year_minor: int
    moved_for_life_minor: int
    received_for_life_minor: int
    free_withdrawal_left_minor: int
    data_missing: tuple[str, ...] = ()
    """Those of `IDENTITY_DATA` that are not known of the holder; none before a document."""
    data_confirmed_at: datetime | None = None
    """When the holder last showed a document, or confirmed what is known of them."""
    stale_banks: tuple[str, ...] = ()
    """Banks known to hold an old document number of the holder."""
    told_banks: tuple[str, ...] = ()
    """In plans only: banks whose cards were unlinked on the way."""
    accounts_at: tuple[str, ...] | None = None
    """Banks where the holder says they have an account; None: not asked."""
    mandates: tuple[str, ...] = ()
    exemptions: tuple[tuple[str, datetime], ...] = ()
    """(policy, until when) of each exemption that two operators gave the wallet, past ones too."""
    fallen_out: tuple[tuple[str, datetime], ...] = ()
    """(policy, since when) the wallet is known not to have met it, whatever else changed after."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule may read. `en` and `zh` are noun phrases that sentences are built from; `source`
    is the room that writes it; `sql` gives it over columns named as `Situation`'s, with `:now` and
    `:amount_minor` as parameters."""

    name: str
    type: Kind
    en: str
    zh: str
    source: str
    sql: str
    unit: Literal[
        "", "days", "minor", "banks", "cards", "channels", "orders", "mandates", "details"
    ] = ""
    values: tuple[str, ...] = ()
    """All the words a text fact can be; a rule that names another is refused."""
    values_en: tuple[str, ...] = ()
    values_zh: tuple[str, ...] = ()
    """The same words for a person."""
    changes: Literal["act", "data", "use", "request"] = "act"
    """What moves it, apart from time: an act of the holder or operator, confirming their data (an
    act that changes nothing else), any use of the money, or the request being decided."""
    per_day: Literal[0, 1] = 0
    """1 when it grows by one each midnight."""
    resets: Literal["day", "year"] | None = None
    """When it falls back to 0."""

    @property
    def greatest(self) -> int:
        """The most that a whole number is ever reckoned to be: ten trillion yuan, some 270 years,
        a million of anything else."""
        return {"minor": GREATEST_MINOR, "days": 100_000}.get(self.unit, 10**6)

    @property
    def least(self) -> int:
        """The least: an overdrawn sum and a clock that was set back are negative."""
        return -self.greatest

    def word(self, value: str, language: Language) -> str:
        """One of `values` for a person; another text as it is."""
        words = self.values_zh if language == "zh" else self.values_en
        return dict(zip(self.values, words, strict=True)).get(value, value)


def _different(array: str) -> str:
    """SQL for how many different texts there are in an array; most hold one or two, and need no
    sorting."""
    sorted_out = f"(SELECT count(DISTINCT one) FROM unnest({array}) AS one)"  # noqa: S608 - ours
    return (
        f"CASE WHEN cardinality({array}) < 2 THEN cardinality({array}) "
        f"WHEN cardinality({array}) = 2 "
        f"THEN CASE WHEN {array}[1] = {array}[2] THEN 1 ELSE 2 END ELSE {sorted_out} END"
    )


_TODAY = "(:now AT TIME ZONE time_zone)::date"
_LINKED_BANKS = f"({_different('card_banks')})"
_CONFIRMED = f"({_different('evidence')})"
_CHANNELS = f"({_LINKED_BANKS} + {_CONFIRMED})"

PARTS = {"part_today": _TODAY, "part_banks": _LINKED_BANKS, "part_confirmed": _CONFIRMED}
"""What several facts' SQL has in it, letter by letter: who asks for all facts of many wallets has
each reckoned once."""


def _since(column: str) -> str:
    return f"({_TODAY} - ({column} AT TIME ZONE time_zone)::date)"


_ALL = (
    Fact(
        name="residency", type="text", values=("foreign", "mainland", "hmt"), source="identity",
        values_en=("foreign", "mainland Chinese", "Hong Kong, Macao or Taiwan"),
        values_zh=("外籍", "内地居民", "港澳台居民"),
        en="residency", zh="身份类别", sql="residency",
    ),
    Fact(
        name="document_kind", type="text", source="identity",
        values=("passport", "resident_id", "permanent_residence", "residence_permit",
                "travel_permit"),
        values_en=("passport", "resident ID card", "permanent residence card",
                   "residence permit", "travel permit"),
        values_zh=("护照", "居民身份证", "外国人永久居留身份证", "港澳台居民居住证",
                   "来往内地通行证"),
        en="kind of document", zh="证件类型", sql="document_kind",
    ),
    Fact(
        name="document_valid_until", type="date", source="identity",
        en="document valid until", zh="证件有效期至", sql="document_valid_until",
    ),
    Fact(name="today", type="date", per_day=1, source="clock",
         en="today", zh="今天", sql=_TODAY),
    Fact(
        name="category", type="integer", source="identity, banks",
        en="wallet category", zh="账户类别",
        sql=f"CASE WHEN document_kind IS NULL THEN 0 WHEN {_CHANNELS} >= 5 THEN 3 "
            f"WHEN {_CHANNELS} >= 3 THEN 2 WHEN {_CHANNELS} >= 1 THEN 1 ELSE 0 END",
    ),
    Fact(
        name="channels", type="integer", unit="channels", source="identity, banks",
        en="outside sources that confirmed you", zh="已核验身份的外部渠道数", sql=_CHANNELS,
    ),
    Fact(
        name="linked_banks", type="integer", unit="banks", source="banks",
        en="banks with a linked card", zh="已绑卡的银行数", sql=_LINKED_BANKS,
    ),
    Fact(
        name="linked_cards", type="integer", unit="cards", source="banks",
        en="linked cards", zh="已绑定的银行卡数", sql="cardinality(card_banks)",
    ),
    Fact(
        name="verified", type="boolean", source="identity, banks",
        en="real name verified", zh="已完成实名认证", sql="verified_at IS NOT NULL",
    ),
    Fact(
        name="days_since_verified", type="integer", unit="days", per_day=1,
        source="identity, banks", en="days since your real name was first verified",
        zh="距首次实名认证的天数", sql=_since("verified_at"),
    ),
    Fact(
        name="identity_data_missing", type="integer", unit="details", changes="data",
        source="identity", en="details about you still missing", zh="尚缺的身份信息项数",
        sql="cardinality(data_missing)",
    ),
    Fact(
        name="days_since_confirmed", type="integer", unit="days", per_day=1, changes="data",
        source="identity",
        en="days since you last confirmed your data", zh="距最近一次确认身份信息的天数",
        sql=_since("data_confirmed_at"),
    ),
    Fact(
        name="days_since_opened", type="integer", unit="days", per_day=1, source="wallets",
        en="days since the wallet was opened", zh="距开户的天数", sql=_since("opened_at"),
    ),
    Fact(
        name="days_since_last_use", type="integer", unit="days", per_day=1, changes="use",
        source="payments", en="days since the wallet was last used", zh="距最近一次使用的天数",
        sql=_since("last_used_at"),
    ),
    Fact(
        name="used_since_opened", type="boolean", changes="use", source="payments",
        en="used since it was opened", zh="开户后曾使用", sql="last_used_at IS NOT NULL",
    ),
    Fact(
        name="legal_hold", type="boolean", source="wallets",
        en="held under a legal order", zh="依法冻结", sql="legal_hold",
    ),
    Fact(
        name="mandates_active", type="integer", unit="mandates", source="mandates",
        en="auto-deduction services", zh="已开通的扣费服务数", sql="mandates_active",
    ),
    Fact(
        name="pay_score_on", type="boolean", source="payscore",
        en="Pay Score on", zh="已开通支付分", sql="pay_score_on",
    ),
    Fact(
        name="score_orders_open", type="integer", unit="orders", source="payscore",
        en="open Pay Score orders", zh="未完结的支付分订单数", sql="score_orders_open",
    ),
    Fact(
        name="in_flight", type="integer", unit="orders", changes="use", source="payments",
        en="bank orders under way", zh="处理中的银行指令数", sql="in_flight",
    ),
    Fact(
        name="balance_minor", type="integer", unit="minor", changes="use", source="ledger",
        en="balance", zh="余额", sql="balance_minor",
    ),
    Fact(
        name="available_minor", type="integer", unit="minor", changes="use", source="ledger",
        en="available balance", zh="可用余额", sql="(balance_minor - held_minor)",
    ),
    Fact(
        name="paid_today_minor", type="integer", unit="minor", changes="use", resets="day",
        source="payments", en="paid today", zh="今日已付金额", sql="paid_today_minor",
    ),
    Fact(
        name="paid_this_year_minor", type="integer", unit="minor", changes="use", resets="year",
        source="payments", en="paid this year", zh="本年已付金额", sql="paid_this_year_minor",
    ),
    Fact(
        name="moved_for_life_minor", type="integer", unit="minor", changes="use",
        source="payments", en="paid and withdrawn from all your wallets",
        zh="本人名下钱包累计付出金额", sql="moved_for_life_minor",
    ),
    Fact(
        name="received_for_life_minor", type="integer", unit="minor", changes="use",
        source="payments", en="received in all your wallets", zh="本人名下钱包累计收入金额",
        sql="received_for_life_minor",
    ),
    Fact(
        name="amount_minor", type="integer", unit="minor", changes="request", source="request",
        en="this amount", zh="本次金额", sql=":amount_minor",
    ),
)  # fmt: skip

FACTS: dict[str, Fact] = {fact.name: fact for fact in _ALL}
"""Every fact by name."""

IDENTITY_DATA: dict[str, tuple[str, str]] = {
    "sex": ("sex", "性别"), "occupation": ("occupation", "职业"), "address": ("address", "住址"),
}  # fmt: skip
"""What has to be known of a holder and may be missing though a document was shown, in words
(domain.md 1.5, "data that must be held"); the rest comes with the document and the phone."""

CHANNELS_NEEDED = ((5, 3), (3, 2), (1, 1))
"""Independent outside channels and the account category they give: PBOC Announcement [2015]
No. 43, domain.md 1.1."""


def facts_at(situation: Situation, now: datetime, amount_minor: int = 0) -> Facts:
    """Every fact of `situation` at `now` for a request of `amount_minor`, days counted where the
    holder lives. `now` is the moment the situation was read; to look at another day, `carry` it
    there first. None where nothing is known."""
    zone = ZoneInfo(situation.time_zone)
    today = now.astimezone(zone).date()
    linked_banks = len(set(situation.card_banks))
    channels = linked_banks + len(set(situation.evidence))
    return {
        "residency": situation.residency,
        "document_kind": situation.document_kind,
        "document_valid_until": situation.document_valid_until,
        "today": today,
        "category": category(situation.document_kind, channels),
        "channels": channels,
        "linked_banks": linked_banks,
        "linked_cards": len(situation.card_banks),
        "verified": situation.verified_at is not None,
        "days_since_verified": _days(today, situation.verified_at, zone),
        "identity_data_missing": len(situation.data_missing),
        "days_since_confirmed": _days(today, situation.data_confirmed_at, zone),
        "days_since_opened": _days(today, situation.opened_at, zone),
        "days_since_last_use": _days(today, situation.last_used_at, zone),
        "used_since_opened": situation.last_used_at is not None,
        "legal_hold": situation.legal_hold,
        "mandates_active": situation.mandates_active,
        "pay_score_on": situation.pay_score_on,
        "score_orders_open": situation.score_orders_open,
        "in_flight": situation.in_flight,
        "balance_minor": situation.balance_minor,
        "available_minor": situation.balance_minor - situation.held_minor,
        "paid_today_minor": situation.paid_today_minor,
        "paid_this_year_minor": situation.paid_this_year_minor,
        "moved_for_life_minor": situation.moved_for_life_minor,
        "received_for_life_minor": situation.received_for_life_minor,
        "amount_minor": amount_minor,
    }


def words_for_data(missing: Iterable[str], language: Language) -> str:
    """Some of `IDENTITY_DATA` for a person: "occupation, address"."""
    words = [IDENTITY_DATA[name][1 if language == "zh" else 0] for name in missing]
    return ("、" if language == "zh" else ", ").join(words)


def category(document_kind: str | None, channels: int) -> int:
    """The account category, 0 to 3 (domain.md 1.1); 0 without a document or a channel."""
    if document_kind is None:
        return 0
    return next((level for needed, level in CHANNELS_NEEDED if channels >= needed), 0)


def carry(situation: Situation, read_at: datetime, now: datetime) -> Situation:
    """`situation`, read at `read_at`, as it will stand at `now` if nobody does anything: counters
    of a day or year that has passed begin again at 0."""
    zone = ZoneInfo(situation.time_zone)
    before, after = read_at.astimezone(zone).date(), now.astimezone(zone).date()
    if before == after:
        return situation
    this_year = situation.paid_this_year_minor if before.year == after.year else 0
    return msgspec.structs.replace(situation, paid_today_minor=0, paid_this_year_minor=this_year)


_GROWING = tuple(name for name, fact in FACTS.items() if fact.per_day and fact.type == "integer")
_BY_DAY = tuple(name for name, fact in FACTS.items() if fact.resets == "day")
_BY_YEAR = tuple(name for name, fact in FACTS.items() if fact.resets == "year")


def facts_on(facts: Facts, day: date) -> Facts:
    """`facts` of one day as they are on another, where the holder lives, if nobody does anything:
    what `facts_at` gives of the situation that `carry` gives, from what the facts say of
    themselves."""
    today = facts["today"]
    assert isinstance(today, date)
    days = (day - today).days
    if not days:
        return facts
    then = facts.copy()
    then["today"] = day
    for name in _GROWING:
        count = then[name]
        if count is not None:
            then[name] = count + days  # type: ignore[operator]
    for name in _BY_DAY if days > 0 else ():
        then[name] = 0
    for name in _BY_YEAR if day.year > today.year else ():
        then[name] = 0
    return then


def _days(today: date, moment: datetime | None, zone: ZoneInfo) -> int | None:
    return None if moment is None else (today - moment.astimezone(zone).date()).days
