"""What each outcome of a comparison is called, and the sentence that explains it.

Only words and figures; the rules are in `compare`. No sentence names the other spelling: a refusal
must not tell what a bank holds (domain.md 4.3).
"""

from __future__ import annotations

from typing import Literal

import msgspec

Verdict = Literal["match", "close", "no_match"]
ReasonCode = Literal[
    "exact",
    "case",
    "spacing",
    "order",
    "punctuation",
    "diacritic",
    "transliteration",
    "script",
    "truncated",
    "middle_missing",
    "middle_initial",
    "second_surname_missing",
    "patronymic_missing",
    "particle_missing",
    "given_order",
    "surname_end",
    "typo",
    "spelling",
    "reading",
    "nickname",
    "title",
    "generation",
    "one_name",
    "different",
    "empty",
    "too_long",
]


class Reason(msgspec.Struct, frozen=True):
    """`score` orders outcomes for a list on a screen; no rule ever reads it."""

    score: float
    en: str
    zh: str


REASONS: dict[ReasonCode, Reason] = {
    "exact": Reason(1.0, "Both are written alike.", "两者写法完全相同。"),
    "case": Reason(0.99, "Only capital and small letters differ.", "只有字母大小写不同。"),
    "spacing": Reason(0.98, "Only the spaces differ.", "只有空格不同。"),
    "order": Reason(
        0.97, "Surname and given name stand in another order.", "只有姓与名的顺序不同。"
    ),
    "punctuation": Reason(
        0.96, "Only hyphens, dots or apostrophes differ.", "只有连字符、点或撇号不同。"
    ),
    "diacritic": Reason(
        0.95, "Only accents differ, such as Ü, U and UE.", "只有变音符号不同，如 Ü、U 与 UE。"
    ),
    "transliteration": Reason(
        0.94, "The same name, spelled in another alphabet's letters.", "同一姓名的不同拼写或转写。"
    ),
    "script": Reason(
        0.97,
        "The characters differ only as simplified and traditional ones do.",
        "只有简体与繁体的字形不同。",

    ),
    "truncated": Reason(
        0.8, "One is cut off: the letters compared agree.", "其中一个被截断；可比较的部分一致。"
    ),
    "middle_missing": Reason(
        0.75,
        "One leaves out part of the name; the rest agrees.",
        "其中一个省略了部分名字，其余相符。"
    ),
    "middle_initial": Reason(
        0.75, "One gives only initials; the rest agrees.", "其中一个只写首字母，其余一致。"
    ),
    "second_surname_missing": Reason(
        0.76,
        "One leaves out the second surname; the rest agrees.",
        "其中一个省略了第二姓氏，其余相符。",
    ),
    "patronymic_missing": Reason(
        0.76, "One leaves out the father's name; the rest agrees.", "其中一个省略了父名，其余相符。"
    ),
    "particle_missing": Reason(
        0.77,
        "One leaves out small words of the surname, such as “de la”; the rest agrees.",
        "其中一个省略了姓氏中的小词（如 de la），其余相符。",
    ),
    "given_order": Reason(
        0.72, "The given names stand in another order.", "名字各部分的顺序不同。"
    ),
    "surname_end": Reason(
        0.72,
        "The letters agree; the surname ends at another place.",
        "字母相同，但姓与名的分界不同。",
    ),
    "typo": Reason(
        0.7, "One letter of a given name differs.", "名字中有一个字母不同。"
    ),
    "spelling": Reason(
        0.6, "The names sound alike but are spelled otherwise.", "两个姓名读音相近，拼写不同。"
    ),
    "reading": Reason(
        0.7, "One is a possible reading of the other's characters.", "其中一个是另一个的可能读音。"
    ),
    "nickname": Reason(
        0.65, "One gives a short form of the first name.", "其中一个使用了名字的简称或昵称。"
    ),
    "title": Reason(0.85, "Only a title differs.", "只有称谓或头衔不同。"),
    "one_name": Reason(
        0.8,
        "One fills in or repeats a part of the name that the person does not have.",
        "其中一个以重复或占位文字填补了本人没有的姓或名。",
    ),
    "generation": Reason(
        0.6,
        "One says father or son, such as Jr; the names alone cannot tell which is meant.",
        "其中一个注明了父子辈分（如 Jr），仅凭姓名无法判断是哪一位。",
    ),
    "different": Reason(0.0, "These are different names.", "两个姓名不同。"),
    "empty": Reason(0.0, "There is no name to compare.", "没有可比较的姓名。"),
    "too_long": Reason(0.0, "The text is too long to be a name.", "内容过长，不是姓名。"),
}  # fmt: skip
