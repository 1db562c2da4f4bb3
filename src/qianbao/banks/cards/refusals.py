"""What a bank's refusal of a card means for the holder: one named error for each canonical code.

The codes are those of domain.md 2.2. Each error says what was compared and what to do next; none
says what the bank holds. Reading the bank's answer belongs to `gateway`, acting on it to `link`.
"""

from __future__ import annotations

from typing import Any

from qianbao.errors import QianbaoError


class CardNameMismatch(QianbaoError):
    code = "card_name_mismatch"
    en = (
        "{bank_en} compared the name “{name_form}” with its own record of the card ending in "
        "{last_four}: the spelling differs. Document number and phone were not the reason."
    )
    zh = (
        "{bank_zh}将姓名“{name_form}”与尾号 {last_four} 银行卡的登记姓名比对，写法不一致；"
        "证件号码和手机号不是原因。"
    )
    next_en = (
        "Ask the bank, in its app or at a counter, how it prints your name; then choose or type "
        "that spelling. If the bank's spelling is wrong, take your document and the card there."
    )
    next_zh = (
        "请通过该银行的手机银行或网点查询登记姓名的写法，再选择或填写同样的写法。"
        "如银行登记有误，请携带证件和银行卡到网点更正。"
    )


class CardDocumentMismatch(QianbaoError):
    code = "card_document_mismatch"
    en = (
        "{bank_en} compared the number of your {kind_en}, ending in {document_tail}, with its own "
        "record of the card ending in {last_four}: it differs."
    )
    zh = (
        "{bank_zh}将您尾号 {document_tail} 的{kind_zh}号码与尾号 {last_four} 银行卡的登记证件比对，"
        "两者不一致。"
    )
    next_en = (
        "If the card was opened with an earlier document, take your present {kind_en} and the card "
        "to the bank and have the number updated; then link again."
    )
    next_zh = "如开卡时使用的是旧证件，请携带现有{kind_zh}和银行卡到网点更新号码，然后重新绑定。"


class BankHoldsOldDocument(QianbaoError):
    code = "bank_holds_old_document"
    en = (
        "{bank_en} does not know the number of your present {kind_en}, ending in "
        "{document_tail}, for the card ending in {last_four}. Before it, your number ended in "
        "{older_tail}: the bank most likely still has that one."
    )
    zh = (
        "{bank_zh}的尾号 {last_four} 银行卡未登记您尾号 {document_tail} 的现有{kind_zh}号码。"
        "您此前的证件号码尾号为 {older_tail}，银行很可能仍保留旧号码。"
    )
    next_en = (
        "Take the new {kind_en} (ending in {document_tail}), the old one or the notice of renewal "
        "if you have it, and the card to a branch of {bank_en}; have the number updated, then "
        "link again."
    )
    next_zh = (
        "请携带新{kind_zh}（尾号 {document_tail}）、旧证件或换发证明（如有）以及银行卡，"
        "到{bank_zh}网点更新证件号码，然后重新绑定。"
    )


class CardPhoneMismatch(QianbaoError):
    code = "card_phone_mismatch"
    en = (
        "{bank_en} compared the phone number ending in {phone_tail} with the one it has for the "
        "card ending in {last_four}: it differs. Name and document number were not the reason."
    )
    zh = (
        "{bank_zh}将尾号 {phone_tail} 的手机号与尾号 {last_four} 银行卡的预留手机号比对，"
        "两者不一致；姓名和证件号码不是原因。"
    )
    next_en = (
        "Link again with the number the bank has for you, or change it there: in the bank's app, "
        "or at a counter with your document and the card."
    )
    next_zh = "请用银行预留手机号重新绑定，或通过手机银行、携带证件和银行卡到网点修改预留手机号。"


class CardNotYours(QianbaoError):
    code = "card_not_yours"
    en = (
        "{bank_en} has the card ending in {last_four} under another name and another document "
        "number than the ones sent (“{name_form}”, number ending in {document_tail})."
    )
    zh = (
        "{bank_zh}尾号 {last_four} 银行卡的登记姓名和证件号码均与提交的不一致"
        "（“{name_form}”，证件尾号 {document_tail}）。"
    )
    next_en = (
        "Only your own card can be linked. If it is yours, take your document and the card to the "
        "bank and have both name and number checked."
    )
    next_zh = "只能绑定本人的银行卡。如确为本人的卡，请携带证件和银行卡到网点核对姓名和证件号码。"


class CardDetailsMismatch(QianbaoError):
    code = "card_details_mismatch"
    en = (
        "{bank_en} compared name, document number and phone with its own record of the card "
        "ending in {last_four}: {which_en}"
    )
    zh = "{bank_zh}将姓名、证件号码和手机号与尾号 {last_four} 银行卡的登记信息比对：{which_zh}"
    next_en = (
        "Check with the bank, one by one: how it prints your name (sent: “{name_form}”), whether "
        "it has your present document (sent: ending in {document_tail}), and which phone (sent: "
        "ending in {phone_tail}). It must be your own card."
    )
    next_zh = (
        "请向银行逐项核对：姓名的登记写法（提交的是“{name_form}”）、是否已登记现有证件"
        "（提交的尾号为 {document_tail}）、预留手机号（提交的尾号为 {phone_tail}）。须为本人的卡。"
    )


class CardNotFoundAtBank(QianbaoError):
    code = "card_not_found_at_bank"
    en = "{bank_en} has no valid card with the number ending in {last_four}."
    zh = "{bank_zh}查无尾号 {last_four} 的有效银行卡。"
    next_en = "Check every digit of the card number, then link again."
    next_zh = "请逐位核对卡号后重新绑定。"


class CardLost(QianbaoError):
    code = "card_lost"
    en = "{bank_en} has the card ending in {last_four} as reported lost."
    zh = "{bank_zh}尾号 {last_four} 的银行卡已挂失。"
    next_en = "Link the replacement card, or ask the bank to lift the report."
    next_zh = "请绑定补发的新卡，或联系银行解除挂失。"


class CardExpired(QianbaoError):
    code = "card_expired"
    en = "{bank_en} says the card ending in {last_four} has expired."
    zh = "{bank_zh}尾号 {last_four} 的银行卡已过有效期。"
    next_en = "Link the card that replaced it."
    next_zh = "请绑定换发的新卡。"


class CardRestricted(QianbaoError):
    code = "card_restricted"
    en = "{bank_en} has restricted the card ending in {last_four}."
    zh = "{bank_zh}已限制使用尾号 {last_four} 的银行卡。"
    next_en = "Only the bank can say why: call it or go to a branch, or link another card."
    next_zh = "原因只有银行知道：请致电银行或前往网点，或绑定其他银行卡。"


class DocumentKindUnsupported(QianbaoError):
    code = "document_kind_unsupported_at_bank"
    en = "{bank_en} does not check this kind of document online."
    zh = "{bank_zh}不支持在线核验该类证件。"
    next_en = "Link a card of another bank."
    next_zh = "请绑定其他银行的银行卡。"


class CardTriesExceeded(QianbaoError):
    code = "card_tries_exceeded"
    en = "{bank_en} has checked the card ending in {last_four} too often in 24 hours."
    zh = "24 小时内{bank_zh}对尾号 {last_four} 银行卡的核验次数已达上限。"
    next_en = "Link it again tomorrow, or link another card now."
    next_zh = "请明天再试，或现在绑定其他银行卡。"


class CardOnlineOff(QianbaoError):
    code = "card_online_payment_off"
    en = "Online payment is switched off for the {bank_en} card ending in {last_four}."
    zh = "{bank_zh}尾号 {last_four} 的银行卡未开通网上支付。"
    next_en = "Switch it on in the bank's app or at a counter, then link again."
    next_zh = "请通过手机银行或网点开通后重新绑定。"


class BankRefused(QianbaoError):
    code = "bank_refused"
    en = "{bank_en} refused the card ending in {last_four} ({result})."
    zh = "{bank_zh}拒绝了尾号 {last_four} 的银行卡（{result}）。"
    next_en = "Ask the bank what this means, or link another card."
    next_zh = "请向银行咨询原因，或绑定其他银行卡。"


BY_RESULT: dict[str, type[QianbaoError]] = {
    "NAME_MISMATCH": CardNameMismatch,
    "ID_MISMATCH": CardDocumentMismatch,
    "PHONE_MISMATCH": CardPhoneMismatch,
    "MISMATCH_UNSPECIFIED": CardDetailsMismatch,
    "CARD_INVALID": CardNotFoundAtBank,
    "CARD_LOST": CardLost,
    "CARD_EXPIRED": CardExpired,
    "CARD_RESTRICTED": CardRestricted,
    "ID_TYPE_UNSUPPORTED": DocumentKindUnsupported,
    "TRIES_EXCEEDED": CardTriesExceeded,
    "NOT_ENABLED": CardOnlineOff,
}

COMPARED = frozenset({"NAME_MISMATCH", "ID_MISMATCH", "PHONE_MISMATCH", "MISMATCH_UNSPECIFIED"})
"""The results that say what of the holder differs."""

_UNTOLD = (
    "at least one differs. Which, we say once a bank has confirmed you, or the mobile operator of "
    "the phone that you signed up with.",
    "至少一项不一致。在银行或您注册手机号的运营商核验过您的身份之前，我们不说明是哪一项。",
)
_FIELDS = {
    "name": ("the name", "姓名"),
    "document_number": ("the document number", "证件号码"),
    "phone": ("the phone", "手机号"),
}


def refusal(
    result: str,
    mismatched: tuple[str, ...] | None,
    older_tail: str,
    detail: dict[str, Any],
    *,
    confirmed: bool,
) -> QianbaoError:
    """The error for a bank's `result`. `mismatched` is what the bank said differs, None when it
    does not say; `older_tail` the last four of the document before this one, or empty. `detail`
    has bank_en, bank_zh, last_four, name_form, kind_en, kind_zh, document_tail, phone_tail.

    A holder whom nobody has `confirmed` is told one thing, whatever differs: with somebody's card
    they would else learn, check by check, how the bank writes its owner, and whether they have the
    owner's number and phone."""
    unsaid = result == "MISMATCH_UNSPECIFIED" and mismatched is None
    if not confirmed and result in COMPARED and not unsaid:
        return CardDetailsMismatch(which_en=_UNTOLD[0], which_zh=_UNTOLD[1], **detail)
    if result == "ID_MISMATCH" and older_tail:
        return BankHoldsOldDocument(older_tail=older_tail, **detail)
    if result == "MISMATCH_UNSPECIFIED":
        if mismatched and {"name", "document_number"} <= set(mismatched):
            return CardNotYours(**detail)
        which_en, which_zh = _which(mismatched)
        return CardDetailsMismatch(which_en=which_en, which_zh=which_zh, **detail)
    error = BY_RESULT.get(result)
    return error(**detail) if error else BankRefused(result=result[:40], **detail)


def _which(mismatched: tuple[str, ...] | None) -> tuple[str, str]:
    known = [_FIELDS[field] for field in mismatched or () if field in _FIELDS]
    if not known:
        return (
            "at least one differs, and the bank does not say which.",
            "至少一项不一致，银行未说明是哪一项。",
        )
    english = " and ".join(en for en, _ in known)
    return f"{english} differ.", "、".join(zh for _, zh in known) + "不一致。"
