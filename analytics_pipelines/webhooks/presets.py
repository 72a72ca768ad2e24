"""What receivers of each kind want to be sent, when nobody wrote a body of their own. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Preset = Literal["generic", "slack", "discord", "teams"]
PRESETS: tuple[Preset, ...] = ("generic", "slack", "discord", "teams")

# Chats refuse long messages as a whole.
_MOST_OF_A_VALUE = 300
_TEXT = "{person.name} did {event.event}"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_OF_A_VALUE else f"{text[: _MOST_OF_A_VALUE - 1]}…"


def slack_text(text: str) -> str:
    """A value as Slack shows it: what anyone may send to a project must not mention a whole channel.

    >>> slack_text("<!channel> & co")
    '&lt;!channel&gt; &amp; co'
    """
    return _cut(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _markdown_text(text: str) -> str:
    """A value without the signs that make links and mentions of it."""
    return "".join(f"\\{each}" if each in "\\[]()*_`~<>|#" else each for each in _cut(text))


@dataclass(frozen=True)
class _Kind:
    body: Any
    written: Callable[[str], str] = str


def teams_message(text: str) -> dict[str, Any]:
    """A text as a workflow of Teams takes it."""
    card = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.4",
        "body": [{"type": "TextBlock", "text": text, "wrap": True}],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }


_KINDS: Mapping[Preset, _Kind] = {
    "generic": _Kind(
        {"event": "{event}", "person": "{person}", "groups": "{groups}", "project": "{project}", "source": "{source}"}
    ),
    "slack": _Kind({"text": "*{person.name}* did *{event.event}* (<{person.url}|person>)"}, slack_text),
    "discord": _Kind(
        {"content": f"{_TEXT} ({{person.url}})", "allowed_mentions": {"parse": []}},
        _markdown_text,
    ),
    "teams": _Kind(teams_message(f"{_TEXT} ({{person.url}})"), _markdown_text),
}


def default_body(preset: Preset) -> Any:
    """The template that a destination of this kind has when it has none of its own."""
    return _KINDS[preset].body


def writer(preset: Preset) -> Callable[[str], str]:
    """How a value is written within the receiver's markup."""
    return _KINDS[preset].written


def plain_message(preset: Preset, text: str, facts: Mapping[str, Any]) -> Any:
    """A text that we wrote ourselves, as a body; to a generic receiver with the `facts` beside it."""
    match preset:
        case "slack":
            return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}
        case "discord":
            return {"content": text[:1900], "allowed_mentions": {"parse": []}}
        case "teams":
            return teams_message(text)
        case _:
            return {"text": text, **facts}
