"""Names of the same letters, or nearly, that are two persons', beside those that are one's."""

from __future__ import annotations

import pytest

from qianbao import names
from qianbao.names import compare
from tests.names.test_documents import document


def name(text):
    """A document's name where a stroke stands in it, else a text."""
    return document(text) if "|" in text else text


def verdict(a, b):
    found = compare(name(a), name(b))
    assert compare(name(b), name(a)) == found
    return found.verdict


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Juan A. Perez", "Juana Perez"),
        ("Smith, Paul A.", "Smith, Paula"),
        ("Mari O. Rossi", "Mario Rossi"),
        ("Mohammed Ali M", "Mohammed Alim"),
        ("S. Paul Smith", "Spaul Smith"),
        ("Александр А. Петров", "Александра Петров"),
        ("Leo N Hart", "Leon Hart"),
        ("Ann A Lee", "Anna Lee"),
        ("Juan A Ma", "Juana Ma"),
        ("Juan E Ma", "Juane Ma"),
        ("J O Smith", "Jo Smith"),
        ("Chiara D. Angelo", "Chiara Dangelo"),
        ("Anna L Isa", "Anna Lisa"),
        ("D ARIA ROSSI", "DARIA ROSSI"),
        ("O LGA PETROVA", "OLGA PETROVA"),
        ("O SCAR ROSSI", "OSCAR ROSSI"),
        ("L UISA ROSSI", "LUISA ROSSI"),
        ("D ENIS ROSSI", "DENIS ROSSI"),
        ("ROSSI L ANA", "ROSSI LANA"),
        ("ROSSI D EMMA", "ROSSI|DEMMA"),
        ("D EMMA ROSSI", "DEMMA ROSSI"),
        ("L ANA ROSSI", "LANA ROSSI"),
        ("ROSSI|D EMMA", "ROSSI|DEMMA"),
        ("ROSSI|D EMMA", "DEMMA ROSSI"),
        ("PEREZ|JUAN A", "JUANA PEREZ"),
        ("PEREZ|JUAN A", "Juana Pérez"),
        ("PEREZ|JUAN A", "PEREZ|JUANA"),
        ("PEREZ|JUAN A", "PEREZJUANA"),
    ],
)
def test_an_initial_is_never_joined_to_the_word_beside_it(a, b):
    assert verdict(a, b) != "match"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("O BRIEN JOHN", "John O'Brien"),
        ("O BRIEN JOHN", "OBRIEN JOHN"),
        ("D ANGELO CHIARA", "Chiara Dangelo"),
        ("D ANGELO|CHIARA", "Chiara Dangelo"),
        ("D ARIA CHIARA", "Chiara D'Aria"),
        ("N'Diaye Awa", "N DIAYE AWA"),
        ("Awa N Diaye", "Awa Ndiaye"),
        ("'t Hart Jan", "T HART JAN"),
        ("A. P. J. Abdul Kalam", "APJ ABDUL KALAM"),
        ("J R Smith", "JR Smith"),
        ("Kumar s/o Raja", "KUMAR SO RAJA"),
        ("LI XIAO E", "LI XIAOE"),
        ("LI XIAO E", "XIAOE LI"),
        ("PEREZ|JUAN A", "PEREZ JUAN A"),
    ],
)
def test_what_an_apostrophe_left_initials_together_and_syllables_may_be_joined(a, b):
    assert verdict(a, b) == "match"


@pytest.mark.parametrize(("a", "b"), [("LI GUI E", "LI GUIE"), ("LI|GUI E", "LI GUIE")])
def test_a_syllable_that_may_be_an_initial_is_asked_for(a, b):
    assert verdict(a, b) == "close"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Nasser Al-Ali", "Ali Al-Nasser"),
        ("Rashid al Omar", "Omar al Rashid"),
        ("Omar El Said", "Said El Omar"),
        ("Salim Ould Ahmed", "Ahmed Ould Salim"),
        ("Moussa Ag Ali", "Ali Ag Moussa"),
        ("Rhys ap Owen", "Owen ap Rhys"),
        ("RHYS AP OWEN|", "OWEN AP RHYS"),
        ("Vali oglu Anar", "Anar oglu Vali"),
        ("Vali oğlu Anar", "Anar oğlu Vali"),
        ("Juan de Leon", "Leon de Juan"),
        ("Jan de Vries", "Vries de Jan"),
        ("S Kumar R", "R Kumar S"),
        ("A Kumar B", "B Kumar A"),
        ("Hans Peter Karl", "Karl Peter Hans"),
        ("Khalid bin Rashid Omar", "Omar Khalid bin Rashid"),
        ("Le Van Hoang", "Hoang Van Le"),
        ("Pham Thi Mai", "Mai Thi Pham"),
        ("Otto Hans Paul", "Paul Hans Otto"),
        ("Sean Mac Niall", "Niall Mac Sean"),
        ("Maire Nic Aodh", "Aodh Nic Maire"),
        ("Una Ni Brian", "Brian Ni Una"),
        ("Roy Fitz Gerald", "Gerald Fitz Roy"),
        ("Ali Pour Reza", "Reza Pour Ali"),
        ("Ali Nejad Reza", "Reza Nejad Ali"),
        ("Anar Zade Vali", "Vali Zade Anar"),
        ("Budi Putra Wayan", "Wayan Putra Budi"),
        ("Sari Putri Dewi", "Dewi Putri Sari"),
        ("Jens Datter Anne", "Anne Datter Jens"),
    ],
)
def test_names_turned_around_a_small_word_are_other_persons(a, b):
    assert verdict(a, b) != "match"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Al-Ali Nasser", "Nasser Al-Ali"),
        ("de Vries Jan", "Jan de Vries"),
        ("van der Berg, Anna", "Anna van der Berg"),
        ("AL FALASI AHMED BIN MOHAMMED", "AHMED BIN MOHAMMED AL FALASI"),
        ("Ben Cohen", "Cohen Ben"),
        ("Hans Peter Müller", "Müller Peter Hans"),
        ("Nguyen Nguyen Li", "Li Nguyen Nguyen"),
    ],
)
def test_a_particle_turns_with_the_word_behind_it(a, b):
    assert verdict(a, b) == "match"


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("LEE ROY|JEAN", "LEE|ROY JEAN", "close"),
        ("JOHN|SON", "JOHNSON|", "close"),
        ("JOHN SON|", "JOHN|SON", "close"),
        ("SUHARTO|", "|SUHARTO", "match"),
        ("VAN DER BERG|JAN", "VANDERBERG|JAN", "match"),
        ("Müller|Anna", "MUELLER|ANNA", "match"),
    ],
)
def test_two_documents_agree_on_where_the_surname_ends(a, b, expected):
    assert verdict(a, b) == expected


TWO_CHARACTERS = """
鍾明 鐘明, 陳復 陳複, 黃發 黃髮, 王曆 王歷, 李乾 李幹, 李乾 李干, 王昇 王陞, 王升 王昇, 王並 王併,
于明 於明, 后明 後明, 姜伟 薑伟, 余伟 餘伟, 郁达 鬱达, 丑山 醜山, 千明 韆明, 范伟 範偉, 谷明 穀明,
沈明 瀋明, 浜田竜 濱田龍, 中島一 中嶋一, 冨田一 富田一, 陳志 陳誌, 陳里 陳裡, 劉后 劉後,
張周銘 張週銘, 鄭干 鄭幹, 志陳 誌陳, 趙云 趙雲"""
ONE_CHARACTER = """
陳復 陈复, 鍾明 钟明, 鐘明 钟明, 葉明 叶明, 雲明 云明, 萬明 万明, 沢田 澤田, 沢田 泽田, 広田 廣田,
谷梁明 穀梁明, 李為 李爲, 李啟 李啓, 髙橋 高桥, 张伟余 張偉餘, 陈志 陳誌, 刘后 劉後, 陳伟 陳偉,
陳群 陳羣, 陳国 陳國, 周志 周誌, 乾志 乾誌, 云華 雲華"""


@pytest.mark.parametrize("pair", TWO_CHARACTERS.split(","))
def test_characters_that_only_simplify_alike_are_asked_for(pair):
    assert verdict(*pair.split()) == "close"


@pytest.mark.parametrize("pair", ONE_CHARACTER.split(","))
def test_a_character_simplified_or_in_another_shape_is_the_same(pair):
    assert verdict(*pair.split()) == "match"


def test_the_order_of_written_characters_is_looked_at_through_both_scripts():
    assert verdict("小明 陳", "陈 小明") == "match"
    assert verdict("小明 餘", "余 小明") != "match"
    assert verdict("志 陳", "陳 誌") != "match"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("KIM|CHOL HO", "KIM CHOL"),
        ("KIM|MIN", "KIM|MIN JUN"),
        ("KIM|MIN JUN", "KIM JUN"),
        ("CHAN|TAI MAN", "CHAN|TAI"),
        ("HSU|CHIH CHIEH", "HSU CHIH"),
        ("LI|XIAO MING", "LI XIAO"),
    ],
)
def test_neither_syllable_of_an_east_asian_given_name_may_be_left_out(a, b):
    assert verdict(a, b) == "no_match"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("LEE|JOHN PAUL", "LEE JOHN"),
        ("LEE|TOM RAY", "LEE TOM"),
        ("LEE|PAUL MIN", "LEE PAUL"),
        ("HO|VAN MINH", "HO MINH"),
        ("YOUNG|AMY LYNN", "AMY YOUNG"),
    ],
)
def test_first_names_of_elsewhere_behind_such_a_surname_may_lose_the_second(a, b):
    assert verdict(a, b) == "close"


def test_no_form_leaves_half_of_a_korean_given_name_out():
    profile = names.NameProfile(order="SG", separator=" ", case="upper")
    texts = [form.text for form in names.forms(document("KIM|MIN JUN"), profile)]
    assert "KIM MIN JUN" in texts
    assert not {"KIM MIN", "MIN KIM", "KIM MIN J"} & set(texts)


def test_korean_syllables_are_read_in_their_order():
    assert verdict("Kim Min Jun", "Jun Min Kim") != "match"
    assert verdict("Kim Min Jun", "Min Jun Kim") == "match"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("MARIA ELENA GONZALEZ", "GONZALEZ MARTA"),
        ("MARTA LOPEZ", "MARIA ELENA LOPEZ"),
        ("محمد", "AHMAD"),
        ("Kim Jong-un", "Kim Jeong-un"),
        ("Kim Yong-ho", "Gim Yeong-ho"),
        ("Kim Dae Jung", "Kim Tae Jung"),
        ("Kim Min Jun", "Kim Min Joong"),
        ("Lee Seung Ho", "Lee Seong Ho"),
        ("Lee Young Hee", "Park Yeong Hui"),
        ("محمد", "HAMID"),
        ("محمود علي", "MAHER ALI"),
        ("SUHARTO", "SUHARTO SUHARTO"),
    ],
)
def test_two_differences_at_once_are_another_name(a, b):
    assert verdict(a, b) == "no_match"


@pytest.mark.parametrize(
    ("a", "b", "reason"),
    [
        ("محمد", "MOHAMED", "spelling"),
        ("محمد", "MOHAMMED", "spelling"),
        ("محمد", "MUHAMMAD", "spelling"),
        ("राम", "RAM", "spelling"),
        ("سارة", "SARA", "spelling"),
        ("فاطمة", "FATIMA", "spelling"),
        ("KUZNETSOV", "KUZNETCOV", "spelling"),
        ("Soekarno", "SUKARNO", "spelling"),
        ("XIAN", "XI AN", "spacing"),
        ("خالد العتيبي", "KHALID ALOTAIBI", "spelling"),
        ("علی رضایی", "ALI REZAEI", "spelling"),
        ("محمود علي", "MAHMOUD ALI", "spelling"),
        ("علي نور", "ALI NOUR", "spelling"),
        ("محمود أنور", "MAHMOUD ANWAR", "spelling"),
        ("نواف الموسوي", "NAWAF AL MOUSAWI", "spelling"),
        ("رضا کریمی", "REZA KARIMI", "spelling"),
        ("강경화", "KANG KYUNGWHA", "reading"),
        ("LEE YOUNG-HEE", "YI YEONG-HUI", "spelling"),
        ("LEE YOUNGHEE", "Yeong-hui Yi", "spelling"),
        ("PAK, Gwang Hun", "PAK, Kwang-hun", "spelling"),
        ("RI, Eun Song", "RI, Un Song", "spelling"),
        ("PARK SUNG HYUN", "BAK SEONGHYEON", "spelling"),
        ("KIM|MIN JUNG", "Minjeong Kim", "spelling"),
        ("Fco. Javier Ruiz", "Francisco Javier Ruiz", "nickname"),
        ("SMITH|JOHN V", "JOHN SMITH V", "generation"),
        ("Muhammad bin Salman Al Saud", "MOHAMMED BIN SALMAN AL SAUD", "spelling"),
    ],
)
def test_another_spelling_of_one_name_is_close(a, b, reason):
    assert verdict(a, b) == "close"
    assert compare(name(a), name(b)).reason == reason


def test_kana_in_the_spelling_of_schools_match():
    assert verdict("しんじ ふじもと", "SINZI HUZIMOTO") == "match"
    assert verdict("しんじ ふじもと", "SHINJI FUJIMOTO") == "match"


UMLAUTS_GUESSED = """
PAEZ JUAN/PAZ JUAN, SAENZ ANA/SANZ ANA, FUENTES LUIS/FUNTES LUIS, COELHO RUI/COLHO RUI,
KIM JAEMIN/KIM JAMIN, LOEB ANNA/LOB ANNA, JOELLE MARTIN/JOLLE MARTIN, JUAN PAEZ/PAZ JUAN,
Páez Juan/PAZ JUAN, PAEZ|JUAN/PAZ|JUAN, PAEZ|JUAN/PAZ JUAN, MARTIN|JOELLE/MARTIN|JOLLE,
Müller Joelle/MULLER JOLLE, Саз Иван/SAEZ IVAN"""
UMLAUTS_KNOWN = """
Müller Anna/MUELLER ANNA, Müller Anna/MULLER ANNA, MUELLER ANNA/MULLER ANNA, Löb Anna/LOEB ANNA,
ANNAMUELLER/Anna Müller, MUELLER|ANNA/MULLER|ANNA, SCHAEFER JOERG/SCHAFER JORG,
Kjær Anna/KJAER ANNA, Bjørn Dæhlie/BJOERN DAEHLIE, Müller-Schütz Anna/MUELLERSCHUETZ ANNA,
PAEZ JUAN/Páez Juan, JOELLE MARTIN/Joëlle Martin, KIM JAEMIN/Kim Jae-Min"""


@pytest.mark.parametrize("pair", UMLAUTS_GUESSED.split(","))
def test_an_e_is_taken_away_only_where_an_umlaut_is_shown_or_known(pair):
    assert verdict(*pair.strip().split("/")) != "match"


@pytest.mark.parametrize("pair", UMLAUTS_KNOWN.split(","))
def test_a_name_with_an_umlaut_is_one_with_and_without_it(pair):
    assert verdict(*pair.strip().split("/")) == "match"


CUT_IN_TWO_WAYS = """
KIM JUNGEUN/KIM JUN GEUN, KIM JUNGEUN/KIM JUNG EUN, KIM|JUNGEUN/KIM JUN-GEUN,
KIM|JUNGEUN/KIM|JUNG EUN, NGUYEN HO AN/NGUYEN HOAN, NGUYEN DUCANH/NGUYEN DU CANH,
NGUYEN|DUCANH/DUC ANH NGUYEN, PARK DAEUN/PARK DA EUN"""
CUT_IN_ONE_WAY = """
KIM CHOLHO/KIM CHOL HO, KIM JIHOON/KIM JI-HOON, KIM|MINJUN/Min Jun Kim, PARK SEOYEON/SEO YEON PARK,
NGUYEN MINHTUAN/NGUYEN MINH TUAN, LEE ANN MARIE/LEE ANNMARIE"""


@pytest.mark.parametrize("pair", CUT_IN_TWO_WAYS.split(","))
def test_a_joined_name_that_may_be_cut_in_two_ways_is_asked_for(pair):
    assert verdict(*pair.strip().split("/")) == "close"


@pytest.mark.parametrize("pair", CUT_IN_ONE_WAY.split(","))
def test_a_joined_name_of_one_cut_matches(pair):
    assert verdict(*pair.strip().split("/")) == "match"


MARKED_OTHERWISE = """
Дурић Иван/Ђурић Иван, Ильин Иван/Илин Иван, Мельник Ольга/Мелник Ольга, Дурић Иван/Иван Ђурић,
Σίμος Νίκος/Σήμος Νίκος, Ćosić Ana/Čosić Ana, Őry Ana/Öry Ana, Ana Ćosić/Čosić Ana,
Ćosić|Ana/Čosić Ana"""
MARKED_ALIKE = """
Ёлкин Пётр/Елкин Петр, ΣΙΜΟΣ ΝΙΚΟΣ/Σίμος Νίκος, Ćosić Ana/COSIC ANA, Ćosić Ana/ĆOSIĆ ANA,
Ćosić Ana/Cosić Ana, Şahin Ana/Șahin Ana, Sørensen Bo/Sörensen Bo, ИЛЬИН ИВАН/Иван Ильин,
García Núñez José/José GARCIA NÚÑEZ, Vĕtrovec Jan/Větrovec Jan"""


@pytest.mark.parametrize("pair", MARKED_OTHERWISE.split(","))
def test_other_letters_of_one_script_are_asked_for(pair):
    assert verdict(*pair.strip().split("/")) == "close"


@pytest.mark.parametrize("pair", MARKED_ALIKE.split(","))
def test_a_mark_left_out_or_in_another_habit_matches(pair):
    assert verdict(*pair.strip().split("/")) == "match"
