"""The advisor: the article's two solutions come out of the search, for somebody without account."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from qianbao.advise.answer import answer, in_force
from qianbao.advise.asked import MESSAGES, Answers, read_answers, situation
from qianbao.advise.known import checks, wallets
from qianbao.policy.dates import phase
from qianbao.policy.policies import load_pack
from qianbao.remedies.actions import ACTIONS
from qianbao.settings import Settings
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
    assert "Link a card from Bank of China" in page[first:second]
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
        "wallet=nobody&linked=XX&document=napkin&message=zzz",
        "wallet=wechat&balance=999999999999.99",
        "wallet=alipay&mandates=99",
        "wallet=qianbao&expiry=renewed&linked=ICBC",
    ],
)
def test_nonsense_in_the_address_is_bounded(reader: Surfer, query: str) -> None:
    reader.open(f"/advise?{query}")
    assert reader.page.status_code == 200


@pytest.mark.stack
@pytest.mark.parametrize("typed", ["1e5", "3200.555", "32 00", "much", "-5", "3,20"])
def test_a_balance_that_cannot_be_read_is_refused_beside_its_field(
    reader: Surfer, typed: str
) -> None:
    page = reader.open(
        f"{ANNA.replace('balance=3%2C200', '')}&balance={quote(typed)}&expiry=renewed"
    )
    assert reader.page.status_code == 422
    field = page[page.index('name="balance"') : page.index('name="mandates"')]
    assert f'value="{typed}"' in field
    assert 'aria-invalid="true"' in field
    wrong = "has too many decimals" if typed == "3200.555" else "is not an amount in CNY."
    assert f"“{typed}” {wrong}" in field
    assert "Solution 1" not in page  # no advice on a guess
    assert page.count('id="answer"') == 1  # the address leads to what is to be mended
    assert page.index('id="answer"') < page.index('name="balance"')
    for kept in ('value="ICBC" checked', 'value="BOC" checked', 'value="renewed" checked'):
        assert kept in page
    assert re.search(r'name="mandates" value="2"', page)


@pytest.mark.stack
@pytest.mark.parametrize("typed", ["9" * 13, "9" * 30, "9" * 13 + ".50"])
def test_a_balance_beyond_all_money_is_called_too_much(reader: Surfer, typed: str) -> None:
    page = reader.open(f"/advise?wallet=wechat&linked=ICBC&balance={typed}")
    assert reader.page.status_code == 422
    assert "is too much: an amount is at most" in page
    assert reader.open("/advise?wallet=wechat&balance=0.00")
    assert reader.page.status_code == 200


@pytest.mark.stack
def test_whom_nothing_blocks_is_not_told_that_something_does(reader: Surfer) -> None:
    page = reader.open("/advise?wallet=wechat&message=none")
    assert "What would be blocked" in page
    assert "most likely" not in page
    assert "most likely" in reader.open("/advise?wallet=wechat&message=two_banks&linked=ICBC")


@pytest.mark.stack
def test_banks_are_chosen_by_the_names_that_people_know(reader: Surfer) -> None:
    page = reader.open("/advise?lang=en")
    assert "<span>ICBC</span>" in page
    assert "<span>China Everbright Bank</span>" in page
    assert "<span>CMBC</span>" not in page


@pytest.mark.stack
@pytest.mark.parametrize("typed", ["-3", "two", "1.5", "100", "9" * 30])
def test_a_number_of_services_that_is_none_is_refused(reader: Surfer, typed: str) -> None:
    page = reader.open(f"/advise?wallet=wechat&linked=ICBC&mandates={typed}")
    assert reader.page.status_code == 422
    assert f"“{typed}” is not a number of services from 0 to 99." in page


@pytest.mark.stack
def test_both_slips_are_told_at_once_in_chinese(seeded_stack: Stack) -> None:
    page = Surfer(seeded_stack, language="zh").open("/advise?wallet=wechat&balance=x&mandates=y")
    assert "“x” 不是有效的 CNY 金额。" in page
    assert "“y” 不是 0 至 99 的服务项数。" in page
    assert page.count('role="alert"') == 2


@pytest.mark.stack
def test_the_answer_is_reached(reader: Surfer) -> None:
    """On a phone the form fills the screen: the address leads past it, and so does the keyboard."""
    page = reader.open(ANNA)
    assert '<form method="get" action="/advise#answer">' in page
    assert re.search(r'<h2[^>]* id="answer" tabindex="-1">', page)
    page = reader.send(ANNA, surname="Müller", given="Anna")
    assert f'action="{ANNA.replace("&", "&amp;")}#spellings"' in page
    assert re.search(r'<h2[^>]* id="spellings" tabindex="-1">', page)


@pytest.mark.stack
def test_two_banks_linked_and_still_refused_is_no_dead_end(reader: Surfer) -> None:
    page = reader.open("/advise?wallet=wechat&message=two_banks&linked=ICBC&linked=BOC&balance=9")
    for wrong in ("Both cards are of one bank", "spells your name differently",
                  "the number of your old document", "no bank in China confirmed your name",
                  "another phone number"):  # fmt: skip
        assert wrong in page
    assert "Source: That&#39;s magazine, thatsmags.com/china/post/33662" in page
    last = page[page.index("If none of this helps") :]
    assert "Open an account at another bank" in last  # what is left, by the search
    assert "Register again" in last


@pytest.mark.stack
def test_a_card_that_will_not_link_gets_card_advice(reader: Surfer) -> None:
    page = reader.open(
        "/advise?wallet=wechat&message=name&linked=ICBC&others=HSBC&others=BOC&expiry=renewed"
    )
    steps = page[page.index("To get the card linked") : page.index("Why a card will not link")]
    assert steps.index("BOC") < steps.index("HSBC")  # of which nothing is known
    assert "Have Bank of China update your document number" in steps  # the search's, not a text
    assert "Link a card from Bank of China" in steps
    for wrong in ("spells your name differently", "another phone number", "took its spelling",
                  "Online payment is switched off", "tried too often"):  # fmt: skip
        assert wrong in page


@pytest.mark.stack
def test_two_spellings_of_one_name_are_pointed_out(reader: Surfer) -> None:
    reader.open(ANNA)
    assert "would print it differently" in reader.send(ANNA, surname="Müller", given="Anna")
    alike = "/advise?wallet=wechat&linked=ICBC&others=CCB"
    reader.open(alike)
    assert "would print it differently" not in reader.send(alike, surname="Müller", given="Anna")


@pytest.mark.stack
def test_markup_is_no_name(reader: Surfer) -> None:
    reader.open("/advise")
    page = reader.send("/advise", surname="<b>Maria</b>", given="Anna")
    assert reader.page.status_code == 422
    assert "“&lt;” cannot be part of a name." in page
    assert "printed__name" not in page
    assert 'value="&lt;b&gt;Maria&lt;/b&gt;"' in page


@pytest.mark.stack
def test_a_slip_in_the_lines_is_told(reader: Surfer) -> None:
    reader.open("/advise")
    page = reader.send("/advise", mrz="P<D<<MUELLER<<ANNA\nC01X00T478")
    assert reader.page.status_code == 422
    assert 'role="alert"' in page


def answers_of(**given: list[str]) -> Answers:
    """The answers of an address for WeChat Pay."""
    return read_answers({"wallet": ["wechat"]} | given, ["wechat", "alipay", "qianbao"])


def test_answers_make_a_situation() -> None:
    answers = answers_of(
        linked=["ICBC", "NOPE"], expiry=["expired"], balance=["3200元"], mandates=["２"],
        another=["1"],
    )  # fmt: skip
    made = situation(answers, NOW)
    assert made.card_banks == ("ICBC",)
    assert made.balance_minor == 320_000
    assert made.mandates_active == 2
    assert made.document_valid_until is not None
    assert made.document_valid_until < NOW.date()
    assert made.accounts_at == ("ICBC", "OTHER-1")


@pytest.mark.parametrize("code", wallets())
@pytest.mark.parametrize("message", [one for one in MESSAGES if one != "none"])
@pytest.mark.parametrize("linked", [[], ["ICBC"], ["ICBC", "BOC"], ["ICBC", "BOC", "CCB"]])
@pytest.mark.parametrize("expiry", ["valid", "renewed", "expired"])
def test_nobody_with_a_message_is_left_without_something_to_do(
    code: str, message: str, linked: list[str], expiry: str
) -> None:
    """Whatever was answered: a way out by search, or what to look at, or both."""
    wallet, own = wallets()[code], load_pack()
    for document in ("passport", "resident_id"):
        answers = answers_of(message=[message], linked=linked, expiry=[expiry], document=[document])
        told = answer(in_force(wallet, own), Settings(), wallet, answers, NOW)
        assert told.standing.ways_out or told.checks
        assert told.checks or not told.unexplained


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
        for said in wallet.says:
            assert bool(said.source.en) is bool(said.source.zh)
            assert said.source.en or said.sure not in ("reported", "single")


def test_each_check_has_its_source_and_known_words() -> None:
    every = {check.code: check for message in MESSAGES for wallet in wallets()
             for document in ("passport", "resident_id")
             for check in checks(message, wallet, document)}  # fmt: skip
    assert len(every) >= 10
    for check in every.values():
        assert check.source.en
        assert re.search("[一-鿿]", check.source.zh)
        assert check.sure != "unknown"
        assert set(check.messages) <= set(MESSAGES)
        assert set(check.wallets) <= set(wallets())
        assert not check.place or check.place in ACTIONS


@pytest.mark.parametrize("code", wallets())
def test_an_expired_document_is_told_without_a_day_that_nobody_said(code: str) -> None:
    wallet = wallets()[code]
    answers = answers_of(message=["document"], expiry=["expired"], linked=["ICBC"])
    later = datetime(2027, 3, 1, 9, tzinfo=UTC)
    told = answer(in_force(wallet, load_pack()), Settings(), wallet, answers, later)
    expiry, banks = told.standing.blockers  # what the message was about comes first
    assert (expiry.reason.policy, banks.reason.policy) == ("document-expiry", "two-banks")
    assert "You said that your document has expired" in expiry.reason.sentence_en
    assert "您表示证件已过期" in expiry.reason.sentence_zh
    assert expiry.reason.compared.leaves() == ()
    assert [leaf.fact for leaf in banks.reason.compared.leaves()] == ["linked_banks"]
    for reason in (expiry.reason, banks.reason):
        assert not re.search(r"20\d\d", reason.sentence_en + reason.sentence_zh)
    other = answers_of(message=["two_banks"], expiry=["expired"], linked=["ICBC"])
    told = answer(in_force(wallet, load_pack()), Settings(), wallet, other, later)
    assert told.standing.blockers[0].reason.policy == "two-banks"
