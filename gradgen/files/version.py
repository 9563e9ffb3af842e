"""The fingerprint of all that makes texts beside recipes: gradgen's own sources and templates, the libraries, Python."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent
#: What texts are made with, and what they are compared with.
_LIBRARIES = ("sympy", "mpmath", "jinja2", "black", "scipy")


def tool_fingerprint(package: Path = _PACKAGE) -> str:
    """Return the fingerprint; empty where it cannot be told. Nothing that it looks at is imported.

    Sources are taken by their bytes and not by a version, since they change between two versions wherever they are developed.
    """
    found = hashlib.sha256()
    sources = 0
    try:
        for name, data in _sources(package):
            found.update(f"{name} {len(data)}\n".encode() + data)
            sources += 1
        for library in _LIBRARIES:
            found.update(f"{library} {_library(library)}\n".encode())
    except (OSError, ValueError, ImportError):
        return ""
    python = (sys.version, sys.implementation.name, platform.machine(), sys.platform)
    found.update(repr(python).encode())
    return found.hexdigest() if sources else ""


def _sources(package: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the package, and of its templates where these stand beside it in a checkout."""
    templates = package.parent / "templates"
    roots = [package] if (package / "templates").is_dir() else [package, templates]
    for root in roots:
        found = []
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name != "__pycache__"]
            found += [os.path.join(folder, name) for name in files]
        for path in sorted(found):
            yield os.path.relpath(path, root), Path(path).read_bytes()


def _library(name: str) -> str:
    """Return a library's version, and where it is from."""
    from importlib.metadata import PackageNotFoundError, version

    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return "absent"
    try:
        known = version(name)
    except PackageNotFoundError:
        known = "unknown"
    return f"{known} {spec.origin} {os.stat(spec.origin).st_mtime_ns}"
