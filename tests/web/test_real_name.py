"""What the page says of a document: whose name was confirmed, and until when it is good."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from qianbao.cast import OPERATORS
from qianbao.clock import show_day
from qianbao.identity.mrz import read_mrz, write_td3
from qianbao.names import from_fields
from tests.kit.person import Caller, cast
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack

PAGE = "/me/pay/manage/real-name"
CHIARA = cast("Chiara")
TIP = "A renewed passport has a new number."


def surfer(stack: Stack, phone: str) -> Surfer:
    signed_in = Surfer(stack)
    signed_in.sign_in(phone)
    return signed_in


def test_a_name_that_nobody_confirmed_is_not_passed_off_as_confirmed(seeded_stack: Stack) -> None:
    """Chiara renews, and the new passport shows her second name: her bank confirmed the first."""
    chiara = surfer(seeded_stack, CHIARA.phone)
    page = chiara.open(PAGE)
    assert TIP in page
    assert "verified on 1 June 2026</dd>" in page
    assert "does not have this name" not in page
    old = read_mrz(CHIARA.passport.mrz, datetime(2026, 11, 2, tzinfo=UTC).date())
    assert f"<dt>Sex</dt><dd>{ {'F': 'female', 'M': 'male'}[old.sex] }</dd>" in page
    assert f"<dt>Date of birth</dt><dd>{show_day(old.birth_date, 'en')}</dd>" in page
    lines = write_td3(
        from_fields("ROSSI", "CHIARA LUISA"), number="YB9999991", issuing_country="ITA",
        nationality="ITA", birth_date=old.birth_date, sex=old.sex,
        valid_until=old.valid_until.replace(year=old.valid_until.year + 3),
    )  # fmt: skip
    chiara.open(f"{PAGE}/add")
    page = chiara.send(f"{PAGE}/add", mrz="\n".join(lines))
    assert "<h2>Chiara Luisa Rossi</h2>" in page
    assert "verified on 1 June 2026 as Chiara Rossi" in page
    assert "Who has confirmed you does not have this name: “Chiara Luisa Rossi”." in page
    assert "Bank of China confirmed “Chiara Rossi”" in page
    assert "认证时的姓名为 Chiara Rossi" in chiara.switch("zh")


def test_a_changed_name_is_told_from_the_one_that_was_confirmed(seeded_stack: Stack) -> None:
    """Anna's other surname is refused, until two operators allow it."""
    anna = surfer(seeded_stack, cast("Anna").phone)
    old = read_mrz(cast("Anna").passport.mrz, datetime(2026, 11, 2, tzinfo=UTC).date())
    lines = write_td3(
        from_fields("SCHMIDT", "ANNA"), number="C9999991X", issuing_country="D", nationality="D",
        birth_date=old.birth_date, sex=old.sex, valid_until=old.valid_until,
    )  # fmt: skip
    anna.open(f"{PAGE}/add")
    page = anna.send(f"{PAGE}/add", mrz="\n".join(lines))
    assert "once two operators have agreed, you are told to show it again" in page
    assert "经两名运营人员核实同意后，系统会通知您重新提交" in anna.switch("zh")

    phone = {"phone": cast("Anna").phone}
    wei, lin = (operator(seeded_stack, name) for name in OPERATORS)
    (found,) = wei.post("/operator/wallet-searches", phone)
    place = f"/operator/wallets/{found['wallet_id']}/name-changes"
    change = wei.post(place, {"reason": "Marriage certificate: now Schmidt"})
    lin.post(f"{place}/{change['name_change_id']}/approve")
    anna.open("/language?lang=en")
    anna.open(f"{PAGE}/add")
    page = anna.send(f"{PAGE}/add", mrz="\n".join(lines))
    assert "<h2>Anna Schmidt</h2>" in page
    assert "as Anna M" in page
    assert "Who has confirmed you does not have this name: “Anna Schmidt”." in page
    assert "because two operators had allowed it" in page
    assert "what the names have in common" not in page
    assert "经两名运营人员同意后变更" in anna.switch("zh")


def operator(stack: Stack, name: str) -> Caller:
    """Signed in."""
    signed_in = {"name": name, "password": stack.operator_password}
    return Caller(stack.url, Caller(stack.url).post("/operator/session", signed_in)["token"])


def test_only_a_passports_holder_reads_of_its_new_number(seeded_stack: Stack) -> None:
    card_holder = surfer(seeded_stack, "+8613700137061")
    card_holder.open(f"{PAGE}/add?kind=permanent_residence")
    page = card_holder.send(
        f"{PAGE}/add", number="911398199012310021", surname="Akhmetova", given="Dana",
        valid_until="2033-01-01",
    )  # fmt: skip
    assert "<h2>Dana Akhmetova</h2>" in page
    assert TIP not in page


def test_a_document_that_was_set_aside_is_not_shown_as_the_holders(seeded_stack: Stack) -> None:
    phone, lines = "+8613700137062", write_td3(
        from_fields("IVANOVA", "OLGA"), number="C9999992X", issuing_country="D", nationality="D",
        birth_date=date(1990, 4, 12), sex="F", valid_until=date(2033, 5, 1),
    )  # fmt: skip
    olga = surfer(seeded_stack, phone)
    olga.open(f"{PAGE}/add")
    assert "<h2>Olga Ivanova</h2>" in olga.send(f"{PAGE}/add", mrz="\n".join(lines))
    wei = operator(seeded_stack, OPERATORS[0])
    (found,) = wei.post("/operator/wallet-searches", {"phone": phone})
    place = f"/operator/wallets/{found['wallet_id']}/document/set-aside"
    done = wei.post(place, {"reason": "Case 7"}, key="set-aside-olga-once")
    assert wei.post(place, {"reason": "Case 7"}, key="set-aside-olga-once") == done
    page = olga.open(PAGE)
    assert "Olga" not in page
    assert "Show my document" in page
    for other in (
        "/me",
        "/me/pay",
        "/me/pay/cards",
        "/me/pay/cards/add",
        "/me/pay/wallet",
        "/me/pay/manage",
        "/me/pay/manage/cancel",
    ):
        olga.open(other)
        assert (olga.page.status_code, olga.path) == (200, other)
    assert "Your document no longer counts: show your own" in olga.open("/me/notices")
    olga.open(f"{PAGE}/add")
    assert "<h2>Olga Ivanova</h2>" in olga.send(f"{PAGE}/add", mrz="\n".join(lines))


def test_a_document_that_has_expired_is_called_so(seeded_stack: Stack) -> None:
    """The last of this file: the clock stays ahead."""
    seeded_stack.move_clock(datetime(2033, 1, 2, 4, tzinfo=UTC))
    holder = surfer(seeded_stack, "+8613700137061")
    page = holder.open(PAGE)
    assert "Expired" in page
    assert "1 January 2033" in page
    assert "Valid until" not in page
    assert "until then no bank card can be linked" in page  # no bank has confirmed this one yet
