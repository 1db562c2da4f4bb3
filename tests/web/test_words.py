"""The screens speak both languages: every message in a template has its Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import qianbao
from qianbao.web import i18n
from qianbao.web.forms import FIELD_WORDS

SOURCE = Path(qianbao.__file__).parent
CATALOGUE = SOURCE / "web" / "locale" / "zh" / "LC_MESSAGES" / "qianbao.po"
HAN = re.compile(r"[\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
THE_SAME_IN_CHINESE = {", ", "; "}
"""Signs, not words."""


def said() -> Iterator[str]:
    """Every message of the templates, a plural by its singular."""
    for folder in ("web/templates", "advise/templates"):
        found = extract_from_dir(
            str(SOURCE / folder),
            [("**.html", "jinja2")],
            keywords={"_": None, "ngettext": (1, 2)},
            options_map={"**.html": {"silent": "false"}},
        )
        for _, _, message, _, _ in found:
            yield message if isinstance(message, str) else message[0]


def test_every_message_has_its_chinese() -> None:
    missing = [message for message in set(said()) if message not in i18n.messages("zh")]
    assert missing == []


def test_chinese_is_chinese_and_fills_the_same_places() -> None:
    for english, chinese in i18n.messages("zh").items():
        assert english in THE_SAME_IN_CHINESE or HAN.search(chinese), english
        assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(chinese)), english


def test_nothing_is_fuzzy_or_left_over() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    assert [message.id for message in catalogue if message.fuzzy and message.id] == []
    assert set(i18n.messages("zh")) - set(said()) == set()


def test_the_articles_own_words_are_used() -> None:
    """Whoever reads the article finds the same words on the screens."""
    chinese = i18n.messages("zh")
    assert chinese["End auto-deduction"] == "关闭扣费服务"
    assert chinese["Payment Management"] == "支付管理"
    assert chinese["Real-Name Authentication"] == "实名认证"
    assert chinese["Pay Score"] == "支付分"
    assert chinese["Auto-Deduction Service"] == "自动扣费"


def test_a_language_is_chosen_in_order() -> None:
    assert i18n.choose("zh", "en", "en") == "zh"
    assert i18n.choose(None, "zh", "en-GB,en;q=0.9") == "zh"
    assert i18n.choose(None, None, "de-DE, zh-CN;q=0.8, en;q=0.5") == "zh"
    assert i18n.choose(None, None, "de-DE, en;q=0.9, zh;q=0.1") == "en"
    assert i18n.choose("klingon", "", "zh;q=nonsense") == "en"


def test_no_text_stands_in_a_template_untranslated() -> None:
    """Words between tags go through `_()`; what is not words may stand as it is."""
    stray = []
    for path in [*SOURCE.glob("web/templates/*.html"), *SOURCE.glob("advise/templates/*.html")]:
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
        between = re.findall(r">([^<>{}]+)<", text) if path.name != "icons.html" else []
        stray += [
            f"{path.name}: {words.strip()[:60]}"
            for words in between
            if re.search(r"[A-Za-z]{3,}", words)
        ]
    assert stray == []


def test_every_field_that_is_filled_in_has_its_words() -> None:
    """A field that is too long is named, not counted."""
    field = re.compile(
        r"""parts\.field\("(\w+)"|<(?:textarea|input) name="(\w+)"|\{\{ field\("(\w+)\""""
    )
    named = set()
    for path in SOURCE.glob("web/templates/*.html"):
        named |= {name for found in field.findall(path.read_text()) for name in found if name}
    pins = {"pin", "pin_again", "new_pin", "new_pin_again"}  # drawn by a macro
    assert named | pins == set(FIELD_WORDS)
