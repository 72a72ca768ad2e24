"""Which lines of raw objects are a person's."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from erasure_place import ASKED, RECEIVED, line

from analytics_pipelines.erasures.lines import LineFilter, Wanted
from analytics_pipelines.events import cookieless, zstd
from analytics_pipelines.events.keys import raw_key

SECRET = b"secret"
KEY = raw_key(RECEIVED, "node", b"")
HERS = ["ada", "ada@mail", "ü/1", "12.5", 'a"b\\c', "x" * 200]


def takes(text: bytes | dict[str, Any], ids: list[str] = HERS, **more: Any) -> bool:
    names = frozenset(ids)
    wanted = Wanted(1, ASKED, **{"ids": names, "words": names, **more})
    raw = text if isinstance(text, bytes) else json.dumps(text).encode()
    return LineFilter(wanted, SECRET).takes(raw, KEY)


@pytest.mark.parametrize("sent", ["ada", "ü/1", 12.5, 'a"b\\c', "x" * 300])
@pytest.mark.parametrize("ids", [HERS, None])
def test_an_event_of_one_of_the_ids_is_taken_however_the_id_is_written(sent: Any, ids: list[str] | None) -> None:
    known = ids or [str(sent)[:200]]
    assert takes(line("page", sent, 1), known)
    assert takes(json.dumps(line("page", sent, 1)).replace("/", "\\/").encode(), known)
    assert not takes(line("page", sent, 2), known)
    assert not takes(line("page", sent, 1, received=ASKED + timedelta(milliseconds=1)), known)
    assert not takes(line("page", "bob", 1, friend=sent), known)


def test_an_id_that_stands_among_the_properties_counts_where_ingestion_takes_it_from() -> None:
    sent = line("page", "", 1)
    event = {**sent["event"], "properties": {"distinct_id": "ada"}}
    assert takes({**sent, "event": event}, ["ada"])
    assert not takes({**sent, "event": {**event, "distinct_id": "bob"}}, ["ada"])


@pytest.mark.parametrize(
    ("name", "key"),
    [("$identify", "$anon_distinct_id"), ("$create_alias", "alias"), ("$merge_dangerously", "alias")],
)
def test_an_event_that_says_that_an_id_is_another_is_taken(name: str, key: str) -> None:
    assert takes(line(name, "bob", 1, **{key: "ada"}), ["ada"])
    assert not takes(line("page", "bob", 1, **{key: "ada"}), ["ada"])
    assert not takes(line(name, "bob", 1, **{key: "eve"}), ["ada"])


@pytest.mark.parametrize(
    "event",
    [
        {"event": "", "distinct_id": "ada"},
        '{"event":"page","distinct_id":"ada","proper',
        ["ada"],
        {"event": "page", "properties": {"$set": {"email": "ada"}}},
    ],
)
def test_a_line_that_is_no_event_and_names_an_id_is_taken(event: Any) -> None:
    assert takes({**line("page", "", 1), "event": event}, ["ada"])
    assert not takes({**line("page", "", 1), "event": event}, ["ad"])
    assert not takes({**line("page", "", 2), "event": event}, ["ada"])


def test_what_says_that_a_rule_dropped_something_stays() -> None:
    dropped = {"received_at": 1, "project": 1, "path": "", "dropped": "quota", "name": "ada", "count": 2}
    assert not takes(dropped, ["ada"])
    assert takes(dropped, ["ada"], everything=True)


def test_a_visitor_without_an_id_of_its_own_is_known_by_what_its_browser_tells() -> None:
    sent = line("page", cookieless.SENTINEL, 1, **{"$raw_user_agent": "Mozilla/5.0", "$host": "shop.example"})
    sent["ip"] = "1.2.3.4"
    digest = cookieless.digest(
        secret=SECRET, day=RECEIVED.date(), team_id=1, ip="1.2.3.4", host="shop.example", agent="Mozilla/5.0"
    )
    assert takes(sent, [cookieless.distinct_id(digest)])
    assert not takes({**sent, "ip": "1.2.3.5"}, [cookieless.distinct_id(digest)])


def test_chosen_events_are_known_by_their_uuids() -> None:
    uuid = UUID(int=7)
    chosen = {"ids": frozenset(), "words": frozenset(), "uuids": frozenset({uuid})}
    assert takes(line("page", "bob", 1, uuid=str(uuid).upper()), **chosen)
    assert not takes(line("page", "bob", 1), **chosen)
    assert not takes(line("page", "bob", 2, uuid=str(uuid)), **chosen)


def test_an_object_loses_its_lines_and_keeps_the_others_byte_for_byte() -> None:
    kept = [b'{"project": 1,  "event": {"distinct_id": "bob"}}', b"no JSON", b'{"project":2,"event":"\\u0061da"}']
    text = b"\n".join([kept[0], json.dumps(line("page", "ada", 1)).encode(), b"", kept[1], kept[2]])
    wanted = Wanted(1, ASKED, ids=frozenset({"ada"}), words=frozenset({"ada"}))
    assert LineFilter(wanted, SECRET).without(zstd.compress(text), KEY) == (kept, 1)
