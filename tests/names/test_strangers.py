"""Names of the same letters, or nearly, that are two persons', beside those that are one's."""

from __future__ import annotations

import pytest

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
