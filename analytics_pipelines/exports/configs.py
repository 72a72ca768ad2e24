"""What may be said of a destination, checked; and split into what may be shown and what may not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from analytics_pipelines.exports.model import (
    COMPRESSIONS,
    SECRETS,
    Compression,
    Destination,
    DestinationType,
    FileFormat,
)
from analytics_pipelines.exports.prefix import checked_prefix
from analytics_pipelines.exports.rows import WrongExport

# Databases fold or refuse other names, and statements have them between quotes of two dialects.
_Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,47}$")]
_Text = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f]+$")]
_Secret = Annotated[SecretStr, Field(min_length=1, max_length=1000)]
_Port = Annotated[int, Field(ge=1, le=65535)]
_HOST = re.compile(r"[A-Za-z0-9_.:-]{1,253}")


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("a host's name or address, without a scheme or port")
    return value


def _endpoint(value: str) -> str:
    parts = urlsplit(value)
    try:
        port = parts.port
    except ValueError:
        port = 0
    plain = parts.scheme in ("http", "https") and parts.hostname and _HOST.fullmatch(parts.hostname) and port != 0
    if not plain or "@" in value or "\\" in value or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("an address like https://minio.example.com:9000, without a path or a login")
    return f"{parts.scheme}://{parts.netloc}"


_Host = Annotated[str, AfterValidator(_host)]


class _Config(BaseModel):
    model_config = ConfigDict(extra="forbid")

    include_events: list[_Text] = Field(
        default_factory=list, max_length=1000, description="Of `events`: these names only; none: all."
    )
    exclude_events: list[_Text] = Field(default_factory=list, max_length=1000, description="Of `events`: not these.")


class _FileConfig(_Config):
    prefix: Annotated[str, AfterValidator(checked_prefix)] = Field(
        default="",
        description="Folders, with {year}, {month}, {day}, {hour}, {data_interval_start}, {data_interval_end}, "
        "{table} and {team_id}. Default: Hive's layout, `…/{table}/date={year}-{month}-{day}/hour={hour}`.",
    )
    file_format: FileFormat = FileFormat.PARQUET
    compression: Compression | None = Field(
        default=None, description="`zstd` (Parquet, JSONLines) or `gzip` (JSONLines); `zstd` when left out."
    )
    max_file_size_mb: int | None = Field(
        default=None, ge=1, le=100_000, description="Largest file, in millions of bytes; more rows make more files."
    )

    @model_validator(mode="after")
    def _fits(self) -> _FileConfig:
        self.compression = self.compression or "zstd"
        if self.compression not in COMPRESSIONS[self.file_format]:
            raise ValueError(f"{self.file_format.value} is packed with {' or '.join(COMPRESSIONS[self.file_format])}")
        return self


class S3Config(_FileConfig):
    """A bucket of S3, or of a store that speaks it (`endpoint_url`)."""

    bucket_name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    region: str = Field(default="us-east-1", pattern=r"^[a-z0-9-]{1,40}$")
    endpoint_url: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        default=None, description="Of another store than Amazon's: `https://minio.example.com`."
    )
    aws_access_key_id: _Secret
    aws_secret_access_key: _Secret


class FolderConfig(_FileConfig):
    """The project's own folder below ANALYTICS_EXPORTS_FOLDER."""


class PostgresConfig(_Config):
    """A table, made if it is not there."""

    host: _Host
    port: _Port = 5432
    database: _Text
    user: _Text
    password: _Secret
    schema_: _Identifier = Field(default="public", alias="schema")
    table_name: _Identifier
    require_ssl: bool = False

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ClickHouseConfig(_Config):
    """A table, made if it is not there. Rows go by the native port, statements by HTTP."""

    host: _Host
    port: _Port = Field(default=8443, description="Of HTTP, or HTTPS when `secure`.")
    native_port: _Port = 9440
    secure: bool = True
    database: _Identifier
    user: _Text
    password: _Secret
    table_name: _Identifier


_MODELS: dict[DestinationType, type[_Config]] = {
    "S3": S3Config,
    "Folder": FolderConfig,
    "Postgres": PostgresConfig,
    "ClickHouse": ClickHouseConfig,
}
# Whoever changes where a secret is sent must know it.
_WHERE = ("endpoint_url", "bucket_name", "region", "host", "port", "native_port", "secure", "user")


def destination_of(kind: DestinationType, config: Mapping[str, Any], before: Destination | None = None) -> Destination:
    """A destination as it is stored. What is left out stays as it was `before`, secrets too, unless they would be sent
    elsewhere from now on. Raises WrongExport."""
    given = dict(config)
    if before is not None and before.type == kind:
        merged = {**before.config, **given}
        moved = any(merged.get(name) != before.config.get(name) for name in _WHERE)
        given = {**({} if moved else before.secrets), **merged}
        missing = [name for name in SECRETS[kind] if name not in given]
        if moved and missing:
            raise WrongExport(
                f"destination.config.{missing[0]}", "To send rows elsewhere, give the secrets of that place, too."
            )
    try:
        model = _MODELS[kind].model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(["destination.config", *map(str, first["loc"])])
        raise WrongExport(where, first["msg"].removeprefix("Value error, ")) from None
    plain = model.model_dump(mode="json", by_alias=True)
    secrets = {name: getattr(model, name).get_secret_value() for name in SECRETS[kind]}
    return Destination(kind, {name: value for name, value in plain.items() if name not in secrets}, secrets)
