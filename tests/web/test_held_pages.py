"""A wallet that is held or partly blocked is recommended nothing that cannot be done."""

from __future__ import annotations

import re
from html import unescape
from types import SimpleNamespace

from msgspec.structs import replace

from qianbao.remedies.closing import closing_blockers
from qianbao.wallets.cases import Case, in_words
from qianbao.wallets.standing import HeldStanding
from qianbao.web.cancel import CURES
from qianbao.web.drawing import environment
from qianbao.web.standing import Whole, whole
from qianbao.web.visit import Visit
from tests.policy.cast import anna
from tests.web.test_standing import BEFORE, CASE, standing

JINJA = environment()


def drawn(template: str, **given: object) -> str:
    visit = Visit(
        now=BEFORE, language="en", care=False, wallet_id="wal_x", wallet_open=True, path="/",
        pin_locked_until=None, query=(), sandbox=True, phone_url="",
    )  # fmt: skip
    request = SimpleNamespace(method="GET", state=SimpleNamespace(visit=visit))
    return unescape(JINJA.get_template(template).render(request=request, **given))


def cancel_page(*, legal_hold: bool) -> str:
    wallet = anna(legal_hold=legal_hold)
    found = standing(wallet)
    if found.legal_hold is not None:
        held = HeldStanding((CASE,), found.legal_hold.still_works)
        found = replace(found, legal_hold=held)
    blockers = closing_blockers(wallet)
    return drawn(
        "cancel.html",
        blockers=blockers,
        cures={one.cure: CURES[one.cure] for one in blockers},
        held=whole(found).held,
    )


def buttons(laid_out: Whole) -> dict[str, str]:
    """The classes of the wallet page's two buttons, by where they lead."""
    page = drawn(
        "wallet.html",
        standing=laid_out,
        earlier=[],
        cards=0,
        pay_score_on=False,
        wallet=SimpleNamespace(balance_minor=100, held_minor=0, currency="CNY"),
    )
    found = re.findall(r'<a class="(button[^"]*)" href="/me/pay/wallet/([a-z-]+)"', page)
    return {place: names for names, place in found}


def test_under_an_order_closing_sends_nobody_to_withdraw() -> None:
    page = cancel_page(legal_hold=True)
    assert CASE in page
    assert "its money cannot leave" in page
    assert "can be withdrawn once the order is lifted" in page
    assert "Withdraw it to your card" not in page
    assert "/me/pay/wallet/withdraw" not in page
    assert "Take them from the top" not in page


def test_without_one_it_does() -> None:
    page = cancel_page(legal_hold=False)
    assert "Take them from the top" in page
    assert 'href="/me/pay/wallet/withdraw"' in page


def test_the_main_button_is_one_that_works() -> None:
    plain, main = "button button--plain", "button"
    free = replace(whole(standing(anna())), stops=frozenset())
    assert buttons(free) == {"top-up": main, "withdraw": plain}
    blocked = replace(free, stops=frozenset({"top_up"}))
    assert buttons(blocked) == {"top-up": plain, "withdraw": main}
    held = whole(standing(anna(legal_hold=True)))
    assert buttons(held) == {"top-up": plain, "withdraw": plain}


def test_the_case_of_a_hold_has_its_number_and_the_readers_language() -> None:
    kept = Case(
        wallet_id="wal_x", case_id=CASE, subject="Legal hold", body="Your wallet is held",
        legal_hold_id="hol_x", state="open", answer="", answered_by=None, created_at=BEFORE,
        answered_at=None,
    )  # fmt: skip
    read = in_words(kept, "zh")
    assert (read.subject, read.answer) == ("依法冻结", "")
    assert "请提供本工单的编号" in read.body
    assert in_words(replace(kept, legal_hold_id=None), "zh").body == "Your wallet is held"
    page = drawn(
        "help.html",
        cases=[kept],
        refusal=None,
        typed={"subject": "", "body": ""},
        case_id="cas_y",
        sent=False,
    )
    assert CASE in page
