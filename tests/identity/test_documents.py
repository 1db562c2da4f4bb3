"""Anna, Chiara, Deng and Taro bring their documents; Ben comes back with his."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.identity import documents, reading, typed_name
from qianbao.identity.documents import DocumentSubmission, document_number, list_documents
from qianbao.identity.mrz import MrzCheckDigitWrong, write_td3
from qianbao.identity.mrz_checks import Correction
from qianbao.identity.numbers import NumberCheckWrong
from qianbao.ids import new_id
from qianbao.names import display, from_fields
from tests.identity.papers import (
    KEYS,
    NOW,
    a_bank_confirms,
    a_wallet,
    bring,
    close,
    identity_of,
    passport,
)

WANG = DocumentSubmission(
    kind="resident_id", number="11010519491231002x", native="王小明", valid_until=None
)


async def test_annas_passport_makes_her_the_holder(pool: Pool) -> None:
    annas = await a_wallet(pool)
    document = await bring(pool, annas, passport())
    assert (document.legal_name.surname, document.legal_name.given) == ("MUELLER", "ANNA MARIA")
    assert (document.kind, document.country, document.residency) == ("passport", "DEU", "foreign")
    assert (document.birth_date, document.sex) == (date(1990, 4, 12), "F")
    assert document.number_tail == "0T47"
    assert b"C01X00T47" not in document.number_cipher
    assert document_number(KEYS, document) == "C01X00T47"
    async with pool.connection() as conn:
        person, *facts = await identity_of(conn, annas)
        cursor = await conn.execute("SELECT task_name, args FROM procrastinate_jobs ORDER BY id")
        jobs = await cursor.fetchall()
    assert str(person).startswith("per_")
    assert facts == ["foreign", "passport", date(2031, 5, 1)]
    asked = [(task, {"wallet_id": annas}) for task in ("tell_wallet", "check_registers")]
    assert jobs == asked


async def test_the_name_with_its_accents_is_kept_when_it_agrees(pool: Pool) -> None:
    annas = await a_wallet(pool)
    typed = msgspec.structs.replace(passport(), surname="Müller", given="Anna-Maria")
    document = await bring(pool, annas, typed)
    assert (document.legal_name.surname, document.legal_name.given) == ("Müller", "Anna-Maria")
    assert document.legal_name.mrz.startswith("MUELLER<<ANNA<MARIA")
    with pytest.raises(typed_name.NameDisagreesWithMrz):
        await bring(pool, annas, msgspec.structs.replace(typed, surname="Meier"))
    with pytest.raises(typed_name.NameDisagreesWithMrz):  # a short form is not the document's name
        await bring(pool, annas, msgspec.structs.replace(typed, given="Ann"))


@pytest.mark.parametrize(
    ("submission", "residency", "country", "name"),
    [
        (WANG, "mainland", "CHN", ("王", "小明", "王小明")),
        (
            DocumentSubmission(
                kind="permanent_residence", number="911398199012310021", surname="Yamada",
                given="Taro", native="山田太郎", valid_until=date(2033, 1, 1),
            ),
            "foreign", "KAZ", ("Yamada", "Taro", ""),
        ),
        (
            DocumentSubmission(
                kind="travel_permit", number="H1234567801", native="陈大文",
                valid_until=date(2033, 1, 1),
            ),
            "hmt", "HKG", ("陈", "大文", "陈大文"),
        ),
        (
            DocumentSubmission(
                kind="residence_permit", number="830000199201300022", native="林志明",
                valid_until=date(2028, 1, 1),
            ),
            "hmt", "TWN", ("林", "志明", "林志明"),
        ),
    ],
)  # fmt: skip
async def test_documents_by_number(
    pool: Pool, submission: DocumentSubmission, residency: str, country: str, name: tuple[str, ...]
) -> None:
    wallet = await a_wallet(pool)
    document = await bring(pool, wallet, submission)
    assert (document.residency, document.country) == (residency, country)
    legal = document.legal_name
    assert (legal.surname, legal.given, legal.native) == name
    async with pool.connection() as conn:
        facts = await identity_of(conn, wallet)
    assert facts[1:] == (residency, submission.kind, submission.valid_until)


@pytest.mark.parametrize(
    "submission",
    [
        passport(),
        msgspec.structs.replace(passport(), surname="Müller", given="Anna-Maria"),
        DocumentSubmission(
            kind="permanent_residence", number="911398199012310021", surname="Mueller",
            given="Anna Maria", valid_until=date(2033, 1, 1),
        ),
    ],
)  # fmt: skip
async def test_a_chinese_name_that_anna_types_is_not_her_legal_name(
    pool: Pool, submission: DocumentSubmission
) -> None:
    """Her document has none: it is kept as what she says, and offered as a bank's spelling."""
    annas = await a_wallet(pool)
    document = await bring(pool, annas, msgspec.structs.replace(submission, native=" 穆 安娜 "))
    assert document.legal_name.native == ""
    assert document.also_written == "穆 安娜"
    assert "穆" not in display(document.legal_name)
    assert document.known_names.native == "穆 安娜"
    async with pool.connection() as conn:
        kept = await list_documents(conn, annas)
    assert [one.also_written for one in kept] == ["穆 安娜"]


def _mistyped(submission: DocumentSubmission) -> DocumentSubmission:
    assert submission.mrz
    return msgspec.structs.replace(submission, mrz=submission.mrz.replace("C01X00T47", "C01X00T74"))


@pytest.mark.parametrize(
    ("submission", "error"),
    [
        (_mistyped(passport()), MrzCheckDigitWrong),
        (DocumentSubmission(kind="passport", number="C01X00T47"), reading.MrzNeeded),
        (
            msgspec.structs.replace(passport(), kind="permanent_residence"),
            reading.MrzOfAnotherKind,
        ),
        (msgspec.structs.replace(WANG, number="110105194912310021"), NumberCheckWrong),
        (msgspec.structs.replace(WANG, number=" "), reading.NumberNeeded),
        (
            DocumentSubmission(kind="travel_permit", number="H12345678", native="陈大文"),
            reading.ValidUntilNeeded,
        ),
        (passport(valid_until=date(2026, 11, 1)), documents.DocumentExpiredAlready),
    ],
)
async def test_a_document_that_cannot_be_taken_changes_nothing(
    pool: Pool, submission: DocumentSubmission, error: type[Exception]
) -> None:
    wallet = await a_wallet(pool)
    with pytest.raises(error):
        await bring(pool, wallet, submission)
    async with pool.connection() as conn:
        assert await list_documents(conn, wallet) == []
        assert await identity_of(conn, wallet) == (None, None, None, None)


async def test_a_document_is_good_through_its_last_day(pool: Pool) -> None:
    await bring(pool, await a_wallet(pool), passport(valid_until=date(2026, 11, 2)))


async def test_a_name_that_is_cut_off_must_be_given_in_full(pool: Pool) -> None:
    surname, given = "PAPADOPOULOS CHRYSOSTOMIDIS", "ALEXANDROS EMMANOUIL"
    lines = write_td3(
        from_fields(surname, given), number="AE1234567", issuing_country="GRC",
        nationality="GRC", birth_date=date(1985, 1, 2), sex="M", valid_until=date(2030, 1, 1),
    )  # fmt: skip
    wallet = await a_wallet(pool)
    only_lines = DocumentSubmission(kind="passport", mrz="\n".join(lines))
    with pytest.raises(reading.NameTruncated):
        await bring(pool, wallet, only_lines)
    in_full = msgspec.structs.replace(only_lines, surname=surname, given=given)
    document = await bring(pool, wallet, in_full)
    assert document.legal_name.given == given
    assert not document.legal_name.truncated


async def test_the_same_document_again_is_the_same_document(pool: Pool) -> None:
    annas = await a_wallet(pool)
    first = await bring(pool, annas, passport())
    assert await bring(pool, annas, passport(), NOW + timedelta(days=1)) == first
    async with pool.connection() as conn:
        assert len(await list_documents(conn, annas)) == 1


async def test_an_id_is_not_used_for_two_documents(pool: Pool) -> None:
    annas = await a_wallet(pool)
    first = await bring(pool, annas, passport())
    with pytest.raises(documents.DocumentIdUsed):
        async with pool.connection() as conn:
            await documents.add_document(
                conn, KEYS, wallet_id=annas, document_id=first.document_id,
                submission=passport(number="C01X00T48"), now=NOW,
            )  # fmt: skip


async def test_chiaras_renewed_passport_supersedes_the_old_one(pool: Pool) -> None:
    chiaras = await a_wallet(pool)
    rossi = {"surname": "ROSSI", "given": "CHIARA", "country": "ITA"}
    old = await bring(
        pool, chiaras, passport(**rossi, number="YA1234567", valid_until=date(2027, 1, 1))
    )
    await a_bank_confirms(pool)
    later = NOW + timedelta(days=30)
    new = await bring(
        pool, chiaras, passport(**rossi, number="YB7654321", valid_until=date(2036, 1, 1)), later
    )
    assert new.supersedes == old.document_id
    async with pool.connection() as conn:
        kept = await list_documents(conn, chiaras)
        facts = await identity_of(conn, chiaras)
        cursor = await conn.execute("SELECT facts_changed_at FROM wallets")
        changed = await cursor.fetchone()
    assert [one.document_id for one in kept] == [new.document_id, old.document_id]
    assert (kept[0].superseded_at, kept[1].superseded_at) == (None, later)
    assert facts[3] == date(2036, 1, 1)
    assert changed == (later,)
    # The old one shown once more is the current one again.
    again = await bring(
        pool, chiaras, passport(**rossi, number="YA1234567", valid_until=date(2027, 1, 1)), later
    )
    assert (again.supersedes, again.superseded_at) == (new.document_id, None)
    async with pool.connection() as conn:
        assert await documents.current_document(conn, chiaras) == again
        assert (await identity_of(conn, chiaras))[3] == date(2027, 1, 1)


async def test_a_slip_from_before_is_not_taken_once_a_bank_has_confirmed(pool: Pool) -> None:
    annas = await a_wallet(pool)
    slip = passport("SCHMIDT", "BEATE", number="C22X00T47")
    await bring(pool, annas, slip, NOW - timedelta(days=1))
    await bring(pool, annas, passport(), NOW - timedelta(days=1))
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, annas, slip)


async def test_a_mistyped_sex_is_corrected(pool: Pool) -> None:
    annas, before = await a_wallet(pool), NOW - timedelta(days=1)
    first = await bring(pool, annas, passport(sex="M"), before)
    again = await bring(pool, annas, passport(), before)
    assert (again.sex, again.supersedes) == ("F", first.document_id)
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, annas, passport(number="C22X00T47", sex="M"))
    await bring(pool, annas, passport(number="C22X00T47"))


async def test_a_travel_permit_issued_again_keeps_its_person(pool: Pool) -> None:
    first = DocumentSubmission(
        kind="travel_permit", number="H1234567801", native="陈大文", valid_until=date(2027, 1, 1)
    )
    second = msgspec.structs.replace(first, number="H1234567802", valid_until=date(2037, 1, 1))
    old_wallet = await a_wallet(pool)
    await bring(pool, old_wallet, first)
    await close(pool, old_wallet)
    new_wallet = await a_wallet(pool)
    await bring(pool, new_wallet, second)
    async with pool.connection() as conn:
        old, new = await identity_of(conn, old_wallet), await identity_of(conn, new_wallet)
    assert old[0] == new[0]


@pytest.mark.parametrize(
    "other",
    [
        passport("SCHMIDT", "BEATE", number="C22X00T47"),
        passport(number="C22X00T47", born=date(1990, 4, 13)),
        passport("MUELLER", "ANNIKA", number="C22X00T47"),
        passport("MUELLER", "ANNE MARIE", number="C22X00T47"),  # twins are named to sound alike
        passport("MUELLER", "ANNA MARIO", number="C22X00T47"),
        passport("MULER", "ANA MARIA", number="C22X00T47"),
        passport(number="C22X00T47", sex="M"),
    ],
)
async def test_somebody_elses_document_is_refused(pool: Pool, other: DocumentSubmission) -> None:
    annas = await a_wallet(pool)
    await bring(pool, annas, passport())
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, annas, other)


@pytest.mark.parametrize(
    ("surname", "given"),
    [
        ("MULLER", "ANNA MARIA"),
        ("MUELLER", "ANNA"),
        ("MUELLER", "ANNA M"),
        ("MUELLER", "ANNA-MARIA"),
        ("MUELLER", "ANNA MARIA LUISE"),
    ],
)
async def test_an_authority_may_write_annas_name_otherwise(
    pool: Pool, surname: str, given: str
) -> None:
    annas = await a_wallet(pool)
    old = await bring(pool, annas, passport())
    new = await bring(pool, annas, passport(surname, given, number="C22X00T47"))
    assert new.supersedes == old.document_id


async def test_somebody_of_wangs_name_and_birthday_is_not_wang(pool: Pool) -> None:
    """A resident ID's number is for life. Until a bank has confirmed it, it may be a slip."""
    wangs = await a_wallet(pool)
    await bring(pool, wangs, msgspec.structs.replace(WANG, number="110105194912310046"))
    await bring(pool, wangs, WANG)
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson) as refused:
        await bring(pool, wangs, msgspec.structs.replace(WANG, number="110105194912310062"))
    assert "number differs" in refused.value.sentence("en")


async def test_two_annas_born_on_one_day_stay_two_persons(pool: Pool) -> None:
    """Even when both renew: only a number says whose document it is."""
    ours, theirs = await a_wallet(pool, "+8613800138002"), await a_wallet(pool, "+8613800138003")
    await bring(pool, ours, passport(number="C11111111"))
    await bring(pool, theirs, passport(number="C22222222"))
    await a_bank_confirms(pool)
    await bring(pool, ours, passport(number="C33333333"))
    with pytest.raises(documents.PersonHasOpenWallet):  # as far as their documents tell
        await bring(pool, theirs, passport(number="C33333333"))
    async with pool.connection() as conn:
        assert (await identity_of(conn, ours))[0] != (await identity_of(conn, theirs))[0]


async def test_what_was_read_otherwise_than_anna_typed_is_kept(pool: Pool) -> None:
    annas = await a_wallet(pool)
    typed = passport()
    assert typed.mrz
    wrong = msgspec.structs.replace(typed, mrz=typed.mrz.replace("C01X00T47", "C0IX00T47"))
    await bring(pool, annas, passport(number="C99999999"))
    with pytest.raises(MrzCheckDigitWrong):  # beside a letter: it might be meant
        await bring(pool, annas, wrong)
    first, second = typed.mrz.split("\n")
    seen = msgspec.structs.replace(typed, mrz=f"{first}\n{second[:14]}O{second[15:]}")
    document = await bring(pool, annas, seen)
    assert document.corrections == (Correction(2, 15, "O", "0"),)
    assert document_number(KEYS, document) == "C01X00T47"
    async with pool.connection() as conn:
        kept = await list_documents(conn, annas)
    assert [one.corrections for one in kept] == [document.corrections, ()]


async def test_a_number_known_as_another_persons_is_refused(pool: Pool) -> None:
    bens, taros = await a_wallet(pool, "+8613800138002"), await a_wallet(pool, "+8613800138003")
    await bring(pool, bens, passport("SMITH", "BEN", number="P11111111", country="GBR"))
    await bring(pool, taros, passport("SMITH", "BEN", number="P22222222", country="GBR"))
    await close(pool, bens)
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, taros, passport("SMITH", "BEN", number="P11111111", country="GBR"))


@pytest.mark.parametrize(
    "slip",
    [
        {"country": "AUT"},  # no check digit covers the issuing country
        {"surname": "MULLAR", "given": "ANA"},
        {"sex": "M"},
        {"surname": "SCHMIDT", "given": "BEATE", "born": date(1970, 1, 1), "number": "C22X00T47"},
    ],
)
async def test_until_a_bank_has_confirmed_it_everything_can_be_corrected(
    pool: Pool, slip: dict[str, Any]
) -> None:
    """Also by Anna who comes back: she is found by her number, whatever was typed first."""
    earlier = await a_wallet(pool, "+8613800138002")
    await bring(pool, earlier, passport())
    await close(pool, earlier)
    annas = await a_wallet(pool, "+8613800138003")
    await bring(pool, annas, passport(**slip))
    right = await bring(pool, annas, passport())
    async with pool.connection() as conn:
        now, before = await identity_of(conn, annas), await identity_of(conn, earlier)
        assert await documents.current_document(conn, annas) == right
    assert now[0] == before[0]


async def test_a_number_mistyped_as_somebody_elses_does_not_make_two_people_one(pool: Pool) -> None:
    bens, annas = await a_wallet(pool, "+8613800138002"), await a_wallet(pool, "+8613800138003")
    await bring(pool, bens, passport("SMITH", "BEN", number="P11111111", country="GBR"))
    await close(pool, bens)
    await bring(pool, annas, passport("SMITH", "BEN", number="P11111111", country="GBR"))
    await bring(pool, annas, passport())
    async with pool.connection() as conn:
        assert (await identity_of(conn, annas))[0] != (await identity_of(conn, bens))[0]


@pytest.mark.parametrize("by", ["passport", "permit"])
async def test_a_namesake_is_not_the_person_whose_number_they_showed_before_their_own(
    pool: Pool, by: str
) -> None:
    """Ben has left; another Ben, born the same day, copies his number and then shows his own."""

    def of(number: str) -> DocumentSubmission:
        if by == "passport":
            return passport("SMITH", "BEN", number=f"P{number}", country="GBR")
        return DocumentSubmission(
            kind="travel_permit",
            number=f"H{number}01",
            native="王小明",
            valid_until=date(2033, 1, 1),
        )

    bens, namesakes = await a_wallet(pool, "+8613800138002"), await a_wallet(pool, "+8613800138003")
    await bring(pool, bens, of("11111111"))
    await close(pool, bens)
    await bring(pool, namesakes, of("11111111"))
    await bring(pool, namesakes, of("22222222"))
    async with pool.connection() as conn:
        assert (await identity_of(conn, namesakes))[0] != (await identity_of(conn, bens))[0]
    await bring(pool, namesakes, of("11111111"))
    async with pool.connection() as conn:
        assert (await identity_of(conn, namesakes))[0] == (await identity_of(conn, bens))[0]


async def test_a_mistyped_name_is_corrected_until_a_bank_has_confirmed_it(pool: Pool) -> None:
    wangs = await a_wallet(pool)
    await bring(pool, wangs, msgspec.structs.replace(WANG, native="王大明"))
    await bring(pool, wangs, WANG)
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, wangs, msgspec.structs.replace(WANG, native="李大明"))


async def test_a_second_open_wallet_is_refused_and_told_why(pool: Pool) -> None:
    first, second = await a_wallet(pool, "+8613800138042"), await a_wallet(pool, "+8613800138003")
    await bring(pool, first, passport())
    with pytest.raises(documents.PersonHasOpenWallet) as refused:
        await bring(pool, second, passport())
    assert refused.value.sentence("en").count("42") == 1
    assert "8042" not in refused.value.sentence("zh")
    await close(pool, first)
    await bring(pool, second, passport())


async def test_ben_comes_back_and_is_the_same_person(pool: Pool) -> None:
    old = await a_wallet(pool, "+8613800138002")
    await bring(pool, old, passport("SMITH", "BEN", number="P11111111", country="GBR"))
    await close(pool, old)
    new = await a_wallet(pool, "+8613800138002")
    await bring(pool, new, passport("SMITH", "BEN", number="P11111111", country="GBR"))
    async with pool.connection() as conn:
        before, after = await identity_of(conn, old), await identity_of(conn, new)
        cursor = await conn.execute("SELECT count(*) FROM people")
        people = await cursor.fetchone()
    assert before[0] == after[0]
    assert people == (1,)


@pytest.mark.parametrize("came_before", [False, True])
async def test_of_two_wallets_with_one_passport_at_once_one_gets_it(
    pool: Pool, came_before: bool
) -> None:
    if came_before:  # then the number is there already, and nothing about it need be inserted
        earlier = await a_wallet(pool, "+8613800138009")
        await bring(pool, earlier, passport())
        await close(pool, earlier)
    wallets = [await a_wallet(pool, f"+861380013800{n}") for n in range(4)]
    outcomes = await asyncio.gather(
        *(bring(pool, wallet, passport()) for wallet in wallets), return_exceptions=True
    )
    refusals = [one for one in outcomes if isinstance(one, documents.PersonHasOpenWallet)]
    assert len(refusals) == 3
    async with pool.connection() as conn:
        holders = [await identity_of(conn, wallet) for wallet in wallets]
    assert len([one for one in holders if one[0] is not None]) == 1


async def test_a_wallet_takes_so_many_documents_a_day(pool: Pool) -> None:
    """Else somebody might try out numbers and names, by what registers and we say of each."""
    annas = await a_wallet(pool)
    for n in range(documents.MOST_A_DAY):
        await bring(pool, annas, passport(number=f"C{n:08d}"))
    with pytest.raises(documents.TooManyDocuments) as refused:
        await bring(pool, annas, passport())
    assert refused.value.sentence("en").count(str(documents.MOST_A_DAY)) == 1
    last = await bring(pool, annas, passport(number=f"C{n:08d}"))  # the present one: nothing new
    await bring(pool, annas, passport(), last.created_at + timedelta(days=1))


async def test_a_closed_wallet_takes_no_document(pool: Pool) -> None:
    wallet = await a_wallet(pool)
    await close(pool, wallet)
    for nobodys in (wallet, new_id("wal", NOW)):
        with pytest.raises(documents.DocumentForNoWallet):
            await bring(pool, nobodys, passport())
