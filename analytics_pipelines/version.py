"""The installed release."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Such as `0.1.0`; `unknown` in a checkout that is not installed."""
    try:
        return version("analytics-pipelines")
    except PackageNotFoundError:
        return "unknown"
