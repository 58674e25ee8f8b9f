"""The REST service's routes as a table, and the OpenAPI document that is made of it and of the facts' models."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from opstap.factory.facts import CellState, Jobs, Order, Orders, OrderState, Told
from opstap.factory.settings import May

ORDER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
MOST = 500
"""Most finished cases in one answer."""
NAME = {"name": "order", "in": "path", "required": True, "schema": {"type": "string", "pattern": ORDER}}
PROGRESS = {
    "name": "progress",
    "in": "query",
    "description": "only orders of this progress",
    "schema": {"type": "string", "enum": ["open", "done", "cancelled"]},
}
AFTER = {
    "name": "after",
    "in": "query",
    "description": "only cases after this number",
    "schema": {"type": "integer", "minimum": 0, "maximum": 2**53, "default": 0},
}
LIMIT = {
    "name": "limit",
    "in": "query",
    "description": "how many at most",
    "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": 100},
}
ALWAYS = {
    400: ("not what the document says", Told),
    401: ("no token, or one that is not known", Told),
    403: ("the token may not do this", Told),
    429: ("too many requests: see Retry-After", Told),
    503: ("the ledger cannot be used now", Told),
}
"""Answers that every route can give."""


@dataclass(frozen=True)
class Route:
    """One thing that can be asked; `name` is the service's method that answers."""

    name: str
    method: str
    path: str
    summary: str
    may: May
    answers: dict[int, tuple[str, type[BaseModel]]]
    body: type[BaseModel] | None = None
    parameters: tuple[dict[str, Any], ...] = field(default=())


ROUTES = (
    Route("state", "get", "/v1/state", "What the cell is doing now", "read", {200: ("the state", CellState)}),
    Route(
        "place", "post", "/v1/orders", "Place an order; the same one again changes nothing", "orders",
        {
            200: ("it was there already", OrderState),
            201: ("it is placed", OrderState),
            409: ("refused: another task than the cell's, another order of this number, or too many", Told),
            413: ("a body longer than an order can be", Told),
        },
        body=Order,
    ),
    Route("orders", "get", "/v1/orders", "All orders, oldest first", "read", {200: ("orders", Orders)},
          parameters=(PROGRESS,)),
    Route("order", "get", "/v1/orders/{order}", "One order, and how far it is", "read",
          {200: ("the order", OrderState), 404: ("no order of that number", Told)}, parameters=(NAME,)),
    Route(
        "cancel", "delete", "/v1/orders/{order}", "Take an open order back", "orders",
        {
            200: ("it is cancelled", OrderState),
            404: ("no order of that number", Told),
            409: ("it is done", Told),
        },
        parameters=(NAME,),
    ),
    Route("jobs", "get", "/v1/jobs", "Finished cases, oldest first", "read", {200: ("cases", Jobs)},
          parameters=(AFTER, LIMIT)),
)  # fmt: skip


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    schemas: dict[str, Any] = {}

    def referred(model: type[BaseModel]) -> dict[str, Any]:
        made = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(made.pop("$defs", {}))
        schemas[model.__name__] = made
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}

    paths: dict[str, Any] = {}
    for route in ROUTES:
        operation: dict[str, Any] = {"operationId": route.name, "summary": route.summary}
        if route.parameters:
            operation["parameters"] = list(route.parameters)
        if route.body:
            operation["requestBody"] = {"required": True, "content": referred(route.body)}
        operation["responses"] = {
            str(code): {"description": words, "content": referred(model)}
            for code, (words, model) in sorted((ALWAYS | route.answers).items())
        }
        paths.setdefault(route.path, {})[route.method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Opstap cell",
            "version": version("opstap"),
            "description": "Orders in, finished cases out. Nothing here is about a person: docs/factory.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def fits(value: str, schema: dict[str, Any]) -> int | str | None:
    """A parameter's text as its schema says; None when it does not fit."""
    if schema["type"] == "integer":
        whole = re.fullmatch(r"-?\d{1,16}", value, re.ASCII)
        return int(value) if whole and schema["minimum"] <= int(value) <= schema["maximum"] else None
    if "enum" in schema:
        return value if value in schema["enum"] else None
    return value if re.fullmatch(schema["pattern"].removeprefix("^").removesuffix("$"), value) else None
