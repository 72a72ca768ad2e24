"""The API's questions: asked, and answered."""

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from spectree import Response

from analytics_pipelines.queries.team import load_team
from analytics_pipelines.web.bodies import object_in_body
from analytics_pipelines.web.errors import ApiError
from analytics_pipelines.web.identify import project, scope
from analytics_pipelines.web.models import ErrorBody, QueryAnswer, QueryRequest
from analytics_pipelines.web.services import Services
from analytics_pipelines.web.spec import spec

questions = Blueprint("questions", __name__, url_prefix="/api/projects/<int:project_id>/query")


def _services() -> Services:
    found: Services = current_app.extensions["analytics"]
    return found


@questions.post("/")
@scope("query:read")
@spec.validate(
    json=QueryRequest,
    resp=Response(HTTP_200=QueryAnswer, HTTP_400=ErrorBody, HTTP_401=ErrorBody, HTTP_404=ErrorBody),
    tags=["query"],
    skip_validation=True,
)
def ask(project_id: int) -> ResponseReturnValue:
    """Ask a question: SQL, or an insight."""
    body = object_in_body()
    if "query" not in body:
        raise ApiError(400, "required", "The body needs a `query`.", attr="query")
    return jsonify(_services().questions.ask(body["query"], load_team(project(), _services())))
