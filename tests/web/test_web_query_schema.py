"""Whatever the description of the API allows, and some that it does not: nothing that is asked breaks the server."""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

pytestmark = pytest.mark.engines

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "25"))


@pytest.mark.parametrize(("path", "method"), [("", "POST"), ("{query_id}/", "GET"), ("{query_id}/", "DELETE")], ids=str)
def test_no_question_breaks_the_server(site: Any, path: str, method: str) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/schema.json", site.app)
    operation = schema["/api/projects/{project_id}/query/" + path][method]

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        case.path_parameters["project_id"] = site.ours.id
        answer = case.call(headers={"Authorization": f"Bearer {site.key}"})
        case.validate_response(answer, checks=[not_a_server_error])
        assert answer.status_code != 401
        if answer.status_code >= 400:
            assert set(answer.json()) >= {"type", "code", "detail", "attr"}

    ask()
