"""The JSON text that an SDK meant, out of everything it may be wrapped in."""

import gzip
import tracemalloc
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.form import fields
from analytics_pipelines.events.payload import Payload, payload
from analytics_pipelines.events.rejection import Rejected

MOST = 1 << 20
TEXT = '{"event":"page","text":"Zürich 😀?>"}'.encode()
LZ = b"N4IgpgbmB2AuIC4QBIAOBDA5pAlmA7iADQioBOA9qmGbHgM6KgAmO9d0AxrAPo7OIQ6ZumIhYFANYxBqABaceogL7KgA"
PAGE = b'{"event":"$pageview","properties":{"distinct_id":"ada","token":"phc_a"}}'


def read(body: bytes, query: bytes = b"", encoding: str = "") -> Payload:
    return payload(body, query, encoding, most=MOST)


WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda text: text,
    "gzip": gzip.compress,
    "base64": b64encode,
    "base64 without padding": lambda text: b64encode(text).rstrip(b"="),
    "base64 of addresses": urlsafe_b64encode,
    "base64 twice": lambda text: b64encode(b64encode(text)),
    "base64 of gzip": lambda text: b64encode(gzip.compress(text)),
    "gzip of base64": lambda text: gzip.compress(b64encode(text)),
    "base64 whose plus signs became spaces": lambda text: b64encode(text).replace(b"+", b" "),
}


@pytest.mark.parametrize("wrap", WRAPPINGS.values(), ids=WRAPPINGS)
@pytest.mark.parametrize("hint", ["", "gzip-js", "GZIP", "base64", "lz64", "br", "no-such", "%ff"])
def test_a_wrapping_is_known_by_its_looks_whatever_it_is_called(wrap: Callable[[bytes], bytes], hint: str) -> None:
    query = f"compression={hint}".encode()
    wrapped = wrap(TEXT)
    assert read(wrapped, query).text == TEXT
    assert read(wrapped, b"", hint).text == TEXT
    assert read(b"", query + b"&data=" + quote(wrapped).encode()).text == TEXT
    assert read(b"data=" + quote_plus(wrapped).encode() + b"&" + query).text == TEXT


@pytest.mark.parametrize("name", [b"lz64", b"LZ-String"])
def test_lz_string_is_read_where_it_is_named(name: bytes) -> None:
    assert read(LZ, b"compression=" + name).text == PAGE
    assert read(LZ, encoding=name.decode()).text == PAGE
    assert read(b64encode(LZ), b"compression=" + name).text == PAGE
    assert read(b"", b"compression=" + name + b"&data=" + LZ).text == PAGE
    assert read(b"compression=" + name + b"&data=" + quote(LZ).encode()).text == PAGE


def test_data_of_the_query_goes_before_the_body() -> None:
    assert read(b"[]", b"data=" + quote(TEXT).encode()).text == TEXT
    assert read(TEXT, b"data=").text == TEXT


def test_json_that_holds_an_address_is_no_form() -> None:
    text = b'[{"url":"https://shop.example/?a=1&data=2&_=3"}]'
    assert read(text).text == text


@pytest.mark.parametrize("query", [b"", b"data=", b"_=1"])
def test_a_request_without_data_is_refused(query: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        read(b"", query)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("query", "moment"),
    [
        (b"_=1795429815123", "2026-11-23T10:30:15.123+00:00"),
        (b"sent_at=1795429815123", "2026-11-23T10:30:15.123+00:00"),
        (b"_=1795429815", None),
        (b"_=soon", None),
        (b"_=-1", None),
        (b"_=999999999999999", None),
        (b"_=" + b"9" * 5000, None),
        (b"", None),
    ],
)
def test_the_time_of_sending_may_stand_in_the_query_in_milliseconds(query: bytes, moment: str | None) -> None:
    assert read(TEXT, query).sent_at == moment


def test_only_one_is_a_beacon() -> None:
    found = [read(TEXT, b"beacon=" + value).beacon for value in (b"1", b"true", b"11", b"0", b"")]
    assert found == [True, False, False, False, False]


@given(st.binary(max_size=300), st.sampled_from([1, 65_535, 65_536]))
def test_fields_are_unquoted_over_every_cut(value: bytes, before: int) -> None:
    whole = b"x" * before + value
    assert fields(b"_=1&data=" + quote_plus(whole).encode()) == {"_": b"1", "data": whole}


@given(st.binary(max_size=300), st.binary(max_size=100))
def test_any_bytes_are_a_text_or_refused(body: bytes, query: bytes) -> None:
    with suppress(Rejected):
        assert isinstance(read(body, query).text, bytes)


def test_bombs_are_given_up_before_they_fill_the_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(50)) + packer.flush()
    for body in (bomb, b64encode(bomb), b64encode(b64encode(bomb)), gzip.compress(bomb), b"data=" + b64encode(bomb)):
        tracemalloc.start()
        try:
            with pytest.raises(Rejected) as refused:
                read(body)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert refused.value.status == 413
        assert peak < 5 * MOST
