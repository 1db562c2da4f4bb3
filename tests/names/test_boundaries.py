"""Names of the same letters, divided or turned otherwise: where the surname ends, what is one."""

from __future__ import annotations

import pytest

from tests.names.test_strangers import verdict


def pairs(rows):
    return [pair.strip().split("/") for pair in rows.split(";")]


SURNAMES_TOLD_OTHERWISE = """
Smith, John/John, Smith; SMITH|JOHN/JOHN, SMITH; Hassan, Ali/Ali, Hassan; Wang, Li/Li, Wang;
Garcia Lopez, Juan/Garcia, Lopez Juan; Garcia Lopez, Juan/Lopez Juan, Garcia;
GARCIA LOPEZ|JUAN/Garcia, Lopez Juan; Paul, Martin Luther/Luther, Paul Martin;
SMITH John/JOHN Smith; SMITH John/Smith JOHN; SMITH|JOHN/JOHN Smith; Smith, John/JOHN Smith;
Müller, Karl/KARL, MUELLER; Петров, Иван/Иван, Петров; Anna, Smith/ANNA SMITH|;
HAJI|EVA/Eva, Haji"""
SURNAMES_TOLD_ALIKE = """
Smith, John/SMITH John; SMITH|JOHN/Smith, John; SMITH|JOHN/John SMITH; John SMITH/SMITH John;
Smith, John/John Smith; SMITH|JOHN/JOHN SMITH; Garcia Lopez, Juan/GARCIA LOPEZ Juan;
VAN DER BERG|JAN/Berg, Jan van der; van der Berg, Jan/Berg, Jan van der; McDonald, Ian/MCDONALD Ian;
Müller, Karl/KARL MUELLER; Петров, Иван/PETROV, IVAN; Kim, Min Jun/KIM Min Jun;
KALAM|A P J ABDUL/APJ Abdul Kalam; DG Johns/D G Johns; Щукин, Юрий/SHCHUKIN, YURIY;
Smith Jr., John/John Smith, Jr.; SMITH JR|JOHN/John Smith, Jr."""


@pytest.mark.parametrize(("a", "b"), pairs(SURNAMES_TOLD_OTHERWISE))
def test_a_comma_and_capitals_say_which_words_are_the_surname(a, b):
    assert verdict(a, b) != "match"


@pytest.mark.parametrize(("a", "b"), pairs(SURNAMES_TOLD_ALIKE))
def test_one_surname_told_in_two_ways_matches(a, b):
    assert verdict(a, b) == "match"


CHARACTERS_DIVIDED_OTHERWISE = """
高橋|健/高|橋健; 高橋 健/高 橋健; 高橋|健/高 橋健; 陈 小明/陈小 明; 司马 光/司 马光;
岡田, 充/充, 岡田; 岡田|充/充, 岡田; 向 金鳳|鈺婷/向|金鳳 鈺婷"""
CHARACTERS_DIVIDED_ALIKE = """
高橋|健/高橋健; 高橋|健/高橋 健; 高 橋 健/高橋 健; 陳 小明/陈小明; 小明 陳/陈 小明;
岡田, 充/岡田充; 陳, 小明/陈|小明"""


@pytest.mark.parametrize(("a", "b"), pairs(CHARACTERS_DIVIDED_OTHERWISE))
def test_characters_of_which_other_ones_are_the_surname_are_asked_for(a, b):
    assert verdict(a, b) == "close"


@pytest.mark.parametrize(("a", "b"), pairs(CHARACTERS_DIVIDED_ALIKE))
def test_characters_with_a_space_or_none_match(a, b):
    assert verdict(a, b) == "match"


LETTERS_IN_ANOTHER_ORDER = """
王黎明/Ming Wang Li; 王小明/Ming Wang Xiao; 李旺/WANG|LI; 王莉/LI|WANG; 李旺/Wang, Li"""
LETTERS_IN_A_USUAL_ORDER = """
王黎明/Li Ming Wang; 王小明/WANG XIAOMING; 王小明/Xiaoming Wang; 王莉/WANG|LI; 王莉/Li Wang;
欧阳娜娜/Nana Ouyang; 欧阳娜娜/OUYANG|NANA;
张王小明/ZHANGWANG|XIAOMING"""


@pytest.mark.parametrize(("a", "b"), pairs(LETTERS_IN_ANOTHER_ORDER))
def test_letters_begin_with_the_surname_or_with_the_given_name_of_characters(a, b):
    assert verdict(a, b) != "match"


def test_a_comma_behind_the_given_name_may_be_a_slip_and_a_document_s_field_is_none():
    assert verdict("王小明", "Xiaoming, Wang") == "close"
    assert verdict("王小明", "XIAOMING|WANG") == "no_match"


@pytest.mark.parametrize(("a", "b"), pairs(LETTERS_IN_A_USUAL_ORDER))
def test_letters_in_either_order_spell_characters(a, b):
    assert verdict(a, b) == "match"


SYLLABLES_TURNED = """
Li Xiao Ming/Ming Li Xiao; Kim Min Jun/Jun Kim Min; Li Wen Bo/Bo Li Wen"""
SURNAME_TURNED = """
Li Xiao Ming/Xiao Ming Li; Kim Min Jun/Min Jun Kim; Yu Fang Lin/Lin Yu Fang;
Chi Mai Chen/Chen Chi Mai; Chui Sai Cheong/Sai Cheong Chui; Ann Lee Tan/Tan Ann Lee;
Dong-Hong Ji/Ji Dong-Hong; Dong-Hong Min/MIN DONG HONG; TAO XIAO LI/XIAO LI TAO;
LAN FANG MEI/MEI|LAN FANG"""


@pytest.mark.parametrize(("a", "b"), pairs(SYLLABLES_TURNED))
def test_a_given_name_of_two_syllables_is_not_turned_inside(a, b):
    assert verdict(a, b) == "close"


@pytest.mark.parametrize(("a", "b"), pairs(SURNAME_TURNED))
def test_an_east_asian_surname_stands_first_or_last(a, b):
    assert verdict(a, b) == "match"


HYPHENS_MOVED = """
Hans-Peter Karl/Hans Peter-Karl; Ana Maria-Lopez/Ana-Maria Lopez; Karl Hans-Peter/Peter-Karl Hans;
Lopez, Ana-Maria/Maria-Lopez Ana; Jean-Paul Marie Roux/Jean Paul-Marie Roux"""
HYPHENS_LEFT_OUT = """
Hans-Peter Karl/Hans Peter Karl; Jean-Pierre Dupont Roux/Jean Pierre Dupont-Roux;
Karl, Hans-Peter/Hans-Peter Karl; Jean-Paul-Marie Roux/Jean Paul-Marie Roux"""


@pytest.mark.parametrize(("a", "b"), pairs(HYPHENS_MOVED))
def test_a_hyphen_between_other_words_is_asked_for(a, b):
    assert verdict(a, b) == "close"


@pytest.mark.parametrize(("a", "b"), pairs(HYPHENS_LEFT_OUT))
def test_a_hyphen_left_out_matches(a, b):
    assert verdict(a, b) == "match"


JOINED_INTO_ANOTHER_NAME = """
DI ANA ROSSI/DIANA ROSSI; ROSSI DI ANA/DIANA ROSSI; DI ANA|ROSSI/DIANA ROSSI;
ROSSI|DI ANA/ROSSI|DIANA; VAN ESSA ROSSI/VANESSA ROSSI; EL ISA ROSSI/ELISA ROSSI;
DE LIA ROSSI/DELIA ROSSI; DA VID ROSSI/DAVID ROSSI; SAN TIAGO ROSSI/SANTIAGO ROSSI;
DE AN JONES/DEAN JONES; AL AN TURING/ALAN TURING;
D ELIA|CHIARA/DELIA CHIARA; D ELIA|CHIARA/DELIA|CHIARA; D ELIA|CHIARA/CHIARA DELIA;
Smith J R/Smith Jr; J R Smith/Smith Jr; SMITH|J R/SMITH JR; SMITH|J R/SMITH|JR;
John I I Smith/John II Smith; John Smith I I/John Smith II; SMITH|JOHN J R/SMITH JOHN JR"""
JOINED_AS_A_SURNAME = """
DE LA CRUZ JUAN/DELACRUZ JUAN; DEL ROSSO ANNA/DELROSSO ANNA; EL SAYED OMAR/ELSAYED OMAR;
MAC DONALD IAN/MACDONALD IAN; JO ANN LEE/JOANN LEE; ANNA LISA ROSSI/ANNALISA ROSSI;
VAN DER BERG|JAN/VANDERBERG JAN; D’ELIA|CHIARA/DELIA CHIARA; D ELIA|CHIARA/D'Elia Chiara;
D ANGELO|CHIARA/DANGELO CHIARA; J R Smith/JR Smith; SMITH|J R/JR SMITH"""


@pytest.mark.parametrize(("a", "b"), pairs(JOINED_INTO_ANOTHER_NAME))
def test_small_words_and_initials_that_joined_are_another_name_do_not_match(a, b):
    assert verdict(a, b) != "match"


@pytest.mark.parametrize(("a", "b"), pairs(JOINED_AS_A_SURNAME))
def test_small_words_and_initials_that_joined_are_the_same_name_match(a, b):
    assert verdict(a, b) == "match"


AROUND_A_SMALL_WORD = """
Saitoti ole Kono/Kono ole Saitoti; Ngugi wa Thiongo/Thiongo wa Ngugi;
Daniel arap Moi/Moi arap Daniel; Anna fra Berg/Berg fra Anna; Temur abu Said/Said abu Temur;
Ketut Ni Made/Made Ni Ketut;
Tor Til Nes/Nes Til Tor; Otto Zon Pal/Pal Zon Otto; Garcia Maria Jose/Jose Maria Garcia"""
AROUND_A_NAME = """
KOKA FRANCIS SILVESTRY/SILVESTRY FRANCIS KOKA; Ravi Kumar Raja/Raja Kumar Ravi;
Juan Luis Ruiz/Ruiz Luis Juan; Anna Eva Berg/Berg Eva Anna"""


@pytest.mark.parametrize(("a", "b"), pairs(AROUND_A_SMALL_WORD))
def test_names_turned_around_a_small_word_or_maria_may_be_others(a, b):
    assert verdict(a, b) != "match"


@pytest.mark.parametrize(("a", "b"), pairs(AROUND_A_NAME))
def test_ends_change_places_around_a_name(a, b):
    assert verdict(a, b) == "match"


FIRST_NAMES_OF_ELSEWHERE = """
Alexandre Dupont/Alexander Dupont; Julia Schulz/Iulia Schulz; Maria Garcia/Mariya Garcia;
Nicolai Petersen/Nikolai Petersen; Sophia Diaz/Sofia Diaz; Victor Hugo/Viktor Hugo;
Elena Costa/Yelena Costa; Ivan Cruz/Iwan Cruz; GARCIA|MARIA/Mariya Garcia"""
FIRST_NAMES_OF_CYRILLIC = """
ALEKSANDR IVANOV/ALEXANDER IVANOV; Sergei Lavrov/Sergey Lavrov; Yulia Petrenko/Iuliia Petrenko;
Sofya Kovalevskaya/Sofia Kovalevskaya; Dmitri Ilyich Orlov/Dmitry Ilyich Orlov;
Viktor Sergeevich Kim/Victor Sergeevich Kim; IVANOV|ALEKSANDR/Alexander Ivanov"""


@pytest.mark.parametrize(("a", "b"), pairs(FIRST_NAMES_OF_ELSEWHERE))
def test_first_names_spelled_otherwise_are_asked_for_where_nothing_shows_cyrillic(a, b):
    assert verdict(a, b) == "close"


@pytest.mark.parametrize(("a", "b"), pairs(FIRST_NAMES_OF_CYRILLIC))
def test_first_names_beside_a_name_from_cyrillic_match_in_any_spelling(a, b):
    assert verdict(a, b) == "match"
