"""The abstract wallets stand for all: what rules see of any wallet, they see of one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.policy.closures import closure
from qianbao.policy.conditions import Condition, read_condition
from qianbao.policy.facts import Facts, Situation, facts_at
from qianbao.policy.normal import leaves_of
from qianbao.policy.policies import load_pack
from qianbao.policy.space import space_of
from tests.policy.cast import moments, situations
from tests.policy.expressions import conditions

PACK = [
    one for policy in load_pack() if not {"pay", "withdraw"}.isdisjoint(policy.blocks)
    for one in (policy.applies_to, policy.requires)
]  # fmt: skip
"""Of the shipped rules those that the lint looks at together, for the capability with the most."""

WALLETS_MOST = 6_000


@st.composite
def real_wallets(draw: st.DrawFn, now: datetime) -> Situation:
    """Wallets as the rooms leave them: nothing that needs a document comes without one, the first
    card completes the verification, and what was paid today was paid this year."""
    made = draw(situations(now))
    today = min(made.paid_today_minor, made.paid_this_year_minor)
    made = replace(made, status="open", paid_today_minor=today, mandates_active=0)
    if made.document_kind is None:
        return replace(made, residency=None)
    if made.card_banks and made.verified_at is None:
        made = replace(made, verified_at=made.opened_at)
    return replace(made, residency=made.residency or "foreign")


Reader = Callable[[Facts], bool]


def _readers(read: list[Condition]) -> list[Reader]:
    return [
        closure(leaf, sense=sense)
        for condition in read
        for leaf in leaves_of(condition.tree)
        for sense in (True, False)
    ]


def _seen(readers: list[Reader], facts: Facts) -> tuple[bool, ...]:
    return tuple(reader(facts) for reader in readers)


def test_what_the_shipped_pack_sees_of_a_wallet_it_sees_of_an_abstract_one() -> None:
    readers = _readers(PACK)
    known = {_seen(readers, made.facts) for made in space_of(PACK, legal_hold=False).cells()}
    amounts = st.sampled_from([1, 2, 99_999, 100_000, 100_001, 10_000_000, 20_000_001])

    @settings(max_examples=600, deadline=None)
    @given(data=st.data(), now=moments(), amount_minor=amounts)
    def check(data: st.DataObject, now: datetime, amount_minor: int) -> None:
        wallet = data.draw(real_wallets(now))
        # one amount is looked at, so sums are told as they are with it
        by = amount_minor - 1
        moved = {
            name: getattr(wallet, name) + by
            for name in ("moved_for_life_minor", "received_for_life_minor", "paid_this_year_minor")
        }
        assert _seen(readers, facts_at(replace(wallet, legal_hold=False, **moved), now, 1)) in known

    check()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[*HealthCheck], phases=[Phase.generate]
)
@given(text=conditions(), data=st.data(), now=moments())
def test_no_way_of_being_seen_is_missed(text: str, data: st.DataObject, now: datetime) -> None:
    """Of any condition, for any wallet, but for those that are said not to be proven."""
    read = [read_condition(text)]
    space = space_of(read)
    assume(not space.unproven and space.size() <= WALLETS_MOST)
    readers = _readers(read)
    known = {_seen(readers, made.facts) for made in space.cells()}
    wallet = data.draw(real_wallets(now))
    amount_minor = data.draw(st.sampled_from([1, 3, 12, 5_000]))
    assert _seen(readers, facts_at(wallet, now, amount_minor)) in known


def test_the_simplest_wallets_come_first() -> None:
    space = space_of(PACK, legal_hold=False)
    plain = {part: value for axis in space.axes for part, value in axis[0].items()}
    unusual = [
        sum(any(made.choices[part] != plain[part] for part in axis[0]) for axis in space.axes)
        for made in islice(space.cells(), 200)
    ]
    assert unusual == sorted(unusual)
    assert unusual[0] == 0


def test_no_wallet_contradicts_itself() -> None:
    for made in space_of(PACK, legal_hold=False).cells():
        of = made.situation
        assert of.document_kind or not (of.card_banks or of.verified_at or of.evidence)
        assert of.opened_at <= min(of.verified_at or made.now, of.last_used_at or made.now)
        assert of.paid_today_minor <= of.paid_this_year_minor
        assert of.opened_at < made.now + timedelta(days=1)
