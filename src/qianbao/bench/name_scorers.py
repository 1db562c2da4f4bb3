"""Scorers that our comparison of names is measured beside: each rates two texts from 0.

rapidfuzz's are always there; OpenSanctions' own comparison is no dependency of ours and takes part
where somebody has installed it.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from typing import Any

from anyascii import anyascii
from rapidfuzz import fuzz
from rapidfuzz.utils import default_process

Scorer = Callable[[str, str], float]


def _romanised(text: str) -> str:
    return default_process(anyascii(text))


def rapidfuzz_scorers() -> dict[str, Scorer]:
    """Those of rapidfuzz, as they are and on text in ASCII."""
    return {
        "rapidfuzz ratio": lambda a, b: fuzz.ratio(a, b, processor=default_process),
        "rapidfuzz token_sort": lambda a, b: fuzz.token_sort_ratio(a, b, processor=default_process),
        "rapidfuzz token_sort + anyascii": lambda a, b: fuzz.token_sort_ratio(
            _romanised(a), _romanised(b)
        ),
        "rapidfuzz token_set + anyascii": lambda a, b: fuzz.token_set_ratio(
            _romanised(a), _romanised(b)
        ),
        "rapidfuzz WRatio + anyascii": lambda a, b: fuzz.WRatio(_romanised(a), _romanised(b)),
    }


def opensanctions() -> dict[str, Scorer]:
    """logic-v2 of nomenklatura, by which OpenSanctions compares persons, and logic-v1 before it;
    none where it is not installed."""
    try:
        matching = importlib.import_module("nomenklatura.matching")
        followthemoney = importlib.import_module("followthemoney")
    except ImportError:
        return {}
    person = followthemoney.model.get("Person")
    return {
        f"nomenklatura {name}": _by_algorithm(matching.get_algorithm(name), followthemoney, person)
        for name in ("logic-v1", "logic-v2")
        if matching.get_algorithm(name) is not None
    }


def _by_algorithm(algorithm: Any, followthemoney: Any, person: Any) -> Scorer:
    settings = algorithm.default_config()
    numbers = itertools.count()

    def entity(name: str) -> Any:
        found = followthemoney.ValueEntity(person, {"id": f"e{next(numbers)}"})  # ids are cached by
        found.add("name", name)
        return found

    return lambda a, b: float(algorithm.compare(entity(a), entity(b), settings).score)
