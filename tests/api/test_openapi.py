"""The API's description of itself says what an engineer must know before the first request."""

from __future__ import annotations

import pytest

OPEN = {"/v1/signups", "/v1/signups/{signup_id}/confirm", "/v1/banks", "/v1/mandate-plans",
        "/v1/operator/session"}  # fmt: skip
KEYED = {"/v1/transfers", "/v1/payments", "/v1/top-ups", "/v1/withdrawals", "/v1/refunds",
         "/v1/merchant/payments", "/v1/merchant/mandates/{mandate_id}/charges"}  # fmt: skip


@pytest.fixture(scope="module")
def description(stack):
    """The API's description of itself."""
    with stack.client() as client:
        return client.get("/schema/openapi.json").json()


@pytest.fixture(scope="module")
def operations(description):
    """(path, method, operation) of everything."""
    return [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def test_every_refusal_is_a_problem_document(description, operations):
    assert description["openapi"].startswith("3.1")
    for path, method, operation in operations:
        default = operation["responses"]["default"]["content"]
        shape = default["application/problem+json"]["schema"]
        assert shape == {"$ref": "#/components/schemas/Problem"}, (path, method)
        assert "400" not in operation["responses"], (path, method)
    problem = description["components"]["schemas"]["Problem"]
    assert {"type", "code", "sentence", "next_step", "retry"} <= set(problem["required"])


def test_who_may_call_is_said(description, operations):
    assert description["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert description["security"] == [{"bearer": []}]
    said = {path for path, _, operation in operations if operation.get("security") == [{}]}
    assert said == OPEN


def test_the_idempotency_key_is_a_required_header(operations):
    keyed = {
        path
        for path, _, operation in operations
        for parameter in operation.get("parameters", [])
        if (parameter["in"], parameter["name"], parameter["required"])
        == ("header", "Idempotency-Key", True)
    }
    assert keyed >= KEYED
