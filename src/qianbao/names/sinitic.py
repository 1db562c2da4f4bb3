"""Chinese names spelled otherwise than in pinyin: Taiwan, Hong Kong, Macau, South-East Asia.

These spellings are many and lose tones and more, so that they only ever make two names close.
Cantonese readings are Unihan's (`tables`); the spellings are written for this project from the
Wade-Giles system, from how Hong Kong and Macau spell names, and from common surnames abroad.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from qianbao.names import tables
from qianbao.names.letters import is_syllable
from qianbao.names.spelled import Options

_SPLIT = re.compile("^(zh|ch|sh|gw|kw|ng(?=.)|[bpmfdtnlgkhjqxrzcsyw]?)(.*)$")

# Wade-Giles (Giles, A Chinese-English Dictionary, 1892) and Taiwan's other habits, from pinyin

_WADE_INITIALS = {
    "b": "p", "p": "p", "d": "t", "t": "t", "g": "k", "k": "k", "j": "ch", "q": "ch",
    "x": "hs sh s", "zh": "ch j", "ch": "ch", "sh": "sh", "r": "j", "z": "ts tz", "c": "ts tz",
}  # fmt: skip
_WADE_FINALS = {
    "e": "o e eh", "ian": "ien", "ie": "ieh", "ue": "ueh", "ui": "uei ui wei", "uo": "o uo",
    "iu": "iu iou", "ong": "ung ong", "iong": "iung", "er": "erh", "un": "un uen", "en": "en",
    "i": "i yi", "in": "in yn", "ing": "ing yng", "u": "u uh", "eng": "eng ong ung",
    "uang": "uang wang", "uan": "uan wan", "ua": "ua wa", "ai": "ai ay", "ao": "ao au",
    "iao": "iao iau", "ei": "ei",
}  # fmt: skip
_WADE_WHOLE = {
    "zhi": "chih jyh", "chi": "chih", "shi": "shih", "ri": "jih", "zi": "tzu tze", "ci": "tzu tsu",
    "si": "szu ssu sze", "yan": "yen", "ye": "yeh", "you": "yu yiu", "yong": "yung", "yu": "yu yue",
    "yi": "i yih", "xu": "hsu shu shyu", "jun": "chun", "qun": "chun", "yue": "yueh", "ge": "ko ke",
    "ke": "ko", "he": "ho", "wen": "wen uen", "xue": "hsueh", "you ": "yo",
}  # fmt: skip


_TWO_FINALS = frozenset({"e", "ui", "uo"})
"""Which Wade-Giles itself spells in two ways: KO and TE, KUEI and TUI, KUO and TO."""

# Gwoyeu Romatzyh, which spells the four tones

_TONAL_INITIALS = {
    "j": "j", "q": "ch", "x": "sh", "zh": "j", "ch": "ch", "sh": "sh", "z": "tz", "c": "ts",
}  # fmt: skip
_TONAL_FINALS = {
    "a": "a ar aa ah", "o": "o or oo oh", "e": "e er ee eh", "ai": "ai air ae ay",
    "ei": "ei eir eei ey", "ao": "au aur ao aw", "ou": "ou our oou ow", "an": "an arn aan ann",
    "en": "en ern een enn", "ang": "ang arng aang anq", "eng": "eng erng eeng enq",
    "ong": "ong orng oong onq", "i": "i yi ii ih", "ia": "ia ya ea iah",
    "iao": "iau yau eau iaw", "ie": "ie ye iee ieh", "iu": "iou you eou iow",
    "ian": "ian yan ean iann", "in": "in yn iin inn", "iang": "iang yang eang ianq",
    "ing": "ing yng iing inq", "iong": "iong yong eong ionq", "u": "u wu uu uh",
    "ua": "ua wa oa uah", "uo": "uo wo uoo uoh", "uai": "uai wai oai uay",
    "ui": "uei wei oei uey", "uan": "uan wan oan uann", "un": "uen wen oen uenn",
    "uang": "uang wang oang uanq", "ü": "iu yu eu iuh", "üe": "iue yue eue iueh",
    "üan": "iuan yuan euan iuann", "ün": "iun yun eun iunn",
}  # fmt: skip
_WITH_UMLAUT = frozenset("jqx")


def _tonal(initial: str, final: str) -> list[str]:
    """The four spellings of a syllable that begins with a consonant: JIU is JIOU to JIOW."""
    if initial in _WITH_UMLAUT and final.startswith("u"):
        final = "ü" + final[1:]
    tails = _TONAL_FINALS.get(final.replace("v", "ü"), "").split() if initial else []
    head = _TONAL_INITIALS.get(initial, initial)
    return [head + tail for tail in tails]


@lru_cache(maxsize=1024)
def wade_giles(syllable: str) -> tuple[str, ...]:
    """How Taiwan may spell one syllable of pinyin (ü as v)."""
    text = syllable.replace("v", "u")
    found = _WADE_WHOLE.get(text, "").split()
    initial, final = _split(text)
    heads = _WADE_INITIALS.get(initial, initial).split() or [""]
    tails = _WADE_FINALS.get(final, final).split() or [""]
    found += [head + tail for head in heads for tail in tails]
    return tuple(dict.fromkeys(found + _tonal(*_split(syllable))))


@lru_cache(maxsize=1024)
def _wade_giles_only(syllable: str) -> tuple[str, ...]:
    """The spellings of Wade-Giles proper, without its marks, and none of Taiwan's other habits."""
    text = syllable.replace("v", "u").replace("yu", "u") if syllable[:1] in "ln" else syllable
    initial, final = _split(text)
    head = (_WADE_INITIALS.get(initial, initial).split() or [""])[0]
    tails = _WADE_FINALS.get(final, final).split() or [""]
    tails = tails[: 2 if final in _TWO_FINALS else 1]
    return tuple(dict.fromkeys((*_WADE_WHOLE.get(text, "").split(), *(head + t for t in tails))))


def _split(syllable: str) -> tuple[str, str]:
    match = _SPLIT.match(syllable)
    return (match[1], match[2]) if match else ("", syllable)


def pinyin_in_wade_giles(pinyin: str, other: str) -> bool:
    """Whether `other` is what Wade-Giles makes of the syllables of `pinyin` (both lower-case ASCII,
    words with single spaces): ZHANG ZHONGMOU is CHANG CHUNG MOU, and so may 常中谋 be."""
    reached = {(0, 0)}
    while reached:
        following: set[tuple[int, int]] = set()
        for i, j in reached:
            start, at = i + (pinyin[i : i + 1] == " "), j + (other[j : j + 1] == " ")
            if other[at : at + 1] not in _WADE_HEADS.get(pinyin[start : start + 1], ""):
                continue
            for end in range(start + 1, min(start + _LONGEST_SYLLABLE, len(pinyin)) + 1):
                syllable = pinyin[start:end]
                if is_syllable(syllable):
                    ways = _wade_giles_only(syllable)
                    following.update((end, at + len(w)) for w in ways if other.startswith(w, at))
        if (len(pinyin), len(other)) in following:
            return True
        reached = following
    return False


_LONGEST_SYLLABLE = 6
_WADE_HEADS = {
    "b": "p", "p": "p", "d": "t", "t": "t", "g": "k", "k": "k", "j": "c", "q": "c", "x": "h",
    "z": "ct", "c": "ct", "r": "j", "s": "s", "y": "yi", "e": "eo",
} | {letter: letter for letter in "mfnlhwao"}  # fmt: skip
"""With which letters Wade-Giles begins what begins so in pinyin: a cheap look before the search."""


# Hong Kong and Macau, from Jyutping

_CANTON_INITIALS = {
    "b": "p b", "d": "t d", "g": "k g", "gw": "kw gw k qu", "kw": "kw k qu", "n": "n l", "l": "l n",
    "ng": "ng -", "z": "ch ts j tz c tch dz", "c": "ch ts tch", "s": "s sh", "j": "y -",
    "w": "w v -", "f": "f", "": "-", "h": "h",
}  # fmt: skip
_CANTON_FINALS = {
    "aa": "a ah", "aau": "au aw", "am": "am um", "an": "an un", "ang": "ang ung", "ap": "ap up",
    "at": "at ut", "ak": "ak uk", "e": "e eh", "ei": "ei i ee ay y ie", "eng": "eng ing eang iang",
    "ek": "ek ik", "i": "i ee ze z e ie y", "iu": "iu iew io ew", "ing": "ing eng", "ik": "ik ek",
    "o": "o or oh", "oi": "oi oy", "ou": "o ou ow u", "on": "on", "u": "u oo", "ui": "ui oi uy",
    "un": "un oon uen", "ung": "ung ong", "uk": "uk ok", "oe": "or oe",
    "oeng": "eung ong ang eong oeng", "oek": "euk eok ok", "eoi": "ui oi eoi uy",
    "eon": "un on eun", "eot": "ut eut", "yu": "yu u ue i", "yun": "yun un uen yuen uan",
    "yut": "yut ut uet yuet", "ng": "ng", "m": "ng m",
    "aai": "ai ay", "aam": "am", "aan": "an", "aang": "ang", "aap": "ap", "aat": "at", "aak": "ak",
    "au": "au ao ou", "ai": "ai",
}  # fmt: skip


@lru_cache(maxsize=2048)
def _hong_kong(syllable: str) -> tuple[str, ...]:
    initial, final = _split(syllable)
    heads = [head.strip("-") for head in _CANTON_INITIALS.get(initial, initial).split() or [""]]
    tails = _CANTON_FINALS.get(final, final).split()
    return tuple(dict.fromkeys(head + tail for head in heads for tail in tails))


@cache
def _cantonese() -> dict[str, tuple[str, ...]]:
    """Jyutping without tones of each character (Unihan kCantonese)."""
    rows = tables.rows("characters.tsv")
    return {character: tuple(found.split()) for character, _, found in rows if found}


SURNAMES_ABROAD = {
    "陈": "tan chan chin chen ting tran", "林": "lim lam lin",
    "黄": "wong huang ng ooi oei wee ung hwang", "王": "ong wang wong heng",
    "吴": "goh ng wu go gouw", "张": "teo teoh chang cheung chong tiong cheong",
    "刘": "lau low lao liu lew", "蔡": "chua tsai choi choy chai chuah tsoi",
    "李": "lee li lei lie", "杨": "yeo young yeung yang yong ieong",
    "许": "koh hsu hui khoo kho khaw", "郑": "tay cheng teh cheang tee",
    "谢": "chia cheah hsieh tse che", "郭": "quek kuo kwok kwek kwee koay",
    "徐": "chee hsu tsui chui choi", "洪": "ang hung hong", "周": "chow chew chou chau chiu",
    "潘": "phua poon pan phoon", "沈": "sim shum shen sum", "符": "foo hu", "颜": "gan yen ngan",
    "曾": "chan tsang tseng chang", "何": "ho hoe", "罗": "loh law lo low", "高": "ko koh kao",
    "方": "png fong pung fang", "白": "peh pak pai", "叶": "yap yip ip yeh iap", "卢": "loo lo lu",
    "余": "yee yu", "梁": "leong leung liang neo niu", "萧": "siow siew hsiao siu seow sio",
    "马": "beh ma", "胡": "oh woo wu hu", "朱": "choo chu", "赵": "chiu chao chew teo",
    "江": "kang kong chiang", "苏": "soh so su", "庄": "chng chong chuang", "傅": "poh foo fu",
    "侯": "hau how", "翁": "ang yung eng", "邓": "tang teng", "冯": "pang fung fong", "黎": "lai",
    "钟": "cheong chung cheng", "孙": "soon sun suen", "彭": "pang phang", "石": "shek chio seah",
    "施": "see sze shih sy", "康": "kang hong", "姚": "yeow yao yiu", "唐": "tong tang thng",
    "戴": "tai tye tay", "丁": "ting teng", "董": "tung tong tang", "欧": "au ow aw",
    "龚": "kiong kung keng", "汤": "tong thng", "伍": "ng wu goh", "范": "fan huam",
    "魏": "gwee ngai wei", "连": "lien lian lin", "游": "yew yu yau", "熊": "hiong hung",
    "柯": "kua quah ko", "詹": "chiam jim", "关": "kwan kuan", "韩": "hon han hang",
    "温": "oon wan", "薛": "sih see sit hsueh", "尤": "yew iu yu", "夏": "ha hsia har",
    "秦": "chin chun", "饶": "jao yeow", "骆": "lok loke", "莫": "mok boh", "毛": "mo mau",
}  # fmt: skip
"""Hokkien, Teochew, Hakka and Cantonese spellings of common surnames. Characters are simplified."""


def character_options(simplified: str, traditional: str, pinyin: Options) -> Options:
    """For each character its pinyin, Wade-Giles and Cantonese spellings, and those of the surname
    abroad. All three describe the same characters."""
    return tuple(
        _of_character(simplified[at], traditional[at : at + 1], tuple(usual), surname=at == 0)
        for at, usual in enumerate(pinyin)
    )


@lru_cache(maxsize=4096)
def _of_character(
    simplified: str, traditional: str, pinyin: tuple[str, ...], *, surname: bool
) -> frozenset[str]:
    found = set(pinyin)
    for syllable in pinyin:
        found.update(wade_giles(syllable))
    for character in (simplified, traditional):
        for jyutping in _cantonese().get(character, ()):
            found.update(_hong_kong(jyutping))
    if surname:
        found.update(SURNAMES_ABROAD.get(simplified, "").split())
    return frozenset(found)
