"""Whom a phone belongs to: masked, and only so many a day, whether looked up or sent to."""

from __future__ import annotations

import pytest

from qianbao.cast import PIN
from qianbao.settings import Settings
from tests.kit.person import Holder, Refused, cast


def test_nobody_tries_out_phone_numbers(seeded_stack):
    ben = Holder(seeded_stack, cast("Ben"))
    ben.sign_in()
    shown = ben.post("/receivers", {"phone": cast("Deng").phone})
    assert "*" in shown["name"]
    assert shown["phone_tail"] == cast("Deng").phone[-4:]
    money = {"amount": {"amount_minor": 1, "currency": "CNY"}, "pin": PIN}
    for number in range(1, Settings().receiver_lookups_per_day):
        with pytest.raises(Refused, match="no_wallet_at_phone"):
            ben.post("/transfers", money | {"to_phone": f"+86139000000{number:02}"})
    with pytest.raises(Refused, match="receiver_lookups_used_up"):
        ben.post("/transfers", money | {"to_phone": "+8613900000099"})
    with pytest.raises(Refused, match="receiver_lookups_used_up"):
        ben.post("/receivers", {"phone": "+8613900000099"})
    # Who was looked up today is found again.
    assert ben.post("/receivers", {"phone": cast("Deng").phone}) == shown
