"""The statements of a load, read from `sql/` and filled with the names of hot properties."""

from functools import cache
from importlib.resources import files

from analytics_pipelines.events.cookieless import ROOT_HOST
from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.events.user_agent import READ_FROM_USER_AGENT, as_sql, bots_as_sql

# Asked for beside the hot ones, with what their types must be to count.
_ASKED = {
    "distinct_id": "Nullable(String)",
    "$ip": "Nullable(String)",
    "$raw_user_agent": "Nullable(String)",
    "$elements_chain": "Nullable(String)",
    "$elements": "Array(Map(String, String))",
    "$groups": "Map(String, String)",
    "$geoip_disable": "Nullable(Bool)",
    "$process_person_profile": "Dynamic",  # of these three only booleans count, and 0 is none
    "$ignore_sent_at": "Dynamic",
    "$cookieless_mode": "Dynamic",
}

# What `events/moment.py` reads, in capitals.
_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::(?:[0-5]\d|60)(?:\.\d+)?)?"
_OFFSET = r"[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?"
_LATER = f"(?: ?(?:Z|UTC|GMT|{_OFFSET}))?"
_TIMESTAMP = "|".join(
    (
        rf"^\d{{4}}(?:-\d\d?-|/\d\d?/)\d\d?(?:[T ]{_CLOCK}{_LATER})?$",
        rf"^\d\d?/\d\d?/\d{{4}}(?: {_CLOCK}{_LATER})?$",
        rf"^(?:(?:MON|TUE|WED|THU|FRI|SAT|SUN), )?\d\d? [A-Z]{{3}} \d{{4}} {_CLOCK} (?:Z|UTC|GMT|{_OFFSET})$",
        r"^\d{10}(?:\.\d+|\d{3}|\d{6}|\d{9})?$",
    )
)
_SENT_AT = rf"^\d{{4}}-\d\d-\d\dT{_CLOCK}(?:Z|{_OFFSET})$"


def _quoted(pattern: str) -> str:
    return pattern.replace("\\", "\\\\")


def _value(name: str) -> str:
    if name == "$session_id":
        return "session"
    if name in READ_FROM_USER_AGENT:
        return f"coalesce(found.`{name}`, {as_sql(READ_FROM_USER_AGENT[name])})"
    return f"found.`{name}`"


@cache
def _names() -> dict[str, str]:
    asked = {**dict.fromkeys(HOT_PROPERTIES, "Nullable(String)"), **_ASKED}
    return {
        "hot_names": ", ".join(f"`{name}`" for name in HOT_PROPERTIES),
        "published_hot": ", ".join(f"`{name}`" for name in HOT_PROPERTIES),
        "located": "",
        "hot_columns": ",\n    ".join(f"`{name}` {type_}" for name, type_ in HOT_PROPERTIES.items()),
        "hot_values": ", ".join(_value(name) for name in HOT_PROPERTIES),
        "asked": ", ".join(f"`{name}` {type_}" for name, type_ in asked.items()),
        "elements_chain": _file("elements_chain"),
        "is_bot": bots_as_sql(),
        "root_host": _quoted(ROOT_HOST),
        "timestamp_form": _quoted(_TIMESTAMP),
        "sent_at_form": _quoted(_SENT_AT),
        "common_forms": ", ".join(f"'0000-00-00T00:00:00{end}'" for end in ("Z", ".000Z", ".000000Z", ".000000+00:00")),
    }


@cache
def _file(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text()


def statement(name: str, staging: str, **values: object) -> str:
    """The text of `sql/<name>.sql` for one staging table."""
    return _file(name).format(**{"staging": staging, **_names(), **values})
