"""What is wrong with a request names each field, for people in both languages and for programs."""

from __future__ import annotations

import pytest


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
    ],
)
def test_the_field_is_named(stack, body, field, en, zh):
    problem = ask(stack, body)
    assert problem["values"]["fields"] == [{"field": field, "en": en, "zh": zh}]
    assert problem["sentence"]["en"] == f"The request could not be read: {f'{field} {en}'.strip()}."
    assert f"{field} {zh}".strip() in problem["sentence"]["zh"]


def test_a_query_is_named_too(stack):
    with stack.client() as client:
        headers = {"Authorization": "Bearer nobody"}
        answer = client.get("/v1/merchant/payments", params={"limit": 201}, headers=headers)
    assert answer.json()["code"] in ("bad_request", "merchant_key_wrong")
