"""Signing up and in, the wallet, its standing, notices and cases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from litestar import delete, get, patch, post
from litestar.params import QueryParameter
from msgspec import Meta

from qianbao.api.access import After, Asked, Limit, asked_from, bearer, services
from qianbao.api.described import CODE, SENDS_CODE, refuses
from qianbao.ids import id_from_key
from qianbao.leaving.reopen import EarlierWallet, earlier_wallets
from qianbao.money import Money
from qianbao.notices import inbox
from qianbao.wallets import cases, codes, profile, sessions, signup
from qianbao.wallets.sessions import Session
from qianbao.wallets.standing import Standing, standing

Phone = Annotated[str, Meta(min_length=3, max_length=32, examples=["+86 138 0013 8001"])]
Code = Annotated[str, Meta(min_length=1, max_length=12)]
Pin = Annotated[str, Meta(min_length=1, max_length=12)]
Text = Annotated[str, Meta(max_length=200)]
Languages = Literal["en", "zh"]


class StartSignup(msgspec.Struct, forbid_unknown_fields=True):
    """A phone number; the code comes by text message."""

    phone: Phone
    language: Languages = "en"


class ConfirmSignup(msgspec.Struct, forbid_unknown_fields=True):
    """The code, and the payment PIN: chosen now for a new wallet, known for an old one."""

    code: Code
    pin: Pin | None = None


class SignedUp(msgspec.Struct):
    """`token` goes into the Authorization header of everything else."""

    wallet_id: str
    token: str
    created: bool


class WalletView(msgspec.Struct):
    """The wallet itself."""

    wallet_id: str
    status: Literal["open", "closed"]
    balance: Money
    held: Money
    available: Money
    phone_tail: str
    language: Languages
    residency: str | None
    document_kind: str | None
    document_valid_until: date | None
    opened_at: datetime
    verified_at: datetime | None
    closed_at: datetime | None
    earlier_wallets: list[EarlierWallet]


class SetLanguage(msgspec.Struct, forbid_unknown_fields=True):
    """Which language notices are written in."""

    language: Languages


class NoticePage(msgspec.Struct):
    """Notices, newest first; `next` asks for the page after, None on the last."""

    items: list[inbox.Notice]
    next: str | None


class OpenCase(msgspec.Struct, forbid_unknown_fields=True):
    """A question to the operator."""

    subject: Annotated[str, Meta(min_length=1, max_length=120)]
    body: Annotated[str, Meta(min_length=1, max_length=4000)]


@post(
    "/signups",
    status_code=201,
    security=[{}],
    opt=refuses(*SENDS_CODE),
)
async def start(request: Asked, data: StartSignup, key: str) -> codes.Signup:
    """Ask for a sign-up code

    Sends a text message with a code to the phone, whether or not it has a wallet yet: signing up
    and signing in begin alike. Sent again under the same key, no second message is sent.
    """
    own = services(request)
    return await codes.start_signup(
        own.pool,
        own.keys,
        own.settings,
        signup_id=id_from_key("sig", data.phone, key),
        phone=data.phone,
        language=data.language,
        address=asked_from(request),
        now=own.now(),
    )


@post(
    "/signups/{signup_id:str}/confirm",
    status_code=200,
    security=[{}],
    opt=refuses(
        "signup_unknown",
        *CODE,
        "pin_needed",
        "wallet_pin_needed",
        "pin_format",
        "pin_too_simple",
        "pin_wrong",
        "pin_locked",
        "pin_busy",
    ),
)
async def confirm(request: Asked, signup_id: str, data: ConfirmSignup) -> SignedUp:
    """Confirm the code

    Opens a wallet with the PIN that is chosen now, or signs in to the wallet that the phone has,
    with its PIN. A right code without a PIN is answered by `pin_needed` or `wallet_pin_needed`, and
    stays good. The `token` is shown this once.
    """
    own = services(request)
    done = await signup.confirm_signup(
        own.pool,
        own.keys,
        own.settings,
        signup_id=signup_id,
        code=data.code,
        pin=data.pin,
        wallet_id=id_from_key("wal", signup_id, "confirm"),
        now=own.now(),
    )
    return SignedUp(done.wallet_id, done.token, done.created)


@delete("/session")
async def sign_out(request: Asked, holder: Session) -> None:
    """Sign out

    Ends the session whose token this is; other sessions of the wallet go on.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        await sessions.end_session(conn, token=bearer(request), now=own.now())


@get("/wallet", opt=refuses("wallet_unknown"))
async def wallet(request: Asked, holder: Session) -> WalletView:
    """Show the wallet

    Balance, what is held for orders under way, and what is known of the holder's identity.
    `earlier_wallets` are those that the same person closed before.
    """
    async with services(request).pool.connection() as conn:
        found = await profile.wallet(conn, holder.wallet_id)
        earlier = await earlier_wallets(conn, wallet_id=holder.wallet_id)
    return WalletView(
        wallet_id=found.wallet_id,
        status=found.status,
        balance=Money(found.balance_minor, found.currency),
        held=Money(found.held_minor, found.currency),
        available=Money(found.available_minor, found.currency),
        phone_tail=found.phone_tail,
        language=found.language,
        residency=found.residency,
        document_kind=found.document_kind,
        document_valid_until=found.document_valid_until,
        opened_at=found.opened_at,
        verified_at=found.verified_at,
        closed_at=found.closed_at,
        earlier_wallets=list(earlier),
    )


@patch("/wallet", status_code=200, opt=refuses("wallet_unknown"))
async def change_wallet(request: Asked, holder: Session, data: SetLanguage) -> SetLanguage:
    """Set the language

    The language of notices and text messages.
    """
    async with services(request).pool.connection() as conn:
        await profile.set_language(conn, wallet_id=holder.wallet_id, language=data.language)
    return data


@get("/wallet/standing", opt=refuses("wallet_unknown", "capability_unknown"))
async def wallet_standing(
    request: Asked,
    holder: Session,
    capability: Annotated[str | None, QueryParameter(max_length=40)] = None,
    amount_minor: Annotated[
        int,
        QueryParameter(ge=1, le=10**13, description="For how much it is asked, in minor units."),
    ] = 1,
) -> Standing:
    """Show the standing

    What the wallet may do now and why not the rest: every rule that blocks, what it compared, what
    is coming and by when, and every way out, each of which has been checked to work. Also what can
    be withdrawn now, with its fee.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await standing(
            conn,
            await own.policies.current(conn),
            own.settings,
            wallet_id=holder.wallet_id,
            capability=capability,
            amount_minor=amount_minor,
            now=own.now(),
        )


@get("/notices")
async def list_notices(
    request: Asked,
    holder: Session,
    limit: Limit = 50,
    after: After = None,
) -> NoticePage:
    """List notices

    The inbox, newest first, in both languages.
    """
    async with services(request).pool.connection() as conn:
        found = await inbox.list_notices(
            conn, wallet_id=holder.wallet_id, limit=limit + 1, after=after
        )
    more = found[limit - 1].notice_id if len(found) > limit else None
    return NoticePage(found[:limit], more)


@post("/cases", status_code=201, opt=refuses("case_text_length", "case_id_used", "wallet_unknown"))
async def open_case(request: Asked, holder: Session, key: str, data: OpenCase) -> cases.Case:
    """Open a case

    A question to the operator. A closed wallet may ask, too.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        return await cases.open_case(
            conn,
            wallet_id=holder.wallet_id,
            case_id=id_from_key("cas", holder.wallet_id, key),
            subject=data.subject,
            body=data.body,
            now=own.now(),
        )


@get("/cases")
async def list_cases(request: Asked, holder: Session) -> list[cases.Case]:
    """List cases

    The holder's cases, with their answers.
    """
    async with services(request).pool.connection() as conn:
        return await cases.list_cases(conn, wallet_id=holder.wallet_id)


ROUTES = (
    start,
    confirm,
    sign_out,
    wallet,
    change_wallet,
    wallet_standing,
    list_notices,
    open_case,
    list_cases,
)
