"""The statements of a load, read from `sql/` and filled with the names of hot properties."""

from functools import cache
from importlib.resources import files

from analytics_pipelines.events.hot_properties import HOT_PROPERTIES

# A browser says what it is in words that everyone's SDK reads; where one did not, we do.
_FROM_USER_AGENT = {
    "$browser": "multiIf(match(agent, 'Edg/'), 'Microsoft Edge', match(agent, 'OPR/'), 'Opera',"
    " match(agent, 'Firefox/|FxiOS/'), 'Firefox', match(agent, 'Chrome/|CriOS/'), 'Chrome',"
    " match(agent, 'Version/.*Safari/'), 'Safari', NULL)",
    "$os": "multiIf(match(agent, 'Windows'), 'Windows', match(agent, 'Android'), 'Android',"
    " match(agent, 'iPhone|iPad|iPod'), 'iOS', match(agent, 'Mac OS X'), 'Mac OS X', match(agent, 'CrOS'), 'Chrome OS',"
    " match(agent, 'Linux'), 'Linux', NULL)",
    "$device_type": "multiIf(agent = '', NULL, match(agent, 'iPad|Tablet'), 'Tablet',"
    " match(agent, 'Mobi|iPhone|Android'), 'Mobile', 'Desktop')",
}

# Asked for beside the hot ones, with what their types must be to count.
_ASKED = {
    "distinct_id": "Nullable(String)",
    "$ip": "Nullable(String)",
    "$raw_user_agent": "Nullable(String)",
    "$elements_chain": "Nullable(String)",
    "$elements": "Array(Map(String, String))",
    "$groups": "Map(String, String)",
    "$process_person_profile": "Nullable(Bool)",
    "$ignore_sent_at": "Nullable(Bool)",
}


def _value(name: str) -> str:
    if name == "$session_id":  # people compare them as text, and some SDKs write them in capitals
        return "lowerUTF8(found.`$session_id`)"
    if name in _FROM_USER_AGENT:
        return f"coalesce(found.`{name}`, {_FROM_USER_AGENT[name]})"
    return f"found.`{name}`"


@cache
def _names() -> dict[str, str]:
    asked = {**dict.fromkeys(HOT_PROPERTIES, "Nullable(String)"), **_ASKED}
    return {
        "hot_names": ", ".join(f"`{name}`" for name in HOT_PROPERTIES),
        "hot_columns": ",\n    ".join(f"`{name}` {type_}" for name, type_ in HOT_PROPERTIES.items()),
        "hot_values": ", ".join(_value(name) for name in HOT_PROPERTIES),
        "asked": ", ".join(f"`{name}` {type_}" for name, type_ in asked.items()),
        "elements_chain": _file("elements_chain"),
    }


@cache
def _file(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text()


def statement(name: str, staging: str, **values: object) -> str:
    """The text of `sql/<name>.sql` for one staging table."""
    return _file(name).format(staging=staging, **_names(), **values)
