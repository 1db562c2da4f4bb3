"""The sandbox's forms: what is wrong is said above the form, and what was typed stays in it."""

from __future__ import annotations

import pytest

from tests.banks.scene import NOW, TOKEN, Sandbox, new_number, new_phone

PAGE = {"Accept": "text/html", "Accept-Language": "en"}


async def test_a_newcomers_slip_is_told_and_nothing_is_lost(sandbox: Sandbox) -> None:
    form = {"surname": "<b>Tremblay", "given": "Zoé", "phone": "139 0000 0099", "bank": "CMB"}
    answer = await sandbox.client.post("/newcomer", data=form, headers=PAGE)
    assert answer.status_code == 422
    assert "“&lt;” cannot be part of a name." in answer.text
    for kept in ("&lt;b&gt;Tremblay", "Zoé", "139 0000 0099"):
        assert f'value="{kept}"' in answer.text
    assert '<option value="CMB" selected>' in answer.text

    mended = await sandbox.client.post("/newcomer", data=form | {"surname": "Tremblay"})
    assert mended.status_code == 200
    assert "TREMBLAY ZOE" in mended.text
    assert 'href="/phone/%2B8613900000099"' in mended.text


async def test_a_correction_that_cannot_be_read_changes_nothing(sandbox: Sandbox) -> None:
    number, phone = new_number(), new_phone()
    [card] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    found = await sandbox.client.get("/counter", params={"bank": "ICBC", "find": card})
    place = found.text.partition('<a href="/counter/ICBC/')[2].partition('"')[0]
    form = {"printed_name": "ANNA MUELLER", "document_kind": "passport",
            "document_number": number, "phone": "12"}  # fmt: skip
    answer = await sandbox.client.post(f"/counter/ICBC/{place}", data=form, headers=PAGE)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert 'value="ANNA MUELLER"' in answer.text
    assert 'value="12"' in answer.text
    unchanged = await sandbox.client.get(f"/counter/ICBC/{place}")
    assert 'value="MUELLER ANNA"' in unchanged.text


@pytest.mark.parametrize("typed", ["<b>", "護照", "1" * 100, "A 1"])
async def test_a_document_number_that_is_none_is_refused_at_the_counter(
    sandbox: Sandbox, typed: str
) -> None:
    number, phone = new_number(), new_phone()
    [card] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    body = {"bank": "ICBC", "card_number": card, "document_number": typed}
    answer = await sandbox.client.post(
        "/sandbox/counter", json=body, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "sandbox_document_number_invalid"
    found = await sandbox.client.get("/counter", params={"bank": "ICBC", "find": card})
    place = found.text.partition('<a href="/counter/ICBC/')[2].partition('"')[0]
    form = {"printed_name": "ANNA MUELLER", "document_kind": "passport",
            "document_number": typed, "phone": phone}  # fmt: skip
    page = await sandbox.client.post(f"/counter/ICBC/{place}", data=form, headers=PAGE)
    assert page.status_code == 422
    assert "is not a document number" in page.text
    unchanged = await sandbox.client.get(f"/counter/ICBC/{place}")
    assert f'value="{number}"' in unchanged.text


async def test_a_slip_is_told_in_the_other_language_and_nothing_is_sent_again(
    sandbox: Sandbox,
) -> None:
    form = {"surname": "Tremblay", "given": "Zoé", "phone": "12", "bank": "CMB"}
    english = await sandbox.client.post("/newcomer", data=form, headers=PAGE)
    kept = english.text.partition('name="page" value="')[2].partition('"')[0]
    chinese = await sandbox.client.post("/language?lang=zh", data={"page": kept}, headers=PAGE)
    assert chinese.status_code == 200
    assert '<html lang="zh">' in chinese.text
    assert 'role="alert"' in chinese.text
    assert 'value="Zoé"' in chinese.text
    spoiled = await sandbox.client.post("/language?lang=zh", data={"page": "x"}, headers=PAGE)
    assert spoiled.status_code == 422
    assert "已无法切换语言" in spoiled.text


async def test_a_bank_that_is_not_there_is_told_with_those_that_are(sandbox: Sandbox) -> None:
    answer = await sandbox.client.get("/counter", params={"bank": "ICBX"}, headers=PAGE)
    assert answer.status_code == 404
    assert "Did you mean ICBC" in answer.text
    assert "Bank of Beijing" in answer.text
    assert '<select id="bank"' in answer.text


async def test_a_code_stands_by_itself_once_and_its_sender_has_a_name(sandbox: Sandbox) -> None:
    phone = new_phone()
    for sender, text in (("ICBC", "验证码 482913。Your code is 482913."), ("Qianbao", "Hello.")):
        body = {"message_id": f"{sender}{NOW}", "sender": sender, "phone": phone, "text": text}
        await sandbox.post("/sms", body)
    page = (await sandbox.client.get(f"/phone/{phone}", headers={"Accept-Language": "zh"})).text
    assert page.count('<b class="code number">482913</b>') == 1
    assert page.count('class="code number"') == 1
    assert "中国工商银行" in page


@pytest.mark.parametrize(
    ("field", "typed"),
    [("printed_name", ""), ("document_kind", ""), ("document_kind", "library card"),
     ("document_number", " "), ("phone", ""), ("printed_name", "A" * 500)],
)  # fmt: skip
async def test_a_record_is_not_left_without_what_it_needs(
    sandbox: Sandbox, field: str, typed: str
) -> None:
    number, phone = new_number(), new_phone()
    [card] = await sandbox.account("ICBC", "MUELLER ANNA", number, phone)
    found = await sandbox.client.get("/counter", params={"bank": "ICBC", "find": card})
    place = found.text.partition('<a href="/counter/ICBC/')[2].partition('"')[0]
    form = {"printed_name": "ANNA MUELLER", "document_kind": "passport",
            "document_number": number, "phone": phone}  # fmt: skip
    page = await sandbox.client.post(
        f"/counter/ICBC/{place}", data=form | {field: typed}, headers=PAGE
    )
    assert page.status_code == 422
    assert 'role="alert"' in page.text
    unchanged = await sandbox.client.get(f"/counter/ICBC/{place}")
    assert 'value="MUELLER ANNA"' in unchanged.text
