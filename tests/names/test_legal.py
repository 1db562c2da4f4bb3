"""A legal name is taken apart without losing the original."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianbao import names
from qianbao.errors import QianbaoError
from qianbao.names import LegalName


def test_annas_mrz_gives_surname_and_both_given_names_and_keeps_the_field():
    field = "MUELLER<<ANNA<MARIA".ljust(39, "<")
    anna = names.from_mrz(field)
    assert anna == LegalName("MUELLER", "ANNA MARIA", mrz=field)
    assert names.display(anna) == "Anna Maria Mueller"


def test_fields_keep_accents_and_case_and_lose_only_stray_spaces():
    anna = names.from_fields(" Müller ", "Anna  Maria")
    assert anna == LegalName("Müller", "Anna Maria")
    assert names.display(anna) == "Anna Maria Müller"


def test_an_accent_typed_as_two_characters_is_the_same_letter():
    assert names.from_fields("Mu\u0308ller", "Anna") == names.from_fields("M\u00fcller", "Anna")


@pytest.mark.parametrize(
    ("text", "surname", "given"),
    [
        ("王小明", "王", "小明"),
        ("欧阳娜娜", "欧阳", "娜娜"),
        ("歐陽娜娜", "歐陽", "娜娜"),
        ("欧阳", "欧", "阳"),
        ("司马 光", "司马", "光"),
        ("阿卜来提·如则托合提", "", "阿卜来提·如则托合提"),
    ],
)
def test_chinese_names_split_after_the_surname(text, surname, given):
    name = names.from_chinese(text)
    assert (name.surname, name.given, name.native) == (surname, given, text)
    assert names.display(name) == text


def test_a_full_mrz_field_says_that_letters_may_be_missing():
    full = "SANTA<ANA<FERNANDEZ<<MARIA<DE<LA<CONCEP"
    assert len(full) == 39
    assert names.from_mrz(full).truncated
    assert not names.from_mrz("SANTA<ANA<FERNANDEZ<<MARIA".ljust(39, "<")).truncated


def test_one_name_only_is_the_surname_in_an_mrz():
    assert names.from_mrz("SUHARTO<<<<<<<<") == LegalName("SUHARTO", "", mrz="SUHARTO<<<<<<<<")


@pytest.mark.parametrize(
    ("surname", "given", "wrong"),
    [("<b>Müller</b>", "Anna", "<"), ("Müller", "Anna;", ";"), ("Müller2", "Anna", "2"),
     ("Mül\u202eler", "Anna", "\u202e"), ("Müller", "Anna 🙂", "🙂"), ("Müller", "{Anna}", "{")],
)  # fmt: skip
def test_markup_and_signs_are_no_name(surname, given, wrong):
    with pytest.raises(names.NameCharacter) as refused:
        names.from_fields(surname, given)
    assert refused.value.detail == {"character": wrong}
    with pytest.raises(names.NameCharacter):
        names.from_chinese(f"王{wrong}小明")


@pytest.mark.parametrize(
    ("surname", "given"),
    [("D'Angelo-Rossi", "Chiara"), ("Suppiah", "Ravi S/O Kumar"), ("Tan @ Lim", "Wei Ming"),
     ("O’Neil", "J. R."), ("Nguyễn", "Thị Ánh"), ("阿卜来提", "如则托合提·卡德尔"),
     ("佐々木", "〇子")],
)  # fmt: skip
def test_the_signs_of_real_names_stay(surname, given):
    assert names.from_fields(surname, given).surname == surname


def test_a_wrong_character_in_the_name_field_is_located():
    with pytest.raises(names.NameFieldCharacter) as caught:
        names.from_mrz("MU3LLER<<ANNA")
    assert caught.value.detail == {"position": 3, "character": "3"}


@pytest.mark.parametrize("nothing", ["", "   ", "-", "12"])
def test_a_name_without_letters_is_refused(nothing):
    with pytest.raises(names.NameEmpty):
        names.from_fields(nothing, nothing)


def test_a_name_of_300_letters_is_refused():
    with pytest.raises(names.NameTooLong):
        names.from_fields("A" * 300, "B")


def test_latin_letters_are_no_chinese_name():
    with pytest.raises(names.NameNotChinese):
        names.from_chinese("Deng Wei")


@given(st.text(max_size=300), st.text(max_size=60), st.text(max_size=60))
def test_no_text_breaks_the_parsers(a, b, c):
    for parse in (lambda: names.from_fields(a, b, c), lambda: names.from_mrz(a),
                  lambda: names.from_chinese(a)):  # fmt: skip
        with contextlib.suppress(QianbaoError):
            assert names.display(parse())


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=15),
       st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=15))  # fmt: skip
def test_a_name_that_fits_survives_the_mrz_field(surname, given_name):
    name = names.from_fields(surname, given_name)
    again = names.from_mrz(names.mrz_field(name, 39))
    assert (again.surname, again.given, again.truncated) == (surname, given_name, False)
