"""A machine-readable zone is read only if every check digit fits, and a slip is located."""

import contextlib
from datetime import date

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qianbao import names
from qianbao.errors import QianbaoError
from qianbao.identity import mrz
from qianbao.identity.mrz import read_mrz, write_td1, write_td3
from qianbao.identity.mrz_layout import check_digit

TODAY = date(2026, 11, 1)
# The specimens of ICAO Doc 9303 (domain.md 3.2).
TD3 = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
]
TD1 = [
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
]
TD2 = [
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
    "D231458907UTO7408122F1204159<<<<<<<6",
]


def changed(zone, line, position, character):
    """`zone` with one character replaced; line and position from 1."""
    text = zone[line - 1]
    copy = [*zone]
    copy[line - 1] = text[: position - 1] + character + text[position:]
    return copy


def refused(error, zone, today=TODAY):
    with pytest.raises(error) as caught:
        read_mrz(zone, today)
    assert caught.value.sentence("zh")
    assert caught.value.next_step("zh")
    return caught.value


def test_the_passport_specimen():
    read = read_mrz(TD3, TODAY)
    assert (read.format, read.document_code, read.number) == ("TD3", "P", "L898902C3")
    assert (read.issuing_country, read.nationality) == ("UTO", "UTO")
    assert (read.birth_date, read.sex) == (date(1974, 8, 12), "F")
    assert read.valid_until == date(2012, 4, 15)
    assert (read.name.surname, read.name.given) == ("ERIKSSON", "ANNA MARIA")
    assert read.optional == "ZE184226B"


@pytest.mark.parametrize(("zone", "form"), [(TD1, "TD1"), (TD2, "TD2")])
def test_the_card_specimens(zone, form):
    read = read_mrz(zone, TODAY)
    assert (read.format, read.number, read.optional) == (form, "D23145890", "")
    assert (read.birth_date, read.valid_until) == (date(1974, 8, 12), date(2012, 4, 15))
    assert read.name.given == "ANNA MARIA"


@pytest.mark.parametrize(
    "typed",
    [
        "\n".join(TD3),
        "".join(TD3),
        "\n\n  ".join(TD3).lower(),
        "\r\n".join(line[:20] + " " + line[20:] for line in TD3),
        "\n".join(TD3).replace("<", "＜"),
        "\n".join(TD3).replace("<<", "«"),
    ],
)
def test_small_letters_spaces_and_other_brackets_are_forgiven(typed):
    assert read_mrz(typed, TODAY) == read_mrz(TD3, TODAY)


def test_anna_types_a_wrong_digit_in_her_number():
    error = refused(mrz.MrzCheckDigitWrong, changed(TD3, 2, 3, "7"))
    detail = error.detail
    assert (detail["field"], detail["line"], detail["position"]) == ("number", 2, 10)
    assert (detail["found"], detail["expected"]) == ("6", "4")
    assert "characters 1 to 9 of line 2 do not agree" in error.sentence("en")
    assert "“6” at character 10 of line 2; they give “4”" in error.sentence("en")
    assert "应为“4”" in error.sentence("zh")
    assert "第 2 行第 1 至 9 个字符" in error.sentence("zh")


@pytest.mark.parametrize(
    ("line", "position", "field", "digit"),
    [(2, 15, "birth_date", 20), (2, 23, "valid_until", 28), (2, 30, "optional", 43),
     (2, 44, "composite", 44)],
)  # fmt: skip
def test_each_field_names_its_own_check_digit(line, position, field, digit):
    detail = refused(mrz.MrzCheckDigitWrong, changed(TD3, line, position, "9")).detail
    assert (detail["field"], detail["line"], detail["position"]) == (field, line, digit)


@pytest.mark.parametrize(
    ("position", "typed", "meant"),
    [(6, "O", "0"), (16, "O", "0"), (43, "I", "1"), (44, "O", "0")],
)
def test_a_look_alike_that_the_check_digits_prove_is_corrected_and_told(position, typed, meant):
    read = read_mrz(changed(TD3, 2, position, typed), TODAY)
    assert read.corrections == (mrz.Correction(2, position, typed, meant),)
    assert msgspec.structs.replace(read, corrections=()) == read_mrz(TD3, TODAY)


def test_every_digit_of_a_line_may_have_been_taken_for_a_letter():
    """Where only digits stand there is no doubt; that is most of a card's second line."""
    seen_as = str.maketrans("018", "OIB")
    second = TD1[1][:7].translate(seen_as) + "F" + TD1[1][8:15].translate(seen_as) + TD1[1][15:]
    read = read_mrz([TD1[0], second, TD1[2]], TODAY)
    assert [one.position for one in read.corrections] == [3, 4, 5, 9, 11, 13]
    assert msgspec.structs.replace(read, corrections=()) == read_mrz(TD1, TODAY)


def test_a_letter_that_may_be_meant_is_pointed_at_and_left():
    """It begins the number, or has letters beside it: numbers of many countries do."""
    error = refused(mrz.MrzCheckDigitWrong, changed(numbered("01234567"), 2, 1, "O"))
    assert (error.detail["suspect_line"], error.detail["suspect_position"]) == (2, 1)
    assert "line 2, character 1: is “O”" in error.sentence("en")
    assert refused(mrz.MrzCheckDigitWrong, changed(numbered("Y87654321"), 2, 2, "B"))


def test_where_another_look_alike_would_do_as_well_nothing_is_pointed_at():
    """Ben's 533380006, its 5 read as S: with an O for its last 0 the check digit would fit, too."""
    first = write_td3(ANNA, **specimen(issuing_country="GBR", nationality="GBR"))[0]
    ben = [first, "S333800068GBR8609306M3007011<<<<<<<<<<<<<<06"]
    fitting = [
        (position, other)
        for position, other in ((1, "5"), (6, "O"), (7, "O"), (8, "O"), (5, "B"))
        if check_digit(changed(ben, 2, position, other)[1][:9]) == "8"
    ]
    assert (1, "5") in fitting
    assert len(fitting) > 1
    assert refused(mrz.MrzCheckDigitWrong, ben).detail["suspect_position"] == 0


def test_a_letter_among_digits_that_proves_nothing_is_located():
    detail = refused(mrz.MrzCharacter, changed(TD3, 2, 16, "S")).detail
    assert (detail["position"], detail["character"]) == (16, "S")


@pytest.mark.parametrize(("position", "typed"), [(10, "G"), (16, "Q"), (44, "A")])
def test_a_letter_where_only_digits_stand_is_located(position, typed):
    detail = refused(mrz.MrzCharacter, changed(TD3, 2, position, typed)).detail
    assert (detail["line"], detail["position"]) == (2, position)
    assert detail["character"] == typed


def numbered(number):
    """Anna's passport with that number."""
    return list(write_td3(ANNA, **specimen(number=number)))


def test_a_slip_that_a_look_alike_elsewhere_would_mend_points_nowhere():
    """The last digit is wrong; the 0 before it, read as O, would fit by chance."""
    wrong = changed(numbered("C01X00T47"), 2, 9, "5")
    mended = changed(wrong, 2, 5, "O")
    assert mended[1][9] == check_digit(mended[1][:9])
    error = refused(mrz.MrzCheckDigitWrong, wrong)
    assert error.detail["suspect_position"] == 0
    assert "character 5" not in error.sentence("en")
    assert "characters 1 to 9 of line 2" in error.sentence("en")


def test_where_two_look_alikes_would_do_neither_is_named():
    wrong = changed(numbered("0S669CC0B"), 2, 1, "O")
    fitting = []
    for position, character in enumerate(wrong[1][:9], start=1):
        for letter, digit in ("O0", "I1", "B8", "S5"):
            if character in (letter, digit):
                other = digit if character == letter else letter
                fixed = changed(wrong, 2, position, other)
                fitting += [position] * (fixed[1][9] == check_digit(fixed[1][:9]))
    assert len(fitting) > 1
    assert refused(mrz.MrzCheckDigitWrong, wrong).detail["suspect_position"] == 0


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=9, max_size=9), st.data())
def test_a_mistyped_digit_never_points_at_another_digit(number, data):
    zone = numbered(number)
    position = data.draw(st.integers(1, 9))
    wrong = changed(zone, 2, position, data.draw(st.sampled_from("0123456789")))
    with contextlib.suppress(QianbaoError):
        read_mrz(wrong, TODAY)
        return
    detail = refused(mrz.MrzCheckDigitWrong, wrong).detail
    if detail["suspect_position"]:
        assert wrong[1][detail["suspect_position"] - 1] in "OIBS"


def test_two_slips_are_not_guessed_at():
    twice = changed(changed(TD3, 2, 6, "O"), 2, 2, "1")
    detail = refused(mrz.MrzCheckDigitWrong, twice).detail
    assert (detail["suspect_position"], detail["suspect_en"]) == (0, "")


def test_a_missing_filler_is_told_by_line_and_length():
    error = refused(mrz.MrzLineLength, [TD3[0][:-1], TD3[1]])
    assert error.detail == {"line": 1, "length": 43, "expected": 44}
    assert refused(mrz.MrzLineLength, [TD1[0], TD1[1] + "<", TD1[2]]).detail["line"] == 2


@pytest.mark.parametrize(
    ("line", "position", "character"),
    [(1, 8, "1"), (1, 3, "0"), (2, 21, "Q"), (2, 30, "#"), (1, 10, "Ü"), (1, 1, "V")],
)
def test_a_character_that_cannot_stand_there_is_located(line, position, character):
    detail = refused(mrz.MrzCharacter, changed(TD3, line, position, character)).detail
    assert (detail["line"], detail["position"]) == (line, position)
    assert detail["character"] == character


def specimen(**changes):
    fields = {
        "number": "C01X00T47", "issuing_country": "D", "nationality": "D", "sex": "F",
        "birth_date": date(1990, 2, 14), "valid_until": date(2031, 5, 6),
    }  # fmt: skip
    return fields | changes


ANNA = names.from_fields("Müller", "Anna")


@pytest.mark.parametrize(("issuer", "second"), [("ESP", "LOPEZ"), ("GBR", "")])
def test_the_issuer_says_which_words_are_what(issuer, second):
    """It spells the name, whatever the nationality."""
    nationality = "GBR" if issuer == "ESP" else "ESP"
    zone = write_td3(
        names.from_fields("GARCIA LOPEZ", "JUAN"),
        **specimen(issuing_country=issuer, nationality=nationality),
    )
    assert read_mrz(zone, TODAY).name.second_surname == second


def test_a_birthday_on_30_february_is_refused_where_it_stands():
    first, second = write_td3(ANNA, **specimen())
    digits = "900230"
    body = second[:13] + digits + check_digit(digits) + second[20:43]
    wrong = body + check_digit(body[0:10] + body[13:20] + body[21:43])
    detail = refused(mrz.MrzDateWrong, [first, wrong]).detail
    assert (detail["line"], detail["first"], detail["last"]) == (2, 14, 19)


@pytest.mark.parametrize(
    ("birth", "read_as"),
    [
        (date(1927, 1, 1), date(1927, 1, 1)),
        (date(2026, 10, 31), date(2026, 10, 31)),
        (date(1926, 11, 2), date(1926, 11, 2)),
        (date(2000, 2, 29), date(2000, 2, 29)),
    ],
)
def test_a_year_of_birth_is_never_in_the_future(birth, read_as):
    assert read_mrz(write_td3(ANNA, **specimen(birth_date=birth)), TODAY).birth_date == read_as


def test_a_card_number_longer_than_nine_runs_on_into_the_optional_data():
    digit = check_digit("D23145890734")
    first = f"I<UTOD23145890<734{digit}".ljust(30, "<")
    second = TD1[1][:29]
    second += check_digit(first[5:30] + second[0:7] + second[8:15] + second[18:29])
    read = read_mrz([first, second, TD1[2]], TODAY)
    assert (read.number, read.optional) == ("D23145890734", "")
    wrong = changed([first, second, TD1[2]], 1, 17, "5")
    detail = refused(mrz.MrzCheckDigitWrong, wrong).detail
    assert (detail["field"], detail["line"], detail["position"]) == ("number", 1, 19)


@pytest.mark.parametrize("text", ["", "hello", "a\nb\nc\nd", "<" * 600, "x" * 30 + "\n" + "y" * 30])
def test_what_is_no_zone_is_refused_as_such(text):
    refused(mrz.MrzFormatUnknown, text)


def test_a_passport_with_a_line_too_many_is_no_card():
    """What was copied with it: not two lines that are too long for a card's."""
    refused(mrz.MrzFormatUnknown, ["REISEPASS", *TD3])
    assert refused(mrz.MrzLineLength, [TD1[0] + "<", *TD1[1:]]).detail["line"] == 1


def test_a_zone_without_a_number_is_refused():
    empty = write_td3(ANNA, **specimen(number=""))
    assert refused(mrz.MrzFieldEmpty, empty).detail["field"] == "number"


@pytest.mark.parametrize(
    ("zone", "line", "first"), [(TD3, 1, 3), (TD3, 2, 11), (TD1, 2, 16), (TD2, 1, 3)]
)
def test_letters_that_no_check_digit_covers_must_be_a_countrys(zone, line, first):
    wrong = [*zone]
    wrong[line - 1] = zone[line - 1][: first - 1] + "XYZ" + zone[line - 1][first + 2 :]
    told = refused(mrz.MrzCountryUnknown, wrong).detail
    assert (told["line"], told["first"], told["last"], told["found"]) == (
        line, first, first + 2, "XYZ",
    )  # fmt: skip


def test_a_number_too_long_cannot_be_written():
    with pytest.raises(mrz.MrzFieldUnwritable):
        write_td3(ANNA, **specimen(number="1234567890"))


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SYMBOLS = "0123456789" + LETTERS + "<"
words = st.text(LETTERS, min_size=1, max_size=8)
codes = st.sampled_from(["D", "DEU", "ITA", "GBO", "RKS", "XXA"])
documents = st.fixed_dictionaries(
    {
        "number": st.text("0123456789" + LETTERS, min_size=5, max_size=9),
        "issuing_country": codes,
        "nationality": codes,
        "birth_date": st.dates(date(1926, 11, 2), TODAY),
        "sex": st.sampled_from("MFX"),
        "valid_until": st.dates(date(2000, 1, 1), date(2099, 12, 31)),
        "optional": st.text("0123456789" + LETTERS, max_size=14),
    }
)
people = st.builds(
    lambda surname, given_names: names.from_fields(" ".join(surname), " ".join(given_names)),
    st.lists(words, min_size=1, max_size=2),
    st.lists(words, max_size=1),
)


@given(people, documents, st.sampled_from([write_td3, write_td1]))
def test_what_is_written_is_read_back(person, fields, writer):
    read = read_mrz(writer(person, **fields), TODAY)
    assert {field: getattr(read, field) for field in fields} == fields
    assert (read.name.surname, read.name.given) == (person.surname, person.given)


CHECKED = {
    write_td3: [(2, p) for p in [*range(1, 11), *range(14, 21), *range(22, 45)]],
    write_td1: [(1, p) for p in range(6, 31)]
    + [(2, p) for p in [*range(1, 8), *range(9, 16), *range(19, 31)]],
}


either = st.sampled_from([write_td3, write_td1])


@given(people, documents, either, st.data())
@settings(max_examples=300)
def test_one_changed_character_is_found(person, fields, writer, data):
    """In any field under a check digit: it is refused, or a look-alike is read otherwise and told.
    Sums are taken modulo 10, so that 0, A, K and U, all worth 10 more or less, cannot be told apart
    by any reader; those changes are left out."""
    zone = writer(person, **fields)
    line, position = data.draw(st.sampled_from(CHECKED[writer]))
    old = zone[line - 1][position - 1]
    new = data.draw(st.sampled_from(SYMBOLS))
    assume(new != old and check_digit(new) != check_digit(old))
    try:
        read = read_mrz(changed(zone, line, position, new), TODAY)
    except QianbaoError:
        return
    assert all(one.found in "OIBS" and one.read_as in "0158" for one in read.corrections)
    assert read.corrections


LOOKALIKES = {"0": "O", "1": "I", "8": "B", "5": "S"}


@given(people, documents, either, st.data())
@settings(max_examples=300)
def test_one_digit_taken_for_a_letter_is_never_read_as_anything_else(person, fields, writer, data):
    """Wherever a check digit covers it: put right, or refused."""
    zone = writer(person, **fields)
    places = [(at, zone[at[0] - 1][at[1] - 1]) for at in CHECKED[writer]]
    places = [(at, digit) for at, digit in places if digit in LOOKALIKES]
    assume(places)
    (line, position), digit = data.draw(st.sampled_from(places))
    with contextlib.suppress(QianbaoError):
        read = read_mrz(changed(zone, line, position, LOOKALIKES[digit]), TODAY)
        assert read.corrections == (mrz.Correction(line, position, LOOKALIKES[digit], digit),)
        assert msgspec.structs.replace(read, corrections=()) == read_mrz(zone, TODAY)


@given(people, documents, either, st.data())
@settings(max_examples=300)
def test_a_digit_where_only_digits_stand_is_always_put_right(person, fields, writer, data):
    zone = writer(person, **fields)
    line, where = (2, (0, 7, 8, 15)) if writer is write_td1 else (2, (13, 20, 21, 28))
    text = zone[line - 1]
    positions = [*range(where[0], where[1]), *range(where[2], where[3])]
    positions = [at + 1 for at in positions if text[at] in LOOKALIKES]
    assume(positions)
    position = data.draw(st.sampled_from(positions))
    seen = changed(zone, line, position, LOOKALIKES[text[position - 1]])
    read = read_mrz(seen, TODAY)
    assert len(read.corrections) == 1
    assert msgspec.structs.replace(read, corrections=()) == read_mrz(zone, TODAY)


@given(st.one_of(st.text(max_size=600), st.text(SYMBOLS + "\n ü«", max_size=120)))
def test_no_text_breaks_the_reader(text):
    with contextlib.suppress(QianbaoError):
        read_mrz(text, TODAY)


@given(st.sampled_from([TD1, TD2, TD3]), st.data())
def test_no_slip_breaks_the_reader(zone, data):
    line = data.draw(st.integers(1, len(zone)))
    position = data.draw(st.integers(1, len(zone[0])))
    character = data.draw(st.one_of(st.characters(), st.sampled_from(SYMBOLS)))
    with contextlib.suppress(QianbaoError):
        read_mrz(changed(zone, line, position, character), TODAY)
