"""A forgotten PIN over the API: proved by the phone and the document, and everybody else is out."""

from __future__ import annotations

import pytest

from qianbao.cast import PIN
from tests.kit.person import Holder, Refused, cast

NEW_PIN = "918273"


def test_a_pin_is_changed_and_reset(seeded_stack):
    ben, elsewhere = Holder(seeded_stack, cast("Ben")), Holder(seeded_stack, cast("Ben"))
    for one in (ben, elsewhere):
        one.sign_in()
    assert ben.ask("PUT", "/pin", {"pin": PIN, "new_pin": NEW_PIN}) is None
    assert ben.get("/wallet")["status"] == "open"
    with pytest.raises(Refused, match="not_signed_in"):
        elsewhere.get("/wallet")

    seen = len(ben.messages())
    started = ben.post("/pin-resets", {"phone": ben.person.phone})
    proof = {"code": ben.next_code(seen), "new_pin": PIN}
    path = f"/pin-resets/{started['signup_id']}/confirm"
    with pytest.raises(Refused, match="pin_reset_refused") as refused:
        elsewhere.post(path, proof | {"document_number": "P00000000"})
    assert refused.value.problem["values"] == {"left": 4}
    with pytest.raises(Refused, match="pin_too_simple"):
        elsewhere.post(path, proof | {"new_pin": "111111", "document_number": "533380006"})
    with pytest.raises(Refused, match="signup_unknown"):
        elsewhere.post(
            f"/signups/{started['signup_id']}/confirm", {"code": proof["code"], "pin": NEW_PIN}
        )
    done = elsewhere.post(path, proof | {"document_number": "533380006"})
    assert (done["wallet_id"], done["created"]) == (ben.wallet_id, False)
    elsewhere.http.headers["Authorization"] = f"Bearer {done['token']}"
    assert elsewhere.get("/notices")["items"][0]["kind"] == "pin_changed"
    with pytest.raises(Refused, match="not_signed_in"):
        ben.get("/wallet")
