"""The API's description of itself says what an engineer must know before the first request."""

from __future__ import annotations

import re

import msgspec
import pytest

from qianbao.api import openapi
from qianbao.notices.events import EVENTS

OPEN = {"/v1/signups", "/v1/signups/{signup_id}/confirm", "/v1/pin-resets",
        "/v1/pin-resets/{signup_id}/confirm", "/v1/signups/{signup_id}/closed-wallets",
        "/v1/banks", "/v1/mandate-plans",
        "/v1/operator/session"}  # fmt: skip
KEYED = {"/v1/transfers", "/v1/payments", "/v1/top-ups", "/v1/withdrawals",
         "/v1/merchant/refunds", "/v1/merchant/payments", "/v1/merchant/webhook/secret",
         "/v1/merchant/mandates/{mandate_id}/charges"}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")
INTERNAL = re.compile(r"domain\.md|docs/errors\.md|problems\.py|Raises `|\bconn\b")


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
        if method in METHODS
    ]


def refusals(operation):
    """(status, codes) of each refusal that an operation describes."""
    for status, answer in operation["responses"].items():
        content = answer.get("content", {}).get("application/problem+json")
        if content is not None and status != "default":
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            yield int(status), list(content["examples"])


def test_every_operation_says_what_it_does(description, operations):
    """A summary of a few words, a description, a group that is described, and an id of its own."""
    groups = {tag["name"]: tag["description"] for tag in description["tags"]}
    wrong = []
    for path, method, operation in operations:
        summary, told = operation.get("summary", ""), operation.get("description", "")
        if not (3 < len(summary) <= 60 and summary[0].isupper() and not summary.endswith(".")):
            wrong.append(f"{method} {path}: summary {summary!r}")
        if not told.endswith(".") or told == summary:
            wrong.append(f"{method} {path}: description {told!r}")
        if not all(groups.get(tag) for tag in operation["tags"]):
            wrong.append(f"{method} {path}: {operation['tags']}")
    ids = [operation["operationId"] for _, _, operation in operations]
    assert wrong == []
    assert len(set(ids)) == len(ids) > 70


def test_every_parameter_and_field_says_what_it_means(description, operations):
    """Amounts say their unit."""
    silent = [
        f"{method} {path}: {parameter['name']}"
        for path, method, operation in operations
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    shapes = description["components"]["schemas"]
    for name, shape in shapes.items():
        silent += [name] if not shape.get("description") else []
        for member, inner in shape.get("properties", {}).items():
            told = inner.get("description") or ""
            unit = "minor units" in told or not member.endswith("_minor")
            silent += [f"{name}.{member}: {told!r}"] if not told or not unit else []
    assert silent == []


def test_no_meaning_is_left_over(description, operations):
    """Every entry of `fields.yaml` describes something that is there."""
    shapes = description["components"]["schemas"]
    members = {(name, member) for name, shape in shapes.items()
               for member in shape.get("properties", {})}  # fmt: skip
    used = {f"{name}.{member}" for name, member in members} | {member for _, member in members}
    used |= {parameter["name"] for _, _, operation in operations
             for parameter in operation.get("parameters", [])}  # fmt: skip
    assert set(openapi.fields()) - used == set()


def test_every_refusal_is_a_problem_document_with_its_codes(description, operations):
    assert description["openapi"].startswith("3.1")
    examples = description["components"]["examples"]
    for path, method, operation in operations:
        default = operation["responses"]["default"]["content"]
        shape = default["application/problem+json"]["schema"]
        assert shape == {"$ref": "#/components/schemas/Problem"}, (path, method)
        told = dict(refusals(operation))
        assert "bad_request" in told[400], (path, method)
        assert {"database_away"} <= set(told[503]), (path, method)
        if operation.get("security") != [{}]:
            assert "token_missing" in told[401], (path, method)
        if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", [])):
            assert "idempotency_key_missing" in told[400], (path, method)
        if "requestBody" in operation:
            assert "body_too_large" in told[413], (path, method)
        for status, codes in told.items():
            for code in codes:
                assert examples[code]["value"]["status"] == status, code
            if status in (429, 503):
                assert "Retry-After" in operation["responses"][str(status)]["headers"]
    problem = description["components"]["schemas"]["Problem"]
    assert {"type", "code", "sentence", "next_step", "retry"} <= set(problem["required"])


def test_every_success_has_a_shape(operations):
    """No answer is left to be found out."""
    for path, method, operation in operations:
        ((status, answer),) = [
            (status, answer)
            for status, answer in operation["responses"].items()
            if status.startswith("2")
        ]
        assert answer["description"], (path, method)
        if status != "204":
            for content in answer["content"].values():
                assert content["schema"] not in ({}, {"type": "object"}), (path, method)


def test_a_statement_is_described_as_the_files_it_comes_in(description):
    answer = description["paths"]["/v1/statements/{file}"]["get"]["responses"]["200"]
    assert set(answer["content"]) == {"text/csv", "application/pdf", "application/xml"}


def test_every_event_is_described(description):
    """What is posted, with its headers and an example that fits."""
    assert set(description["webhooks"]) == set(EVENTS)
    for name, item in description["webhooks"].items():
        posted = item["post"]
        assert posted["description"] == EVENTS[name].en
        headers = {one["name"] for one in posted["parameters"] if one["in"] == "header"}
        assert headers == {"webhook-id", "webhook-timestamp", "webhook-signature"}
        content = posted["requestBody"]["content"]["application/json"]
        assert content["schema"]["properties"]["type"]["const"] == name
        reference = content["schema"]["properties"]["data"]["$ref"].rpartition("/")[2]
        shape = description["components"]["schemas"][reference]
        example = content["examples"][name]["value"]
        assert example["type"] == name
        null = {field.name for field in msgspec.structs.fields(type(EVENTS[name].example))
                if getattr(EVENTS[name].example, field.name) is None}  # fmt: skip
        assert set(example["data"]) | null == set(shape["properties"])  # Litestar drops null


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


def test_a_refund_is_the_merchants_and_is_there_once(description):
    assert [path for path in description["paths"] if "refund" in path] == ["/v1/merchant/refunds"]


def test_nothing_leads_nowhere_and_nothing_is_said_to_ourselves_only(description):
    text = msgspec.json.encode(description).decode()
    for reference in set(re.findall(r'"\$ref":"#/components/(\w+)/([^"]+)"', text)):
        assert reference[1] in description["components"][reference[0]], reference
    assert INTERNAL.findall(text) == []
