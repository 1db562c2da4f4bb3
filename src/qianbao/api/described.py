"""What a route says of itself beyond its signature, for `openapi`.

A route's docstring is what an engineer reads: its first line the summary, the rest the description.
Errors that follow from the signature (a token, a key, a body) are added by `openapi`; those that
its verb may raise are named by the route, by their codes. A test asks for each answer of a fuzzer
to be among them.
"""

from __future__ import annotations

from typing import Any

REFUSES = "refuses"
"""In the `opt` of a route: the codes of the errors that its verb may raise."""

FILES = "files"
"""In the `opt` of a route that gives a file: the media types that it comes in."""

_MOVED = (
    "wallet_unknown",
    "wallet_closed",
    "amount_out_of_range",
    "currency_unsupported",
    "account_unknown",
    "same_key_other_request",
    "request_clash",
    "clearing_busy",
    "clearing_interrupted",
)

CLEARED = (*_MOVED, "blocked_by_policy")
"""What every movement of a holder's money that they ask for may be refused for."""

CHARGED = (*_MOVED, "holder_cannot_be_charged", "charge_needs_holder", "holder_lacks_funds")
"""What a merchant's charge may be refused for: nothing that says more of the holder."""

CODE = ("code_used", "code_expired", "code_format", "code_wrong", "code_attempts_used_up")
"""What a code from a text message may be refused for."""

PROVED = (
    "step_up_required",
    "step_up_unknown",
    "step_up_over",
    "code_for_other_request",
    *CODE,
)
"""What a holder's own movement of money may be refused for where rules ask for more."""

SENDS_CODE = (
    "phone_invalid",
    "signup_id_used",
    "code_too_soon",
    "too_many_codes",
    "codes_from_address",
    "codes_used_up",
)
"""What sending a text message with a code may be refused for."""

DOCUMENT = (
    "document_expired_already",
    "document_field_disagrees",
    "document_for_no_wallet",
    "document_id_used",
    "document_of_another_person",
    "identity_data_unreadable",
    "mrz_character",
    "mrz_check_digit_wrong",
    "mrz_date_wrong",
    "mrz_field_empty",
    "mrz_country_unknown",
    "mrz_format_unknown",
    "mrz_line_length",
    "mrz_needed",
    "mrz_of_another_kind",
    "name_character",
    "name_disagrees_with_mrz",
    "name_empty",
    "name_field_character",
    "name_not_chinese",
    "name_title",
    "name_too_long",
    "name_truncated",
    "names_disagree",
    "number_area_unknown",
    "number_character",
    "number_check_wrong",
    "number_country_unknown",
    "number_disagrees_with_mrz",
    "number_date_wrong",
    "number_district_unknown",
    "number_kind_unknown",
    "number_length",
    "number_needed",
    "person_has_open_wallet",
    "too_many_documents",
    "valid_until_needed",
)
"""What a document may be refused for."""

PHOTO = (
    "photo_missing",
    "photo_no_picture",
    "photo_reader_busy",
    "photo_shows_no_mrz",
    "photo_too_large",
    "photo_too_many_pixels",
    "photo_too_slow",
    "photos_unread",
)
"""What a photo of a document may be refused for."""

LINKING = (
    "bank_busy",
    "bank_holds_old_document",
    "bank_misunderstood",
    "bank_phone_invalid",
    "bank_refused",
    "bank_silent",
    "bank_unreachable",
    "card_already_linked",
    "card_bank_unknown",
    "card_checks_used_up",
    "card_details_mismatch",
    "card_document_mismatch",
    "card_expired",
    "card_for_no_wallet",
    "card_lost",
    "card_name_mismatch",
    "card_not_found_at_bank",
    "card_not_yours",
    "card_number_invalid",
    "card_online_payment_off",
    "card_phone_mismatch",
    "card_restricted",
    "card_tries_exceeded",
    "document_expired",
    "document_kind_unsupported_at_bank",
    "document_needed",
    "name_form_close",
    "name_form_not_yours",
    "name_form_unreadable",
    "same_id_other_body",
    "too_many_cards",
)
"""What a card may be refused for, by us or by its bank."""


def refuses(*codes: str) -> dict[str, Any]:
    """The `opt` of a route: the codes of the errors that its verb may raise."""
    return {REFUSES: codes}
