"""Bank cards of a wallet: show how the bank prints the name, link, confirm, unlink, and tell
again what a bank refused.

One module for each verb; these are the ones that doors and other rooms call. The card number passes
through `link_card` once, on its way to the bank, and is never stored nor logged.
"""

from qianbao.banks.cards.card import (
    BankBehind,
    Card,
    agreement,
    bank_was_shown,
    banks_behind,
    get_card,
    list_cards,
)
from qianbao.banks.cards.codes import send_code_again
from qianbao.banks.cards.confirm import confirm_card
from qianbao.banks.cards.forms import NameForms, name_forms
from qianbao.banks.cards.link import check_number, link_card
from qianbao.banks.cards.refused import RefusedCard, dismiss_refused, list_refused
from qianbao.banks.cards.unlink import (
    UnlinkPreview,
    end_agreement,
    unlink_all,
    unlink_card,
    unlink_preview,
)

__all__ = [
    "BankBehind",
    "Card",
    "NameForms",
    "RefusedCard",
    "UnlinkPreview",
    "agreement",
    "bank_was_shown",
    "banks_behind",
    "check_number",
    "confirm_card",
    "dismiss_refused",
    "end_agreement",
    "get_card",
    "link_card",
    "list_cards",
    "list_refused",
    "name_forms",
    "send_code_again",
    "unlink_all",
    "unlink_card",
    "unlink_preview",
]
