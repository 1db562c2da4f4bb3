"""The webhooks in the API's description, made from the list of events that there are."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Parameter,
    PathItem,
    Reference,
    RequestBody,
    Schema,
    Tag,
)

from qianbao.notices.events import EVENTS, Event
from qianbao.notices.webhooks import MOST_SECONDS, RETRIES

TAG = Tag(
    name="Webhooks",
    description="What is posted to the address that a merchant has set, as soon as it has happened "
    f"and perhaps more than once. Answer with any 2xx within {MOST_SECONDS} seconds; otherwise it "
    f"is sent again, up to {RETRIES} times over three days. The signature is that of Standard "
    "Webhooks.",
)
_HEADERS = {
    "webhook-id": "The event's id, the same at every attempt: keep it, and do nothing twice.",
    "webhook-timestamp": "When this attempt was made, in seconds since 1970. Refuse what is more "
    "than five minutes away from your clock.",
    "webhook-signature": "One or more signatures separated by spaces, each `v1,` and the base64 of "
    "HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`; the key is what follows `whsec_` "
    "in the secret, decoded from base64. One of them must fit: while a secret is changed there is "
    "one for each.",
}


def webhooks() -> dict[str, PathItem | Reference]:
    """Every event, as what is posted."""
    return {name: PathItem(post=_posted(name, event)) for name, event in EVENTS.items()}


def shapes() -> dict[str, Any]:
    """The structs of what events say."""
    _, found = msgspec.json.schema_components(
        {type(event.example) for event in EVENTS.values()},
        ref_template="#/components/schemas/{name}",
    )
    return dict(found)


def _posted(name: str, event: Event) -> Operation:
    said = type(event.example)
    envelope = Schema(
        type=OpenAPIType.OBJECT,
        required=["type", "timestamp", "data"],
        properties={
            "type": Schema(const=name, description="Which event this is."),
            "timestamp": Schema(
                type=OpenAPIType.STRING,
                format=OpenAPIFormat.DATE_TIME,
                description="When it happened; the same at every attempt.",
            ),
            "data": Reference(
                ref=f"#/components/schemas/{said.__name__}", description="What happened."
            ),
        },
    )
    example = {
        "type": name,
        "timestamp": "2027-01-15T04:30:00+00:00",
        "data": msgspec.to_builtins(event.example),
    }
    content = OpenAPIMediaType(schema=envelope, examples={name: Example(value=example)})
    return Operation(
        operation_id=f"event_{name.replace('.', '_')}",
        tags=[TAG.name],
        summary=name,
        description=event.en,
        security=[{}],
        parameters=[_header(header, told) for header, told in _HEADERS.items()],
        request_body=RequestBody(content={"application/json": content}, required=True),
        responses={
            "2XX": OpenAPIResponse(description="You have it; it is not sent again."),
            "default": OpenAPIResponse(description="It is sent again; redirects are not followed."),
        },
    )


def _header(name: str, told: str) -> Parameter:
    return Parameter(
        name=name,
        param_in="header",
        required=True,
        schema=Schema(type=OpenAPIType.STRING),
        description=told,
    )
