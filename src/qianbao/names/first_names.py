"""Common first names that the lists of short forms do not have.

Here belong names only, written for this project (facts, free of licence): those that begin with D,
L or O, which an apostrophe may have parted from a surname (D ARIA is DARIA, D ANGELO is D'ANGELO),
those that begin as a particle does (DI ANA is not surely DIANA), and German ones that are surnames
too.
"""

from __future__ import annotations

_NAMES = (
    "dado daiana daina dakota dalal dalia dalila damian damiana damiano damien damir damjan dana "
    "danai danica daniela daniele danilo danuta daria dario darius dariusz darko darja darya "
    "dasha davide davor deana deborah deepak delfina delfino demi demir denis denisa denise deniz "
    "derya desiree diego dieter dilan dimas dinara dino diogo dirk dita divya djamila dolf "
    "domenica domenico dominik dominika dominique donatella doreen dorian doriana dorota dorothee "
    "dorte dragan dragana dunja dusan dylan laetitia lale lamberto lana lara larisa larissa lars "
    "lasse latifah laurens laurent laurentiu lauri lavinia leandra leandro leanna leda leif leila "
    "leire lelia lelio lenka lennart leona leonardo leone leonid leonie leonor leopold leopoldo "
    "leticia levin lia liam liana lidija lidiya liisa lilia lilian liliana lilit lilja lilli lina "
    "lino linus lior lisandro lise liselotte liv livio ljiljana lorena lorenz loris louane loubna "
    "lourdes luana luc luca luciana luciano lucie lucien lucio lucrezia ludmila ludmilla ludovic "
    "ludovica luisa luise lukasz luna lutz lyubov oana octavian octavio odette odile odilia "
    "ofelia okan oksana olaf olav olga olgierd olimpia olimpio olivera olivier olivio oluf omar "
    "omer ondrej onur oona orhan oriana oriol ornella orsolya oscar oskar osvaldo otilia otmar "
    "ottavia ottavio ottilie otto ovidiu owen ozan dalma damaris lalla leva levent hans horst "
    "heinz karl ernst kurt walter werner hermann dean deanna deandre santiago santino leann alain "
    "albin alberto alejandra alessandra alessia alessio alexandru alfonso alfredo alina alisa "
    "alisha alma alvaro alvin damon dante darren dawn dawid dejan denys desmond devon dillon "
    "dimitra domingo domingos dunya eleni elif eliane eliana eliot elise elliot elma elsa elton "
    "elvis lacey lando leander lennon sanja sandro sandor tereza ulrich ulrike vanda vania vanja "
    "zuzana alfie desi leonel alisson amalia teresita denzel dewi devi dinda danu albert arnold "
    "conrad konrad emil erwin ludwig moritz franz fritz georg gustav hugo jakob max oswald rudolf "
    "theodor"
)
FIRST_NAMES = frozenset(_NAMES.split())
