"""One line for each way names differ, and for each way two persons' names come close.

The pairs are our own (`pairs.tsv`); the generated ones are families, where one word makes another
person.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qianbao import names
from qianbao.names import compare
from qianbao.names.letters import is_pinyin

with Path(__file__).with_name("pairs.tsv").open(encoding="utf-8") as file:
    PAIRS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("row", PAIRS, ids=[f"{r['name_a']}={r['name_b']}" for r in PAIRS])
def test_each_kind_of_pair(row):
    found = compare(row["name_a"], row["name_b"])
    assert (found.verdict, found.reason) == (row["verdict"], row["reason"])
    assert compare(row["name_b"], row["name_a"]) == found


def test_no_pair_of_two_persons_is_said_to_match():
    assert [row for row in PAIRS if row["label"] == "different" and row["verdict"] == "match"] == []


SURNAMES = st.sampled_from([
    "Müller", "Garcia", "O'Brien", "Nguyen", "Ivanov", "Kowalski", "Wang", "Zhang", "Kim", "Tanaka",
    "Silva", "Haddad", "Okafor", "Papadopoulos", "Petrosyan", "Jensen", "Dubois", "Rossi", "Novák",
    "Yılmaz", "Öz", "Li",
])  # fmt: skip
GIVEN = [
    "Anna", "Maria", "Lena", "Hans", "Peter", "Paul", "Ivan", "Boris", "Sergei", "Olga", "Wei",
    "Xiaoming", "Xiaomin", "Taro", "Jiro", "Hanako", "Min-jun", "Min-ho", "Ali", "Omar", "Fatima",
    "Chidi", "Ngozi", "Luca", "Marco", "Zoé", "José", "Jorge", "Emre", "Deniz",
]  # fmt: skip
TWO_GIVEN = st.lists(st.sampled_from(GIVEN), min_size=2, max_size=2, unique=True)


@given(SURNAMES, st.lists(st.sampled_from(GIVEN), min_size=1, max_size=2), TWO_GIVEN)
@settings(max_examples=300, deadline=None)
def test_brothers_who_differ_in_one_given_name_never_match(surname, shared, own):
    assume(not set(shared) & set(own))
    first, second = (" ".join([*shared[:1], name, surname]) for name in own)
    assert compare(first, second).verdict == "no_match" or compare(first, second).reason in (
        "typo", "spelling", "nickname",
    )  # fmt: skip
    assert compare(first.upper(), f"{surname} {shared[0]} {own[1]}").verdict != "match"


@given(SURNAMES, st.sampled_from(GIVEN), st.sampled_from(["Jr", "Jr.", "II", "III", "ml."]))
@settings(max_examples=200, deadline=None)
def test_a_father_and_a_son_never_match(surname, given_name, mark):
    father = f"{given_name} {surname}"
    assert compare(father, f"{father} {mark}").verdict == "close"
    assert compare(f"{father} Sr", f"{father} {mark}").verdict != "match"


@given(SURNAMES, SURNAMES, st.sampled_from(GIVEN))
@settings(max_examples=200, deadline=None)
def test_one_given_name_and_two_surnames_never_match(one, other, given_name):
    assume(one != other)
    assert compare(f"{given_name} {one}", f"{given_name} {other}").verdict != "match"


CHAINS = [
    *(f"{spelling} ALI" for spelling in (
        "MUHAMMAD", "MUHAMMED", "MOHAMMED", "MOHAMMAD", "MOHAMED", "MOHAMAD", "MUHAMAD", "MOHAMUD",
    )),
    "MUHAMMAD AHMAD", "HASSAN MUHAMMAD", "ABDULLAH MUHAMMAD ALI", "ABDUL RAHMAN SAID",
    "SULEIMAN DAWUD", "FAISAL TURKI", "SULTAN SAUD", "HAMAD KHALIFA", "JABER SABAH",
    "YOUSSEF MOHAMAD", "YONAS BERHE", "SAMUEL ABRAHAM", "BINIAM DAWIT", "ZIN MAR", "NYEIN CHAN",
    "CHAN NYEIN AUNG", "GANBOLD BATBAYAR", "TSAKHIA ELBEGDORJ", "SAIFULLAH KARIM",
    "NURUDDIN ABDULKARIM", "Мухаммад Али", "OYUNBILEG DORJ", "THOMAS VARGHESE", "Paul John",
]  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_given_names_only_may_be_father_or_son_when_turned(name):
    words = name.split()
    turned = " ".join([*words[-1:], *words[:-1]])
    if words[0] in ("ABDUL", "ABDULLAH"):
        turned = "SAID ABDUL RAHMAN" if words[-1] == "SAID" else "ALI MUHAMMAD ABDULLAH"
    for other in (turned, names.LegalName("", turned)):
        assert (compare(name, other).verdict, compare(name, other).reason) == ("close", "order")
        assert compare(other, name) == compare(name, other)


@pytest.mark.parametrize(
    "name",
    [
        "Michele Diana", "David Cameron", "Lee David", "Ali Khoury", "Kim Min", "Yang Yan",
        "Omar Sharma", "Thomas Muller", "Daniel Novak", "Ibrahim Al Falasi",
    ],
)  # fmt: skip
def test_a_word_that_is_a_surname_lets_a_name_be_turned(name):
    first, *rest = name.split()
    assert compare(name, " ".join([*rest, first])).verdict == "match"


def test_capitals_of_the_surname_say_that_a_name_is_only_turned():
    assert compare("Simon THOMAS", "THOMAS Simon").verdict == "match"
    assert compare("Simon Thomas", "THOMAS SIMON").verdict == "close"


HAN = st.text(
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗明伟芳娜秀英敏静丽强磊军洋勇艳杰涛超霞平刚桂",
    min_size=2,
    max_size=4,
)


@given(HAN, HAN)
@settings(max_examples=300, deadline=None)
def test_other_characters_never_match(a, b):
    assume(a != b)
    assert compare(a, b).verdict == "no_match"


@given(HAN)
@settings(max_examples=200, deadline=None)
def test_characters_match_the_pinyin_that_a_bank_prints(text):
    name = names.from_chinese(text)
    printed = names.mrz_field(name, 39).replace("<", " ")
    assert compare(text, printed).verdict == "match"
    assert all(is_pinyin(word.lower()) for word in printed.split())


CYRILLIC = st.text("абвгдежзиклмнопрстуфхцчшщыюя", min_size=2, max_size=10).map(str.capitalize)
GREEK = st.text("αβγδεζηθικλμνξοπρστυφχψω", min_size=2, max_size=10).map(str.capitalize)
KANA = st.text(
    "あいうえおかきくけこさしすせそたちつてとなにのはひふほまみむもやゆよらりるわんがじどばぼ",
    min_size=2,
    max_size=6,
)
SOMEWHERE = st.one_of(*(
    st.builds(names.from_fields, script, st.lists(script, min_size=1, max_size=2).map(" ".join))
    for script in (CYRILLIC, GREEK, KANA)
))  # fmt: skip


@given(SOMEWHERE, st.sampled_from(["SG", "GS"]), st.sampled_from(["", " "]))
@settings(max_examples=300, deadline=None)
def test_other_alphabets_match_what_a_bank_prints(name, order, separator):
    profile = names.NameProfile(order=order, separator=separator, case="upper")
    assert compare(name, names.write(name, profile)).verdict == "match"


@given(st.text(max_size=80), st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_two_texts_are_compared_alike_both_ways(a, b):
    assert compare(a, b) == compare(b, a)


OURS = st.sampled_from(sorted({row[side] for row in PAIRS for side in ("name_a", "name_b")}))


@given(OURS, st.data())
@settings(max_examples=400, deadline=None)
def test_a_name_turned_joined_or_cut_is_compared_alike_both_ways(name, data):
    words = data.draw(st.permutations(name.split()))
    other = data.draw(st.sampled_from(["", " ", "-", ", ", "·"])).join(words)
    other = other[: data.draw(st.integers(min_value=1, max_value=40))]
    assert compare(name, other) == compare(other, name)
