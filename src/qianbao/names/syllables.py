"""Given names of East Asia that are two words: CHOL HO, TAI MAN, XIAO MING. Both are the name.

Here belongs how such a name is known in Latin letters, written for this project (facts, free of
licence); what may be left out of other names is `parts`'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qianbao.names import nicknames
from qianbao.names.sinitic import SURNAMES_ABROAD

_KOREAN = (
    "kim lee ri rhee yi pak park choe choi chong jung jeong chung cho jo kang yun yoon chang jang "
    "im lim han o oh so seo suh sin shin kwon hwang an ahn song yu yoo ryu hong chon jeon ko koh "
    "mun moon son yang pae bae paek baek ho hur nam no roh ha chu joo u woo ku koo"
)
_PINYIN = (
    "li wang zhang liu chen yang zhao huang zhou wu xu sun hu zhu gao lin he guo ma luo liang song "
    "zheng xie han tang feng yu dong xiao cheng cao yuan deng fu shen zeng peng lu lyu lv su jiang "
    "cai jia ding wei xue ye yan pan du dai xia zhong tian ren fan fang shi yao tan liao zou xiong "
    "jin hao kong bai cui kang mao qiu qin gu hou shao meng long wan duan lei qian yin yi chang "
    "qiao lai gong wen pang lan yue zhan qi bao ouyang niu ou"
)
_RARER = (
    "ai bi bian bu cen cha chi cong dang diao dou fei ge geng gou guan gui huai huo ji jian jiao "
    "ju kan ke kou kuang lang lou mai miao mou mu ni nie ning nong pei pu qu rao ruan sang sha "
    "shan shang shu si sui tao tu weng xi xian xing you zang zha zhai zhan zhen zhuang zhuo zong "
    "zu zuo"
)
"""Surnames of China that are seldom one's own syllable, which only show that a name may begin with
them."""
KOREAN_SURNAMES = frozenset(_KOREAN.split())
_SURNAMES = KOREAN_SURNAMES.union(_PINYIN.split(), " ".join(SURNAMES_ABROAD.values()).split())
_ANY_SURNAMES = _SURNAMES.union(_RARER.split())
_SYLLABLE = re.compile(
    "(?:tch|[bcdghjkpst]h|hs|[kghw]w|wh|t[sz]|ng|kk|tt|ss|[bcdfghjklmnpqrstvwxyz])?"
    "[aeiouyw]{1,3}(?:ng|ck|[bghklmnprtwy])?"
)
"""A syllable as pinyin, Wade-Giles, Hong Kong and Korea spell it, roughly."""
_KOREAN_SYLLABLE = re.compile(
    "(?:kk|tt|pp|ss|ch|sh|[bcdghjkmnprstwyl])?"
    "(?:[yw]?ae|y?eo|[yw]?e|[yw]?a|y?oo|y?ou|y?o|[yw]?u|eui|eu|wo|we|wi|ui|ee|i)"
    "(?:ng|[kglmnpb])?"
)
"""As passports of Korea spell it; no H behind the vowel, which begins the next one more often."""
_KOREAN_SYLLABLES = re.compile(f"(?:{_KOREAN_SYLLABLE.pattern})+")
_PAIR = 2
_SURELY_WESTERN = 4
"""A first name of so many letters that a list of nicknames has (PAUL) is no such syllable."""


def is_korean_syllable(word: str) -> bool:
    """Whether `word` (lower-case ASCII) is spelled as one syllable of Korean."""
    return _KOREAN_SYLLABLE.fullmatch(word) is not None


def is_korean(words: Sequence[str]) -> bool:
    """Whether each of `words` (lower-case ASCII) is spelled as syllables of Korean."""
    return all(map(_KOREAN_SYLLABLES.fullmatch, words))


def is_east_asian_surname(word: str) -> bool:
    """Whether `word` (lower-case ASCII) is a usual surname of China, Hong Kong, Korea or Singapore,
    there or elsewhere too."""
    return word in _ANY_SURNAMES


def is_one_in_two(family: Sequence[str], own: Sequence[str]) -> bool:
    """Whether given names (lower-case ASCII) are two syllables of one East Asian name: behind a
    surname of China, Hong Kong, Korea or Singapore, and no first names of elsewhere (TOM RAY)."""
    if len(family) != 1 or len(own) != _PAIR or family[0] not in _SURNAMES:
        return False
    if not all(map(_SYLLABLE.fullmatch, own)):
        return False
    known = [word for word in own if word in nicknames.table()]
    return len(known) < _PAIR and max(map(len, known), default=0) < _SURELY_WESTERN
