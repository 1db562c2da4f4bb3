"""Deng photographs his passport: the lines land in the form; what is no such photo is refused."""

from __future__ import annotations

import base64
import json
from datetime import date
from urllib.parse import quote

import pytest

from qianbao.cast import TODAY
from qianbao.identity.mrz import write_td3
from qianbao.identity.photo import photos_are_read
from qianbao.names import from_fields
from qianbao.services import read_keys
from tests.identity.pictures import bomb, encoded, page
from tests.kit.stack import Stack
from tests.web.surfing import Surfer

pytestmark = pytest.mark.stack
extra = pytest.mark.skipif(
    not photos_are_read(), reason="needs the extra: pip install qianbao[photos]"
)
ADD = "/me/pay/manage/real-name/add"
PHOTO = "/me/pay/manage/real-name/photo"
PHONE = "+8613700137021"
LINES = list(
    write_td3(
        from_fields("SVENSSON", "KARIN"), number="AA1234567", issuing_country="SWE",
        nationality="SWE", birth_date=date(1988, 3, 9), sex="F", valid_until=date(2033, 3, 8),
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def karin(stack: Stack) -> Surfer:
    """Somebody new, who has shown no document yet."""
    surfer = Surfer(stack)
    surfer.sign_in(PHONE)
    return surfer


def upload(surfer: Surfer, content: bytes, kind: str = "passport") -> str:
    """Sends the photo form as a browser does; gives the page it leads to."""
    surfer.open(f"{ADD}?kind={kind}")
    surfer.form(f"{PHOTO}?kind={kind}")
    surfer.page = surfer.http.post(
        f"{PHOTO}?kind={kind}", files={"photo": ("page.jpg", content, "image/jpeg")}
    )
    return surfer.page.text


@pytest.mark.skipif(photos_are_read(), reason="the extra is installed")
def test_without_the_extra_the_page_takes_typing(karin: Surfer) -> None:
    text = karin.open(ADD)
    assert "Photos are not read in this wallet" in text
    assert PHOTO not in text
    karin.page = karin.http.post(PHOTO, files={"photo": ("page.jpg", b"x", "image/jpeg")})
    assert karin.page.status_code == 501


@extra
@pytest.mark.parametrize(
    ("content", "status", "said", "chinese"),
    [
        (b"", 422, "No photo was chosen", "未选择照片"),
        (b"hello", 422, "not a picture that can be read", "不是可识读的图片"),
        (bytes(50_000_000), 413, "larger than 10 MB", "文件超过 10 MB"),
        (bomb(), 422, "more than 50 million pixels", "超过 5000 万像素"),
        (encoded(page([])), 422, "No machine-readable lines", "未在图片中找到机读码"),
    ],
    ids=["none", "text", "50 MB", "bomb", "no lines"],
)
def test_what_is_no_photo_of_a_passport_is_refused(
    karin: Surfer, content: bytes, status: int, said: str, chinese: str
) -> None:
    text = upload(karin, content)
    assert karin.page.status_code == status
    assert said in text
    assert "type the lines" in text or "type them" in text
    assert 'name="mrz"' in text  # typing is at hand
    karin.http.get(f"{ADD}?lang=zh")
    try:
        assert chinese in upload(karin, content)
    finally:
        karin.http.get(f"{ADD}?lang=en")


@extra
def test_a_form_that_is_no_upload_is_refused(karin: Surfer) -> None:
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain"):
        karin.page = karin.http.post(PHOTO, content=b"x=1", headers={"Content-Type": content_type})
        assert karin.page.status_code in (400, 422), content_type
    karin.open(f"{PHOTO}?kind=passport")
    assert karin.path == ADD


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_read_waits_in_the_address(karin: Surfer, stack: Stack, language: str) -> None:
    """For half an hour, and for whom it was read: the page can be reloaded and switched."""
    token = karin.http.cookies["qianbao_session"]
    headers = {"Authorization": f"Bearer {token}"}
    wallet_id = karin.http.get("/v1/wallet", headers=headers).json()["wallet_id"]
    keys, now = read_keys(stack.settings), TODAY.timestamp()

    def opened(of: str, at_seconds: float) -> str:
        words = {"mrz": "\n".join(LINES), "corrections": "[]"}
        plain = json.dumps({"wallet_id": of, "at_seconds": at_seconds, "words": words})
        read = base64.urlsafe_b64encode(keys.encrypt(plain, "photo")).decode()
        return karin.open(f"{ADD}?kind=passport&read={quote(read)}&lang={language}")

    assert "AA1234567" in opened(wallet_id, now)
    assert ("Compare every character" if language == "en" else "逐个核对字符") in karin.page.text
    assert "AA1234567" not in opened("wal_another", now)
    assert "AA1234567" not in opened(wallet_id, now - 2000)
    karin.open(f"{ADD}?lang=en")


@extra
def test_a_slip_in_the_photo_is_told_and_the_lines_are_kept(karin: Surfer) -> None:
    wrong = [LINES[0], LINES[1].replace("AA1234567", "AA1234569")]
    text = upload(karin, encoded(page(wrong)))
    assert karin.page.status_code == 422
    assert "do not agree with their check digit" in text
    assert "AA1234569" in text


@extra
def test_the_lines_land_in_the_form_and_are_sent_on(karin: Surfer) -> None:
    text = upload(karin, encoded(page(LINES)), kind="permanent_residence")
    assert karin.page.status_code == 200
    assert "Compare every character" in text
    assert karin.form(ADD)["kind"] == "passport"
    assert karin.page.request.method == "GET"
    # The number itself: four digits of it stand in a port or in sealed bytes by chance.
    assert LINES[1][:9] not in str(karin.page.url)
    # As a browser has it: the text of the field is what stands in it.
    shown = text.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]
    lines = shown.replace("&lt;", "<").split()
    assert lines == LINES
    text = karin.send(ADD, mrz="\n".join(lines))
    assert karin.path == "/me/pay/manage/real-name"
    assert "4567" in text


def test_a_corrected_look_alike_is_told_on_the_document(karin: Surfer) -> None:
    karin.open(ADD)
    first = write_td3(
        from_fields("SVENSSON", "KARIN"), number="AA1234568", issuing_country="SWE",
        nationality="SWE", birth_date=date(1988, 3, 9), sex="F", valid_until=date(2034, 3, 8),
    )  # fmt: skip
    seen = first[1].replace("340308", "3403O8")
    text = karin.send(ADD, mrz=f"{first[0]}\n{seen}")
    assert "A look-alike in the lines you gave was corrected" in text
    assert "Line 2, character 26: “O” was read as “0”." in text


@extra
def test_the_api_reads_a_photo(karin: Surfer, stack: Stack) -> None:
    token = karin.http.cookies["qianbao_session"]
    headers = {"Authorization": f"Bearer {token}"}
    body = {"photo": base64.b64encode(encoded(page(LINES))).decode()}
    answer = karin.http.post("/v1/documents/photo", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"mrz": "\n".join(LINES), "corrections": [], "proven": True}
    answer = karin.http.post("/v1/documents/photo", json={"photo": "aGVsbG8="}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "photo_no_picture")
