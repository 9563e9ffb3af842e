"""The text of a Python module in; the module, loaded in memory, out."""

from __future__ import annotations

import types
from importlib.abc import ExecutionLoader
from importlib.util import module_from_spec, spec_from_loader

from gradgen.files.recipe import digest


class _Loader(ExecutionLoader):
    """Loads a module from text, so that `linecache` and hence every traceback can show its lines."""

    def __init__(self, text: str, filename: str) -> None:
        self.text = text
        self.filename = filename

    def get_source(self, fullname: str) -> str:
        return self.text

    def get_filename(self, fullname: str) -> str:
        return self.filename


def load(text: str) -> types.ModuleType:
    """Return a module that gradgen wrote."""
    name = f"gradgen_{digest(text)}"
    loader = _Loader(text, f"{name}.py")
    spec = spec_from_loader(name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module
