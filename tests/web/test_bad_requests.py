"""Requests that no form of ours makes: each gets a page that says so, and leads nowhere else."""

from __future__ import annotations

import re

import pytest

from tests.kit.person import Holder, cast

FORMS = (
    "/signup", "/signup/x", "/signup/x/pin", "/advise", "/me/help", "/me/pay/scan",
    "/signup/x/again", "/pin/forgot", "/pin/forgot/x", "/pin/forgot/x/again", "/me/pin",
    "/me/pin/card", "/me/pay/cards/x/code", "/me/pay/cards/x/discard", "/me/pay/cards/x/dismiss",
    "/me/pay/transfer", "/me/pay/transfer/confirm", "/me/pay/wallet/top-up",
    "/me/pay/wallet/withdraw", "/me/pay/cards/add",
    "/me/pay/cards/add/name", "/me/pay/cards/x", "/me/pay/manage/pay-score",
    "/me/pay/manage/real-name/add", "/me/pay/manage/data", "/me/pay/manage/cancel", "/me/care",
    "/pay/x/y",
    "/sandbox/till",
)  # fmt: skip
IN_A_FORM = b'--x\r\nContent-Disposition: form-data; name="pin"\r\n\r\n\xff\xfe\r\n--x--\r\n'
BODIES = {
    "not UTF-8": ("multipart/form-data; boundary=x", IN_A_FORM),
    "no boundary": ("multipart/form-data", b"x"),
    "broken off": ("multipart/form-data; boundary=x", b"--x\r\nfoo"),
    "unknown letters": ("application/x-www-form-urlencoded; charset=nope", b"pin=1"),
    "lone surrogates": ("application/x-www-form-urlencoded", b"phone=%ed%a0%80&mrz=%ff&native=%ed"),
    "characters 0": (
        "application/x-www-form-urlencoded",
        b"pin=%00&phone=%00&code_text=%00&key=%00",
    ),
    "JSON": ("application/json", b'{"pin":'),
    "nothing": ("application/x-www-form-urlencoded", b""),
}


@pytest.fixture(scope="module")
def taro(seeded_stack):
    """A browser in which Taro is signed in."""
    token = Holder(seeded_stack, cast("Taro")).sign_in()["token"]
    with seeded_stack.client() as client:
        client.headers.update(
            {"Origin": seeded_stack.url, "Accept": "text/html"}
            | {"Cookie": f"qianbao_session={token}"}
        )
        yield client


@pytest.mark.parametrize("name", BODIES)
def test_forms_that_no_browser_sends(taro, name):
    media_type, body = BODIES[name]
    for path in FORMS:
        answer = taro.post(path, content=body, headers={"Content-Type": media_type})
        assert answer.status_code < 500, path
        assert answer.status_code == 303 or "<html" in answer.text, path


@pytest.mark.parametrize("text", ["https://[x?to=12345", "https://elsewhere.test/x?to=12345"])
def test_a_code_that_is_no_address(taro, text):
    answer = taro.post("/me/pay/scan", data={"code_text": text})
    assert (answer.status_code, "<html" in answer.text) == (422, True)


def test_the_own_code_is_read(taro, seeded_stack):
    text = f"{seeded_stack.url}/me/pay/transfer?to=8613800138001"
    answer = taro.post("/me/pay/scan", data={"code_text": text})
    assert answer.headers["location"] == "/me/pay/transfer?to=8613800138001"


@pytest.mark.parametrize("origin", ["null", "http://[", "http://elsewhere.test", "x"])
def test_a_form_from_elsewhere(taro, origin):
    for path in (*FORMS, "/signout", "/sandbox/clock"):
        answer = taro.post(path, data={}, headers={"Origin": origin})
        assert answer.status_code == 403, path


@pytest.mark.parametrize("path", ["//elsewhere.test/x", "/%5Celsewhere.test", "///elsewhere.test"])
def test_no_link_of_a_page_that_is_not_there_leads_elsewhere(taro, path):
    answer = taro.send(taro.build_request("GET", str(taro.base_url).rstrip("/") + path))
    assert answer.status_code == 404
    links = re.findall(r'href="([^"]*elsewhere[^"]*)"', answer.text)
    assert links
    assert all(re.match(r"/[^/\\]", link) for link in links), links


@pytest.mark.parametrize("path", ["/console/nowhere", "/console/wallets/x/y/z"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_page_that_the_console_does_not_have_is_said_by_the_console(taro, path, method):
    answer = taro.request(method, path)
    assert answer.status_code == 404
    assert "/console/static/console.css" in answer.text
    assert 'data-code="console_page_unknown"' in answer.text
    assert '<a href="/console">Go back</a>' in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("back", ["//elsewhere.test", "/%5Celsewhere.test", "/%09/elsewhere.test",
                                  "https://elsewhere.test"])  # fmt: skip
def test_the_clock_leads_back_only_here(taro, back):
    page = taro.get(f"/sandbox/clock?back={back}").text
    links = re.findall(r'href="([^"]*elsewhere[^"]*)"', page)
    assert links
    assert all(re.match(r"/[^/\\\t]", link) for link in links), links


def test_the_clock_does_not_go_to_the_end_of_time(taro):
    answer = taro.post("/sandbox/clock", data={"day": "9999-12-31"})
    assert answer.status_code == 422
    assert "no further than the year 2199" in answer.text
    assert taro.get("/sandbox/clock").status_code == 200


def test_who_has_a_wallet_is_told_so_often_a_day_and_no_more(seeded_stack):
    """A stolen session does not go through the phone book; the numbers it knows still work."""
    token = Holder(seeded_stack, cast("Deng")).sign_in()["token"]
    headers = {"Origin": seeded_stack.url, "Cookie": f"qianbao_session={token}"}
    most = seeded_stack.settings.receiver_lookups_per_day
    with seeded_stack.client() as deng:

        def look_up(phone):
            form = {"amount": "1", "key": "key_" + "0" * 20, "phone": phone}
            step = deng.post("/me/pay/transfer", data=form, headers=headers)
            return deng.get(step.headers["location"], headers=headers)

        assert "*nna M*****" in look_up(cast("Anna").phone).text
        for number in range(most - 1):
            assert "Nobody has a wallet" in look_up(f"+861391234{number:04}").text
        for phone in (cast("Ben").phone, "+8613912349999"):
            answer = look_up(phone)
            assert answer.status_code == 429
            assert "*en C*****" not in answer.text
            assert "Nobody has a wallet" not in answer.text
        assert "*nna M*****" in look_up(cast("Anna").phone).text
