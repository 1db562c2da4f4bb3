"""What an engineer's fuzzer would send: the API's own description says which routes and bodies
there are; each is sent what it does not expect, and answers with a problem document, never a 500.
"""

from __future__ import annotations

import itertools
import json
import re
from contextlib import suppress

import httpx
import pytest

from qianbao.api.documents import PHOTO_BODY_BYTES
from qianbao.cast import OPERATORS, PIN, SHOPS
from tests.kit.person import Caller, Holder, cast

NOT_TEXT = ["\x00", "Anna\x00"]
ODD = [*NOT_TEXT, "", "A" * 5_000, "\u202e😀", "'; --", "{0.__class__}", "https://[",
       "9999-12-31", "0001-01-01", -1, 10**30, 1.5, True, None, [], {}]  # fmt: skip
RAW = {
    "nothing": b"",
    "half a document": b'{"phone"',
    "not UTF-8": b'{"phone": "\xff"}',
    "a lone surrogate": b'{"phone": "\\ud800"}',
    "nested too deeply": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a list of lists": b"[" * 5_000 + b"]" * 5_000,
    "another format": b"\x81\xa1a\x01",
}
LEFT_ALONE = {("delete", "/v1/session"), ("post", "/v1/closure")}

numbers = itertools.count()


@pytest.fixture(scope="module")
def described(seeded_stack):
    """The API's description of itself."""
    with seeded_stack.client() as client:
        return client.get("/schema/openapi.json").json()


@pytest.fixture(scope="module")
def may_answer(described):
    """Whether an operation says that it may give an error of this status and code; an address that
    leads nowhere is nobody's."""
    said = {}
    for path, methods in described["paths"].items():
        pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
        for method, operation in methods.items():
            codes = {
                (int(status), code)
                for status, answer in operation["responses"].items() if status != "default"
                for content in answer.get("content", {}).values()
                for code in content.get("examples", {})
            }  # fmt: skip
            said[method, pattern] = codes

    def find(method, path, status, code):
        if code in ("no_such_route", "method_unsupported"):
            return True
        path = path.partition("?")[0]
        fits = [codes for (way, pattern), codes in said.items()
                if way == method and pattern.fullmatch(path)]  # fmt: skip
        return any((status, code) in codes for codes in fits)

    return find


@pytest.fixture(scope="module")
def send(seeded_stack, may_answer):
    """Sends a request as whoever may, and holds the answer to the API's promise."""
    taro, operator = Holder(seeded_stack, cast("Taro")), Caller(seeded_stack.url)
    signed_in = {"name": OPERATORS[0], "password": seeded_stack.operator_password}
    tokens = {
        "holder": taro.sign_in()["token"],
        "merchant": SHOPS[0].api_key,
        "operator": operator.post("/operator/session", signed_in)["token"],
    }
    undescribed: set[tuple[str, str, int, str]] = set()
    with seeded_stack.client() as client:

        def sent(method, path, content=None):
            kind = path.split("/")[2].split("?")[0]
            headers = {
                "Authorization": f"Bearer {tokens.get(kind, tokens['holder'])}",
                "Idempotency-Key": f"odd-{next(numbers)}",
                "Content-Type": "application/json",
            }
            answer = client.request(method, path, content=content, headers=headers)
            assert answer.status_code < 500, (method, path, str(content)[:80], answer.text)
            if answer.is_error:
                kind = answer.headers["content-type"]
                assert kind.startswith("application/problem+json"), (method, path, answer.text)
                assert {"code", "sentence", "next_step", "retry"} <= answer.json().keys()
                code = answer.json()["code"]
                if not may_answer(method, path, answer.status_code, code):
                    undescribed.add((method, path.partition("?")[0], answer.status_code, code))
            return answer

        yield sent
    assert undescribed == set()


def operations(described):
    """(method, path, operation) of everything that may be tried freely."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            if isinstance(operation, dict) and (method, path) not in LEFT_ALONE:
                yield method, path, operation


def example(shape, name, shapes):
    """A value that fits a schema, as far as its shape goes."""
    while "$ref" in shape:
        shape = shapes[shape["$ref"].rsplit("/", 1)[1]]
    for choices in (shape.get("oneOf"), shape.get("anyOf")):
        if choices:
            return example(next(one for one in choices if one.get("type") != "null"), name, shapes)
    if "enum" in shape:
        return shape["enum"][0]
    kinds = shape.get("type", "string")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if kind == "object":
        members = shape.get("properties", {})
        return {key: example(value, key, shapes) for key, value in members.items()}
    if name == "pin":
        return PIN
    if "phone" in name:
        return cast("Anna").phone
    return {"integer": 1, "boolean": True, "array": []}.get(kind, "12345678")


def places(body, before=()):
    """The path to each member of a body."""
    for name, value in body.items():
        yield (*before, name)
        if isinstance(value, dict):
            yield from places(value, (*before, name))


def replaced(body, place, value):
    """The body with another value at `place`, as JSON."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return json.dumps(copy).encode()


def test_bodies_with_one_odd_member(described, send):
    """Each member of each body with one odd value after another, each value in some place."""
    values = itertools.cycle(ODD)
    sent = 0
    for method, path, operation in operations(described):
        if "requestBody" not in operation:
            continue
        shape = operation["requestBody"]["content"]["application/json"]["schema"]
        body = example(shape, "", described["components"]["schemas"])
        address = re.sub(r"{\w+}", "x", path)
        for place in places(body):
            for value in [*NOT_TEXT[:1], *itertools.islice(values, 5)]:
                answer = send(method, address, replaced(body, place, value))
                if value == NOT_TEXT[0]:
                    assert answer.status_code == 400, (path, place)
                sent += 1
    assert sent > 200


@pytest.mark.parametrize("name", RAW)
def test_bodies_that_are_no_documents(described, send, name):
    for method, path, operation in operations(described):
        if "requestBody" in operation:
            answer = send(method, re.sub(r"{\w+}", "x", path), RAW[name])
            assert answer.status_code == 400, path


def test_bodies_that_are_too_large(described, send):
    """Refused before they are read, which may cut the line while the rest is still being sent."""
    statuses = []
    for method, path, operation in operations(described):
        if "requestBody" in operation:
            with suppress(httpx.TransportError):
                size = PHOTO_BODY_BYTES + 1 if path.endswith("/photo") else 2_100_000
                answer = send(method, re.sub(r"{\w+}", "x", path), b" " * size)
                statuses.append(answer.status_code)
    assert set(statuses) == {413}


@pytest.mark.parametrize("word", ["%00", "a%00b", "%ff", "%ed%a0%80", "x" * 3000, "2026%0a.csv"])
def test_addresses(described, send, word):
    for method, path, _ in operations(described):
        if "{" in path:
            send(method, re.sub(r"{\w+}", word, path), None if method == "get" else b"{}")


def test_queries_keep_their_bounds(described, send):
    """A page of a list is never longer than is said, nor any other bound a suggestion."""
    tried = 0
    for method, path, operation in operations(described):
        for parameter in operation.get("parameters", []):
            if parameter["in"] != "query":
                continue
            address = f"{re.sub(r'{[^}]+}', 'x', path)}?{parameter['name']}="
            for word in ("%00", "%ff", "x" * 5000, "-1", "9" * 30, "0001-01-01T00:00:00", "~"):
                send(method, address + word)
            if parameter["name"] in ("limit", "amount_minor"):
                for word in ("0", "-1", "9" * 14):
                    assert send(method, address + word).status_code == 400, (path, word)
                tried += 1
    assert tried >= 6


def test_what_is_nowhere_is_told_like_the_rest(send):
    for path in ("/v1/nowhere", "/v1/", "/v1/cards/x/y/z"):
        assert send("get", path).json()["code"] == "no_such_route"
