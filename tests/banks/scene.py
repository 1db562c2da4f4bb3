"""What this folder's stories start from: people, their documents, their accounts, their cards."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
from stdnum import luhn

from qianbao.banks import directory
from qianbao.banks.cards import Card, confirm_card, link_card
from qianbao.banks.gateway import Gateway
from qianbao.db.pool import Pool
from qianbao.http_client import HttpClient
from qianbao.identity import evidence
from qianbao.identity.documents import (
    Document,
    DocumentSubmission,
    current_document,
    document_number,
    show_document,
)
from qianbao.identity.mrz import write_td3
from qianbao.ids import new_id
from qianbao.keyring import KeyRing
from qianbao.names import from_fields
from qianbao.settings import Settings
from qianbao.wallets.opening import open_wallet

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEYS = KeyRing(bytes(range(32)))
SETTINGS = Settings(sandbox=True)
TOKEN = "only-for-tests"
SILENCE_SECONDS = 0.6
PATIENCE_SECONDS = 60

_serial = itertools.count(417_000_000)


class Sandbox:
    """The sandbox as a test sees it: its JSON, its pages, and what it printed."""

    def __init__(self, client: httpx.AsyncClient, url: str, said: Path) -> None:
        self.client, self.url, self.said = client, url, said
        self.disturbed: set[str] = set()
        self.silent: set[str] = set()
        self.waiting: list[HttpClient] = []

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = await self.client.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    async def account(
        self,
        bank: str,
        printed_name: str,
        document_number: str,
        phone: str,
        *,
        cards: int = 1,
        kind: str = "passport",
        balance_minor: int = 0,
    ) -> list[str]:
        """Opens an account with fresh cards; gives their numbers."""
        numbers = [new_card(bank) for _ in range(cards)]
        body = {
            "bank": bank, "printed_name": printed_name, "document_kind": kind,
            "document_number": document_number, "phone": phone, "balance_minor": balance_minor,
            "cards": numbers,
        }  # fmt: skip
        await self.post("/sandbox/customers", body)
        return numbers

    async def fault(self, bank: str, fault: str | None) -> None:
        self.disturbed.add(bank)
        (self.silent.add if "silent" in (fault or "") else self.silent.discard)(bank)
        for http in self.waiting:
            http._timeout_seconds = SILENCE_SECONDS if self.silent else PATIENCE_SECONDS
        await self.post("/sandbox/faults", {"bank": bank, "fault": fault})

    async def texts(self, phone: str) -> list[str]:
        """The phone's messages, newest first."""
        answer = await self.client.get(f"/sandbox/phones/{phone}/messages")
        answer.raise_for_status()
        return [message["text"] for message in answer.json()]

    async def code(self, phone: str) -> str:
        """The code in the phone's latest message."""
        found = re.search(r"\b\d{6}\b", (await self.texts(phone))[0])
        assert found
        return found.group()

    async def balance_minor(self, bank: str, card_number: str) -> int:
        parameters = {"bank": bank, "card_number": card_number}
        answer = await self.client.get("/sandbox/customers", params=parameters)
        return int(answer.json()["balance_minor"])


def new_card(bank: str) -> str:
    """A number of that bank's that no other test has."""
    prefix, _, length = directory.get_bank(bank).bins[0].partition("/")
    digits = prefix + str(next(_serial)).zfill(int(length) - len(prefix) - 1)
    return digits + luhn.calc_check_digit(digits)


def new_phone() -> str:
    return f"+86139{next(_serial) % 10**8:08d}"


def new_number() -> str:
    """A passport number that no other test has."""
    return f"C{next(_serial) % 10**8:08d}"


def passport(
    surname: str, given: str, number: str, *, valid_until: date = date(2031, 5, 1)
) -> DocumentSubmission:
    lines = write_td3(
        from_fields(surname, given), number=number, issuing_country="D", nationality="D",
        birth_date=date(1990, 4, 12), sex="F", valid_until=valid_until,
    )  # fmt: skip
    return DocumentSubmission(kind="passport", mrz="\n".join(lines))


async def new_wallet(pool: Pool, *submissions: DocumentSubmission, now: datetime = NOW) -> str:
    """A wallet whose holder brought these documents, one after the other."""
    wallet_id = new_id("wal", now)
    async with pool.connection() as conn:
        assert await open_wallet(
            conn, KEYS, wallet_id=wallet_id, phone=new_phone(), pin_hash="-", language="en", now=now
        )
    for submission in submissions:
        await bring(pool, wallet_id, submission, now)
    return wallet_id


async def bring(
    pool: Pool, wallet_id: str, submission: DocumentSubmission, now: datetime = NOW
) -> Document:
    return await show_document(
        pool, KEYS, wallet_id=wallet_id, document_id=new_id("doc", now), submission=submission,
        now=now,
    )  # fmt: skip


async def start(
    pool: Pool,
    gateway: Gateway,
    wallet_id: str,
    card_number: str,
    phone: str,
    *,
    card_id: str = "",
    name_form: str | None = None,
    confirmed_close: str = "",
    settings: Settings = SETTINGS,
    now: datetime = NOW,
) -> Card:
    """Asks to link a card, under a fresh id if none is given."""
    return await link_card(
        pool, gateway, KEYS, settings, wallet_id=wallet_id, card_id=card_id or new_id("crd", now),
        card_number=card_number, phone=phone, name_form=name_form,
        confirmed_close=confirmed_close, now=now,
    )  # fmt: skip


async def finish(pool: Pool, gateway: Gateway, card: Card, code: str, now: datetime = NOW) -> Card:
    """Hands in the bank's code."""
    return await confirm_card(
        pool, gateway, KEYS, wallet_id=card.wallet_id, card_id=card.card_id, code=code, now=now
    )


async def link(
    pool: Pool,
    gateway: Gateway,
    sandbox: Sandbox,
    wallet_id: str,
    card_number: str,
    phone: str,
    name_form: str | None = None,
) -> Card:
    """The whole of linking: ask, read the phone, hand in the code."""
    card = await start(pool, gateway, wallet_id, card_number, phone, name_form=name_form)
    return await finish(pool, gateway, card, await sandbox.code(phone))


async def confirmed(
    pool: Pool, gateway: Gateway, sandbox: Sandbox, paper: DocumentSubmission
) -> str:
    """A wallet whose holder a bank, CMB, has confirmed with that passport."""
    wallet, phone = await new_wallet(pool, paper), new_phone()
    async with pool.connection() as conn:
        document = await current_document(conn, wallet)
    assert document
    printed = f"{document.legal_name.surname} {document.legal_name.given}"
    [card] = await sandbox.account("CMB", printed, document_number(KEYS, document), phone)
    await link(pool, gateway, sandbox, wallet, card, phone, name_form=printed)
    return wallet


async def known_by_phone(pool: Pool, wallet_id: str, at: datetime = NOW) -> None:
    """The mobile operator has confirmed the holder: the phone is in their name and document."""
    async with pool.connection() as conn:
        document = await current_document(conn, wallet_id)
        assert document
        await evidence.record(
            conn, wallet_id=wallet_id, evidence_id=new_id("evi", at), source="mobile_operator",
            outcome="MATCH", compared=["name", "document_number", "phone"],
            document_id=document.document_id, card_id=None, at=at,
        )  # fmt: skip


async def facts(pool: Pool, wallet_id: str) -> tuple[list[str], list[str], datetime | None]:
    """card_banks (sorted), stale_banks, verified_at."""
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT card_banks, stale_banks, verified_at FROM wallets WHERE wallet_id = %s",
            (wallet_id,),
        )
        row = await cursor.fetchone()
    assert row
    return sorted(row[0]), row[1], row[2]


async def jobs(pool: Pool, task: str) -> list[dict[str, Any]]:
    """The arguments of the jobs waiting under that name."""
    async with pool.connection() as conn:
        cursor = await conn.execute(
            "SELECT args FROM procrastinate_jobs WHERE task_name = %s ORDER BY id", (task,)
        )
        return [row[0] for row in await cursor.fetchall()]
