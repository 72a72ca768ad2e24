"""Templates put values into a parsed tree, and nothing a value holds gets out of its string."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics_pipelines.webhooks.presets import PRESETS, default_body, slack_text, writer
from analytics_pipelines.webhooks.template import WrongTemplate, read_template, rendered

VALUES = {
    "event": {"event": 'say "hi"\n', "properties": {"n": 3, "list": [1, {"a": None}], "a.b": "dots", "$url": "u"}},
    "person": {"name": "Ada"},
}


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{event.properties.n}", 3),
        ("{{ event.properties.n }}", 3),
        ("{event.properties.list}", [1, {"a": None}]),
        ("{event.properties.list.0}", 1),
        ("{event.properties['a.b']}", "dots"),
        ('{event.properties["a.b"]}', "dots"),
        ("{event.properties.$url}", "u"),
        ("{event.properties.missing.more}", None),
        ("n={event.properties.n}, {event.properties.missing}.", "n=3, ."),
        ("{event.properties.list}!", '[1, {"a": null}]!'),
        (r"\{event.event\}", "{event.event}"),
        ("{ no placeholder }", "{ no placeholder }"),
        ("{{event.properties.n}}{person.name}", "3Ada"),
        (5, 5),
        ({"a": ["{person.name}", True]}, {"a": ["Ada", True]}),
    ],
)
def test_placeholders_become_values(template: Any, wanted: Any) -> None:
    assert rendered(read_template([template]), VALUES) == [wanted]


def test_a_template_may_be_given_as_json_text() -> None:
    assert read_template('{"a": "{event.event}"}') == {"a": "{event.event}"}


@pytest.mark.parametrize("body", ['{"a": {event.event}}', "hello", "{evnt.event}", {"a": ["{x.y}"]}, {"a": "{{nope}}"}])
def test_a_template_that_cannot_be_used_is_refused(body: Any) -> None:
    with pytest.raises(WrongTemplate):
        read_template(body)


def test_a_template_that_is_too_deep_or_long_is_refused() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = [deep]
    for body in (deep, {"a": "x" * 200_000}):
        with pytest.raises(WrongTemplate):
            read_template(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(value=json_values)
def test_any_value_stays_where_it_was_put(value: Any) -> None:
    values = {"event": {"properties": {"v": value}}}
    template = {"whole": "{event.properties.v}", "text": 'a "{event.properties.v}"\n{event.properties.v}', "end": 1}
    found = json.loads(json.dumps(rendered(read_template(template), values)))
    assert list(found) == ["whole", "text", "end"]
    assert found["whole"] == value
    written = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    assert found["text"] == f'a "{written}"\n{written}'


@settings(max_examples=150, deadline=None)
@given(template=json_values | st.text(alphabet="{}[]'\"\\.event $personx1", max_size=60))
def test_any_template_is_refused_or_rendered(template: Any) -> None:
    try:
        read = read_template(template)
    except WrongTemplate:
        return
    json.dumps(rendered(read, VALUES))


@pytest.mark.parametrize("preset", PRESETS)
def test_what_anyone_may_send_mentions_nobody_in_a_chat(preset: Any) -> None:
    values = {**VALUES, "person": {"name": "<!channel> @everyone [x](http://evil)", "url": "https://a.example"}}
    body = rendered(read_template(default_body(preset)), values, writer(preset))
    text = json.dumps(body)
    if preset == "slack":
        assert "<!channel>" not in text
    if preset == "discord":
        assert body["allowed_mentions"] == {"parse": []}
    if preset in ("discord", "teams"):
        assert "[x](http://evil)" not in text
    assert len(slack_text("x" * 10_000)) <= 300
