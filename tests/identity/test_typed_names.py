"""Names typed from the upper part of a page: the same name written fuller, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from qianbao.identity.mrz import write_td1, write_td3
from qianbao.identity.reading import (
    DocumentSubmission,
    NameTruncated,
    NumberDisagreesWithMrz,
    read_submission,
)
from qianbao.identity.typed_name import NameDisagreesWithMrz
from qianbao.names import LegalName, display, from_mrz
from tests.identity.papers import NOW

TODAY = NOW.date()


def _read(zone: str, surname: str = "", given: str = "") -> LegalName:
    """The legal name of a passport whose name field begins so, with these names typed."""
    first, second = write_td3(
        from_mrz("X<<Y"), number="C01X00T47", issuing_country="D", nationality="D",
        birth_date=date(1990, 4, 12), sex="F", valid_until=date(2031, 5, 1),
    )  # fmt: skip
    mrz = f"{first[:5]}{zone.ljust(39, '<')}\n{second}"
    submission = DocumentSubmission(kind="passport", mrz=mrz, surname=surname, given=given)
    return read_submission(submission, TODAY).legal_name


@pytest.mark.parametrize(
    ("zone", "surname", "given"),
    [
        ("MUELLER<<ANNA<MARIA", "Müller", "Anna-Maria"),
        ("MULLER<<ANNA<MARIA", "Müller", "Anna Maria"),
        ("OCONNOR<<SEAN", "O'Connor", "Seán"),
        ("O<CONNOR<<SEAN", "O’Connor", "SEAN"),
        ("NUNEZ<DE<LA<PENA<<JOSE", "Núñez de la Peña", "José"),
        ("NXXUNXXEZ<<JOSE", "Ñuñez", "Jose"),
        ("STRAUSS<<AASE", "Strauß", "Åse"),
        ("NGUYEN<<VAN<HUNG", "Nguyễn", "Văn Hùng"),
        ("DJORDJEVIC<<ANA", "Đorđević", "Ana"),
        ("MARIA<JOSE", "María José", ""),
    ],
)
def test_what_the_lines_cannot_show_is_taken_from_the_page(
    zone: str, surname: str, given: str
) -> None:
    name = _read(zone, surname, given)
    assert (name.surname, name.given) == (surname, given)
    assert name.mrz == zone.ljust(39, "<")


def test_a_field_left_empty_is_read_from_the_lines() -> None:
    name = _read("MUELLER<<ANNA<MARIA", surname="Müller")
    assert (name.surname, name.given) == ("Müller", "ANNA MARIA")


@pytest.mark.parametrize(
    ("zone", "surname", "given", "field", "why"),
    [
        ("MUELLER<<ANNA<MARIA", "Mueller", "Anna Maria Sophie Jr", "given names", "“Sophie”, “Jr”"),
        ("MUELLER<<ANNA", "Mueller", "Anna Charlotte", "given names", "“Charlotte”"),
        ("MUELLER<<ANNA", "Mueller", "Sophie Anna", "given names", "“Sophie”"),
        ("MUELLER<<ANNA", "Anna", "Mueller", "surname", "“Anna”"),
        ("MUELLER<<ANNA", "Mueller Anna", "", "surname", "“Anna”"),
        ("MUELLER<<ANNA", "Mueller", "A", "given names", "“A”"),
        ("MUELLER<<ANNA<MARIA", "Mueller", "Anna", "given names", "“MARIA” is missing"),
        ("MUELLER<<ANNA<MARIA", "Mueller", "Maria Anna", "given names", "another order"),
        ("MUELLER<<ANNA<MARIA", "Mueller", "Annamaria", "given names", "joined"),
        ("MARIA<JOSE", "José María", "", "surname", "another order"),
        ("MUELLER<<ANNA", "von Mueller", "Anna", "surname", "“von”"),
        ("MUELLER<<ANNA", "Dr Mueller", "Anna", "surname", "“Dr”"),
        ("MUELLER<<ANNA", "Muller", "Anna", "surname", "“Muller”"),
        ("MUELLER<<ANNA", "Mueller", "Ann", "given names", "“Ann”"),
        ("IVANOV<<ALEKSANDR", "Ivanov", "Alexander", "given names", "“Alexander”"),
        ("MUELLER<<ANNA", "Mueller", "Анна", "given names", "another script"),
        ("WANG<<XIAOMING", "王", "小明", "surname", "another script"),
        ("MOHAMED<<ALI", "محمد", "علي", "surname", "another script"),
        ("PETROVA<<ANNA", "Иванова", "Анна", "surname", "another script"),
    ],
)
def test_anything_else_is_refused_with_place_and_reason(
    zone: str, surname: str, given: str, field: str, why: str
) -> None:
    with pytest.raises(NameDisagreesWithMrz) as refused:
        _read(zone, surname, given)
    said = refused.value.sentence("en")
    assert field in said
    assert why in said
    assert refused.value.sentence("zh")


@pytest.mark.parametrize(
    ("zone", "surname", "given", "native"),
    [
        ("IVANOVA<<ANNA", "Иванова", "Анна", "Иванова Анна"),
        ("PAPADOPOULOS<<NIKOS", "Παπαδόπουλος", "Νίκος", "Παπαδόπουλος Νίκος"),
    ],
)
def test_the_original_in_another_script_is_kept_beside_the_letters(
    zone: str, surname: str, given: str, native: str
) -> None:
    name = _read(zone, surname, given)
    assert (name.surname, name.given) == tuple(zone.split("<<"))
    assert name.native == native
    assert display(name).isascii()


LONG = "PAPADOPOULOS<CHRYSOSTOMIDIS<<ALEXANDROS"


@pytest.mark.parametrize(
    ("zone", "surname", "given"),
    [
        (LONG, "Papadopoulos Chrysostomidis", "Alexandros Emmanouil"),
        (LONG, "Papadopoulos Chrysostomidis", "Alexandros"),
        (LONG, "Papadópoulos-Chrysostomidis", "Alexandrosakis"),
        (  # where even the surname is cut, a letter of the given name is kept
            "PAPADOPOULOS<CHRYSOSTOMIDIS<MAVROKOR<<A",
            "Papadopoulos Chrysostomidis Mavrokordatos",
            "Alexandros",
        ),
        ("PAPADOPOULOS<CHRYSOSTOMIDIS<<MUELLERXAV", "Papadopoulos Chrysostomidis", "Müllerxaver"),
    ],
)
def test_a_name_that_was_cut_off_is_continued(zone: str, surname: str, given: str) -> None:
    name = _read(zone, surname, given)
    assert (name.surname, name.given) == (surname, given)
    assert not name.truncated


@pytest.mark.parametrize(
    ("surname", "given"),
    [
        ("Papadopoulos", "Alexandros Emmanouil"),
        ("Papadopoulos Chrysostomidis Mavros", "Alexandros"),
        ("Papadopoulos Chrysostomidis", "Alex"),
        ("Papadopoulos Chrysostomidis", "Emmanouil Alexandros"),
        ("Papadopoulos Chrysostomidis", "Dr Alexandros"),
    ],
)
def test_and_not_begun_anew(surname: str, given: str) -> None:
    with pytest.raises(NameDisagreesWithMrz):
        _read(LONG, surname, given)


@pytest.mark.parametrize(
    ("surname", "given"), [("", ""), ("Papadopoulos Chrysostomidis", ""), ("", "Alexandros")]
)
def test_a_name_that_was_cut_off_is_asked_for_whole(surname: str, given: str) -> None:
    with pytest.raises(NameTruncated):
        _read(LONG, surname, given)


def _card(given: str, **zone: Any) -> DocumentSubmission:
    """A permanent-residence card whose number says Kazakh, female, born on 31 December 1990."""
    said = {"nationality": "KAZ", "birth_date": date(1990, 12, 31), "sex": "F"} | zone
    lines = write_td1(
        from_mrz("YAMADA<<TARO"), number="AB1234567", issuing_country="CHN",
        valid_until=date(2033, 1, 1), **said,
    )  # fmt: skip
    return DocumentSubmission(
        kind="permanent_residence", mrz="\n".join(lines), number="911398199012310021",
        surname="Yamada", given=given,
    )  # fmt: skip


def test_of_a_card_too() -> None:
    with pytest.raises(NameDisagreesWithMrz):
        read_submission(_card("Taro Jr"), TODAY)
    assert read_submission(_card("Tarō"), TODAY).legal_name.given == "Tarō"
    read_submission(_card("Taro", sex="X"), TODAY)  # not stated


@pytest.mark.parametrize(
    ("zone", "told"),
    [
        ({"nationality": "D"}, "the country: Kazakhstan in the number, Germany in the lines"),
        ({"sex": "M"}, "the sex: F in the number, M in the lines"),
        (
            {"birth_date": date(1990, 12, 30)},
            "the date of birth: 1990-12-31 in the number, 1990-12-30 in the lines",
        ),
    ],
)
def test_a_cards_number_says_what_its_lines_say(zone: dict[str, Any], told: str) -> None:
    with pytest.raises(NumberDisagreesWithMrz) as refused:
        read_submission(_card("Taro", **zone), TODAY)
    assert told in refused.value.sentence("en")
