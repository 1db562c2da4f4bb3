"""What each bank is called in either language, by its code, for sentences about banks.

The names are those of the directory (`banks/directory.yaml`), read here so that the pure rooms can
name a bank; everything else the directory says of a bank belongs to `banks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

import msgspec

from qianbao.errors import Language


class _Named(msgspec.Struct):
    code: str
    en: str
    zh: str


class _Names(msgspec.Struct):
    banks: tuple[_Named, ...]


def bank_name(code: str, language: Language) -> str:
    """The name of a bank; its code where the directory does not know it (any more)."""
    named = _names().get(code)
    return code if named is None else (named.zh if language == "zh" else named.en)


def bank_list(codes: Iterable[str], language: Language) -> str:
    """The names of several banks, each once."""
    separator = "、" if language == "zh" else ", "
    return separator.join(bank_name(code, language) for code in dict.fromkeys(codes))


@cache
def _names() -> Mapping[str, _Named]:
    text = resources.files("qianbao.banks").joinpath("directory.yaml").read_bytes()
    return {bank.code: bank for bank in msgspec.yaml.decode(text, type=_Names).banks}
