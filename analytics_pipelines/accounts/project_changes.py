"""What may be changed of a project, and which values each field takes. Pure."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationError

from analytics_pipelines.insights.filters import PropertyFilter, condition
from analytics_pipelines.insights.paths.model import CleaningRule
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.problems import Problem
from analytics_pipelines.sql.errors import QueryError

LISTS = ("denied_properties", "denied_events", "allowed_events", "denied_distinct_ids")
SWITCHES = ("anonymize_ips", "autocapture_opt_out", "session_recording_opt_in")
TEST_ACCOUNTS = "test_account_filters"
PATH_CLEANING = "path_cleaning_filters"
# Stored as JSON.
OBJECTS = (TEST_ACCOUNTS, PATH_CLEANING)
# How many days of what is kept; None: for ever.
RETENTION = (
    "event_retention_days",
    "recording_retention_days",
    "dead_letter_retention_days",
    "export_retention_days",
)
# Whom the project tells of what goes wrong in it; None: nobody.
ALERTS = ("alert_url", "alert_mail")
_PLAIN = ("name", "timezone", "week_start_day", "daily_event_quota")
CHANGEABLE = (*_PLAIN, *OBJECTS, *SWITCHES, *LISTS, *RETENTION, *ALERTS)

# Capture holds every entry of every project in memory, and compares them with each event.
MOST_ENTRIES = 1000
MOST_CHARACTERS = 400

# Each of them stands in the SQL of every question that leaves test accounts out.
MOST_FILTERS = 50
_MOST_FILTER_CHARACTERS = 20_000

_ONLY_IN_PYTHON = re.compile(r"\(\?(?:[=!]|<[=!]|P=|\()|(?<!\\)(?:\\\\)*\\[1-9]")

_MOST_EVENTS = 2**63 - 1  # what Postgres counts to
MOST_DAYS = 36_500
# Who gets a project's alarms by mail: more are better served by a list of their own.
MOST_ADDRESSES = 10
_ADDRESS = re.compile(r"[^\s@,;<>()\[\]\\:\"]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class WrongChange(Problem):
    """A change that can't be made; `field` is what it was to change."""

    def __init__(self, field: str, cause: str, mend: str = "") -> None:
        super().__init__(cause, mend)
        self.field = field


def checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes as they are stored: names without blanks around them, lists without doubles. Raises WrongChange."""
    unknown = [name for name in changes if name not in CHANGEABLE]
    if unknown:
        raise WrongChange(
            unknown[0],
            f"A project has no field {', '.join(map(repr, unknown))} that can be changed.",
            f"Fields that can: {', '.join(CHANGEABLE)}.",
        )
    return {field: _checked(field, value) for field, value in changes.items()}


def _checked(field: str, value: Any) -> Any:
    if field == "name":
        return checked_name(value)
    if field == "timezone":
        return checked_timezone(value)
    if field == "week_start_day":
        if isinstance(value, bool) or value not in (0, 1):
            raise WrongChange(field, f"{field} can't be {value!r}.", "It is 0 for Sunday or 1 for Monday.")
        return int(value)
    if field == "daily_event_quota":
        return _checked_quota(value)
    if field == TEST_ACCOUNTS:
        return _checked_filters(value)
    if field == PATH_CLEANING:
        return _checked_cleaning(value)
    if field in RETENTION:
        return _checked_days(field, value)
    if field == "alert_url":
        return _checked_alert_url(value)
    if field == "alert_mail":
        return _checked_alert_mail(value)
    if field in SWITCHES:
        if not isinstance(value, bool):
            raise WrongChange(field, f"{field} can't be {value!r}.", "It is true or false.")
        return value
    return _checked_list(field, value)


def checked_name(value: Any) -> str:
    """A project's name. Raises WrongChange."""
    if not isinstance(value, str) or not value.strip():
        raise WrongChange("name", "A project needs a name.")
    if len(value) > MOST_CHARACTERS or not _can_be_stored(value):
        raise WrongChange("name", "This name can't be stored.", f"Use at most {MOST_CHARACTERS} plain characters.")
    return value.strip()


def checked_timezone(value: Any) -> str:
    """An IANA time zone. Raises WrongChange."""
    if not isinstance(value, str) or value not in available_timezones():
        raise WrongChange("timezone", f"{value!r} is no time zone.", "Use an IANA name such as Europe/Berlin.")
    return value


def _checked_quota(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_EVENTS:
        raise WrongChange(
            "daily_event_quota",
            f"daily_event_quota can't be {value!r}.",
            "It is a whole number of events a day, 0 or more, or null for no quota.",
        )
    return value


def _checked_days(field: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_DAYS:
        raise WrongChange(
            field,
            f"{field} can't be {value!r}.",
            f"It is a whole number of days from 1 to {MOST_DAYS}, or null for ever.",
        )
    return value


def _checked_alert_url(value: Any) -> str | None:
    """Its form only: whether it may be reached is asked where it is saved, and again whenever it is sent to."""
    from analytics_pipelines.outbound.urls import WrongUrl, parsed  # who changes nothing of it need not wait for it

    if value in (None, ""):
        return None
    try:
        if not isinstance(value, str):
            raise WrongUrl("This is no URL.")
        parsed(value)
    except WrongUrl as error:
        raise WrongChange(
            "alert_url", f"alert_url can't be that. {error}", "Give the webhook of a chat, or null for none."
        ) from None
    return value


def _checked_alert_mail(value: Any) -> str | None:
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else [""]
    addresses = list(dict.fromkeys(filter(None, parts)))
    if isinstance(value, str) and not addresses:
        return None
    if len(addresses) not in range(1, MOST_ADDRESSES + 1) or not all(
        len(each) <= MOST_CHARACTERS and each.isascii() and _ADDRESS.fullmatch(each) for each in addresses
    ):
        raise WrongChange(
            "alert_mail",
            "alert_mail holds something that is no mail address, or too many.",
            f"Give up to {MOST_ADDRESSES} addresses with commas between them, or null for none.",
        )
    return ", ".join(addresses)


def _checked_filters(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_FILTERS or not all(isinstance(each, dict) for each in value):
        raise WrongChange(TEST_ACCOUNTS, f"{TEST_ACCOUNTS} is a list of at most {MOST_FILTERS} property filters.")
    anywhere = Context(Team(0), datetime(2000, 1, 1, tzinfo=UTC))
    for place, each in enumerate(value, start=1):
        try:
            text = json.dumps(each, ensure_ascii=False, allow_nan=False)
            condition(PropertyFilter.model_validate(each), anywhere)
        except QueryError as error:
            raise WrongChange(TEST_ACCOUNTS, f"Filter {place} of {TEST_ACCOUNTS}: {error.message}.") from None
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise WrongChange(TEST_ACCOUNTS, f"Filter {place} of {TEST_ACCOUNTS}: {where}: {first['msg']}.") from None
        except (ValueError, RecursionError):
            raise WrongChange(TEST_ACCOUNTS, f"Filter {place} of {TEST_ACCOUNTS} can't be stored.") from None
        if len(text) > _MOST_FILTER_CHARACTERS or not _can_be_stored(text) or "\\u0000" in text:
            raise WrongChange(
                TEST_ACCOUNTS, f"Filter {place} of {TEST_ACCOUNTS} can't be stored.", "Use fewer and plain characters."
            )
    return value


def _checked_cleaning(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) > MOST_FILTERS:
        raise WrongChange(PATH_CLEANING, f"{PATH_CLEANING} is a list of at most {MOST_FILTERS} rules.")
    for place, each in enumerate(value, start=1):
        try:
            rule = CleaningRule.model_validate(each, strict=True)
            re.compile(rule.regex or "")
        except ValidationError as error:
            raise WrongChange(PATH_CLEANING, f"Rule {place} of {PATH_CLEANING}: {error.errors()[0]['msg']}.") from None
        except QueryError as error:
            raise WrongChange(PATH_CLEANING, f"Rule {place} of {PATH_CLEANING}: {error.message}.") from None
        except (re.error, RecursionError, OverflowError) as error:
            raise WrongChange(
                PATH_CLEANING, f"Rule {place} of {PATH_CLEANING} has a wrong regular expression: {error}."
            ) from None
        texts = (rule.regex or "", rule.alias or "")
        if not rule.regex or any(len(text) > MOST_CHARACTERS or not _can_be_stored(text) for text in texts):
            raise WrongChange(
                PATH_CLEANING,
                f"Rule {place} of {PATH_CLEANING} can't be stored.",
                f"A rule is a `regex` and its `alias`, of at most {MOST_CHARACTERS} plain characters each.",
            )
        if _ONLY_IN_PYTHON.search(rule.regex):
            raise WrongChange(
                PATH_CLEANING,
                f"Rule {place} of {PATH_CLEANING} looks around or back.",
                "ClickHouse's expressions don't.",
            )
    return value


def _checked_list(field: str, value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise WrongChange(field, f"{field} is no list.", "Give a list of texts; an empty one is no rule.")
    for place, entry in enumerate(value, start=1):
        if not isinstance(entry, str) or not entry.strip() or len(entry) > MOST_CHARACTERS or not _can_be_stored(entry):
            raise WrongChange(
                field,
                f"Entry {place} of {field} is no text of 1 to {MOST_CHARACTERS} characters.",
                "Write each entry exactly as it is sent.",
            )
    entries = list(dict.fromkeys(value))
    if len(entries) > MOST_ENTRIES:
        raise WrongChange(
            field,
            f"{field} has {len(entries)} entries.",
            f"A list has at most {MOST_ENTRIES}; stop sending the others, or send them to another project.",
        )
    return entries


def _can_be_stored(text: str) -> bool:
    """Postgres takes neither the character zero nor half a character (a lone surrogate)."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
