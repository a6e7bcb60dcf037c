import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.api.openapi import as_text, describe
from agent.api.routes import ROUTES

STORED = Path(__file__).parents[3] / "docs" / "openapi.json"


def references(node: Any) -> Iterator[str]:
    """Every $ref in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_the_stored_description_is_current() -> None:
    stored = STORED.read_text(encoding="utf-8")

    assert stored == as_text(), "run: python -m agent.api.openapi > docs/openapi.json"


def test_every_route_is_described_and_nothing_else() -> None:
    described = {(path, method) for path, methods in describe()["paths"].items() for method in methods}

    assert described == {(route.path, route.method.lower()) for route in ROUTES}


def test_every_reference_leads_to_a_schema() -> None:
    document = describe()

    names = {reference.removeprefix("#/components/schemas/") for reference in references(document)}

    assert names == set(document["components"]["schemas"])


def test_operation_ids_are_unique_and_path_parameters_declared() -> None:
    operations = [(path, each) for path, methods in describe()["paths"].items() for each in methods.values()]

    assert len({each["operationId"] for _, each in operations}) == len(operations)
    for path, each in operations:
        declared = {parameter["name"] for parameter in each.get("parameters", []) if parameter["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
