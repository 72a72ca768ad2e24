"""The base of every question: a field that we don't know is ignored when it can't change a number, and refused
otherwise, since an answer to another question than was asked would look right."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from analytics_pipelines.sql.errors import QueryError


class Model(BaseModel):
    """`harmless` names the fields that change nothing but the looks of an answer."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)
    harmless: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _refuse_what_would_be_ignored(self) -> Model:
        for name, value in (self.model_extra or {}).items():
            if name not in self.harmless and value not in (None, False, "", [], {}):
                raise QueryError(f"“{name}” is not supported yet")
        return self


ON_EVERY_QUERY = frozenset({"version", "tags", "response", "dataColorTheme", "modifiers"})
"""What clients send with any question, and what changes no number."""


class DateRangeModel(Model):
    """Strings as `dates.date_range` reads them; both may be absent."""

    date_from: str | None = None
    date_to: str | None = None
    explicit: bool | None = Field(default=None, alias="explicitDate")
