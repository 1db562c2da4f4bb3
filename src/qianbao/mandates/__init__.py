"""Mandates: a holder's standing permission for a merchant to charge (auto-deduction, 委托代扣).

Here belongs what may be signed, signing, listing and ending. Not here: the charge itself, which
moves money and therefore is a kind of the clearing loop (`payments`), and when a merchant may
charge. Source: domain.md 5.1.
"""

from qianbao.mandates.end import EndMode, MandateAlreadyEnded, end
from qianbao.mandates.lists import (
    Mandate,
    MandateNotFound,
    MandatePage,
    get_mandate,
    list_mandates,
    list_merchant_mandates,
    mandate_holder,
)
from qianbao.mandates.plans import (
    MandatePlanNotFound,
    MandatePlanTaken,
    MandatePlanTooHigh,
    Plan,
    approve_plan,
    plans,
)
from qianbao.mandates.sign import MandateAlreadyActive, MandateIdTaken, sign

__all__ = [
    "EndMode",
    "Mandate",
    "MandateAlreadyActive",
    "MandateAlreadyEnded",
    "MandateIdTaken",
    "MandateNotFound",
    "MandatePage",
    "MandatePlanNotFound",
    "MandatePlanTaken",
    "MandatePlanTooHigh",
    "Plan",
    "approve_plan",
    "end",
    "get_mandate",
    "list_mandates",
    "list_merchant_mandates",
    "mandate_holder",
    "plans",
    "sign",
]
