"""What SDKs ask for beside sending: their configuration, and flags, of which there are none yet."""

import time
from typing import Any
from uuid import uuid4

import msgspec

from capture_app.projects import Project


def remote_config(token: str, project: Project) -> dict[str, Any]:
    """The configuration of posthog-js and the mobile SDKs, in their words."""
    return {
        "token": token,
        "supportedCompression": ["gzip", "gzip-js"],
        "hasFeatureFlags": False,
        "captureDeadClicks": False,
        "capturePerformance": False,
        "autocapture_opt_out": project.autocapture_opt_out,
        "autocaptureExceptions": False,
        "analytics": {"endpoint": "/i/v0/e/"},
        "elementsChainAsString": True,
        "errorTracking": {"autocaptureExceptions": False, "suppressionRules": []},
        "sessionRecording": _recording(project),
        "heatmaps": False,
        "surveys": False,
        "productTours": False,
        "conversations": False,
        "logs": {"captureConsoleLogs": False},
        "defaultIdentifiedOnly": True,
        "siteApps": [],
        "isAuthenticated": False,
        "toolbarParams": {},
    }


def config_script(token: str, config: dict[str, Any]) -> bytes:
    """The same as a script that leaves it where posthog-js looks."""
    # JSON within a script: a text that closes the element would end it
    entry = msgspec.json.encode({token: {"config": config, "siteApps": []}}).replace(b"<", b"\\u003c")
    return (
        b"(function(){window._POSTHOG_REMOTE_CONFIG=Object.assign(window._POSTHOG_REMOTE_CONFIG||{},"
        + entry
        + b")})();"
    )


def flags(version: int, config: dict[str, Any] | None, now: float | None = None) -> dict[str, Any]:
    """The answer of `/flags` (or `/decide`) in that version's form, with the configuration where it was asked for."""
    request_id = str(uuid4())
    if version >= 2:
        answer: dict[str, Any] = {"flags": {}}
    else:
        answer = {"featureFlags": {}, "featureFlagPayloads": {}}
    answer |= {
        "errorsWhileComputingFlags": False,
        "requestId": request_id,
        "evaluatedAt": int((time.time() if now is None else now) * 1000),
    }
    return answer | (config or {})


def decided(version: int, config: dict[str, Any], now: float | None = None) -> dict[str, Any]:
    """The answer of `/decide`, which always has the configuration; its first version lists the flags that are on."""
    if version >= 4:
        return flags(2, config, now)
    answer = flags(1, config, now)
    if version == 1:
        answer["featureFlags"] = []
    return answer


def _recording(project: Project) -> dict[str, Any] | bool:
    if not project.session_recording_opt_in:
        return False
    return {"endpoint": "/s/", "consoleLogRecordingEnabled": False, "recorderVersion": "v2"}
