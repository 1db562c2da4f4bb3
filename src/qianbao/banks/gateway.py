"""How a bank is spoken to: JSON over HTTP, the protocol of docs/architecture.md.

Here belongs the wire and nothing else: what an answer means for a card or for money belongs to
the verb that asked. A bank's silence is an error of its own and is never taken for a no.
"""

from __future__ import annotations

from typing import Literal, TypeVar
from urllib.parse import quote

import msgspec

from qianbao.errors import QianbaoError
from qianbao.http_client import HttpClient, NotSent, Refused, Unanswered


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
    next_zh = "这不是您的问题。请提交工单，由我们处理。"


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


class CodeSending(msgspec.Struct, frozen=True):
    """TRIES: no more codes for this verification; EXPIRED: it must be asked for anew."""

    result: Literal["SENT", "TRIES", "EXPIRED"]


class Ending(msgspec.Struct, frozen=True):
    result: Literal["ENDED"]


class OrderAnswer(msgspec.Struct, frozen=True):
    """NOT_FOUND: the order never arrived there; send it again under the same id."""

    outcome: Literal["SETTLED", "REFUSED", "NOT_FOUND"]
    result: str = ""
    request_id: str = ""


Answer = TypeVar("Answer")


class Gateway:
    """The banks, by the gateway. Every method raises `BankSilent`, `BankUnreachable` or
    `BankMisunderstood`, and may be called again with the same request id."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def verify(self, bank: str, request: VerificationRequest) -> Verification:
        """Checks the four elements; on MATCH the bank sends its SMS code."""
        return await self._post(f"/banks/{_part(bank)}/verifications", request, Verification)

    async def confirm(
        self, bank: str, verification: str, *, request_id: str, code: str
    ) -> Confirmation:
        """Hands in the SMS code. Each attempt has a request id of its own."""
        path = f"/banks/{_part(bank)}/verifications/{_part(verification)}/confirm"
        return await self._post(path, {"request_id": request_id, "code": code}, Confirmation)

    async def send_code(self, bank: str, verification: str, *, request_id: str) -> CodeSending:
        """Has the bank send a new code of a verification that matched; the old one is void."""
        path = f"/banks/{_part(bank)}/verifications/{_part(verification)}/code"
        return await self._post(path, {"request_id": request_id}, CodeSending)

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

    async def _post(self, path: str, body: object, shape: type[Answer]) -> Answer:
        return await self._send("POST", path, body, shape)

    async def _send(self, method: str, path: str, body: object, shape: type[Answer]) -> Answer:
        try:
            return await self._http.ask(method, path, shape, body)
        except NotSent:
            raise BankUnreachable() from None
        except Unanswered:
            raise BankSilent() from None
        except Refused as refused:
            raise BankMisunderstood(http_status=refused.status) from None


def _part(text: str) -> str:
    """One part of a path, so that no token can reach another address."""
    return quote(text, safe="")
