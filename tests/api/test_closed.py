"""A closed wallet over the API: its records are read again without opening a new one."""

from __future__ import annotations

import msgspec
import pytest

from qianbao.cast import PIN
from tests.kit.person import Holder, Refused, cast

VISITOR = msgspec.structs.replace(cast("Anna"), phone="+8613900000099")


def code_sent(holder: Holder) -> tuple[str, str]:
    """A sign-in is started: its path, and the code."""
    seen = len(holder.messages())
    started = holder.post("/signups", {"phone": holder.person.phone})
    return f"/signups/{started['signup_id']}", holder.next_code(seen)


def test_the_records_of_a_closed_wallet_are_read(seeded_stack):
    nia, later = Holder(seeded_stack, VISITOR), Holder(seeded_stack, VISITOR)
    nia.sign_in()
    closed = nia.post("/closure", {"pin": PIN})

    path, code = code_sent(later)
    with pytest.raises(Refused, match="records_proof_missing"):
        later.post(f"{path}/closed-wallets", {"code": code})
    with pytest.raises(Refused, match="records_refused") as refused:
        later.post(f"{path}/closed-wallets", {"code": code, "pin": "918273"})
    assert refused.value.problem["values"] == {"left": 4}
    (found,) = later.post(f"{path}/closed-wallets", {"code": code, "pin": PIN})
    assert (found["wallet_id"], found["closed_at"]) == (nia.wallet_id, closed["closed_at"])
    later.http.headers["Authorization"] = f"Bearer {found['token']}"
    assert later.get("/wallet")["status"] == "closed"
    assert later.get("/transactions")["items"] == []
    assert later.http.get("/v1/statements/all.csv").status_code == 200
    with pytest.raises(Refused, match="wallet_closed"):
        later.post("/reopenings")
