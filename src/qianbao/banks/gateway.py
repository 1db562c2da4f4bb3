"""How a bank is spoken to: JSON over HTTP, the protocol of docs/architecture.md.

Here belongs the wire and nothing else: what an answer means for a card or for money belongs to
the verb that asked. A bank's silence is an error of its own and is never taken for a no.
"""

from __future__ import annotations

import logging
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from qianbao.errors import QianbaoError

# Addresses hold agreements, and httpx logs addresses.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class BankSilent(QianbaoError):
    """The request may or may not have been carried out: ask again under the same id."""

    code = "bank_silent"
    status = 503
    retry = True
    en = "The bank has not answered, so we do not know yet. Nothing was guessed, nothing changed."
    zh = "银行尚未答复，结果未知。我们不作猜测，目前没有任何变更。"
    next_en = "Ask again in a moment: the same request is repeated, not made twice."
    next_zh = "请稍后再次查询：系统会重发同一请求，不会重复办理。"


class BankUnreachable(BankSilent):
    """The request surely never left: no connection was made."""

    code = "bank_unreachable"
    en = "The bank cannot be reached at the moment. Nothing was sent, nothing changed."
    zh = "暂时无法连接银行。请求没有发出，没有任何变更。"
    next_en = "Try again in a few minutes."
    next_zh = "请几分钟后再试。"


class BankMisunderstood(QianbaoError):
    """The bank's side refused the request's form (4xx): surely not carried out, and repeating it
    does not help. Its operators and ours must talk."""

    code = "bank_misunderstood"
    status = 502
    en = "The bank's system did not accept our request ({http_status}). Nothing changed."
    zh = "银行系统未接受我们的请求（{http_status}）。没有任何变更。"
    next_en = "This is not your doing. Open a case, so that we look into it."
    next_zh = "这不是您的问题。请提交申诉，由我们处理。"


class VerificationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The four elements (domain.md 2.1). Passes through once and is kept nowhere."""

    request_id: str
    card_number: str
    holder_name: str
    document_kind: str
    document_number: str
    phone: str

    def __repr__(self) -> str:
        return f"VerificationRequest(request_id={self.request_id!r}, …)"


class Verification(msgspec.Struct, frozen=True):
    """`result` is a canonical code of domain.md 2.2; `mismatched_fields` (name, document_number,
    phone) is None when the bank does not say."""

    request_id: str
    result: str
    mismatched_fields: tuple[str, ...] | None = None
    verification: str = ""
    expires_in_seconds: int = 0


class Confirmation(msgspec.Struct, frozen=True):
    """`agreement` is the bank's token for this card, empty unless CONFIRMED."""

    result: Literal["CONFIRMED", "OTP_WRONG", "OTP_TRIES", "OTP_EXPIRED"]
    agreement: str | None = None


class Ending(msgspec.Struct, frozen=True):
    result: Literal["ENDED"]


class OrderAnswer(msgspec.Struct, frozen=True):
    """NOT_FOUND: the order never arrived there; send it again under the same id."""

    outcome: Literal["SETTLED", "REFUSED", "NOT_FOUND"]
    result: str = ""
    request_id: str = ""


Answer = TypeVar("Answer")


class Gateway:
    """One connection pool to the gateway. Every method raises `BankSilent`, `BankUnreachable` or
    `BankMisunderstood`, and may be called again with the same request id."""

    def __init__(self, url: str, token: str, timeout_seconds: float) -> None:
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_seconds,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def verify(self, bank: str, request: VerificationRequest) -> Verification:
        """Checks the four elements; on MATCH the bank sends its SMS code."""
        return await self._post(f"/banks/{_part(bank)}/verifications", request, Verification)

    async def confirm(
        self, bank: str, verification: str, *, request_id: str, code: str
    ) -> Confirmation:
        """Hands in the SMS code. Each attempt has a request id of its own."""
        path = f"/banks/{_part(bank)}/verifications/{_part(verification)}/confirm"
        return await self._post(path, {"request_id": request_id, "code": code}, Confirmation)

    async def end_agreement(self, bank: str, agreement: str, *, request_id: str) -> Ending:
        """Ends the bank's permission to move money for this card."""
        path = f"/banks/{_part(bank)}/agreements/{_part(agreement)}/end"
        return await self._post(path, {"request_id": request_id}, Ending)

    async def order(
        self,
        bank: str,
        *,
        request_id: str,
        agreement: str,
        direction: Literal["debit", "credit"],
        amount_minor: int,
        currency: str,
    ) -> OrderAnswer:
        """Takes money from the card (debit) or pays it there; sent twice under one id, it moves
        once."""
        body = {
            "request_id": request_id,
            "agreement": agreement,
            "direction": direction,
            "amount_minor": amount_minor,
            "currency": currency,
        }
        return await self._post(f"/banks/{_part(bank)}/orders", body, OrderAnswer)

    async def ask_order(self, bank: str, request_id: str) -> OrderAnswer:
        """What became of an order."""
        path = f"/banks/{_part(bank)}/orders/{_part(request_id)}"
        return await self._send("GET", path, None, OrderAnswer)

    async def send_sms(self, *, message_id: str, sender: str, phone: str, text: str) -> None:
        """Hands a text message to the carrier; twice under one id, it is sent once."""
        body = {"message_id": message_id, "sender": sender, "phone": phone, "text": text}
        await self._post("/sms", body, msgspec.Raw)

    async def _post(self, path: str, body: object, shape: type[Answer]) -> Answer:
        return await self._send("POST", path, msgspec.json.encode(body), shape)

    async def _send(
        self, method: str, path: str, body: bytes | None, shape: type[Answer]
    ) -> Answer:
        headers = {"Content-Type": "application/json"} if body is not None else None
        try:
            response = await self._client.request(method, path, content=body, headers=headers)
        except NEVER_SENT:
            raise BankUnreachable() from None
        except httpx.HTTPError:
            raise BankSilent() from None
        if response.status_code >= 500 or response.status_code == 429:
            raise BankSilent()
        if not response.is_success:
            raise BankMisunderstood(http_status=response.status_code)
        try:
            return msgspec.json.decode(response.content or b"null", type=shape)
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise BankSilent() from None  # an unreadable answer is no answer


def _part(text: str) -> str:
    """One part of a path, so that no token can reach another address."""
    return quote(text, safe="")
