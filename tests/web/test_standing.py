"""The standing as a person reads it: nothing promised under an order, today's values on what is
coming, either way said to be enough, and no English or bank's letters in Chinese."""

from __future__ import annotations

import re
from datetime import date, datetime
from html import unescape
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from qianbao.bank_names import bank_name
from qianbao.errors import Language
from qianbao.payments.errors import BlockedByPolicy
from qianbao.policy.decide import decide
from qianbao.policy.facts import Situation, facts_at
from qianbao.policy.policies import load_pack, load_policy
from qianbao.remedies.goals import allowed
from qianbao.remedies.plan import plan
from qianbao.settings import Settings
from qianbao.wallets.standing import HeldStanding, Standing, judge
from qianbao.web.drawing import environment
from qianbao.web.standing import refused, whole
from qianbao.web.visit import Visit
from tests.policy.cast import (
    AFTER_ENFORCEMENT,
    anna,
    at,
    chiara,
    moments,
    new_wallets,
    newcomer,
    situations,
)

PACK = load_pack()
SETTINGS = Settings(sandbox=True)
JINJA = environment()
CASE = "cas_0d3z0000000000000000"
BEFORE = at(2026, 12, 20, 9)


def page(
    found: object, language: Language = "en", macro: str = "whole", now: datetime = BEFORE
) -> str:
    """What the component prints, without its tags."""
    visit = Visit(
        now=now, language=language, care=False, wallet_id="wal_x", wallet_open=True, path="/",
        pin_locked_until=None, query=(), sandbox=True, phone_url="",
    )  # fmt: skip
    source = '{% import "standing.html" as shown with context %}{{ shown.' + macro + "(found) }}"
    drawn = JINJA.from_string(source).render(
        request=SimpleNamespace(state=SimpleNamespace(visit=visit)), found=found
    )
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", drawn))).strip()


def standing(wallet: Situation, now: datetime = AFTER_ENFORCEMENT) -> Standing:
    return judge(PACK, SETTINGS, wallet, now)


def whole_page(
    wallet: Situation, now: datetime = AFTER_ENFORCEMENT, language: Language = "en"
) -> str:
    return page(whole(standing(wallet, now)), language)


def held_page(wallet: Situation, language: Language = "en", macro: str = "whole") -> str:
    """With the number of the hold's case, as the wallet's cases give it."""
    found = standing(wallet)
    assert found.legal_hold is not None
    held = HeldStanding((CASE,), found.legal_hold.still_works)
    return page(whole(replace(found, legal_hold=held)), language, macro)


PROMISES = (
    "about 1",
    " min",
    "lasting",
    "checked",
    "No rule can keep",
    "can be withdrawn now",
    "¥0",
)
PROMISES_ZH = ("分钟", "长期有效", "经过核对", "任何规则", "可提现", "¥0")


@pytest.mark.parametrize(
    "wallet",
    [
        anna(legal_hold=True, card_banks=("ICBC", "BOC")),
        anna(legal_hold=True),
        newcomer(legal_hold=True, balance_minor=5_000),
    ],
    ids=["nothing else", "one bank", "newcomer"],
)
def test_under_an_order_nothing_is_promised(wallet: Situation) -> None:
    english, chinese = held_page(wallet), held_page(wallet, "zh")
    assert [words for words in PROMISES if words in english] == []
    assert [words for words in PROMISES_ZH if words in chinese] == []
    assert "order of a court or another authority" in english
    assert "no money can leave" in english
    assert CASE in english
    assert CASE in chinese
    assert "The authority that gave the order" in english
    assert "What still works Seeing your records, Exporting" in english
    assert "仍可使用的功能 查看记录、导出" in chinese


def test_an_order_without_a_case_yet_says_to_ask_for_one() -> None:
    assert "Your case number Ask us for it" in whole_page(anna(legal_hold=True))


def test_beside_an_order_what_else_is_wrong_is_told_too() -> None:
    page = held_page(anna(legal_hold=True))
    assert "This blocks it as well" in page
    assert "Link cards from two banks" in page
    assert "What you can settle meanwhile" in page
    assert "It does not lift the order" in page
    assert "Solution 1 Link a card from another bank Link a card" in page
    assert "cancel the wallet" not in page.lower()
    alone = held_page(anna(legal_hold=True, card_banks=("ICBC", "BOC")))
    assert "Solution" not in alone


def test_a_refusal_under_an_order_leads_to_its_case() -> None:
    wallet = anna(legal_hold=True, card_banks=("ICBC", "BOC"))
    facts = facts_at(wallet, AFTER_ENFORCEMENT, 100)
    decision = decide(PACK, "withdraw", facts, AFTER_ENFORCEMENT, wallet)
    error = BlockedByPolicy(decision, wallet, 100)
    error.ways_out = plan(PACK, wallet, AFTER_ENFORCEMENT, allowed("withdraw", amount_minor=100))
    told = page(refused(error), macro="refused")
    assert "See the case number of the order" in told
    assert [words for words in PROMISES if words in told] == []


LOCALS_ONLY = load_policy(
    "policy: locals-only\nversion: 1\ntitle: {en: A rule, zh: 一条规则}\nbasis: a test\n"
    "requires: residency = 'mainland'\notherwise: {block: [pay, transfer]}\n"
)


def test_where_no_way_is_known_the_operator_is_asked_and_nothing_promised() -> None:
    found = judge((LOCALS_ONLY,), SETTINGS, anna(), AFTER_ENFORCEMENT)
    told = page(whole(found))
    assert "Nothing that you could do by yourself ends this." in told
    assert "Ask us: a person looks at it (a new case)" in told
    assert "Each of them has been checked" not in told
    assert "order" not in told.lower()
    decision = decide(
        (LOCALS_ONLY,), "pay", facts_at(anna(), AFTER_ENFORCEMENT, 100), AFTER_ENFORCEMENT, anna()
    )
    error = BlockedByPolicy(decision, anna(), 100)
    error.ways_out = found.ways_out
    assert error.next_step("en").startswith("No step of your own ends this. Open a case")
    assert "工单" in error.next_step("zh")
    assert "Ask us" in page(refused(error), macro="refused")


def test_what_is_blocked_is_said_first() -> None:
    """Above the buttons that would not work."""
    shut_out = whole(standing(anna()))
    assert page(shut_out, macro="blocked_first").startswith("Blocked now: Paying, Transferring, ")
    assert page(shut_out, "zh", macro="blocked_first").startswith("目前受限：付款、转账、")
    assert "Held under a legal order" in held_page(anna(legal_hold=True), macro="blocked_first")
    assert page(whole(standing(anna(), BEFORE)), macro="blocked_first") == ""
    assert "Act before 15 January 2027" in page(whole(standing(anna(), BEFORE)), macro="brief")


def test_money_that_waits_for_a_card_is_not_called_nothing() -> None:
    told = whole_page(newcomer(balance_minor=5_000))
    assert "¥50.00 is yours to withdraw" in told
    assert "¥0.00" not in told


def test_of_two_that_would_each_be_enough_that_is_said() -> None:
    assert "One of these is enough: Banks with a linked card 1 needed: at least 2" in whole_page(
        anna()
    )
    assert "满足其中一项即可： 已绑卡的银行数 1 要求：至少 2" in whole_page(anna(), language="zh")


def test_a_rule_of_parts_is_told_part_by_part() -> None:
    text = (
        "policy: parts\nversion: 1\ntitle: {en: Parts, zh: 多项}\nbasis: {en: a test, zh: 测试}\n"
        "requires: NOT pay_score_on AND (linked_banks >= 2 OR channels > 5 AND linked_cards > 3)\n"
        "otherwise: {block: [pay]}\n"
    )
    found = whole(judge((load_policy(text),), SETTINGS, anna(), BEFORE))
    told = page(found)
    first, second = told.index("and one of these:"), told.index("or all of these together:")
    assert told.index("Pay Score on") < first < told.index("Banks with a linked card") < second
    assert second < told.index("Outside sources")


def test_what_is_coming_shows_today_and_the_day() -> None:
    told = whole_page(anna(), BEFORE)
    assert "202 days today, 228 days on 15 January 2027 needed: less than 90 days" in told
    assert "Banks with a linked card 1 needed: at least 2" in told
    ben = whole_page(anna(verified_at=BEFORE), BEFORE)
    assert "0 days today, 90 days on 20 March 2027" in ben
    chinese = whole_page(anna(), BEFORE, "zh")
    assert "今天 202 天，2027年1月15日将为 228 天 要求：少于 90 天" in chinese


def test_a_limit_that_is_coming_says_that_less_goes_through() -> None:
    """Anna has more than it will let out at once; nothing else is asked of her for it."""
    dates = "timeline: {announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}\n"
    text = (
        "policy: small\nversion: 1\ntitle: {en: Small payments, zh: 小额支付}\n"
        "basis: {en: a test, zh: 测试}\nlimit: {at_most_minor: 50000}\n"
        f"otherwise: {{block: [pay]}}\n{dates}"
    )
    small = load_policy(text)
    found = judge((small,), SETTINGS, anna(balance_minor=320_000), BEFORE)
    assert [one.policy for one in found.coming] == ["small"]
    assert found.ways_ahead == ()
    told = page(whole(found))
    assert "This amount: ¥3,200.00, needed: at most ¥500.00." in told
    assert "Takes effect on 15 January 2027. Smaller amounts go through from then on, too." in told
    assert judge((small,), SETTINGS, anna(balance_minor=50_000), BEFORE).coming == ()


def test_who_could_not_have_acted_is_not_told_they_could() -> None:
    came_after = anna(opened_at=at(2027, 2, 1), facts_changed_at=at(2027, 2, 3), verified_at=None)
    told = whole_page(came_after, at(2027, 2, 4))
    assert "could have been prevented" not in told
    assert "In force since 15 January 2027; for you since 3 February 2027 at the latest." in told
    assert "Until then it could have been prevented" in whole_page(anna())


def test_a_newcomer_learns_which_rule_ends_the_short_way() -> None:
    told = whole_page(newcomer())
    assert "From then on this rule blocks: Link cards from two banks." in told
    assert "lasting" in told
    assert "link a card from a bank, then link a card from another bank" in told


def with_one_card(**changes: object) -> Situation:
    """A newcomer of 20 December with one card, of whom two things are not known yet."""
    opened = at(2026, 12, 20)
    wallet = newcomer(
        residency="foreign", document_kind="passport", document_valid_until=date(2031, 5, 6),
        card_banks=("ICBC",), evidence=("immigration", "mobile_operator"), opened_at=opened,
        verified_at=opened, data_confirmed_at=opened, facts_changed_at=opened,
        data_missing=("occupation", "address"),
    )  # fmt: skip
    return replace(wallet, **changes)


def test_a_way_ahead_says_which_rule_it_is_for() -> None:
    """Two rules block on one day; a card is no way past the other, nor data past the first."""
    used = with_one_card(last_used_at=at(2027, 1, 14))
    told = whole_page(used, at(2027, 1, 15))
    assert "Do one of these" not in told
    assert "Holds until" not in told
    card, data = "For: Link cards from two banks", "For: Complete your data"
    assert f"Link a card from another bank {card} about 5 min lasting" in told
    assert f"Confirm your data, and add what is missing {data} about 2 min lasting" in told
    chinese = whole_page(used, at(2027, 1, 15), "zh")
    assert "适用于：补全身份信息" in chinese
    unused = whole_page(with_one_card(), at(2027, 1, 15))
    assert f"{data}; Confirm your data after six months unused" in unused


def test_data_never_confirmed_are_not_called_unknown() -> None:
    told = whole_page(newcomer(), at(2027, 1, 18))
    assert "Days since you last confirmed your data not yet needed: less than 184 days" in told
    assert "unknown" not in told


def test_where_one_way_is_against_all_of_it_no_other_is_told() -> None:
    ahead = whole_page(anna(), BEFORE)
    assert "Do one of these in time, and nothing is blocked." in ahead
    assert "For: " not in ahead


def test_chiara_is_sent_to_the_bank_that_holds_her_old_number() -> None:
    one_card = chiara(card_banks=("BOC",), verified_at=at(2026, 6, 1))
    icbc = bank_name("ICBC", "en")
    told = whole_page(one_card)
    assert f"Have {icbc} update your document number, then link a card from {icbc}" in told
    assert "Have ready: Your new and your old document The bank card" in told
    assert "到中国工商银行更新证件号码" in whole_page(one_card, language="zh")
    ahead = whole_page(one_card, BEFORE)
    assert f"Have {icbc} update your document number" in ahead
    settled = whole_page(chiara(card_banks=("BOC", "CMB"), verified_at=at(2026, 6, 1)))
    assert f"{icbc} still holds an old document number of yours" in settled


LATIN = re.compile(r"[A-Za-z]{2,}")


@settings(max_examples=60, deadline=None)
@given(data=st.data(), now=moments())
def test_a_chinese_standing_is_chinese(data: st.DataObject, now: datetime) -> None:
    wallet = data.draw(situations(now) | new_wallets(now))
    assert LATIN.findall(whole_page(wallet, now, "zh")) == []


def test_a_document_to_come_is_not_called_expired() -> None:
    wallet = anna(card_banks=("ICBC", "BOC"), document_valid_until=date(2027, 3, 31))
    assert "已过期" not in whole_page(wallet, BEFORE, "zh")
    assert "Your document is valid until 31 March 2027" in whole_page(wallet, BEFORE)
