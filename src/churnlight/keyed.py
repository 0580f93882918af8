"""Hashes that only the holder of a key can make: of pseudonyms, and of who is to be forgotten."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churnlight.errors import UsageError

KEY_VARIABLE = "CHURNLIGHT_PSEUDONYM_KEY"
MIN_KEY_BYTES = 16

_BLOCK_BYTES = 64


class KeyedHash:
    """HMAC-SHA-256 (RFC 2104) of many short texts under one key.

    Both hashes are begun once with the padded key and copied for each text, which is three times as
    fast as `hmac.digest`.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            key = hashlib.sha256(key).digest()
        padded = key.ljust(_BLOCK_BYTES, b"\0")
        self._padded = [bytes(byte ^ turned for byte in padded) for turned in (0x36, 0x5C)]
        self._inner, self._outer = map(hashlib.sha256, self._padded)

    def of(self, text: bytes) -> str:
        """The hash, as 64 hexadecimal digits."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()

    def of_texts(self, texts: Any, digits: int) -> Any:
        """The first hexadecimal digits of many texts' hashes, an arrow array of text.

        Compiled by numba where it is installed, which is twice as fast again and needs no Python
        object a text; the same digits without it.

        Args:
            texts: arrow array of text without nulls.
            digits: how many, at most 64.
        """
        import numpy as np
        import pyarrow as pa

        try:
            from churnlight import keyed_kernels
        except ImportError:
            return pa.array([self.of(t.encode())[:digits] for t in texts.to_pylist()], pa.string())
        offsets, data = text_buffers(texts)
        padded = np.frombuffer(b"".join(self._padded), np.uint8).reshape(2, _BLOCK_BYTES)
        found = keyed_kernels.hashes(padded, data, offsets, digits)
        ends = np.arange(len(texts) + 1, dtype=np.int32) * np.int32(digits)
        return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(found))


def text_buffers(texts: Any) -> tuple[Any, Any]:
    """Where each text of an arrow array begins and the last ends, and the bytes of all.

    Args:
        texts: of text, with 32-bit offsets.
    """
    import numpy as np

    _, offsets, data = texts.buffers()
    begins = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return begins, np.frombuffer(data or b"", np.uint8)


def read_key(key_file: Path | None = None, environment: Mapping[str, str] = os.environ) -> bytes:
    """The secret key: from a file if one is given, else from CHURNLIGHT_PSEUDONYM_KEY.

    Args:
        key_file: a file that only its owner may read; a line break at its end does not count.
        environment: the environment's variables.

    Raises:
        UsageError: when there is no key, it is shorter than 16 bytes, or others may read the file.
    """
    if key_file is None:
        key = environment.get(KEY_VARIABLE, "").encode()
        where = f"the environment variable {KEY_VARIABLE}"
        if not key:
            raise UsageError(
                f"no key: set {KEY_VARIABLE}, or give --key-file. To make one: "
                "(umask 077; openssl rand -hex 32 > pseudonym.key)"
            )
    else:
        where = str(key_file)
        try:
            mode = key_file.stat().st_mode
            key = key_file.read_bytes().rstrip(b"\r\n")
        except OSError as error:
            raise UsageError(f"the key file {where} can't be read: {error.strerror}") from None
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UsageError(f"others may read the key file {where}: run chmod 600 {where}")
    if len(key) < MIN_KEY_BYTES:
        raise UsageError(
            f"the key in {where} has {len(key)} bytes, at least {MIN_KEY_BYTES} are needed"
        )
    return key
