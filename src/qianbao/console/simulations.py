"""How a simulation looks: its segments as bars, with the words of each band.

The pictures' lines are laid out in `pictures`; what was counted is `rollouts.counting`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import get_args

from qianbao.bank_names import bank_name
from qianbao.console.pictures import Bars, bars
from qianbao.console.render import environment
from qianbao.console.words import translations
from qianbao.errors import Language
from qianbao.rollouts.counting import Dimension, Segment, band_words


def _(message: str) -> str:
    """Marks a word for the catalogue."""
    return message


HEADINGS: Mapping[Dimension, str] = {
    "residency": _("By residency"),
    "document_kind": _("By document"),
    "bank": _("By bank; a wallet with cards of two counts in both"),
    "age_days": _("By days since the wallet was opened"),
    "balance_minor": _("By balance, in whole units of its currency"),
}

BARS_MOST = 12
"""Banks drawn, those with most wallets locked out first; the figures have all."""


def pictures(segments: Sequence[Segment], language: Language) -> list[tuple[str, Bars]]:
    """A heading and a picture for each dimension that anybody was told apart by."""
    said = translations(language)
    drawn = []
    for by in get_args(Dimension):
        rows = _rows([one for one in segments if one.by == by], language)
        if by == "bank":
            rows = sorted(rows, key=lambda row: (-row[2], -row[1]))[:BARS_MOST]
        if rows:
            drawn.append((said.gettext(HEADINGS[by]), bars(rows)))
    return drawn


def _rows(segments: Sequence[Segment], language: Language) -> list[tuple[str, int, int]]:
    """Label, wallets, locked out, asked or beyond; the currencies of one segment together."""
    counted: dict[str, tuple[int, int]] = {}
    for one in segments:
        label = _label(one, language)
        wallets, locked_out = counted.get(label, (0, 0))
        counted[label] = (wallets + one.wallets, locked_out + max(one.locked_out, one.moving_all))
    return [(label, *counts) for label, counts in counted.items()]


def _label(segment: Segment, language: Language) -> str:
    said = translations(language)
    if segment.by == "bank":
        return bank_name(segment.value, language) if segment.value else said.gettext("no card")
    if segment.by in ("age_days", "balance_minor"):
        return band_words(segment)
    return str(environment(language).filters["value"](segment.value))
