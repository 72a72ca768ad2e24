"""The OpenAPI description, served at /api/schema.json."""

from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from analytics_pipelines.version import installed_version
from analytics_pipelines.web.models import ErrorBody

spec = SpecTree(
    "flask",
    title="analytics-pipelines",
    version=installed_version(),
    openapi_version="3.1.0",
    path="spectree",  # routes below this path are left out of the description, and no policy lets anyone in
    page_templates={},  # the ready-made pages load scripts from elsewhere
    annotations=False,
    validation_error_status=400,
    validation_error_model=ErrorBody,
    mode="strict",
    security_schemes=[
        SecurityScheme(name="personal_api_key", data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer")),
    ],
    security={"personal_api_key": []},
)
