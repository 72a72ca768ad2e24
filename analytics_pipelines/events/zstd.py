"""zstd: of the standard library from Python 3.14 on, of its backport before."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import (
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
        ZstdFile,
        compress,
        decompress,
        get_frame_info,
    )
else:
    from backports.zstd import (
        ZstdCompressor,
        ZstdDecompressor,
        ZstdError,
        ZstdFile,
        compress,
        decompress,
        get_frame_info,
    )

__all__ = ["ZstdCompressor", "ZstdDecompressor", "ZstdError", "ZstdFile", "compress", "decompress", "decompressed_size"]

# What a frame is taken for that does not say how large it is, or is none.
_UNKNOWN_RATIO = 20


def decompressed_size(frame: bytes) -> int:
    """Bytes that a frame says it holds; an estimate when it does not say."""
    try:
        said = get_frame_info(frame).decompressed_size
    except ZstdError:
        said = None
    return len(frame) * _UNKNOWN_RATIO if said is None else said
