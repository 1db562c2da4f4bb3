"""What an action is called with its argument, for a person.

Here belong the words of arguments; what an action is and costs is in `actions`.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from qianbao.bank_names import bank_name
from qianbao.clock import local_date
from qianbao.errors import Language
from qianbao.money import show
from qianbao.policy.facts import Situation
from qianbao.policy.sentences import show_value
from qianbao.remedies.actions import Action
from qianbao.remedies.needs import OTHER_BANK


def title(action: Action, argument: str, situation: Situation, language: Language) -> str:
    """What to do, for a person in this situation."""
    template = action.title_zh if language == "zh" else action.title_en
    return template.format(argument=_words(action, argument, situation, language))


def count_of(action: Action, argument: str) -> int:
    """How many times the action's minutes are spent."""
    return int(argument) if action.takes == "count" else 1


def _words(action: Action, argument: str, situation: Situation, language: Language) -> str:
    if action.takes == "bank":
        return _bank(argument, situation, language)
    if action.takes == "case":
        new = {"en": "a new case", "zh": "新建工单"}[language]
        return {"en": f"case {argument}", "zh": f"工单 {argument}"}[language] if argument else new
    if action.takes == "amount":
        return show(int(argument), situation.currency)
    if action.takes == "instant":
        day = local_date(datetime.fromisoformat(argument), ZoneInfo(situation.time_zone))
        return show_value(day, "", currency=situation.currency, language=language)
    return argument


def _bank(code: str, situation: Situation, language: Language) -> str:
    if code and not code.startswith(OTHER_BANK):
        return bank_name(code, language)
    if situation.card_banks:
        return {"en": "another bank", "zh": "另一家银行"}[language]
    return {"en": "a bank", "zh": "一家银行"}[language]
