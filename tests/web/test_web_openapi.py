"""The description of the API."""

from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

pytestmark = pytest.mark.engines


@pytest.fixture
def description(site: Any) -> dict[str, Any]:
    answer = site.app.test_client().get("/api/schema.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.json
    return found


def test_the_description_is_valid(description: dict[str, Any]) -> None:
    assert description["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(description).iter_errors()] == []


def test_every_operation_has_a_summary_and_an_id_of_its_own(description: dict[str, Any]) -> None:
    operations = [operation for methods in description["paths"].values() for operation in methods.values()]
    assert all(operation["summary"] for operation in operations)
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))


def test_errors_are_described_as_they_come(description: dict[str, Any]) -> None:
    shapes = {
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for methods in description["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
        if status >= "400"
        for content in response.get("content", {}).values()
    }
    assert len(shapes) == 1
    (shape,) = shapes
    properties = description["components"]["schemas"][shape]["properties"]
    assert set(properties) == {"type", "code", "detail", "attr"}


def test_every_guarded_operation_describes_its_refusals(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            if operation.get("security") != []:
                assert "401" in operation["responses"], (method, path)
