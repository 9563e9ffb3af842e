"""A template in; what Jinja compiled it to out: remembered in the user's cache folder, as compiling takes longer than all of a short module."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from gradgen.files.cache import SWITCH, cache_folder, prune, read_own, write_own

#: How many templates are kept, the latest, and the largest that one may become.
_KEPT, _LARGEST = 100, 2_000_000


class Bytecode(jinja2.BytecodeCache):
    """Jinja's own memory of templates, which knows by a template's text whether it is the same; a damaged file says nothing."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template what is kept of it, if anything is."""
        path = _path(bucket)
        found = read_own(path, _LARGEST) if path else b""
        digest, data = found[:64], found[64:]
        if data and digest == _digest(data):
            bucket.bytecode_from_string(data)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what a template was compiled to; where that cannot be, it is compiled again the next time."""
        path = _path(bucket)
        data = bucket.bytecode_to_string()
        if path and len(data) < _LARGEST:
            with contextlib.suppress(OSError, ValueError):
                if write_own(path, _digest(data) + data):
                    prune(path.parent, "*.jinja", _KEPT)


def _path(bucket: Bucket) -> Path | None:
    folder = None if os.environ.get(SWITCH) else cache_folder()
    return folder / "templates" / f"{bucket.key}.jinja" if folder else None


def _digest(data: bytes) -> bytes:
    """Return what tells that these are whole, and of this Jinja. Which Python they are of they say themselves."""
    compiler = Path(jinja2.compiler.__file__).stat()
    jinja = f"{compiler.st_size} {compiler.st_mtime_ns}\n".encode()
    return hashlib.sha256(jinja + data).hexdigest().encode()
