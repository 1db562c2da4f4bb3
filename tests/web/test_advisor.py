"""The advisor: the article's two solutions come out of the search, for somebody without account."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from qianbao.advise.asked import read_answers, situation
from qianbao.advise.known import wallets
from qianbao.advise.pages import in_force
from qianbao.policy.policies import load_pack, phase
from qianbao.remedies.actions import ACTIONS
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

NOW = datetime(2026, 12, 20, 9, tzinfo=UTC)
ANNA = "/advise?wallet=wechat&linked=ICBC&others=BOC&balance=3%2C200&mandates=2&pay_score=1"


@pytest.fixture(scope="module")
def reader(seeded_stack: Stack) -> Surfer:
    """Somebody who has read the article."""
    return Surfer(seeded_stack)


@pytest.mark.stack
def test_both_solutions_of_the_article_are_found(reader: Surfer) -> None:
    page = reader.open(ANNA)
    first, second = page.index("Solution 1"), page.index("Solution 2")
    assert "Link a card from BOC" in page[first:second]
    assert "lasting" in page[first:second]
    rest = page[second:]
    for step in ("Withdraw the balance", "Cancel your auto-deduction services (2)",
                 "Turn Pay Score off", "Unlink your cards", "Cancel the wallet",
                 "Register again"):  # fmt: skip
        assert step in rest
    assert "temporary" in rest
    assert "Nobody has published how long this holds" in rest


@pytest.mark.stack
def test_it_says_how_sure_it_is_and_promises_nothing_for_others(reader: Surfer) -> None:
    page = reader.open(ANNA)
    assert "We are not WeChat Pay" in page
    assert "chengdu-expat.com/how-to-fix-the-wechat-pay-issue" in page
    assert "deletes your whole payment history" in page
    assert "90 days" not in page  # our own rule's figure, not theirs
    assert "can be withdrawn now" not in page  # that is not ours to promise
    assert 'href="/me/pay/wallet/withdraw"' not in page


@pytest.mark.stack
def test_with_no_other_bank_a_visit_is_needed(reader: Surfer) -> None:
    page = reader.open("/advise?wallet=wechat&linked=ICBC")
    assert "Open an account at another bank" in page
    assert "a visit to the bank" in page


@pytest.mark.stack
def test_the_name_is_in_no_address(reader: Surfer) -> None:
    reader.open(ANNA)
    page = reader.send(ANNA, surname="Müller", given="Anna")
    assert "MUELLER ANNA" in page  # ICBC: surname first
    assert "ANNA MÜLLER" in page or "ANNA MUELLER" in page  # Bank of China: given name first
    assert "ller" not in str(reader.page.url)
    shared = re.findall(r'href="(/advise[^"]*)"', page)
    assert all("ller" not in link for link in shared)


@pytest.mark.stack
@pytest.mark.parametrize(
    "query",
    [
        "wallet=nobody&linked=XX&balance=much&mandates=-3&document=napkin",
        "wallet=wechat&balance=1e99",
        "wallet=alipay&mandates=99999999999999999999",
        "wallet=qianbao&expiry=renewed&linked=ICBC",
    ],
)
def test_nonsense_in_the_address_is_bounded(reader: Surfer, query: str) -> None:
    reader.open(f"/advise?{query}")
    assert reader.page.status_code == 200


@pytest.mark.stack
def test_a_slip_in_the_lines_is_told(reader: Surfer) -> None:
    reader.open("/advise")
    page = reader.send("/advise", mrz="P<D<<MUELLER<<ANNA\nC01X00T478")
    assert reader.page.status_code == 422
    assert 'role="alert"' in page


def test_answers_make_a_situation() -> None:
    answers = read_answers(
        {"wallet": ["wechat"], "linked": ["ICBC", "NOPE"], "expiry": ["expired"],
         "balance": ["3,200"], "mandates": ["2"], "another": ["1"]},
        ["wechat"],
    )  # fmt: skip
    made = situation(answers, NOW)
    assert made.card_banks == ("ICBC",)
    assert made.balance_minor == 320_000
    assert made.mandates_active == 2
    assert made.document_valid_until is not None
    assert made.document_valid_until < NOW.date()
    assert made.accounts_at == ("ICBC", "OTHER-1")


def test_other_wallets_rules_are_in_force_already() -> None:
    own = load_pack()
    for wallet in wallets().values():
        policies = in_force(wallet, own)
        if wallet.rules:
            assert {policy.name for policy in policies} == set(wallet.rules)
            assert {phase(policy, NOW) for policy in policies} == {"enforced"}
        else:
            assert policies == own


def test_places_and_cautions_are_of_known_actions() -> None:
    for wallet in wallets().values():
        assert set(wallet.places) <= set(ACTIONS)
        assert {caution.action for caution in wallet.cautions} <= set(ACTIONS)
        assert all(said.source for said in wallet.says if said.sure in ("reported", "single"))
