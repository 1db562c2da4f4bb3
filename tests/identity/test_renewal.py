"""A verified wallet takes its holder's renewed documents, and nobody else's by many small steps."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from qianbao.db.pool import Pool
from qianbao.identity import documents, reading
from qianbao.identity.documents import Document, DocumentSubmission, list_documents
from qianbao.identity.identity_data import GivenData
from qianbao.identity.romanized import rewritten
from qianbao.ids import new_id
from qianbao.names import NameTitle
from tests.identity.papers import KEYS, NOW, a_bank_confirms, a_wallet, bring, passport

ALEKSANDR = ("YURLOV", "ALEKSANDR")


async def _renewed(pool: Pool, *names: tuple[str, str], country: str = "RUS") -> list[Document]:
    """The first is confirmed by a bank; the others are brought after it, each with a fresh
    number."""
    wallet = await a_wallet(pool)
    brought = []
    for count, (surname, given) in enumerate(names):
        paper = passport(surname, given, number=f"C{count:08d}", country=country, sex="M")
        brought.append(await bring(pool, wallet, paper))
        if count == 0:
            await a_bank_confirms(pool)
    return brought


@pytest.mark.parametrize(
    "names",
    [
        [ALEKSANDR, ("YURLOV", "A")],  # then ANDREI would be A, too
        [ALEKSANDR, ("YURLOV", "A P")],
        [("YURLOV", "A"), ("YURLOV", "ANDREI")],
        [("YURLOV", "A"), ("YURLOV", "A ANDREI")],
        [("YURLOV", "J PAUL"), ("YURLOV", "JOHN PAUL")],
        [("YURLOV", "ALEKSANDR PAUL"), ALEKSANDR, ("YURLOV", "ALEKSANDR PETER")],
        [("YURLOV", "ALEKSANDR PAUL"), ("YURLOV", "ALEKSANDR P"), ("YURLOV", "ALEKSANDR PETER")],
        [("GARCIA LOPEZ", "JUAN"), ("GARCIA", "JUAN"), ("GARCIA PEREZ", "JUAN")],
        [("SMITH", "JOHN PAUL"), ("SMITH", "PAUL JOHN")],  # twins may be
        [("SMITH", "JOHN PAUL GEORGE"), ("SMITH", "PAUL GEORGE JOHN")],
        [("BUDI AGUS", ""), ("AGUS BUDI", "")],  # where nobody has a surname, as well
        [("KONSTANTINOPOLSKI", "ANN"), ("KONSTANTINOPOLSKI", "ANNA")],
    ],
)
async def test_no_chain_of_renewals_makes_it_somebody_elses(
    pool: Pool, names: list[tuple[str, str]]
) -> None:
    country = "ESP" if names[0][0].startswith("GARCIA") else "RUS"
    with pytest.raises(documents.DocumentOfAnotherPerson) as refused:
        await _renewed(pool, *names, country=country)
    assert "the name differs" in refused.value.sentence("en")
    assert "case" in refused.value.next_step("en")


async def test_nor_one_that_began_before_a_bank_confirmed_it(pool: Pool) -> None:
    """What was a slip before counts no more; what stood when the bank confirmed it does."""
    wallet = await a_wallet(pool)
    before = NOW - timedelta(days=1)
    await bring(pool, wallet, passport("MULLER", "ANA", number="C1"), before)
    await bring(pool, wallet, passport("MUELLER", "ANNA MARIA", number="C2"), before)
    await a_bank_confirms(pool)
    await bring(pool, wallet, passport("MUELLER", "ANNA", number="C3"))
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, wallet, passport("MUELLER", "ANNA LUISE", number="C4"))
    await bring(pool, wallet, passport("MUELLER", "ANNA MARIA", number="C5"))


async def test_birthday_sex_and_a_number_for_life_hold_over_every_document(pool: Pool) -> None:
    """A paper between that tells none of them takes nothing away."""
    wallet = await a_wallet(pool)
    await bring(pool, wallet, passport("CHAN", "TAIMAN", number="C1", country="GBR"))
    await a_bank_confirms(pool)
    permit = DocumentSubmission(
        kind="travel_permit", number="H1234567801", surname="CHAN", given="TAIMAN",
        valid_until=date(2033, 1, 1),
    )  # fmt: skip
    await bring(pool, wallet, permit)
    for other in (
        passport("CHAN", "TAIMAN", number="C2", country="GBR", born=date(1991, 4, 12)),
        passport("CHAN", "TAIMAN", number="C2", country="GBR", sex="M"),
    ):
        with pytest.raises(documents.DocumentOfAnotherPerson):
            await bring(pool, wallet, other)
    await bring(pool, wallet, passport("CHAN", "TAIMAN", number="C2", country="GBR"))
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, wallet, msgspec.structs.replace(permit, number="H7654321001"))


async def test_a_sex_that_was_copied_wrongly_is_put_right_by_the_same_passport(pool: Pool) -> None:
    """No check digit covers it, and no bank compares it. Another passport puts nothing right."""
    wallet = await a_wallet(pool)
    await bring(pool, wallet, passport(number="C1", sex="M"))
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson) as refused:
        await bring(pool, wallet, passport(number="C2", sex="F"))
    assert "the sex differs" in refused.value.sentence("en")
    assert "show that one again first" in refused.value.next_step("en")
    assert "重新提交原证件" in refused.value.next_step("zh")
    right = await bring(pool, wallet, passport(number="C1", sex="F"))
    assert (right.sex, right.superseded_at) == ("F", None)
    await bring(pool, wallet, passport(number="C2", sex="F"))
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, wallet, passport(number="C3", sex="M"))


async def test_nor_is_it_another_holder_in_another_wallet(pool: Pool) -> None:
    await bring(pool, await a_wallet(pool), passport(sex="F"))
    again = await a_wallet(pool, "+8613800138002")
    with pytest.raises(documents.PersonHasOpenWallet):
        await bring(pool, again, passport(sex="M"))


def permit(native: str = "", **fields: str) -> DocumentSubmission:
    """A travel permit: it tells neither birthday nor sex."""
    number = fields.pop("number", "H1234567801")
    return DocumentSubmission(
        kind="travel_permit", number=number, native=native, valid_until=date(2033, 1, 1), **fields
    )


WANG = ("WANG", "XIAOMING")


@pytest.mark.parametrize(
    ("first", "then", "differs"),
    [
        (permit("王小明"), passport(*WANG, country="CAN", born=date(1970, 1, 1)), "the name"),
        # anybody can type beside their own passport what the permit says
        (
            permit("王小明"),
            msgspec.structs.replace(passport(*WANG, country="CAN"), native="王小明"),
            "the name",
        ),
        (
            msgspec.structs.replace(passport(*WANG, country="SGP"), native="王小明"),
            permit("王晓明"),
            "the name",
        ),
        (passport(*WANG, country="SGP"), permit("王小明"), "the name"),
        (
            passport(*WANG, country="SGP"),
            permit("王晓明", surname="WANG", given="XIAOMING"),
            "the name",
        ),
        (permit("王小明"), permit("王小明", number="M1234567801"), "number"),
        (
            permit("林志明"),
            DocumentSubmission(
                kind="residence_permit", number="830000199201300022", native="林志明",
                valid_until=date(2028, 1, 1),
            ),
            "the place",
        ),
        (passport("CHAN", "TAIMAN"), permit(surname="CHEN", given="TAIMAN"), "the name"),
    ],
)  # fmt: skip
async def test_without_birthdays_a_name_that_sounds_alike_is_anybodys(
    pool: Pool, first: DocumentSubmission, then: DocumentSubmission, differs: str
) -> None:
    wallet = await a_wallet(pool)
    await bring(pool, wallet, first)
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson) as refused:
        await bring(pool, wallet, then)
    assert differs in refused.value.sentence("en")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (
            msgspec.structs.replace(passport(*WANG, country="SGP"), native="王 小明"),
            permit("王小明"),
        ),
        (permit("陳大文"), permit("陈大文", number="H1234567802")),  # the number binds
        (passport("CHAN", "TAIMAN"), permit(surname="Chan", given="Taiman")),
    ],
)
async def test_written_the_same_it_is_the_holders(
    pool: Pool, first: DocumentSubmission, then: DocumentSubmission
) -> None:
    wallet = await a_wallet(pool)
    old = await bring(pool, wallet, first)
    await a_bank_confirms(pool)
    assert (await bring(pool, wallet, then)).supersedes == old.document_id


LI = passport("LI", "MING", country="SGP", sex="M")
RESIDENT = DocumentSubmission(kind="resident_id", number="110105199004120012", native="李明")


def declaring(native: str) -> DocumentSubmission:
    """Li Ming's passport, and beside it a name in characters that it does not show."""
    return msgspec.structs.replace(LI, native=native)


@pytest.mark.parametrize("declared", ["王伟", "李", "明", "李明李明"])
async def test_characters_that_are_not_the_passports_name_make_nobody_else_of_li(
    pool: Pool, declared: str
) -> None:
    """He may write himself so, and a bank may know him so; a permit in them is not thereby his."""
    wallet = await a_wallet(pool)
    document = await bring(pool, wallet, declaring(declared))
    assert document.known_names.native == declared
    await a_bank_confirms(pool)
    for other in (permit(declared), permit(declared, surname="LI", given="MING")):
        with pytest.raises((documents.DocumentOfAnotherPerson, reading.NamesDisagree)):
            await bring(pool, wallet, other)


async def test_declared_after_a_bank_confirmed_him_they_make_nothing(pool: Pool) -> None:
    wallet = await a_wallet(pool)
    await bring(pool, wallet, LI)
    await a_bank_confirms(pool)
    await bring(pool, wallet, declaring("李明"))
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await bring(pool, wallet, permit("李明"))


@pytest.mark.parametrize("native", ["黎鸣", "王伟"])
async def test_declared_characters_hold_against_a_document_in_others(
    pool: Pool, native: str
) -> None:
    """李明 and 黎鸣 are both LI MING, and may share a birthday."""
    wallet = await a_wallet(pool)
    await bring(pool, wallet, declaring("李明"))
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson) as refused:
        await bring(pool, wallet, msgspec.structs.replace(RESIDENT, native=native))
    assert "the name" in refused.value.sentence("en")
    await bring(pool, wallet, RESIDENT)


@pytest.mark.parametrize("kind", ["travel_permit", "residence_permit", "resident_id"])
async def test_a_permit_is_not_shown_under_two_names(pool: Pool, kind: str) -> None:
    """A bank would confirm one, and the other would be the holder's."""
    wallet = await a_wallet(pool)
    numbers = {
        "travel_permit": "H1234567801",
        "residence_permit": "830000199201300022",
        "resident_id": RESIDENT.number,
    }
    both = permit("王伟", surname="LI", given="MING")
    with pytest.raises(reading.NamesDisagree) as refused:
        await bring(pool, wallet, msgspec.structs.replace(both, kind=kind, number=numbers[kind]))
    assert "王伟" in refused.value.sentence("en")
    assert "LI MING" in refused.value.sentence("zh")


@pytest.mark.parametrize(
    "submission",
    [
        declaring("李明先生"),
        permit("李明先生", surname="LI", given="MING"),
        permit("李明先生"),
        permit(surname="李", given="明先生"),
    ],
)
async def test_a_title_is_no_name_wherever_it_is_typed(
    pool: Pool, submission: DocumentSubmission
) -> None:
    with pytest.raises(NameTitle):
        await bring(pool, await a_wallet(pool), submission)


async def test_a_sex_that_was_stated_is_held_against_the_next_document(pool: Pool) -> None:
    wallet = await a_wallet(pool)
    async with pool.connection() as conn:
        await documents.add_document(
            conn, KEYS, wallet_id=wallet, document_id=new_id("doc", NOW), now=NOW,
            submission=permit(surname="CHAN", given="TAIMAN"), given=GivenData(sex="M"),
        )  # fmt: skip
    await a_bank_confirms(pool)
    with pytest.raises(documents.DocumentOfAnotherPerson) as refused:
        await bring(pool, wallet, passport("CHAN", "TAIMAN", sex="F"))
    assert "the sex" in refused.value.sentence("en")
    await bring(pool, wallet, passport("CHAN", "TAIMAN", sex="M"))


RULES_CHANGED = [
    (("YURLOV", "ALEKSANDR"), ("IURLOV", "ALEKSANDR"), "RUS"),
    (("TSVETAYEVA", "YULIYA"), ("TCVETAEVA", "IULIIA"), "RUS"),
    (("VASILYEV", "ANDREY"), ("VASILEV", "ANDREI"), "RUS"),
    (("YURLOVA", "MARIYA"), ("YURLOVA", "MARIIA"), "RUS"),  # a surname kept on request
    (("CHEKHOV-YURYEV", "YURIY"), ("CHEKHOV-IUREV", "IURII"), "RUS"),
    (("GRYTSENKO", "SERGII"), ("HRYTSENKO", "SERHII"), "UKR"),
]


@pytest.mark.parametrize(("before", "after", "country"), RULES_CHANGED)
async def test_a_country_that_changed_its_rules_writes_the_same_person_anew(
    pool: Pool, before: tuple[str, str], after: tuple[str, str], country: str
) -> None:
    brought = await _renewed(pool, before, after, country=country)
    assert brought[1].supersedes == brought[0].document_id


@pytest.mark.parametrize(
    ("before", "after", "country"),
    [
        (("YURLOV", "ALEKSANDR"), ("IURLOV", "ALEKSANDR"), "D"),  # whose rules these are not
        (("YURLOV", "ALEKSANDR"), ("IURLOV", "ANDREI"), "RUS"),
        (("YURLOV", "ALEKSANDR"), ("IURLEV", "ALEKSANDR"), "RUS"),
        (("YURLOV", "MARIYA"), ("IURLOV", "MARINA"), "RUS"),
        (("YURLOV", "YANA"), ("IURLOV", "ANNA"), "RUS"),
    ],
)
async def test_and_nobody_elses_name_passes_for_it(
    pool: Pool, before: tuple[str, str], after: tuple[str, str], country: str
) -> None:
    with pytest.raises(documents.DocumentOfAnotherPerson):
        await _renewed(pool, before, after, country=country)


def test_both_spellings_must_come_from_one_cyrillic_name() -> None:
    assert rewritten("SHCHUKIN", "SHCHUKIN", "RUS")
    assert rewritten("YELTSIN", "ELTCIN", "RUS")
    assert rewritten("ILYIN", "ILIN", "RUS")
    assert rewritten("PODYACHEV", "PODIEIACHEV", "RUS")
    assert not rewritten("YELTSIN", "ELTSINA", "RUS")
    assert not rewritten("GRYTSENKO", "HRYTSENKO", "RUS")
    assert not rewritten("", "IURLOV", "RUS")


async def test_what_was_accepted_is_kept_in_order(pool: Pool) -> None:
    brought = await _renewed(pool, ("YURLOV", "ALEKSANDR PAUL"), ALEKSANDR)
    async with pool.connection() as conn:
        cursor = await conn.execute("SELECT wallet_id FROM wallets")
        row = await cursor.fetchone()
        assert row
        kept = await list_documents(conn, row[0])
    assert [one.document_id for one in kept] == [one.document_id for one in reversed(brought)]
    assert kept[1].superseded_at == NOW
