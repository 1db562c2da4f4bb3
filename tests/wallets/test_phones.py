"""Phones as people type them."""

from __future__ import annotations

import pytest

from qianbao.wallets.phones import PhoneInvalid, read_phone


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86 138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        (" １３８００１３８０００ ", "+8613800138000"),
        ("+49 151 23456789", "+4915123456789"),
        ("+81 90-1234-5678", "+819012345678"),
        ("+1 (202) 555.0123", "+12025550123"),
        ("\u202a+86 138‑0013‑8000\u202c", "+8613800138000"),
    ],
)
def test_one_form_however_it_is_typed(typed: str, stored: str) -> None:
    assert read_phone(typed) == stored
    assert read_phone(stored) == stored


@pytest.mark.parametrize(
    "typed", ["", "anna", "12345", "010 8888 8888", "+86 138 0013 800", "13800138000 ext 5",
              "+999 123456789", "1" * 500, "+8613800138001x", "x+8613800138001",
              "+8613800138001?", "13800138001, 13800138002", "+8613800138001" + " " * 30 + "9"]
)  # fmt: skip
def test_what_no_code_could_reach_is_refused(typed: str) -> None:
    with pytest.raises(PhoneInvalid):
        read_phone(typed)
