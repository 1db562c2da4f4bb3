"""Policies that the tests of this room publish."""

from __future__ import annotations

TWO_BANKS = """\
policy: two-banks
version: {version}
title: {{en: Link cards from two banks, zh: 绑定两家银行的银行卡}}
basis: PBOC 2015 No. 43, categories by channels
applies_to: residency = 'foreign'
requires: linked_banks >= {banks} OR days_since_verified < 90
otherwise: {{block: [pay, transfer, top_up]}}
timeline: {{announce: 2026-12-01, warn: 2026-12-15, enforce: 2027-01-15}}
"""


def two_banks(version: int = 1, banks: int = 2) -> str:
    """The article's rule."""
    return TWO_BANKS.format(version=version, banks=banks)


YEARLY_LIMIT = """\
policy: yearly-limit
version: 1
title: {en: Yearly limit, zh: 年度限额}
basis: PBOC 2015 No. 43
applies_to: category = 2
limit: {fact: paid_this_year_minor, at_most_minor: 10000000}
otherwise: {block: [pay, transfer]}
"""

DOCUMENT_VALID = """\
policy: document-valid
version: 1
title: {en: Valid document, zh: 证件有效}
basis: The operator's own
applies_to: document_kind IS NOT NULL AND NOT residency IN ('mainland')
requires: document_valid_until IS NULL OR document_valid_until >= today - 30
otherwise: {block: [receive, top_up, pay]}
"""

ASKING = """\
policy: confirm-large
version: 1
title: {en: Confirm what is large, zh: 大额须验证}
basis: The operator's own
applies_to: NOT residency IN ('mainland')
when: paid_today_minor + amount_minor > 100000 OR category <= 1
otherwise: {require: [code], before: [pay, transfer, be_charged]}
"""

PAYMENT_LIMIT = """\
policy: payment-limit
version: 1
title: {en: At most 500 at a time, zh: 单笔不超过 500 元}
basis: The operator's own
applies_to: residency = 'foreign'
limit: {at_most_minor: 50000}
otherwise: {block: [pay, transfer]}
"""
