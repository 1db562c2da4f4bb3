"""Short and pet names: BILL for WILLIAM, SASHA for ALEKSANDR, and one saint in two languages.

English ones are those of the `nicknames` package (Apache-2.0); the others are written for this
project (facts, free of licence). A nickname never makes a match.
"""

from __future__ import annotations

from functools import cache
from itertools import product

from nicknames import NickNamer

_OTHERS = """
aleksandr alexander alexandre alejandro aleksander oleksandr aliaksandr sasha sascha alex alessandro
sergei sergey serhiy serhii siarhei syarhey siarhey serge sergio
dmitry dmitri dmitriy dmytro dzmitry dima dimitri
nikolai nikolay mykola mikalai kolya nicolas nicholas nikola
vladimir volodymyr uladzimir volodya vova wladimir
mikhail mykhailo mikhaylo mikhas misha michael michel miguel mihail
andrei andrey andriy andrii andrew andreas andres
pavel pavlo pavol pawel paul pablo paolo
pyotr petr petro pyotra piotr peter pedro pietro pierre
ivan ioan john johann juan joao jean giovanni jan vanya johannes
yevgeny evgeny yevgeniy evgeniy yevhen yauheni eugene zhenya evgenii
oleg oleh aleh
igor ihor ihar
vasily vasiliy vasyl vasil vasya
grigory grigoriy grigori hryhoriy hryhorii ryhor grisha gregory
yuri yury yuriy yurii iurii iurie
konstantin kostyantyn kanstantsin kostya costas kostas
elena olena alena helena helene yelena lena
irina iryna iryna irene ira
natalia natalya nataliya nataliia natallia natasha natalie
ekaterina yekaterina kateryna katsiaryna katya catherine katherine caterina catalina
svetlana svitlana sviatlana sveta
tatiana tatyana tetiana tetyana tatsiana tanya
anna hanna ganna anya anne ana
maria mariya mariia masha mary marie
anastasia anastasiya nastya anastasiia
giuseppe beppe pino joseph jose pepe josef jozef iosif osip yosef youssef
francesco francisco paco pancho francois franz frank cecco chico
luigi gigi luis louis ludwig lluis
antonio antoni anton toni tony antoine
josefina pepa pepita
manuel manolo
jesus chucho
enrique quique heinrich heinz henri enrico henry
dolores lola
rosario charo
ignacio nacho ignatius ignasi
johannes hans hannes
karl carl carlo carlos charles karel karol
friedrich fritz federico frederic
wilhelm willi helmut guillaume guillermo
elisabeth elizabeth elisabetta isabel lisbeth liesl
georgios giorgos george jorge georg georges giorgio yorgos georgiy
konstantinos kostas
dimitrios dimitris
eleftherios lefteris
ioannis yannis giannis yiannis
"""

_WRITTEN_SHORT = {
    "md mohd mhd muhd": (
        "mohammed muhammad mohamed mohammad mohamad muhammed muhamad mohamud muhammadu mohammod"
    ),
    "ma": "maria",
    "fco": "francisco",
    "fca": "francisca",
    "gpe": "guadalupe",
    "sk": "sheikh shaikh sheik shaik",
}
"""Short forms that only pens know, for each the names: MD of Bangladesh, MA of the Philippines. The
names are not each other's."""


@cache
def table() -> dict[str, frozenset[str]]:
    """For each first name (all lower-case ASCII) those that it may stand for, or that may stand for
    it."""
    found: dict[str, set[str]] = {}
    for name, short in NickNamer().nickname_lookup.items():
        found.setdefault(name, set()).update(short)
        for other in short:
            found.setdefault(other, set()).add(name)
    for line in _OTHERS.split("\n"):
        group = line.split()
        for name in group:
            found.setdefault(name, set()).update(group)
    for shorts, whole in _WRITTEN_SHORT.items():
        for one, other in product(shorts.split(), whole.split() + shorts.split()):
            found.setdefault(other, set()).add(one)
            found.setdefault(one, set()).add(other)
    return {name: frozenset(others) for name, others in found.items()}
