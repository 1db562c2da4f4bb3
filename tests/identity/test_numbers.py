"""Document numbers: the vectors of domain.md 3.1, and slips that are located."""

import contextlib
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from qianbao.errors import QianbaoError
from qianbao.identity import numbers
from qianbao.identity.mrz_layout import check_digit
from qianbao.identity.numbers import KINDS, DocumentNumber, read_number

TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        (
            "resident_id",
            "110105 19491231 002x",
            DocumentNumber(
                "resident_id", "11010519491231002X", "mainland",
                date(1949, 12, 31), "F", "11", "CHN",
            ),
        ),
        (
            "residence_permit",
            "810000198801010012",
            DocumentNumber(
                "residence_permit", "810000198801010012", "hmt", date(1988, 1, 1), "M", "81"
            ),
        ),
        (
            "residence_permit",
            "820000198801010014",
            DocumentNumber(
                "residence_permit", "820000198801010014", "hmt", date(1988, 1, 1), "M", "82"
            ),
        ),
        (
            "residence_permit",
            "830000199201300022",
            DocumentNumber(
                "residence_permit", "830000199201300022", "hmt", date(1992, 1, 30), "F", "83"
            ),
        ),
        (
            "permanent_residence",
            "911398199012310021",
            DocumentNumber(
                "permanent_residence", "911398199012310021", "foreign",
                date(1990, 12, 31), "F", "11", "KAZ",
            ),
        ),
        (
            "permanent_residence",
            "KAZ110090123105",
            DocumentNumber(
                "permanent_residence", "KAZ110090123105", "foreign",
                date(1990, 12, 31), None, "11", "KAZ",
            ),
        ),
        ("travel_permit", "h12345678", DocumentNumber("travel_permit", "H12345678", "hmt",
                                                      region="81")),
        ("travel_permit", "M1234567801", DocumentNumber("travel_permit", "M1234567801", "hmt",
                                                        region="82")),
        ("travel_permit", "01234567", DocumentNumber("travel_permit", "01234567", "hmt",
                                                     region="83")),
        ("travel_permit", "0123456789", DocumentNumber("travel_permit", "0123456789", "hmt",
                                                       region="83")),
        ("passport", "c01x00t47", DocumentNumber("passport", "C01X00T47", "foreign")),
    ],
)  # fmt: skip
def test_each_kind_of_number(kind, typed, read):
    assert read_number(kind, typed, TODAY) == read
    assert read.name_required


def refused(error, kind, text):
    with pytest.raises(error) as caught:
        read_number(kind, text, TODAY)
    assert caught.value.sentence("zh")
    assert caught.value.next_step("zh")
    return caught.value.detail


def test_dengs_check_character_is_wrong():
    detail = refused(numbers.NumberCheckWrong, "resident_id", "110105194912310021")
    assert detail == {"position": 18, "found": "1", "expected": "X"}


def test_a_mistyped_district_is_pointed_at():
    detail = refused(numbers.NumberDistrictUnknown, "resident_id", "11018519491231002X")
    assert detail == {"position": 18, "found": "X", "expected": "1", "district": "110185"}


@pytest.mark.parametrize(
    "number",
    [
        "421085199001011233",  # Qianjiang until 1994, which the table of districts lacks
        "110118196001011238",  # born long before their district had this number
        "440399199001011232",  # no district that anybody knows of
    ],
)
def test_a_valid_number_is_taken_wherever_its_district_stands(number):
    valid = number[:17] + mod_11_2.calc_check_digit(number[:17])
    assert read_number("resident_id", valid, TODAY).region == number[:2]


def test_the_old_residence_card_has_its_own_check():
    detail = refused(numbers.NumberCheckWrong, "permanent_residence", "KAZ110090123106")
    assert detail == {"position": 15, "found": "6", "expected": "5"}


@pytest.mark.parametrize(
    ("kind", "text", "length", "expected"),
    [
        ("resident_id", "130503670401001", 15, "18"),
        ("passport", "A1", 2, "5-9"),
        ("passport", "A123456789", 10, "5-9"),
        ("travel_permit", "H1234567", 8, "9 / 11"),
        ("travel_permit", "M123456789", 10, "9 / 11"),
        ("travel_permit", "123456789", 9, "8 / 10"),
        ("travel_permit", "", 0, "8 / 10"),
        ("permanent_residence", "91139819901231002", 17, "18"),
    ],
)
def test_a_wrong_length(kind, text, length, expected):
    detail = refused(numbers.NumberLength, kind, text)
    assert (detail["length"], detail["expected"]) == (length, expected)


@pytest.mark.parametrize(
    ("kind", "text", "position"),
    [
        ("resident_id", "1101051949123100AX", 17),
        ("resident_id", "11010519491231002Y", 18),
        ("permanent_residence", "811398199012310021", 1),
        ("permanent_residence", "KA1110090123105", 3),
        ("travel_permit", "H1234567A", 9),
        ("travel_permit", "T12345678", 1),
        ("travel_permit", "T1", 1),
        ("passport", "C01-X#0T", 5),
    ],
)
def test_a_character_that_cannot_stand_there(kind, text, position):
    assert refused(numbers.NumberCharacter, kind, text)["position"] == position


def checked(first_17):
    """The 18-character number with a fitting check character."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(c) * w for c, w in zip(first_17, weights, strict=True))
    return first_17 + "10X98765432"[total % 11]


@pytest.mark.parametrize("day", ["20230229", "19901301", "20261102", "00000000"])
def test_an_impossible_or_future_birthday(day):
    detail = refused(numbers.NumberDateWrong, "resident_id", checked(f"110105{day}002"))
    assert detail == {"first": 7, "last": 14, "found": day}


@pytest.mark.parametrize(
    ("kind", "first_17"),
    [
        ("resident_id", "99010519491231002"),
        ("resident_id", "81000019880101001"),
        ("residence_permit", "84000019880101001"),
        ("residence_permit", "81000119880101001"),
        ("permanent_residence", "99939819901231002"),
    ],
)
def test_an_unknown_area(kind, first_17):
    refused(numbers.NumberAreaUnknown, kind, checked(first_17))


def test_an_unknown_country():
    text = checked("91100019901231002")
    assert refused(numbers.NumberCountryUnknown, "permanent_residence", text)["found"] == "000"


@pytest.mark.parametrize(
    ("digits", "country"), [("276", "DEU"), ("840", "USA"), ("104", "MMR"), ("180", "COD")]
)
def test_countries_by_their_number(digits, country):
    text = checked(f"911{digits}19901231002")
    assert read_number("permanent_residence", text, TODAY).country == country


def test_a_kind_nobody_knows():
    assert refused(numbers.NumberKindUnknown, "library_card", "123")["kind"] == "library_card"


births = st.dates(date(1900, 1, 1), TODAY)


@given(st.sampled_from(["11", "31", "44", "65"]), births, st.integers(0, 999), st.data())
def test_one_wrong_digit_is_always_noticed(region, birth, sequence, data):
    """MOD 11-2 catches every single changed character."""
    number = checked(f"{region}0101{birth:%Y%m%d}{sequence:03}")
    read = read_number("resident_id", number, TODAY)
    assert (read.birth_date, read.sex) == (birth, "M" if sequence % 2 else "F")
    position = data.draw(st.integers(0, 17))
    digit = data.draw(st.sampled_from("0123456789"))
    assume(number[position] != digit)
    with pytest.raises(QianbaoError):
        read_number("resident_id", number[:position] + digit + number[position + 1 :], TODAY)


@given(
    st.sampled_from([*KINDS, "other"]),
    st.one_of(st.text(max_size=300), st.text("0123456789XHMKAZ", max_size=19)),
)
def test_no_text_breaks_the_reader(kind, text):
    with contextlib.suppress(QianbaoError):
        read_number(kind, text, TODAY)


def test_a_length_says_for_which_first_letter():
    for text, words in (("H1234567", "that begins with H or M"), ("1234567", "of digits alone")):
        with pytest.raises(numbers.NumberLength) as wrong:
            read_number("travel_permit", text, TODAY)
        assert words in wrong.value.sentence("en")


@pytest.mark.parametrize("code", ["ZZZ", "QQQ", "EUR"])
def test_a_country_that_is_none_on_an_old_card(code):
    number = f"{code}11009012310"
    detail = refused(
        numbers.NumberCountryUnknown, "permanent_residence", number + check_digit(number)
    )
    assert (detail["first"], detail["last"], detail["found"]) == (1, 3, code)
