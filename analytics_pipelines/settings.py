"""Every setting, in one class. The table in docs/settings.md is generated from it (`make docs`)."""

import json
import os
from datetime import date
from functools import lru_cache
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from analytics_pipelines.problems import Problem

CONFIG_FILE = "analytics.toml"


def _named(name: str, *others: str) -> AliasChoices:
    """The names a setting answers to: ours first, then those that hosting platforms already set."""
    return AliasChoices(f"ANALYTICS_{name.upper()}", *others, name)


class Settings(BaseSettings):
    """Read in this order: command-line flag, environment, `analytics.toml`, what runs, default."""

    model_config = SettingsConfigDict(
        env_prefix="ANALYTICS_",
        env_ignore_empty=True,
        toml_file=CONFIG_FILE,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a URL has a password in it
        populate_by_name=True,
    )

    data_dir: Path = Field(
        default=Path(".analytics"),
        description="Folder of everything that `analytics start` keeps: engines, bucket, logs, secrets.",
    )
    arrival_start: date = Field(
        default=date(2026, 11, 1),
        description="First day of arrival that has partitions. `analytics start` remembers the day "
        "of its first start; set it to that day on servers.",
    )
    event_start: date = Field(
        default=date(2015, 1, 1),
        description="First day of event time that has a partition of its own; it stands for all days before it, too.",
    )

    object_store_url: str | None = Field(
        default=None,
        description="The bucket: `file:///folder` or `s3://bucket/prefix`. "
        "Default: a folder in the data folder. Credentials come from `AWS_*`.",
    )
    clickhouse_url: SecretStr | None = Field(
        default=None,
        validation_alias=_named("clickhouse_url", "CLICKHOUSE_URL"),
        description="`http://user:password@host:8123/database`. Default: the embedded engine.",
    )
    clickhouse_reader_url: SecretStr | None = Field(
        default=None,
        description="The same server for people's questions, with a user that may only read. "
        "Default: the embedded engine's reader; on your own server, the user of "
        "`ANALYTICS_CLICKHOUSE_URL` under `readonly`.",
    )
    clickhouse_cluster: str | None = Field(
        default=None,
        description="Name of a ClickHouse cluster: tables are then made `Replicated…` with "
        "`Distributed` ones over them, `ON CLUSTER`.",
    )
    postgres_url: SecretStr | None = Field(
        default=None,
        validation_alias=_named("postgres_url", "DATABASE_URL"),
        description="`postgresql://user:password@host:5432/database`. Default: the embedded engine.",
    )

    dagster_postgres_url: SecretStr | None = Field(
        default=None,
        description="Dagster's own database. Default: the database `dagster` on the same server, made when it can be.",
    )

    host: str = Field(
        default="127.0.0.1",
        description="Address on which capture and web listen. The embedded engines never leave loopback.",
    )
    dagster_host: str = Field(
        default="127.0.0.1",
        description="Address on which Dagster's pages listen. They ask nobody who he is: whoever reaches them can "
        "run code, so let only a proxy with a login reach another address than loopback.",
    )
    capture_port: int = Field(default=8000, ge=0, le=65535, description="Port of capture; 0 takes a free one.")
    web_port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        description="Port of the dashboards and the API; 0 takes a free one.",
    )
    dagster_port: int = Field(default=3000, ge=0, le=65535, description="Port of Dagster's pages; 0 takes a free one.")
    clickhouse_port: int = Field(
        default=8123,
        ge=0,
        le=65535,
        description="Port of the embedded ClickHouse; 0 takes a free one.",
    )
    capture_url: str | None = Field(
        default=None,
        description="Address of capture as SDKs see it, when a proxy stands before it.",
    )
    web_url: str | None = Field(
        default=None,
        description="Address of the dashboards as browsers see it, when a proxy stands before them.",
    )
    dagster_url: str | None = Field(
        default=None,
        description="Address of Dagster's pages as your team sees it; linked from the dashboards.",
    )

    capture_workers: int = Field(default=2, ge=1, description="Capture's processes.")
    capture_max_body_bytes: int = Field(
        default=20 * 1024 * 1024,
        ge=1024,
        description="Largest request body that capture takes; larger ones get 413.",
    )
    capture_max_decompressed_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1024,
        description="Largest body after decompression; larger ones get 413.",
    )
    capture_max_events: int = Field(
        default=100_000, ge=1, description="Most events in one request; one with more gets 413."
    )
    capture_max_event_bytes: int = Field(
        default=8 * 1024 * 1024,
        ge=1024,
        description="Largest single event. A larger one becomes a dead letter (`event_too_large`) with the beginning "
        "of its text; the events beside it are taken.",
    )
    capture_max_levels: int = Field(
        default=200,
        ge=8,
        le=400,
        description="How deep the JSON of an event may be nested; a deeper one becomes a dead letter "
        "(`nested_too_deep`).",
    )
    capture_max_keys: int = Field(
        default=10_000,
        ge=10,
        description="Most keys in one event, at all levels; one with more becomes a dead letter (`too_many_keys`).",
    )
    capture_max_distinct_id_bytes: int = Field(
        default=200,
        ge=1,
        description="Longest distinct id of the v1 protocol, which answers `distinct_id_too_large` to a longer one. "
        "The v0 protocol takes it, and ingestion cuts it at 200 characters.",
    )
    capture_max_inflight_bytes: int = Field(
        default=128 * 1024 * 1024,
        ge=1024 * 1024,
        description="Bytes of request bodies that one capture process holds at once; when they are more, senders get "
        "503 with `Retry-After`.",
    )
    capture_max_waiting_bytes: int = Field(
        default=128 * 1024 * 1024,
        ge=1024 * 1024,
        description="Bytes of accepted lines that wait in one capture process for a slow bucket; beyond it senders "
        "get 503. One project may hold as much of it as is still free.",
    )
    capture_body_seconds: float = Field(
        default=30,
        gt=0,
        description="How long a request's body may take to arrive; a slower one gets 408.",
    )
    capture_commit_seconds: float = Field(
        default=10,
        gt=0,
        description="How long a put into the bucket is tried; then its senders get 503.",
    )
    token_cache_seconds: int = Field(
        default=30,
        ge=1,
        description="How often capture reads the projects and their rules anew: a change reaches it within this time.",
    )
    token_cache_max_age_seconds: int = Field(
        default=3600,
        ge=0,
        description="How long capture goes on with the projects that it knows while Postgres is away; then 503.",
    )

    ingest_linger_seconds: int = Field(
        default=330,
        ge=0,
        description="How long an ingestion run goes on draining new objects before it ends by itself.",
    )
    ingest_poll_seconds: float = Field(default=1.0, gt=0, description="Pause between two looks for new objects.")
    ingest_batch_objects: int = Field(default=2000, ge=1, description="Most objects in one load.")
    ingest_batch_bytes: int = Field(
        default=32 * 1024 * 1024,
        ge=1,
        description="Most compressed bytes in one load (a single larger object still loads alone).",
    )

    outbound_allowed: str = Field(
        default="",
        description="What webhooks, alarms and exports may reach beside public hosts on ports 80 and 443: hosts, "
        "`host:port` or networks such as `10.1.0.0/16`, separated by commas.",
    )

    alert_url: SecretStr | None = Field(
        default=None,
        description="A webhook that is told when a run fails or data is stale: Slack's, Discord's, Teams', or any that "
        "takes JSON.",
    )
    alert_mail: str = Field(default="", description="Who gets the same by mail, separated by commas; needs `smtp_url`.")
    alert_from: str = Field(default="", description="Sender of these mails. Default: the first who gets them.")
    smtp_url: SecretStr | None = Field(
        default=None, description="The mail server: `smtp://user:password@host:587`, or `smtps://`."
    )

    geoip_database: Path | None = Field(
        default=None,
        description="A file of MaxMind's format (`GeoLite2-City.mmdb` or its kin), by which events get the country, "
        "region, city and time zone of their address where the sender gave none. A newer file is used as soon as it is "
        "there, for what arrives; `analytics replay` gives its places to older events. Default: none is looked up.",
    )

    compaction_after_hours: int = Field(
        default=48,
        ge=25,
        description="An hour of arrival that closed so long ago has its many small objects made few large ones. "
        "Objects of hosts whose clocks are up to a day behind are waited for.",
    )
    compaction_line_bytes: int = Field(
        default=128 * 1024 * 1024,
        ge=1024,
        le=256 * 1024 * 1024,
        description="How many bytes of lines, before they are compressed, such a large object holds at most.",
    )
    raw_retention_days: int | None = Field(
        default=None,
        ge=1,
        description="How many days raw objects are kept that are loaded. What is gone can't be loaded again: a replay "
        "leaves the rows of those days as they are, and ClickHouse must be in your backups. Default: for ever.",
    )
    backup_passphrase: SecretStr | None = Field(
        default=None,
        description="Seals the installation's secrets in a backup, and opens them in a restore. Default: they stand in "
        "the backup in the open.",
    )
    run_history_days: int = Field(
        default=30,
        ge=1,
        description="How many days Dagster keeps its runs. Runs that last materialized a partition stay longer, so "
        "that none looks as if it were missing.",
    )

    session_bounce_seconds: float = Field(
        default=10,
        ge=0,
        description="A visit of one page, without a click, that lasts less has bounced. Changing it has every day of "
        "`sessions` and `web_stats_daily` built again.",
    )

    query_max_seconds: int = Field(default=60, ge=1, description="Longest time that one question may take.")
    query_max_memory_bytes: int = Field(
        default=2 * 1024**3, ge=1024**2, description="Most memory that one question may take."
    )
    query_max_rows: int = Field(default=50_000, ge=1, description="Most rows in one answer.")
    query_behind_seconds: int = Field(
        default=0,
        ge=0,
        description="How long a kept answer is given although newer events are loaded since, to those who do not say "
        "how fresh it must be (`refresh: blocking`). Its age bounds it in any case: 6 hours for intervals of a day.",
    )
    query_api_slots: int = Field(
        default=3, ge=1, description="How many questions of one project run at once for API keys; others wait."
    )
    query_app_slots: int = Field(
        default=10, ge=1, description="How many questions of one project run at once for people; others wait."
    )
    query_wait_seconds: float = Field(
        default=30, ge=0, description="How long a question waits for others of its project; then it gets 429."
    )
    cache_url: SecretStr | None = Field(
        default=None,
        description="A Redis in which answers are kept: `redis://host:6379/0`. Default: they are kept in Postgres.",
    )

    exports_folder: Path | None = Field(
        default=None,
        description="Folder below which exports of the type `Folder` write, each project into its own; the ClickHouse "
        "that writes there must run on the same machine. Default: `exports` in the bucket's folder, or in the data "
        "folder when the bucket is none.",
    )

    clickhouse_max_memory_bytes: int = Field(
        default=4 * 1024**3, ge=512 * 1024**2, description="Memory cap of the embedded ClickHouse."
    )

    log_level: str = Field(
        default="info",
        pattern="^(debug|info|warning|error)$",
        description="`debug`, `info`, `warning` or `error`.",
    )
    log_format: str = Field(
        default="auto",
        pattern="^(auto|text|json)$",
        description="`text`, `json`, or `auto`: text on a terminal, JSON elsewhere.",
    )

    @field_validator("alert_url", "smtp_url")
    @classmethod
    def _is_told_by(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = ("smtp", "smtps") if info.field_name == "smtp_url" else ("https", "http")
        if value is not None and not _has_form(value.get_secret_value(), schemes):
            raise ValueError(f"it must look like {schemes[0]}://host/…")
        return value

    @field_validator("outbound_allowed")
    @classmethod
    def _allows_something(cls, value: str) -> str:
        if value:
            from analytics_pipelines.outbound.addresses import Allowed  # capture reaches nobody, and starts in a moment

            Allowed.parse(value)
        return value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("cache_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _has_form(value.get_secret_value(), ("redis", "rediss")):
            raise ValueError("it must look like redis://user:password@host:6379/0")
        return value

    @field_validator("postgres_url", "dagster_postgres_url", "clickhouse_url", "clickhouse_reader_url")
    @classmethod
    def _is_url(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        schemes = ("postgresql", "postgres") if "postgres" in str(info.field_name) else ("http", "https")
        if value is not None and not _has_form(value.get_secret_value(), schemes):
            raise ValueError(f"it must look like {schemes[0]}://user:password@host:port/database")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls),
            WhatRunsSource(settings_cls),
        )

    @property
    def browser_url(self) -> str:
        """Address of the dashboards, for people."""
        return self.web_url or f"http://{self._shown_host}:{self.web_port}"

    @property
    def sdk_url(self) -> str:
        """Address of capture, for SDKs."""
        return self.capture_url or f"http://{self._shown_host}:{self.capture_port}"

    @property
    def _shown_host(self) -> str:
        return "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::", "::1", ""} else self.host  # noqa: S104

    @property
    def bucket_url(self) -> str:
        """The bucket's URL, defaults resolved."""
        return self.object_store_url or (self.data_dir / "bucket").as_uri()

    @property
    def exports_path(self) -> Path:
        """The folder of exports, defaults resolved."""
        parts = urlsplit(self.bucket_url)
        kept = Path(unquote(parts.path)) if parts.scheme == "file" else self.data_dir
        return (self.exports_folder or kept / "exports").expanduser().absolute()

    def need_clickhouse(self) -> str:
        """ClickHouse's URL, or a Problem that says how to get one."""
        return _needed(self.clickhouse_url, "ClickHouse", "ANALYTICS_CLICKHOUSE_URL", self.data_dir)

    def need_postgres(self) -> str:
        """Postgres' URL, or a Problem that says how to get one."""
        return _needed(self.postgres_url, "Postgres", "ANALYTICS_POSTGRES_URL", self.data_dir)


class GivenSettings(Settings):
    """What the user gave, without what already runs: the supervisor decides by it what to start."""

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *sources: Any, **named: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return super().settings_customise_sources(settings_cls, *sources, **named)[:-1]


class WhatRunsSource(PydanticBaseSettingsSource):
    """The URLs of the engines that `analytics start` runs now on this data folder."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError  # the whole source is read at once, in __call__

    def __call__(self) -> dict[str, Any]:
        folder = self.current_state.get("data_dir") or Settings.model_fields["data_dir"].default
        try:
            found: dict[str, Any] = json.loads(endpoints_file(Path(folder)).read_text())
        except (FileNotFoundError, NotADirectoryError, PermissionError, json.JSONDecodeError):
            return {}
        return {name: value for name, value in found.items() if name not in self.current_state}


def endpoints_file(data_dir: Path) -> Path:
    """Where the supervisor writes the settings that only it knows: URLs of embedded engines."""
    return data_dir.expanduser() / "run" / "endpoints.json"


def _needed(url: SecretStr | None, engine: str, variable: str, data_dir: Path) -> str:
    if url is None:
        raise Problem(
            f"No {engine}: nothing runs on {data_dir} and {variable} is not set.",
            f"Start everything with `analytics start`, or set {variable}.",
        )
    return url.get_secret_value()


def _has_form(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def load_settings(kind: type[Settings] = Settings, **flags: Any) -> Settings:
    """Settings from all sources; `flags` (None = not given) win. A bad value is a Problem."""
    try:
        return kind(**{name: value for name, value in flags.items() if value is not None})
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{CONFIG_FILE} can't be read: {error}.", "See docs/settings.md.") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        variable = name if name.isupper() else f"ANALYTICS_{name.upper()}"
        said = first["msg"].removeprefix("Value error, ")
        raise Problem(f"{variable}: {said}.", "See docs/settings.md.") from None


@lru_cache(maxsize=1)
def settings_of_process() -> Settings:
    """The settings of a service process, read once from its environment."""
    return load_settings()


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process exactly these settings."""
    values = dict(os.environ)
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if value is None:
            continue
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        values[f"ANALYTICS_{name.upper()}"] = str(plain)
    return values
