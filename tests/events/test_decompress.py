"""Bodies that are gzip, that only look like it, and that want to be too much."""

import gzip
import os
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.events.decompress import decompress
from analytics_pipelines.events.rejection import Rejected

MOST = 1 << 20


@given(st.binary(max_size=5000).filter(lambda body: not body.startswith(b"\x1f\x8b\x08")))
def test_what_is_not_gzip_comes_out_as_it_went_in(body: bytes) -> None:
    assert decompress(body, MOST) == body


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_members_of_a_gzip_body_are_joined(parts: list[bytes]) -> None:
    assert decompress(b"".join(gzip.compress(part) for part in parts), MOST) == b"".join(parts)


def test_members_larger_than_what_is_fed_at_a_time_are_whole() -> None:
    parts = [os.urandom(200_000), b"x" * 300_000, os.urandom(70_000)]
    assert decompress(b"".join(gzip.compress(part) for part in parts), MOST) == b"".join(parts)


@pytest.mark.parametrize("behind", [b"\0\0\0\0", b"junk", b"\x1f\x8b", b"\x1f"])
def test_what_follows_the_last_member_and_is_no_gzip_is_no_data(behind: bytes) -> None:
    assert decompress(gzip.compress(b"hello") + behind, MOST) == b"hello"


def test_every_truncated_stream_is_refused() -> None:
    body = gzip.compress(b'{"event": "page"}' * 20)
    for length in range(3, len(body)):
        with pytest.raises(Rejected) as refused:
            decompress(body[:length], MOST)
        assert refused.value.status == 400


def test_a_truncated_second_member_is_refused() -> None:
    with pytest.raises(Rejected, match="ends too early"):
        decompress(gzip.compress(b"hello") + gzip.compress(b"world")[:-5], MOST)


@pytest.mark.parametrize("place", [3, 12, -6, -1])
def test_a_broken_stream_is_refused(place: int) -> None:
    body = bytearray(gzip.compress(b'{"event": "page"}' * 20))
    body[place] ^= 0xFF
    with pytest.raises(Rejected) as refused:
        decompress(bytes(body), MOST)
    assert refused.value.status == 400


def test_a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() -> None:
    assert len(decompress(b"x" * MOST, MOST)) == MOST
    assert len(decompress(gzip.compress(b"x" * MOST), MOST)) == MOST
    for body in (b"x" * (MOST + 1), gzip.compress(b"x" * (MOST + 1))):
        with pytest.raises(Rejected) as refused:
            decompress(body, MOST)
        assert refused.value.status == 413


def test_a_bomb_is_given_up_before_it_fills_the_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()
    assert len(bomb) < 200_000
    tracemalloc.start()
    try:
        with pytest.raises(Rejected) as refused:
            decompress(bomb, MOST)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert refused.value.status == 413
    assert peak < 5 * MOST


def test_a_bomb_of_many_members_is_given_up_too() -> None:
    bomb = gzip.compress(b"x" * 100_000) * 50
    with pytest.raises(Rejected) as refused:
        decompress(bomb, MOST)
    assert refused.value.status == 413


def test_many_empty_members_take_time_by_their_size_and_not_by_its_square() -> None:
    begun = time.process_time()
    with pytest.raises(Rejected) as refused:
        decompress(gzip.compress(b"") * 500_000, 64 << 20)
    assert refused.value.status == 400
    assert time.process_time() - begun < 5
