"""Requests that wait for more proof, as the clearing loop keeps them: nothing of them was done.

Here belongs what makes two of them the same, and their row. Who sends and proves codes for them is
`step_up`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from qianbao.db.arrays import bytes_of, integers, texts
from qianbao.db.queries import load
from qianbao.db.statements import Statements
from qianbao.ids import id_from_key

sql = load("qianbao.payments")


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A request that waits for more proof. `request_hash` is of its body, `counterparty_id` whom or
    what the money goes to or comes from: a wallet, a merchant, a card."""

    wallet_id: str
    step_up_id: str
    kind: str
    request_hash: bytes
    amount_minor: int
    currency: str
    counterparty_id: str
    pin_proven: bool
    signup_id: str | None = None
    code_proven_at: datetime | None = None
    expires_at: datetime


class Bound(msgspec.Struct, frozen=True):
    """What a code is good for: one request under its key, with this body and this counterparty. (A
    phone that was named may be somebody else's by the time the code comes.)"""

    wallet_id: str
    step_up_id: str
    request_hash: bytes
    counterparty_id: str

    def is_waiting(self, found: Waiting) -> bool:
        """Whether it is this request that waits."""
        same = (found.request_hash, found.counterparty_id)
        return same == (self.request_hash, self.counterparty_id)


def step_up_id(wallet_id: str, key: str) -> str:
    """Under which id the request of a wallet under this key waits."""
    return id_from_key("stp", wallet_id, key)


def ask_to_keep(statements: Statements, waiting: Sequence[Waiting]) -> None:
    """Keeps the requests of one batch, each as it was last sent under its key."""
    statements.ask(
        sql.write_step_ups,
        {
            "wallets": texts([one.wallet_id for one in waiting]),
            "ids": texts([one.step_up_id for one in waiting]),
            "kinds": texts([one.kind for one in waiting]),
            "hashes": bytes_of([one.request_hash for one in waiting]),
            "amounts": integers([one.amount_minor for one in waiting]),
            "currencies": texts([one.currency for one in waiting]),
            "counterparties": texts([one.counterparty_id for one in waiting]),
            "pins": integers([int(one.pin_proven) for one in waiting]),
            "expires_at": waiting[0].expires_at,
        },
    )
