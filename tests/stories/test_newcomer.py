"""Somebody who is not of the cast: from the sandbox's newcomers' page to a paid tea."""

from __future__ import annotations

import re
from html import unescape

from qianbao.cast import PIN, SHOPS, BankCard, Person
from tests.kit.person import Caller, Holder


def test_a_newcomer_walks_the_whole_way(seeded_stack):
    phone = "+8613900000001"
    zoe = Holder(seeded_stack, Person("Zoé", phone, None, (), "", ""))
    cards = []
    number = ""
    for bank in ("CMB", "BOC"):
        form = {
            "surname": "Martin", "given": "Zoé", "phone": phone, "bank": bank,
            "document_number": number,
        }  # fmt: skip
        page = zoe.bank.post("/newcomer", data=form)
        assert page.status_code == 200, page.text
        if not number:
            mrz = unescape(re.search(r"<pre[^>]*>(.*?)</pre>", page.text, re.DOTALL).group(1))
            number = re.search(r"SP\d{7}", page.text).group()
        found = re.search(r">(\d{16,19})<", page.text).group(1)
        cards.append(BankCard(bank, found, 0, number))

    assert zoe.sign_in()["created"] is True
    standing = zoe.get("/wallet/standing")
    assert standing["capabilities"]["pay"]["outcome"] == "blocked"
    actions = [[step["action"] for step in way["steps"]] for way in standing["ways_out"]]
    assert ["add_document", "link_card"] in actions
    zoe.post("/documents", {"kind": "passport", "mrz": mrz})
    for card in cards:
        assert zoe.link(card)["state"] == "linked"
    seeded_stack.wait_for(lambda: zoe.get("/wallet/standing")["blockers"] == [])
    top_up = {
        "card_id": zoe.get("/cards")[0]["card_id"],
        "amount": {"amount_minor": 500_00, "currency": "CNY"},
        "pin": PIN,
    }
    assert zoe.settle(zoe.post("/top-ups", top_up))["state"] == "settled"
    assert (
        zoe.pay_tea(Caller(seeded_stack.url, SHOPS[-1].api_key))["amount"]["amount_minor"] == 28_00
    )
