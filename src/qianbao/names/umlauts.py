"""Names that have Ä, Ö or Ü, so that AE, OE and UE in them stand for these letters.

Here belong these names, written for this project (facts, free of licence), and whether two names
meet only because an E was taken away: PAEZ is not PAZ. How it is taken away belongs to `letters`.
"""

from __future__ import annotations

from collections.abc import Iterator

from qianbao.names.letters import DOUBLED_VOWELS, Words, in_ascii, plain, undouble
from qianbao.names.sides import Side

_SURNAMES = (
    "bäcker bäumler böckmann böger böhm böhme böhmer böhnke bönisch börner böttcher böttger "
    "brändle bräuer bröcker brückner brüggemann brühl brüning büchner bühler bühner bührer bürger "
    "büscher büttner däubler döring dörfler dörr färber förster frühauf führer fürst gärtner göbel "
    "göring götz götze gräber grädel grün grünberg grünewald grünigen günther gürtler hägele hänig "
    "hänsel häusler höfer höfler höhne hölscher höpfner hörmann hübner jäger jänicke jürgens "
    "jürgensen kämmerer kämpf kästner klöckner knödler köhler köllner könig königs köpke köppen "
    "körner köster kötter krämer kröger krüger kühne kühnel kühnert küster löffler löhr lösch "
    "lübbe lübke lüders lüdtke möbius möhring möller möllers mörike müller müllers münch münster "
    "müntefering nägele nölle nürnberg österreich österreicher pätzold plöger pöhler pöschl prüfer "
    "rödiger röder röhrig römer rösch rösler rösner rötger rüdiger rühl rüther sänger schäfer "
    "schäffer schäffler schäuble schönberg schönfeld schönherr schröder schröter schröer schüler "
    "schüller schünemann schürmann schüßler schütt schütte schütz schütze spät späth stöcker stöhr "
    "störmer stürmer täuber töpfer tröger völker vöhringer wächter wöhler wöhrle wölfel wörner "
    "wörz wülfing würth würz zöller zöllner zühlke "
    "åkerlund åkesson ångström åström björk björklund björkman björnsson engström hellström "
    "högberg höglund grönlund löfgren lönnqvist löwenberg malmström nordström nyström öberg öhman "
    "öhlund östberg österberg österlund östlund lindström sandström sjöberg sjögren sjöström "
    "söderberg söderström strömberg bergström bjørnstad høgh jørgensen møller nørgård sørensen "
    "özdemir özkan öztürk özgür gündüz gündoğan güneş güler gümüş yücel yüksel"
)
_GIVEN = (
    "bärbel björn bjørn gönül götz günter günther gülay gülşen hüseyin jörg jörn jürg jürgen "
    "jørgen jørn käthe kübra mürsel mümin özlem öykü øystein øyvind rüdiger sören søren "
    "süleyman tülay türkan ülkü ümit ümran ünal"
)
_KNOWN = frozenset(plain(tuple(f"{_SURNAMES} {_GIVEN}".split())))
_SHORTEST = 3
"""In fewer letters a part of a joined name shows nothing."""


def only_by_umlauts(left: Side, right: Side) -> bool:
    """Whether two names meet only where AE, OE or UE is read as a vowel with dots which neither
    shows, in a word that is no known name with one: PAEZ is not PAZ, JAEMIN not JAMIN."""
    if not (_may_lose_e(left) or _may_lose_e(right)):
        return False
    a, b = in_ascii(left.words), in_ascii(right.words)
    if all(word == undouble(word) for word in a + b):
        return False
    shown = {*_with_dots(left.words), *_with_dots(right.words)}
    return _undone(a, b, shown) or _undone(b, a, shown)


def _may_lose_e(side: Side) -> bool:
    """A cheap look: whether a word has become shorter, or longer, as its letters became plain."""
    if side.plain is side.words:
        return False
    return [*map(len, side.plain)] != [*map(len, side.words)]


def _undone(words: Words, others: Words, shown: set[str]) -> bool:
    """Whether one of `words` stands among the others only without its E, and nothing shows why."""
    text = "".join(others + others)
    for word in words:
        single = undouble(word)
        if single.count("e") == word.count("e") or word in text or single in _KNOWN:
            continue
        if single in text and not any(one in single or single in one for one in shown):
            return True
    return False


def _with_dots(words: Words) -> Iterator[str]:
    """The words that show such a letter, without its dots."""
    for word in words:
        if not DOUBLED_VOWELS.isdisjoint(word):
            found = plain((word,))[0]
            if len(found) >= _SHORTEST:
                yield found
