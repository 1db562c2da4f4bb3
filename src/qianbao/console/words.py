"""The console's words in English and 中文: gettext catalogues, read when the process starts.

A page's English stands in its template; the Chinese in `locale/zh/LC_MESSAGES/console.po`. Here are
only the words for values that come out of the database. What a rule or an error says comes from its
room as a pair.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from qianbao.errors import Language
from qianbao.rollouts.operators import COMMAND_LINE, DEMO, HOLDER, SHIPPED, TRIPWIRE

CATALOGUES = Path(__file__).parent / "locale"

LANGUAGE_COOKIE = "qianbao_language"
"""The same as the holders' screens keep."""
TAGS: Mapping[Language, str] = {"en": "en", "zh": "zh-CN"}


@cache
def translations(language: Language) -> NullTranslations:
    """English is what the templates say; Chinese comes from the catalogue."""
    if language == "en":
        return NullTranslations()
    path = CATALOGUES / language / "LC_MESSAGES" / "console.po"
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale="zh_Hans_CN"))
    compiled.seek(0)
    return GNUTranslations(compiled)


def choose(kept: str | None, accepted: str) -> Language:
    """The language kept in the cookie, else the browser's first."""
    wish = kept or accepted.strip()
    return "zh" if wish.lower().startswith("zh") else "en"


def _(message: str) -> str:
    """Marks a word for the catalogue; it is translated when shown."""
    return message


VALUES: Mapping[str, str] = {
    # a policy's state and phase
    "draft": _("draft"),
    "simulated": _("simulated"),
    "published": _("published"),
    "replaced": _("replaced"),
    "retired": _("retired"),
    "announced": _("announced"),
    "warning": _("warning"),
    "enforced": _("enforced"),
    "stopped": _("stopped"),
    "rolled_back": _("rolled back"),
    # what holders are told
    "warned": _("at the warning"),
    "week_before": _("a week before"),
    "day_before": _("a day before"),
    # capabilities
    "receive": _("receive"),
    "top_up": _("top up"),
    "transfer": _("send"),
    "pay": _("pay"),
    "withdraw": _("withdraw"),
    "be_charged": _("be charged"),
    "close": _("close"),
    "export": _("export"),
    # residency and documents
    "foreign": _("foreign"),
    "mainland": _("mainland"),
    "hmt": _("Hong Kong, Macau, Taiwan"),
    "": _("no document"),
    "passport": _("passport"),
    "resident_id": _("resident ID"),
    "permanent_residence": _("permanent-residence card"),
    "residence_permit": _("residence permit"),
    "travel_permit": _("travel permit"),
    # wallets, cards, cases
    "open": _("open"),
    "closed": _("closed"),
    "checking": _("being checked"),
    "code_sent": _("code sent"),
    "linked": _("linked"),
    "refused": _("refused"),
    "unknown": _("no answer yet"),
    "unlinked": _("unlinked"),
    "answered": _("answered"),
    "settled": _("settled"),
    # who must act
    "holder": _("the holder"),
    "operator": _("the operator"),
    "bank": _("the bank"),
    "authority": _("the authority that gave the order"),
    # what a bank said of a card
    "MATCH": _("all as the bank has it"),
    "CONFIRMED": _("confirmed by code"),
    "NAME_MISMATCH": _("the name differs"),
    "ID_MISMATCH": _("the document differs"),
    "PHONE_MISMATCH": _("the phone differs"),
    "MISMATCH_UNSPECIFIED": _("something differs"),
    "CARD_INVALID": _("no such card"),
    "CARD_LOST": _("reported lost"),
    "CARD_EXPIRED": _("card expired"),
    "CARD_RESTRICTED": _("card restricted"),
    "ID_TYPE_UNSUPPORTED": _("kind of document not taken"),
    "TRIES_EXCEEDED": _("too many tries"),
    "NOT_ENABLED": _("online payment not enabled"),
    "BUSY": _("the bank was busy"),
    "OTP_WRONG": _("wrong code"),
    "OTP_TRIES": _("too many wrong codes"),
    "OTP_EXPIRED": _("code expired"),
    "AGREEMENT_ENDED": _("the bank's agreement has ended"),
    # what a second operator is asked for
    "approve": _("to approve"),
    "lift": _("to lift"),
    "waiting": _("waiting for an answer"),
    "standing": _("stands as long as the hold"),
    "pending": _("under way"),
    "allowed": _("allowed"),
    "blocked": _("blocked"),
    "step_up": _("asked for more"),
    # what is asked for
    "pin": _("payment PIN"),
    "code": _("code by text message"),
    # what operators do
    "operator.create": _("created an operator"),
    "operator.sign_in": _("signed in"),
    "operator.sign_out": _("signed out"),
    "operator.disable": _("took an operator's access away"),
    "operator.enable": _("gave an operator access again"),
    "operator.password": _("set an operator's password"),
    "policy.draft": _("drafted a version"),
    "policy.simulate": _("simulated"),
    "policy.publish": _("published a version"),
    "policy.propose_retirement": _("proposed to retire a policy"),
    "policy.keep": _("turned down a retirement"),
    "policy.retire": _("retired a policy"),
    "policy.rollback": _("rolled a version back"),
    "policy.stop": _("stopped enforcement"),
    "policy.telling_failed": _("could not tell holders"),
    "policy.resume": _("resumed enforcement"),
    "wallet.find": _("found a wallet by its phone"),
    "wallet.find_document": _("found a wallet by its document"),
    "wallet.look_at": _("looked at a wallet"),
    "legal_hold.enter": _("entered a legal hold"),
    "legal_hold.approve": _("approved a legal hold"),
    "legal_hold.withdraw": _("withdrew a legal hold"),
    "legal_hold.propose_lift": _("proposed to lift a legal hold"),
    "legal_hold.keep": _("turned down a lifting"),
    "legal_hold.lift": _("lifted a legal hold"),
    "exemption.propose": _("proposed an exemption"),
    "exemption.approve": _("approved an exemption"),
    "exemption.withdraw": _("withdrew an exemption"),
    "name_change.propose": _("proposed a change of name"),
    "name_change.approve": _("approved a change of name"),
    "name_change.withdraw": _("withdrew a change of name"),
    "name_change.use": _("showed a document with the changed name"),
    "wallet.set_document_aside": _("set a document aside"),
    "case.answer": _("answered a case"),
}
"""What a value is called; one without a name is shown as it is."""

DETAILS: Mapping[str, str] = {
    "version": _("version"),
    "replaces": _("replaces version"),
    "drafted_by": _("drafted by"),
    "proposed_by": _("proposed by"),
    "simulation": _("simulation"),
    "locked_out": _("wallets that do not meet it"),
    "asked": _("wallets that would be asked"),
    "legal_hold": _("legal hold"),
    "reference": _("order"),
    "case": _("case"),
    "exemption": _("exemption"),
    "name_change": _("change of name"),
    "document": _("document"),
    "request": _("request"),
    "returns": _("returns to version"),
    "refused": _("wallets refused"),
    "forecast": _("wallets forecast"),
    "resumes": _("blocks again from"),
    "policy": _("policy"),
    "until": _("until"),
    "reason": _("reason"),
    "decision": _("decision"),
}
"""What an act's details are called."""

NOBODYS: Mapping[str, str] = {
    SHIPPED: _("shipped pack"),
    COMMAND_LINE: _("the command line"),
    DEMO: _("shipped with the demo"),
    TRIPWIRE: _("the tripwire"),
    HOLDER: _("the holder"),
}
"""Who acts and is no person."""

ROOMS: Mapping[str, str] = {
    "banks": _("bank cards"),
    "clock": _("the clock"),
    "identity": _("identity"),
    "ledger": _("the ledger"),
    "mandates": _("mandates"),
    "payments": _("payments"),
    "payscore": _("Pay Score"),
    "request": _("the request"),
    "wallets": _("the wallet"),
}
"""What the rooms that write facts are called."""
