"""What is wrong with a request names each field, for people in both languages and for programs."""

from __future__ import annotations

from typing import get_args, get_type_hints

import msgspec
import pytest

from qianbao.api import GROUPS
from qianbao.cast import SHOPS
from tests.kit.person import Caller, Refused


def ask(stack, body):
    with stack.client() as client:
        answer = client.post("/v1/signups", json=body, headers={"Idempotency-Key": "a"})
    assert answer.status_code == 400
    return answer.json()


@pytest.mark.parametrize(
    ("body", "field", "en", "zh"),
    [
        ({"phone": "1" * 33}, "phone", "has at most 32 characters", "最多 32 个字符"),
        ({"phone": "1"}, "phone", "has at least 3 characters", "至少 3 个字符"),
        ({"phone": 13}, "phone", "must be text", "须为文本"),
        ({}, "phone", "is missing", "缺少该字段"),
        ({"phone": "13800138001", "language": "de"}, "language", "cannot be 'de'", "不能为 'de'"),
        ([], "", "must be an object", "须为对象"),
        ({"phone": "13800138001", "tea": 1}, "tea", "is not known here", "未知字段"),
        ({"phone": "13800138001", "a-b": 1}, "a-b", "is not known here", "未知字段"),
    ],
)
def test_the_field_is_named(stack, body, field, en, zh):
    problem = ask(stack, body)
    assert problem["values"]["fields"] == [{"field": field, "en": en, "zh": zh}]
    assert problem["sentence"]["en"] == f"The request could not be read: {f'{field} {en}'.strip()}."
    assert f"{field} {zh}".strip() in problem["sentence"]["zh"]


@pytest.mark.parametrize(
    ("amount", "field", "en"),
    [
        (
            {"amount_minor": "12", "currency": "CNY"},
            "amount.amount_minor",
            "must be a whole number",
        ),
        ({"amount_minor": 12, "currency": "CNY", "fee": 1}, "amount.fee", "is not known here"),
    ],
)
def test_an_amount_is_a_number_and_nothing_else(seeded_stack, amount, field, en):
    shop = Caller(seeded_stack.url, SHOPS[0].api_key)
    with pytest.raises(Refused) as refused:
        shop.post(
            "/merchant/payments", {"amount": amount, "merchant_reference": "r", "description": "d"}
        )
    (fault,) = refused.value.problem["values"]["fields"]
    assert (fault["field"], fault["en"]) == (field, en)


def test_no_body_takes_members_that_nobody_reads():
    """Nor does anything inside it."""
    waiting = [
        get_type_hints(handler.fn, include_extras=True).get("data")
        for module in GROUPS.values()
        for handler in module.ROUTES
    ]
    seen, lax = set(), []
    while waiting:
        kind = waiting.pop()
        waiting += get_args(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
            seen.add(kind)
            lax += [] if kind.__struct_config__.forbid_unknown_fields else [kind.__name__]
            waiting += get_type_hints(kind, include_extras=True).values()
    assert lax == []
    assert len(seen) > 25


def test_a_query_is_named_too(stack):
    with stack.client() as client:
        headers = {"Authorization": "Bearer nobody"}
        answer = client.get("/v1/merchant/payments", params={"limit": 201}, headers=headers)
    assert answer.json()["code"] in ("bad_request", "merchant_key_wrong")


@pytest.mark.parametrize("content", [b"", b" "])
def test_a_request_without_a_body_is_told_that_it_needs_one(seeded_stack, content):
    shop = Caller(seeded_stack.url, SHOPS[0].api_key)
    answer = shop.http.post(
        "/v1/merchant/payments",
        content=content,
        headers={"Idempotency-Key": "a", "Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    sentence = answer.json()["sentence"]
    assert sentence["en"] == "The request could not be read: it needs a body, a JSON object."
    assert "需要 JSON 格式的请求体" in sentence["zh"]
