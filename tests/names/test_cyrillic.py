"""One Cyrillic name in the letters of many offices: each spells by a system of its own."""

import pytest

from qianbao import names
from qianbao.names import compare
from qianbao.names.cyrillic import may_be_one


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("Людмила Гуляева", "LIUDMILA GULIAEVA"),  # ICAO 9303
        ("Людмила Гуляева", "Lyudmila Gulyayeva"),  # BGN/PCGN
        ("Людмила Гуляева", "LYUDMILA GULYAEVA"),  # the ministry's of 1997; its AE is no Ä
        ("Фортунат Щербаков", "Fortunat Shherbakov"),  # GOST 7.79
        ("Вячеслав Кузнецов", "Vyacheslav Kuzneczov"),
        ("Лукьян Щукин", "Lukʹân Ŝukin"),  # ISO 9
        ("Юрий Жданов", "IOURI JDANOV"),  # French, in passports until 1997
        ("Хрущёв Никита", "KHROUCHTCHEV NIKITA"),
        ("Евгений Ильин", "EVGUENI ILINE"),
        ("Сергей Шойгу", "SERGUEI CHOIGOU"),
        ("Владимир Чернышёв", "WLADIMIR TSCHERNYSCHOW"),  # German
        ("Олег Шевчук", "OLEH SZEWCZUK"),  # Polish
        ("Юлія Згурська", "YULIIA ZGHURSKA"),  # Ukraine 2010
        ("Григорій Їжакевич", "HRYHORII YIZHAKEVYCH"),
        ("Уладзімір Някляеў", "ULADZIMIR NIAKLIAEU"),  # Belarus
        ("Лъчезар Щерев", "LACHEZAR SHTEREV"),  # Bulgaria
        ("Кирил Кьосев", "KIRIL KYOSEV"),
        ("Новак Ђоковић", "NOVAK DJOKOVIC"),  # Serbia
        ("Ѓорѓи Ќосев", "GJORGJI KJOSEV"),  # North Macedonia
        ("Әлихан Бөкейханов", "ALIKHAN BOKEIKHANOV"),  # Kazakhstan
        ("Ўткир Ҳошимов", "OTKIR HOSHIMOV"),  # Uzbekistan
        ("Сироҷов Шарофидин", "Sirojov Sharofiddin"),  # Tajikistan
        ("Ухнаагийн Хүрэлсүх", "UKHNAAGIIN KHURELSUKH"),  # Mongolia
    ],
)
def test_every_offices_spelling_is_the_same_name(cyrillic, latin):
    surname, given_name = cyrillic.split()[0], cyrillic.split()[1]
    assert compare(cyrillic, latin).verdict == "match"
    assert compare(names.from_fields(surname, given_name), latin).verdict == "match"


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("Иван Гайдай", "IVAN GAYDA"),
        ("Иван Якименко", "IVAN AKIMENKO"),
        ("Иван Михайлюк", "IVAN MIKHALYUK"),
        ("Иван Зорин", "IVAN SORIN"),
        ("Иван Цорин", "IVAN ZORIN"),
        ("Иван Шернов", "IVAN CHERNOV"),
        ("Иван Шолохов", "IVAN CHOLOKHOV"),  # French, or Чолохов: nothing in the word says so
    ],
)
def test_what_may_be_another_name_does_not_match(cyrillic, latin):
    assert compare(cyrillic, latin).verdict != "match"


def test_letters_of_two_systems_do_not_mix_in_one_word():
    assert compare("Иван Шишков", "IVAN CHISHKOV").verdict != "match"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("kuznetsov", "kuznetcov"),
        ("khabirov", "habirov"),
        ("zhumabayeva", "jumabaeva"),
        ("shcherbakova", "scherbakova"),
        ("shcherbakova", "chtcherbakova"),
        ("chernyshev", "tchernychev"),
        ("yevgeniyeva", "evgenieva"),
        ("iwanow", "ivanov"),
        ("tsoi", "tcoi"),
    ],
)
def test_two_tables_spell_one_word(a, b):
    assert may_be_one(a, b)
    assert may_be_one(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("chernov", "shernov"),
        ("golev", "golov"),
        ("ivanov", "ivnov"),
        ("marinov", "marnov"),
        ("petrov", "petrova"),
        ("sokolov", "sokolin"),
    ],
)
def test_two_words_are_not_one(a, b):
    assert not may_be_one(a, b)
    assert not may_be_one(b, a)
