"""The holder's documents: shown by their lines or number, or read from a photo first."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from litestar import get, post
from msgspec import Meta

from qianbao.api.access import Asked, services
from qianbao.api.described import DOCUMENT, PHOTO, refuses
from qianbao.identity import documents
from qianbao.identity.identity_data import GivenData, IdentityData, confirm_data, identity_data
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.photo import PHOTO_BYTES, read_photo
from qianbao.identity.reading import DocumentSubmission
from qianbao.ids import id_from_key
from qianbao.wallets.pin import check_pin
from qianbao.wallets.sessions import Session

Text = Annotated[str, Meta(max_length=200)]
PHOTO_BODY_BYTES = PHOTO_BYTES * 4 // 3 + 1_000
"""A photo in base64, and the JSON around it."""


StatedSex = Literal["F", "M", "X", ""]


class SubmitDocument(msgspec.Struct, forbid_unknown_fields=True):
    """A passport by its two machine-readable lines; anything else by number, name and the last
    day it is valid. Sex (where the document shows none), occupation and address have to be known,
    too: given here, or later with `POST /v1/identity-data`."""

    kind: Annotated[str, Meta(max_length=40)]
    mrz: Annotated[str, Meta(max_length=200)] | None = None
    number: Annotated[str, Meta(max_length=40)] | None = None
    surname: Text = ""
    given: Text = ""
    native: Text = ""
    valid_until: date | None = None
    country: Annotated[str, Meta(max_length=3)] = ""
    sex: StatedSex = ""
    occupation: Text = ""
    address: Text = ""


class ConfirmData(msgspec.Struct, forbid_unknown_fields=True):
    """What is given replaces what was known; what is left out stays and is confirmed as it is."""

    pin: Annotated[str, Meta(min_length=1, max_length=12)]
    sex: StatedSex = ""
    occupation: Text = ""
    address: Text = ""


class IdentityDataView(msgspec.Struct):
    """What has to be known of the holder and no document need show."""

    sex: str | None
    sex_shown: bool
    occupation: str | None
    address: str | None
    missing: list[str]
    confirmed_at: datetime | None


class DocumentPhoto(msgspec.Struct, forbid_unknown_fields=True):
    """A photo of the page with the machine-readable lines."""

    photo: bytes


class DocumentPhotoLines(msgspec.Struct):
    """What was read from a photo. Compare it with the document: a camera misreads names too, which
    no check digit covers."""

    mrz: str
    corrections: list[Correction]
    proven: bool


class DocumentView(msgspec.Struct):
    """A document, without its number but for the last four characters. `surname`, `given` and
    `native` are the legal name; `patronymic`, `second_surname` and `particles` say which of its
    words are what, where words or issuer say so; `also_written` is what the holder says they write,
    and no document shows it; `corrections` are look-alikes that the check digits proved."""

    document_id: str
    kind: str
    country: str
    residency: str
    number_tail: str
    surname: str
    given: str
    native: str
    patronymic: str
    second_surname: str
    particles: list[str]
    also_written: str
    corrections: list[Correction]
    birth_date: date | None
    valid_until: date | None
    supersedes: str | None
    superseded_at: datetime | None
    confirmed: bool
    created_at: datetime


def _document(found: documents.Document) -> DocumentView:
    name = found.legal_name
    return DocumentView(
        document_id=found.document_id,
        kind=found.kind,
        country=found.country,
        residency=found.residency,
        number_tail=found.number_tail,
        surname=name.surname,
        given=name.given,
        native=name.native,
        patronymic=name.patronymic,
        second_surname=name.second_surname,
        particles=list(name.particles),
        also_written=found.also_written,
        corrections=list(found.corrections),
        birth_date=found.birth_date,
        valid_until=found.valid_until,
        supersedes=found.supersedes,
        superseded_at=found.superseded_at,
        confirmed=found.confirmed,
        created_at=found.created_at,
    )


@get("/identity-data")
async def show_identity_data(request: Asked, holder: Session) -> IdentityDataView:
    """Show what is known of the holder

    Beside the document and the phone, what the rules ask for, what of it is missing, and when the
    holder last stood by it. Before a document was shown, nothing is known.
    """
    own = services(request)
    async with own.pool.connection() as conn:
        found = await identity_data(conn, own.keys, wallet_id=holder.wallet_id)
    return _identity_data(found or IdentityData(None, False, None, None, (), None))


@post(
    "/identity-data",
    status_code=200,
    opt=refuses(
        "wallet_unknown",
        "document_field_disagrees",
        "identity_data_incomplete",
        "identity_data_needs_document",
        "identity_data_unreadable",
    ),
)
async def confirm_identity_data(
    request: Asked, holder: Session, data: ConfirmData
) -> IdentityDataView:
    """Confirm what is known of the holder, and add what is missing

    With the PIN. It restores a wallet that was unused for too long, and one of which too little is
    known. Sent again, it only confirms again.
    """
    own = services(request)
    await check_pin(own.pool, own.settings, wallet_id=holder.wallet_id, pin=data.pin, now=own.now())
    given = GivenData(sex=data.sex, occupation=data.occupation, address=data.address)
    async with own.pool.connection() as conn:
        found = await confirm_data(
            conn, own.keys, wallet_id=holder.wallet_id, given=given, now=own.now()
        )
    return _identity_data(found)


def _identity_data(found: IdentityData) -> IdentityDataView:
    return IdentityDataView(
        sex=found.sex,
        sex_shown=found.sex_shown,
        occupation=found.occupation,
        address=found.address,
        missing=list(found.missing),
        confirmed_at=found.confirmed_at,
    )


@post("/documents", status_code=201, opt=refuses("wallet_closed", *DOCUMENT))
async def submit_document(
    request: Asked, holder: Session, key: str, data: SubmitDocument
) -> DocumentView:
    """Show a document

    It becomes the current document and supersedes the one before. The registers are asked by
    themselves. A passport is given by the two lines at its foot, anything else by number, name and
    last day.
    """
    own = services(request)
    stated = {"sex", "occupation", "address"}
    fields = msgspec.structs.asdict(data)
    submission = DocumentSubmission(**{k: v for k, v in fields.items() if k not in stated})
    found = await documents.show_document(
        own.pool,
        own.keys,
        wallet_id=holder.wallet_id,
        document_id=id_from_key("doc", holder.wallet_id, key),
        submission=submission,
        given=GivenData(sex=data.sex, occupation=data.occupation, address=data.address),
        now=own.now(),
    )
    return _document(found)


@post(
    "/documents/photo",
    status_code=200,
    request_max_body_size=PHOTO_BODY_BYTES,
    opt=refuses(*PHOTO),
)
async def read_document_photo(
    request: Asked, holder: Session, data: DocumentPhoto
) -> DocumentPhotoLines:
    """Read a photo of a document

    Finds the machine-readable lines in a photo, for the holder to compare with the document before
    they are sent as `mrz`. Nothing is kept of it. An operator may have left photos out: the lines
    are typed then.
    """
    zone = await read_photo(data.photo)
    return DocumentPhotoLines("\n".join(zone.lines), list(zone.corrections), zone.proven)


@get("/documents")
async def list_documents(request: Asked, holder: Session) -> list[DocumentView]:
    """List documents

    All documents of the wallet, the current one first; of each number only the last four
    characters.
    """
    async with services(request).pool.connection() as conn:
        found = await documents.list_documents(conn, holder.wallet_id)
    return [_document(one) for one in found]


ROUTES = (
    submit_document,
    read_document_photo,
    list_documents,
    show_identity_data,
    confirm_identity_data,
)
