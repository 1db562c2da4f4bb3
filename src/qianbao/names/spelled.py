"""Whether a Latin name spells a row of characters, when each character may be spelled many ways.

Here belongs the search; the spellings belong to `han`, `sinitic`, `korean` and `japanese`.
"""

from __future__ import annotations

from collections.abc import Collection

Words = tuple[str, ...]
Options = tuple[Collection[str], ...]
"""For each character the ways it may be spelled, in lower-case ASCII."""
_LONGEST = 8
"""No character is spelled with more letters."""


def turns(words: Words) -> list[Words]:
    """`words` turned round: given name first or last."""
    return [words[i:] + words[:i] for i in range(len(words))] or [()]


def all_occur(options: Options, words: Words) -> bool:
    """Whether each character has a spelling that stands somewhere in the words: a cheap look before
    the search, which most characters of other names fail."""
    text = " ".join(words)
    for choices in options:
        for choice in choices:
            if choice in text:
                break
        else:
            return False
    return True


def spelled(options: Options, text: str) -> bool:
    """Whether `text` (words with single spaces) is one spelling after another, each ending before
    a space or in front of the next, no word ending inside one."""
    reached = {0}
    for choices in options:
        found = set()
        for at in reached:
            start = at + 1 if text[at : at + 1] == " " else at
            for end in range(start + 1, min(start + _LONGEST, len(text)) + 1):
                if text[start:end] in choices:
                    found.add(end)
        if not found:
            return False
        reached = found
    return len(text) in reached


def spelled_anyhow(options: Options, surname_length: int, words: Words, *, turn: bool) -> bool:
    """As `spelled`, with the characters' surname first or last where the words may be turned; with
    the words turned round anyhow where the surname is not known (its length is 0)."""
    if not all_occur(options, words):
        return False
    if not turn:
        return spelled(options, " ".join(words))
    if not 0 < surname_length < len(options):
        return any(spelled(options, " ".join(turned)) for turned in turns(words))
    orders = (options, options[surname_length:] + options[:surname_length])
    text = " ".join(words)
    return any(spelled(order, text) for order in orders)


def spelled_beside(options: Options, surname_length: int, words: Words, *, turn: bool) -> bool:
    """As `spelled_anyhow`, where one more word stands beside: 曾鈺成 and Jasper TSANG Yok-sing."""
    if len(words) < 3 or not all_occur(options, words):
        return False
    less = (words[:i] + words[i + 1 :] for i in range(len(words)))
    return any(spelled_anyhow(options, surname_length, kept, turn=turn) for kept in less)
