"""lz-string: what npm's `lz-string` 1.5.0 packed comes out as it was."""

import tracemalloc
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.lzstring import from_lzstring
from analytics_pipelines.events.rejection import Rejected

PAGE = '{"event":"$pageview","properties":{"distinct_id":"ada","token":"phc_a"}}'
PACKED_PAGE = b"N4IgpgbmB2AuIC4QBIAOBDA5pAlmA7iADQioBOA9qmGbHgM6KgAmO9d0AxrAPo7OIQ6ZumIhYFANYxBqABaceogL7KgA"


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("", b"Q==="),
        ("a", b"IZA="),
        ("aaaaaaaaaa", b"IY1o"),
        ("Hello, world! Hello, world!", b"BIUwNmD2A0AEDukBOYAmBCWoIwct6QA="),
        ("Zürich 😀 \u2028\0x", b"FoH4TglgxgFgBIXg3AAe3QFAQAAAeQ=="),
        ("日本語テキスト日本語", b"qemhpzR5UYYwyLUMidDIEwyjEA=="),
        (PAGE, PACKED_PAGE),
        ("x\ud83dy", b"B6Xg2J5A"),
    ],
)
def test_texts_come_out_as_they_were(text: str, packed: bytes) -> None:
    assert from_lzstring(packed) == text.encode("utf-8", "surrogatepass")
    assert from_lzstring(packed.rstrip(b"=").replace(b"+", b" ")) == text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("packed", [b"", b"hello, world", b"IY", b"////", PACKED_PAGE[:-6]])
def test_what_is_no_lz_string_is_told_apart(packed: bytes) -> None:
    assert from_lzstring(packed) is None


def bomb(words: int) -> bytes:
    """A text of one letter, whose every word is the one before and a letter more."""
    bits = [(0, 2), (ord("a"), 8)]
    size, width, room = 4, 3, 4
    for _ in range(words):
        bits.append((size, width))
        size += 1
        room -= 1
        if not room:
            room, width = 1 << width, width + 1
    bits.append((2, width))
    stream = "".join(f"{value:0{length}b}"[::-1] for value, length in bits)
    stream += "0" * (-len(stream) % 8)
    return b64encode(int(stream, 2).to_bytes(len(stream) // 8, "big"))


def test_a_bomb_is_given_up_before_it_fills_the_memory() -> None:
    most = 1 << 20
    packed = bomb(20_000)
    assert len(packed) < 60_000
    tracemalloc.start()
    try:
        with pytest.raises(Rejected) as refused:
            from_lzstring(packed, most)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.status == 413
    assert peak < 5 * most


def test_the_limit_is_one_of_bytes() -> None:
    assert from_lzstring(bomb(3), 10) == b"a" * 10
    with pytest.raises(Rejected):
        from_lzstring(bomb(3), 9)
    with pytest.raises(Rejected):
        from_lzstring(b"qemhpzR5UYYwyLUMidDIEwyjEA==", 29)


@given(st.text("ABCDabcdQRST0129+/", max_size=300))
def test_any_letters_are_a_text_or_none(packed: str) -> None:
    found = from_lzstring(packed.encode())
    assert found is None or isinstance(found.decode("utf-8", "surrogatepass"), str)
