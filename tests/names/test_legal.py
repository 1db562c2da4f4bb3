"""A legal name is taken apart without losing the original."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianbao import names
from qianbao.errors import QianbaoError
from qianbao.names import LegalName, compare


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
    ("surname", "given_names", "country", "patronymic", "second", "particles"),
    [
        ("García López", "Juan Carlos", "ESP", "", "López", ()),
        ("GARCIA DE LA CRUZ", "ANA", "MEX", "", "DE LA CRUZ", ("DE LA",)),
        ("GARCIA Y LOPEZ", "JOSE", "ESP", "", "Y LOPEZ", ("Y",)),
        ("da Silva dos Santos", "João", "BRA", "", "da Silva", ("da", "dos")),
        ("Иванов", "Иван Сергеевич", "", "Сергеевич", "", ()),
        ("Шевченко", "Тарас Григорович", "UKR", "Григорович", "", ()),
        ("IVANOVA", "ANNA PETROVNA", "RUS", "PETROVNA", "", ()),
        ("DIMITROV", "SVETLEN TANCHEV", "BGR", "TANCHEV", "", ()),
        ("Aliyev", "Ilham Heydar oğlu", "AZE", "Heydar oğlu", "", ()),
        ("AL FALASI", "AHMED BIN MOHAMMED", "ARE", "BIN MOHAMMED", "", ("AL",)),
        ("MOHAMED BIN ABDULLAH", "", "MYS", "BIN ABDULLAH", "", ()),
        ("KUMAR", "RAJ A L SAMY", "MYS", "A L SAMY", "", ()),
        ("Suppiah", "Ravi S/O Kumar", "SGP", "S/O Kumar", "", ()),
        ("ap Gwilym", "Dafydd", "GBR", "ap Gwilym", "", ()),
        ("Jónsdóttir", "Björk", "ISL", "Jónsdóttir", "", ()),
        ("van der Berg", "Jan", "NLD", "", "", ("van der",)),
        ("AL-KALDANI", "SAMIR", "IRQ", "", "", ("AL",)),
    ],
)
def test_what_each_word_is_where_words_or_issuer_say_so(
    surname, given_names, country, patronymic, second, particles
):
    name = names.from_fields(surname, given_names, country=country)
    assert (name.surname, name.given) == (surname, given_names)
    assert (name.patronymic, name.second_surname, name.particles) == (patronymic, second, particles)


@pytest.mark.parametrize(
    ("surname", "given_names", "country"),
    [
        ("García López", "Juan", ""),
        ("García", "Juan", "ESP"),
        ("GARCIA LORCA RUIZ", "FEDERICO", "ESP"),
        ("TAN", "BIN HAO", "SGP"),
        ("TAN BIN HAO", "", "SGP"),
        ("Petrović", "Milan", "SRB"),
        ("Smith", "Mary Shauna", "USA"),
        ("Schmidt", "Karl Heinrich", "DEU"),
        ("LE VAN", "NAM", "VNM"),
        ("Smith", "Ben John", "GBR"),
    ],
)
def test_what_is_not_said_is_not_guessed(surname, given_names, country):
    name = names.from_fields(surname, given_names, country=country)
    assert (name.patronymic, name.second_surname, name.particles) == ("", "", ())


def test_fields_of_their_own_are_kept_and_lose_no_word():
    ivan = names.from_fields("Иванов", "Иван", patronymic="Сергеевич")
    assert (ivan.given, ivan.patronymic) == ("Иван Сергеевич", "Сергеевич")
    juan = names.from_fields("García", "Juan", second_surname="López")
    assert (juan.surname, juan.second_surname) == ("García López", "López")
    joao = names.from_fields("Santos", "João", second_surname="Silva", country="PRT")
    assert (joao.surname, joao.second_surname) == ("Silva Santos", "Silva")
    said_twice = names.from_fields("García López", "Juan", second_surname="López")
    assert said_twice.surname == "García López"


def test_a_machine_readable_line_and_characters_have_parts_too():
    assert names.from_mrz("GARCIA<LOPEZ<<JUAN<CARLOS", "ESP").second_surname == "LOPEZ"
    assert names.from_mrz("GARCIA<LOPEZ<<JUAN<CARLOS").second_surname == ""
    assert names.from_chinese("阿卜来提·如则托合提", "CHN").patronymic == "如则托合提"
    assert names.from_chinese("泰勒·斯威夫特").patronymic == ""


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


COUNTRIES = st.sampled_from(["", "ESP", "PRT", "RUS", "BGR", "CHN", "MYS", "ISL", "VNM", "???"])
NAMELIKE = st.text("abinovchdelay АБович王·'-/@. ", max_size=40)
ANY = st.one_of(st.text(max_size=300), NAMELIKE)


@given(ANY, ANY, ANY, ANY, ANY, COUNTRIES)
def test_no_text_breaks_the_parsers(a, b, c, father, second, country):
    for parse in (
        lambda: names.from_fields(a, b, c, country=country),
        lambda: names.from_fields(a, b, patronymic=father, second_surname=second, country=country),
        lambda: names.from_mrz(a, country),
        lambda: names.from_chinese(a, country),
    ):
        with contextlib.suppress(QianbaoError):
            name = parse()
            assert names.display(name)
            assert compare(name, a).verdict in ("match", "close", "no_match")


@given(NAMELIKE, NAMELIKE, COUNTRIES)
def test_parts_are_words_of_the_name_and_change_none(surname, given_names, country):
    with contextlib.suppress(QianbaoError):
        name = names.from_fields(surname, given_names, country=country)
        assert (name.surname, name.given) == (
            " ".join(surname.split()), " ".join(given_names.split()),
        )  # fmt: skip
        for part in (name.patronymic, name.second_surname):
            assert part in name.surname or part in name.given
        assert all(particle in name.surname.replace("-", " ") for particle in name.particles)


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=15),
       st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=15))  # fmt: skip
def test_a_name_that_fits_survives_the_mrz_field(surname, given_name):
    name = names.from_fields(surname, given_name)
    again = names.from_mrz(names.mrz_field(name, 39))
    assert (again.surname, again.given, again.truncated) == (surname, given_name, False)


@pytest.mark.parametrize("text", ["王小明先生", "欧阳明女士", "王小明 先生", "李明博士"])
def test_a_form_of_address_is_no_part_of_a_legal_name(text):
    with pytest.raises(names.NameTitle) as refused:
        names.from_chinese(text, "CHN")
    assert text[-2:] in refused.value.sentence("zh")
    assert "王小明" not in refused.value.sentence("en")


def test_a_given_name_may_be_a_form_of_address():
    assert names.from_chinese("王博士").given == "博士"


@pytest.mark.parametrize("given", ["علی\u200cرضا", "क्\u200dषितिज"])
def test_letters_that_are_told_not_to_join_are_letters_of_a_name(given):
    legal = names.from_fields("رضایی", given)
    assert names.compare(legal, f"{given} رضایی").verdict == "match"
    assert names.compare(legal, given.replace("\u200c", "") + " رضایی").verdict == "match"
