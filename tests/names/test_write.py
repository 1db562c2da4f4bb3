"""The same passport, printed by banks that each have their own way (domain.md 2.3)."""

import msgspec
import pytest

from qianbao import names
from qianbao.names import NameProfile

ANNA = names.from_fields("Müller", "Anna Maria")
TARO = names.from_mrz("YAMADA<<TARO".ljust(39, "<"))
SURNAME_FIRST = NameProfile(
    order="SG", separator=" ", case="upper", confidence="sourced", source="seed"
)


def with_(**changes):
    return msgspec.structs.replace(SURNAME_FIRST, **changes)


@pytest.mark.parametrize(
    ("profile", "printed"),
    [
        (SURNAME_FIRST, "YAMADA TARO"),
        (with_(order="GS"), "TARO YAMADA"),
        (with_(separator="", case="title"), "YamadaTaro"),
        (with_(order="GS", separator=""), "TAROYAMADA"),
        (with_(max_length=9), "YAMADA TA"),
        (with_(max_length=7), "YAMADA"),
    ],
)
def test_taros_name_by_profile(profile, printed):
    assert names.write(TARO, profile) == printed


@pytest.mark.parametrize(
    ("profile", "printed"),
    [
        (SURNAME_FIRST, "MUELLER ANNA MARIA"),
        (with_(middle="drop"), "MUELLER ANNA"),
        (with_(middle="initial", order="GS"), "ANNA M MUELLER"),
        (with_(case="title"), "Mueller Anna Maria"),
        (with_(case="as_is"), "Müller Anna Maria"),
    ],
)
def test_annas_name_by_profile(profile, printed):
    assert names.write(ANNA, profile) == printed


@pytest.mark.parametrize(
    ("punctuation", "printed"),
    [
        ("keep", "DANGELO-ROSSI CHIARA"),
        ("strip", "DANGELOROSSI CHIARA"),
        ("space", "DANGELO ROSSI CHIARA"),
    ],
)
def test_chiaras_hyphen_and_apostrophe(punctuation, printed):
    chiara = names.from_fields("D'Angelo-Rossi", "Chiara")
    assert names.write(chiara, with_(punctuation=punctuation)) == printed


@pytest.mark.parametrize(
    ("surname", "printed"),
    [
        ("Łukaszewicz", "LUKASZEWICZ"),
        ("Strauß", "STRAUSS"),
        ("Ødegård", "OEDEGAARD"),
        ("Muñoz", "MUNOZ"),
        ("Александров", "ALEKSANDROV"),
        ("Щукин", "SHCHUKIN"),
    ],
)
def test_other_letters_become_those_of_the_passport(surname, printed):
    assert names.write(names.from_fields(surname, ""), SURNAME_FIRST) == printed


def test_dengs_name_is_its_characters_whatever_the_profile():
    deng = names.from_chinese("邓伟")
    assert names.write(deng, SURNAME_FIRST) == "邓伟"
    assert names.write(deng, with_(order="GS", separator="", case="title")) == "邓伟"


def test_forms_begin_with_the_banks_own_and_offer_the_reported_ones():
    forms = names.forms(ANNA, SURNAME_FIRST)
    texts = [form.text for form in forms]
    assert texts[0] == "MUELLER ANNA MARIA"
    assert (forms[0].confidence, forms[0].source) == ("sourced", "seed")
    assert {"ANNA MARIA MUELLER", "MUELLERANNAMARIA", "ANNAMARIAMUELLER", "MULLER ANNA MARIA",
            "MUELLER ANNA", "MUELLER ANNA M"} <= set(texts)  # fmt: skip
    assert len(texts) == len(set(texts)) <= 12
    assert all(form.reason_en and form.reason_zh for form in forms)
    assert {form.confidence for form in forms[1:]} == {"assumed"}


def test_a_passport_read_by_machine_still_offers_the_u_form():
    anna = names.from_mrz("MUELLER<<ANNA".ljust(39, "<"))
    assert "MULLER ANNA" in [form.text for form in names.forms(anna, SURNAME_FIRST)]


def test_a_long_name_is_offered_cut_at_twenty():
    long = names.from_fields("Rodríguez Hernández", "Miguel")
    assert "RODRIGUEZHERNANDEZMI" in [form.text for form in names.forms(long, SURNAME_FIRST)]


def test_forms_of_a_chinese_name_are_characters_then_pinyin():
    texts = [form.text for form in names.forms(names.from_chinese("吕小明"), SURNAME_FIRST)]
    assert texts[:3] == ["吕小明", "呂小明", "LYU XIAOMING"]
    assert "LU XIAOMING" in texts


def test_the_mrz_field_of_a_long_surname_keeps_a_letter_of_the_given_name():
    field = names.mrz_field(names.from_fields("A" * 50, "Ben"), 39)
    assert field == "A" * 36 + "<<B"
    assert names.from_mrz(field).truncated


def test_the_ü_of_pinyin_has_its_forms():
    for name in (names.from_mrz("LYU<<XIULIAN"), names.from_chinese("吕秀莲")):
        texts = [
            form.text
            for form in names.forms(
                name, names.NameProfile(order="SG", separator=" ", case="upper")
            )
        ]
        assert {"LYU XIULIAN", "LV XIULIAN", "LU XIULIAN"} <= set(texts)
    anna = names.forms(
        names.from_mrz("LYUBIMOVA<<ANNA"),
        names.NameProfile(order="SG", separator=" ", case="upper"),
    )
    assert "LUBIMOVA ANNA" not in [form.text for form in anna]


def test_a_name_with_a_dot_is_shown_apart_joined_and_without_the_father():
    name = names.from_chinese("买买提·艾力", "CHN")
    texts = [
        form.text
        for form in names.forms(name, NameProfile(order="SG", separator=" ", case="upper"))
    ]
    assert {"MAIMAITI AILI", "MAIMAITIAILI", "买买提", "MAIMAITI"} <= set(texts)
    assert [text for text in texts if text != text.strip()] == []
    assert names.mrz_field(name, 39).rstrip("<") == "MAIMAITI<AILI"


def test_latin_words_beside_characters_stay_words_of_their_own():
    shown = {form.text for form in names.forms(names.LegalName("王 III", "MIN"), SURNAME_FIRST)}
    assert {"WANG III MIN", "MIN WANG III"} <= shown
    assert not {text for text in shown if "WANGIII " in text or " WANGIII" in text}


def test_a_script_without_one_spelling_asks_for_the_letters_of_the_passport():
    (form,) = names.forms(names.from_fields("علي", "محمد"), SURNAME_FIRST)
    assert (form.text, form.confidence) == ("علي محمد", "assumed")
    assert "passport" in form.reason_en


def test_hangul_is_spelled_as_most_passports_have_it():
    forms = names.forms(names.from_fields("김", "민준"), SURNAME_FIRST)
    assert (forms[0].text, forms[0].confidence) == ("KIM MINJUN", "assumed")
    assert "MINJUN KIM" in [form.text for form in forms]


def test_a_name_that_fills_its_field_is_never_turned():
    cut = names.from_mrz("ABCDEFGHIJKLMNOPQRSTU<<VWXYZABCDEFGHIJKL")
    assert not cut.truncated
    cut = names.from_mrz("ABCDEFGHIJKLMNOPQRSTU<<VWXYZABCDEFGHIJK")
    assert cut.truncated
    for profile in (SURNAME_FIRST, with_(order="GS")):
        forms = names.forms(cut, profile)
        assert "may be cut" in forms[0].reason_en
        assert forms[0].confidence == "assumed"
        assert not [form for form in forms if form.text.upper().startswith("VWX")]
