"""The payment PIN: changing it, and choosing a new one when it is forgotten."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post, put
from msgspec import Meta

from qianbao.api.access import Asked, asked_from, bearer, services
from qianbao.api.described import CODE, SENDS_CODE, refuses
from qianbao.api.holder import Code, Languages, Phone, Pin, SignedUp
from qianbao.ids import id_from_key
from qianbao.wallets import codes, pin, pin_reset
from qianbao.wallets.sessions import Session


class ChangePin(msgspec.Struct, forbid_unknown_fields=True):
    """The PIN as it is, and as it shall be. Ask for the new one twice before you send it."""

    pin: Pin
    new_pin: Pin


class StartPinReset(msgspec.Struct, forbid_unknown_fields=True):
    """The wallet's phone number; the code comes by text message."""

    phone: Phone
    language: Languages = "en"


class ConfirmPinReset(msgspec.Struct, forbid_unknown_fields=True):
    """What proves whose the wallet is, and the new PIN. Ask for it twice before you send it."""

    code: Code
    new_pin: Pin
    document_number: Annotated[str, Meta(max_length=40)] = ""


@put("/pin", status_code=204, opt=refuses("pin_format", "pin_too_simple", "wallet_unknown"))
async def change(request: Asked, holder: Session, data: ChangePin) -> None:
    """Change the payment PIN

    For whoever knows the old one. Every other session of the wallet ends.
    """
    own = services(request)
    await pin.change_pin(
        own.pool,
        own.settings,
        wallet_id=holder.wallet_id,
        pin=data.pin,
        new_pin=data.new_pin,
        token=bearer(request),
        now=own.now(),
    )


@post(
    "/pin-resets",
    status_code=201,
    security=[{}],
    opt=refuses(*SENDS_CODE),
)
async def start(request: Asked, data: StartPinReset, key: str) -> codes.Signup:
    """Ask for a code to choose a new PIN

    Sends a text message to the phone, whether or not it has a wallet. The code is good for a new
    PIN and for nothing else. Sent again under the same key, no second message is sent.
    """
    own = services(request)
    return await codes.start_signup(
        own.pool,
        own.keys,
        own.settings,
        signup_id=id_from_key("sig", f"pin-reset {data.phone}", key),
        phone=data.phone,
        language=data.language,
        purpose="pin_reset",
        address=asked_from(request),
        now=own.now(),
    )


@post(
    "/pin-resets/{signup_id:str}/confirm",
    status_code=200,
    security=[{}],
    opt=refuses(
        "signup_unknown",
        *CODE,
        "pin_format",
        "pin_too_simple",
        "no_wallet_to_reset",
        "pin_reset_refused",
        "pin_resets_used_up",
        "pin_reset_needs_document",
        "wallet_closed",
    ),
)
async def confirm(request: Asked, signup_id: str, data: ConfirmPinReset) -> SignedUp:
    """Set the new PIN

    The code and the number of the wallet's document prove whose it is. Sets the PIN, signs in, and
    ends every other session; the holder is told by text message. Attempts without proof are few.
    """
    own = services(request)
    done = await pin_reset.reset_pin(
        own.pool,
        own.keys,
        own.settings,
        signup_id=signup_id,
        code=data.code,
        document_number=data.document_number,
        new_pin=data.new_pin,
        now=own.now(),
    )
    return SignedUp(done.wallet_id, done.token, done.created)


ROUTES = (change, start, confirm)
