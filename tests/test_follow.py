"""What Python functions import from other files: read as Python imports it, or refused; nothing is imported or run, and reading is bounded."""

from __future__ import annotations

import ast
import importlib
import importlib.machinery
import math
import os
import random
import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import gradgen
from gradgen import Compiled, GradgenError
from gradgen.command.main import main
from gradgen.read.python.follow import modules, steps
from gradgen.read.python.follow.beyond import imported
from gradgen.read.python.meanings import meant
from gradgen.sources import ONCE, compile_function
from tests.conftest import many


def written(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compiled(folder: Path, file: str = "model.py", **options: Any) -> Compiled:
    path = folder / file
    return compile_function(path.read_text(), "f", file=path, **options)


PACKAGE = {
    "pkg/__init__.py": "",
    "pkg/core.py": "from .constants import K\ndef g(x, a=K):\n    return a*x\n",
    "pkg/constants.py": "K = 3.0\nL = K**2\n",
}
#: The files, the one that holds `f`, and what f(2.0) is, or why it is refused.
CASES: Mapping[str, tuple[Mapping[str, str], str, float | str]] = {
    "a sibling": (
        {
            "model.py": "from helpers import g, K as c\ndef f(x): return g(x) + c\n",
            "helpers.py": "K = 5.0\ndef g(x): return K*x\n",
        },
        "model.py",
        15.0,
    ),
    "what a sibling imports and binds in any order": (
        {
            "model.py": "from helpers import g\ndef f(x): return g(x)\n",
            "helpers.py": "from math import sqrt as root\nfrom constants import M\ndef g(x): return h(x)*root(x)\ndef h(x): return K*x\nK = L = 5.0*M\n",
            "constants.py": "N = 2.0\nM = 1.0 / N\n",
        },
        "model.py",
        2.5 * 2.0**1.5,
    ),
    "its own package": (
        {**PACKAGE, "pkg/model.py": "from .core import g\ndef f(x): return g(x)\n"},
        "pkg/model.py",
        6.0,
    ),
    "a module by another name": (
        {
            **PACKAGE,
            "pkg/model.py": "import pkg.core as m\ndef f(x): return m.g(x, a=m.K)\n",
        },
        "pkg/model.py",
        6.0,
    ),
    "a module of the package": (
        {
            **PACKAGE,
            "pkg/model.py": "from . import constants\ndef f(x): return constants.L*x\n",
        },
        "pkg/model.py",
        18.0,
    ),
    "handed on": (
        {
            **PACKAGE,
            "pkg/__init__.py": "from .core import g as h\n",
            "pkg/sub/__init__.py": "from .. import h\n",
            "pkg/sub/model.py": "from . import h\ndef f(x): return h(x)\n",
        },
        "pkg/sub/model.py",
        6.0,
    ),
    "handed on by a star": (
        {
            **PACKAGE,
            "pkg/all.py": "from .core import *\nfrom .constants import *\n",
            "pkg/model.py": "from .all import L, g\ndef f(x): return g(x) + L\n",
        },
        "pkg/model.py",
        15.0,
    ),
    "a star in the file itself": (
        {**PACKAGE, "pkg/model.py": "from .core import *\ndef f(x): return g(x)\n"},
        "pkg/model.py",
        6.0,
    ),
    "two stars": (
        {
            "model.py": "from a import *\nfrom b import *\ndef f(x): return g(x)\n",
            "a.py": "def g(x): return x\n",
            "b.py": "def g(x): return 2*x\n",
        },
        "model.py",
        4.0,
    ),
    "two stars, of which the later may hold it": (
        {
            "model.py": "from a import *\nfrom b import *\ndef f(x): return g(x)\n",
            "a.py": "def g(x): return x\n",
            "b.py": "import sys\nif sys.argv:\n    def g(x): return 2*x\n",
        },
        "model.py",
        "`g` may come from a or from b",
    ),
    "stars around numpy's": (
        {
            "model.py": "from a import *\nfrom numpy import *\nfrom b import *\ndef f(x): return exp(x) + sqrt(x) + h(x)\n",
            "a.py": "def exp(x): return 2*x\ndef sqrt(x): return x\ndef h(x): return 3*x\n",
            "b.py": "def exp(x): return 5*x\n",
        },
        "model.py",
        10.0 + 2.0**0.5 + 6.0,
    ),
    "two stars, of which a list lets one through": (
        {
            "model.py": "from a import *\nfrom b import *\ndef f(x): return g(x)\n",
            "a.py": "__all__ = ['h']\ndef h(x): return x\ndef g(x): return x\n",
            "b.py": "def g(x): return 2*x\n",
        },
        "model.py",
        4.0,
    ),
    "a star that keeps what Python has as well": (
        {
            "model.py": "from a import *\ndef f(x): return abs(x)\n",
            "a.py": "__all__ = []\ndef abs(x): return 3*x\n",
        },
        "model.py",
        2.0,
    ),
    "a star behind": (
        {
            "model.py": "def g(x): return x\nfrom a import *\ndef f(x): return g(x)\n",
            "a.py": "def g(x): return 2*x\n",
        },
        "model.py",
        "`g` is bound more than once",
    ),
    "a method of another file's module": (
        {
            "model.py": "from a import log\ndef f(x): return log(x)\n",
            "a.py": "from math import log10 as log\n",
        },
        "model.py",
        math.log10(2),
    ),
    "bound twice there": (
        {
            "model.py": "from a import K\ndef f(x): return K*x\n",
            "a.py": "K = 1.0\nK = 2.0\n",
        },
        "model.py",
        "`K` is bound more than once, in line 1 and in line 2; give each value a name of its own (in a)",
    ),
    "changed from a third file": (
        {
            "model.py": "from a import g\nimport b\ndef f(x): return g(x) + b.C\n",
            "a.py": "K = 1.0\ndef g(x): return K*x\n",
            "b.py": "import a\na.K = 2.0\nC = 0.0\n",
        },
        "model.py",
        "`K` may change: line 2 of b assigns to an attribute",
    ),
    "changed from the file itself": (
        {
            "model.py": "import a\na.K = 2.0\ndef f(x): return a.g(x)\n",
            "a.py": "K = 1.0\ndef g(x): return K*x\n",
        },
        "model.py",
        "may change: line 2",
    ),
    "changed by the package around": (
        {
            "p/__init__.py": "from . import a\na.K = 2.0\n",
            "p/a.py": "K = 1.0\ndef g(x): return K*x\n",
            "p/model.py": "from .a import g\ndef f(x): return g(x)\n",
        },
        "p/model.py",
        "`K` may change: line 2 of p assigns",
    ),
    "a module or a function": (
        {
            "p/__init__.py": "from .g import g\n",
            "p/g.py": "def g(x): return 2*x\n",
            "p/model.py": "from p import g\ndef f(x): return g(x)\n",
        },
        "p/model.py",
        4.0,
    ),
    "a module, or what is not from it": (
        {
            "p/__init__.py": "from .h import h as g\n",
            "p/g.py": "def g(x): return 2*x\n",
            "p/h.py": "def h(x): return 3*x\n",
            "p/model.py": "from p import g\ndef f(x): return g(x)\n",
        },
        "p/model.py",
        "`p.g` is a module, and something else that p binds",
    ),
    "changed under another name": (
        {
            "model.py": "from a import g\nimport b\ndef f(x): return g(x) + b.C\n",
            "a.py": "K = 1.0\ndef g(x): return K*x\n",
            "b.py": "import importlib\nm = importlib.import_module('a')\nm.K = 2.0\nC = 0.0\n",
        },
        "model.py",
        "`K` may change: line 3 of b assigns",
    ),
    "changed by a function": (
        {
            "p/model.py": "from .a import g\nfrom . import b\ndef f(x): return g(x) + b.C\n",
            "p/__init__.py": "",
            "p/a.py": "K = 1.0\ndef g(x): return K*x\n",
            "p/b.py": "from . import a\ndef change(of): of.K = 2.0\nchange(a)\nC = 0.0\n",
        },
        "p/model.py",
        "`K` may change: line 2 of p.b assigns",
    ),
    "whatever a package hands out": (
        {
            "p/__init__.py": "def __getattr__(name): return float\n",
            "p/g.py": "def h(x): return 2*x\n",
            "p/model.py": "from p import g\ndef f(x): return g.h(x)\n",
        },
        "p/model.py",
        "may be a module, or what `__getattr__` of p returns",
    ),
    "a package that lies elsewhere, too": (
        {
            "p/__init__.py": "__path__ = ['elsewhere']\n",
            "p/g.py": "def h(x): return 2*x\n",
            "p/model.py": "from .g import h\ndef f(x): return h(x)\n",
        },
        "p/model.py",
        "`p.g.h` is not known here",
    ),
    "round in a circle": (
        {
            "model.py": "from a import K\ndef f(x): return K*x\n",
            "a.py": "from b import K\n",
            "b.py": "from a import K\n",
        },
        "model.py",
        "handed on more than",
    ),
    "constants round in a circle": (
        {
            "model.py": "from a import K\ndef f(x): return K*x\n",
            "a.py": "import b\nK = b.L + 1\n",
            "b.py": "import a\nL = a.K + 1\n",
        },
        "model.py",
        "is no constant",
    ),
    "a constant of another file's": (
        {
            "model.py": "import a\nK = 2*a.K\ndef f(x, k=a.K): return K*x\n",
            "a.py": "from b import L\nK = L + 1\n",
            "b.py": "L = 2.0\n",
        },
        "model.py",
        12.0,
    ),
    "texts": (
        {
            "model.py": "from a import METHOD, g\ndef f(x): return g(x, METHOD)\n",
            "a.py": "METHOD = 'twice'\ndef g(x, how='once'):\n    if how == 'twice':\n        return 2*x\n    return x\n",
        },
        "model.py",
        4.0,
    ),
    "a file that may bind anything": (
        {
            "model.py": "from a import g\ndef f(x): return g(x)\n",
            "a.py": "def g(x): return 2*x\nglobals().update(g=abs)\n",
        },
        "model.py",
        "(in a)",
    ),
    "an offending line": (
        {
            "model.py": "from a import g\ndef f(x): return g(x)\n",
            "a.py": "def g(x):\n    return x.real.sign\n",
        },
        "model.py",
        "a, line 2: ",
    ),
    "too far up": (
        {**PACKAGE, "pkg/model.py": "from ..core import g\ndef f(x): return g(x)\n"},
        "pkg/model.py",
        "`..core.g` is not known here",
    ),
    "one of Python's own": (
        {
            "model.py": "from random import g\ndef f(x): return g(x)\n",
            "random.py": "def g(x): return 2*x\n",
        },
        "model.py",
        "`random.g` is not known here; --follow random reads its source",
    ),
    "an import in the function": (
        {
            **PACKAGE,
            "pkg/model.py": "def f(x):\n    from .core import g\n    return g(x)\n",
        },
        "pkg/model.py",
        6.0,
    ),
    "a decorator of the package that gives back": (
        {
            **PACKAGE,
            "pkg/marks.py": "def mark(f):\n    f.known = True\n    return f\n",
            "pkg/model.py": "from .marks import mark\n@mark\ndef f(x): return 2*x\n",
        },
        "pkg/model.py",
        4.0,
    ),
    "one that does not": (
        {
            **PACKAGE,
            "pkg/marks.py": "def mark(f):\n    f = abs\n    return f\n",
            "pkg/model.py": "from .marks import mark\n@mark\ndef f(x): return 2*x\n",
        },
        "pkg/model.py",
        "say by --ignore-decorator mark that it changes nothing",
    ),
    "one way or the other, which are the same": (
        {
            **PACKAGE,
            "pkg/model.py": "try:\n    from .core import K\nexcept ImportError:\n    from .constants import K\ndef f(x): return K*x\n",
        },
        "pkg/model.py",
        6.0,
    ),
    "one way or the other, which are not": (
        {
            **PACKAGE,
            "pkg/model.py": "try:\n    from .constants import L\nexcept ImportError:\n    from .constants import K as L\ndef f(x): return L*x\n",
        },
        "pkg/model.py",
        "`.constants.L` or of `.constants.K`, and these are not the same",
    ),
}


#: Those that the second reading does not know.
READ_ONCE = (
    "two stars",
    "stars around numpy's",
    "a decorator of the package that gives back",
    "one way or the other, which are the same",
)


@pytest.mark.parametrize("name", CASES)
def test_imports_mean_what_python_imports(name: str, tmp_path: Path) -> None:
    files, file, wanted = CASES[name]
    written(tmp_path, files)
    if isinstance(wanted, str):
        with pytest.raises(GradgenError) as found:
            compiled(tmp_path, file)
        assert wanted in str(found.value)
        assert str(tmp_path) not in str(found.value)
        return
    made = compiled(tmp_path, file)
    assert made.forward(2.0)[0] == pytest.approx(wanted, rel=1e-14)
    assert made.unproven == "" and (ONCE in made.notes) is (name in READ_ONCE)
    assert str(tmp_path) not in made.source


# Random packages.

IMPORTS = (
    "from .{m} import {n} as {a}",
    "from .{m} import {n} as {a}",
    "from {p}.{m} import {n} as {a}",
    "import {p}.{m} as {a}_m\n{a} = {a}_m.{n}",
    "from . import {m} as {a}_m\n{a} = {a}_m.{n}",
    "from {p} import {m} as {a}_m\n{a} = {a}_m.{n}",
    "try:\n    from .{m} import {n} as {a}\nexcept ImportError:\n    {a} = None",
    "try:\n    from .{m} import {n} as {a}\nexcept ImportError:\n    from .{o} import {n} as {a}",
)
HAZARDS = (
    "from .{m} import *",
    "{n} = 7.0",
    "import {p}.{m}\n{p}.{m}.{n} = 9.0",
    "def change():\n    global {n}\n    {n} = 1.0\nchange()",
    "if {n}:\n    {n} = 8.0",
    "globals()['{n}'] = 6.0",
    "__all__ = ['{n}']",
    "def __getattr__(name): return 5.0",
    "{n} += 1",
)


def random_package(rnd: random.Random, package: str) -> dict[str, str]:
    """Return the files of a package; each imports from those before it, and holds constants and functions."""
    files: dict[str, str] = {}
    known: list[str] = []
    for count in range(rnd.randint(2, 5)):
        lines, own = [], []
        for turn in range(rnd.randint(1, 3)):
            if known and rnd.random() < 0.7:
                words = {"p": package, "m": rnd.choice(known), "o": rnd.choice(known)}
                name = rnd.choice(("K", "g", "h"))
                alias = rnd.choice((name, name, f"{name}{turn}"))
                lines.append(rnd.choice(IMPORTS).format(n=name, a=alias, **words))
                own.append(alias)
        used = rnd.choice(own) if own and rnd.random() < 0.7 else "2.0"
        if rnd.random() < 0.7 or not known:
            lines.append(f"K = {rnd.choice((-1.5, 0.25, 3.0))} + {count}")
        read = rnd.choice(("K", "2.0"))
        lines.append(f"def g(x, a={rnd.choice((read, '1.5'))}): return a*x + {read}")
        lines.append(f"def h(x): return {_use(used)} + {_use(rnd.choice(own or ['2.0']))}")  # fmt: skip
        if rnd.random() < 0.25:
            words = {"p": package, "m": rnd.choice(known or ["m0"]), "n": rnd.choice(("K", "g"))}  # fmt: skip
            lines.insert(rnd.randint(0, len(lines)), rnd.choice(HAZARDS).format(**words))  # fmt: skip
        known.append(f"m{count}")
        files[f"{package}/m{count}.py"] = "\n".join(lines) + "\n"
    start = rnd.choice(("", "", f"from .{known[0]} import K, g as h\n", f"from .{known[0]} import *\n"))  # fmt: skip
    files[f"{package}/__init__.py"] = start
    last = rnd.choice(
        [
            f"from {package}.{known[-1]} import h",
            f"from .{known[-1]} import h",
            f"from {package} import h",
        ]
    )
    files[f"{package}/model.py"] = f"{last}\ndef f(x): return h(x)\n"
    return files


def _use(name: str) -> str:
    if name[0] in "gh":
        return f"{name}(x)"
    return f"{name}*x"


@pytest.mark.parametrize("count", [30, pytest.param(1500, marks=pytest.mark.slow)])
def test_random_packages_are_read_as_python_imports_them_or_refused(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rnd = random.Random(f"packages {count}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    read = proven = ran = 0
    for turn in range(count):
        package = f"random_{count}_{turn}"
        files = random_package(rnd, package)
        written(tmp_path, files)
        importlib.invalidate_caches()
        try:
            module = importlib.import_module(f"{package}.model")
            true = float(module.f(1.25))
        except Exception:  # noqa: BLE001, S112 - such a package is nobody's
            continue
        finally:
            for name in [n for n in sys.modules if n.partition(".")[0] == package]:
                del sys.modules[name]
        ran += 1
        try:
            made = compiled(tmp_path, f"{package}/model.py")
        except GradgenError:
            continue
        read += 1
        proven += not made.unproven
        assert made.forward(1.25)[0] == pytest.approx(true, rel=1e-12), files
    assert ran > count / 3 and read > ran / 3 and proven > 0.9 * read


# Files that are imported, and of which nothing is read.

#: What changes `{m}`, which is `{p}.{m}`, before the function runs.
CHANGES = (
    "import {p}.{m}\n{p}.{m}.G = 1.62",
    "from . import {m}\nsetattr({m}, 'G', 1.62)",
    "from . import {m} as c\nfor name in ('G', 'h'): setattr(c, name, 1.62)",
    "from {p} import {m}\nset_ = setattr\nset_({m}, 'G', 1.62)",
    "from {p} import {m}\n{m}.__dict__['G'] = 1.62",
    "from {p} import {m}\nvars({m}).update(G=1.62)",
    "import sys\nfrom . import {m}\nsys.modules['{p}.{m}'].G += 1.0",
    "from . import {m} as c\nd = c\nd.G, e = 1.62, 2.0",
    "from . import {m}\ndef change(m): m.G = 1.62\nchange({m})",
    "from . import {m}\ndef change():\n    for {m}.G in (1.62, 1.7): pass\nchange()",
    "from .m1 import held\nheld.G = 1.62",
    "from .m1 import start_over\nstart_over()",
    "from . import m0\nm0.restart()",
    "from .{m} import h\nh.__globals__['G'] = 1.62",
    "from .{m} import h\nh.__defaults__ = (7.0,)",
    "from . import {m}\n{m}.h.__code__ = (lambda x, a: 7.0).__code__",
    "from unittest.mock import patch\nfrom . import {m}\npatch.object({m}, 'G', 1.62).start()",
    "import importlib\nimportlib.import_module('{p}.{m}').G = 1.62",
    "import importlib\nc = importlib.import_module('{p}.{m}')\nfor name in 'GT': setattr(c, name, [1.62, 1.7])",
    "from . import {m}\nfor c in ({m},):\n    for name in 'GT': setattr(c, name, [1.62, 1.7])",
    "from . import {m}\ndef change(c):\n    for name in 'GT': setattr(c, name, [1.62, 1.7])\nchange({m})",
    "from . import {m}\n{m}.T[1] = 1.62",
    "from .{m} import T\nT.reverse()",
    "from .{m} import T as t\nfor _ in t: t[1] += 1.0",
    "from .{m} import *\nT += [1.0]\nT[1] = 1.62",
    "from . import {m}\nt = {m}.T\ndef change(t): t[1] = 1.62\nchange(t)",
    "from . import {m}\nlast = {m}.T",
    "from . import {m}\nfor name in ('G', 'h'): {m}.__setattr__(name, 1.62)",
    "from . import {m} as c\nfor name in ('G', 'h'): type(c).__setattr__(c, name, 1.62)",
    "from . import {m}\nclass A: c = {m}\nA.c.G = 1.62",
    "from . import {m}\nclass A: c = {m}\nfor name in ('G', 'h'): setattr(A.c, name, 1.62)",
    "from . import {m}\nclass A: pass\nA = {m}\nfor name in ('G', 'h'): setattr(A, name, 1.62)",
    "from . import {m}\ndef change(A):\n    for name in 'GT': setattr(A, name, [1.62, 1.7])\nclass A: pass\nchange({m})",
    "from . import {m}\ndef change():\n    held = {m}.__dict__\n    held['G'] = 1.62\nchange()",
    "from . import {m}\n{m}.__dict__['G'] = 1.62\n{m}.__dict__['other'] = 1.62",
    "from . import {m}\nfor name in {m}.__dict__:\n    if name in 'GT': {m}.__dict__[name] = [1.62, 1.7]",
    "from . import {m}\nfor name in {m}.__dict__:\n    if name == 'G': c = {m}.__dict__\nc['G'] = 1.62",
    "import math\nmath.exp = math.sqrt",
    "import builtins\nbuiltins.abs = float",
)
#: What only seems to.
HARMLESS = (
    "from . import {m}\nclass A:\n    def __init__(self): self.G, self.T = {m}.G, [1.0]\nA().G",
    "from . import {m}\nclass A:\n    def put(self, name): self.__setattr__(name, {m}.G)\nA().put('G')",
    "from . import {m}\nclass A: pass\nfor name in ('G', 'h'): setattr(A, name, {m}.G)",
    "from . import {m}\nclass A: pass\ndef added(a):\n    held = a.__dict__\n    return [held[k] + {m}.G for k in held.keys()]\nadded(A())",
    "from . import {m}\n{m}.__dict__['other'] = 1.62",
    "from . import {m}\ndef public(n): return {{k: n.__dict__[k] for k in n.__dict__ if k in {m}.__dict__}}\nheld = public({m})\nfor name in {m}.__dict__: pass",
    "from . import {m}\nprint = {m}.G == 1.0\nG = {{'G': 2.0}}",
    "from .{m} import G, T\nG = 3.0\nown = [x for x in T]\nown[0] = 5.0",
    "from . import {m}\nfor name in ('G', 'h'): getattr({m}, name)\nclass B: pass\nb = B()\nfor name in 'ab': setattr(b, name, 1.0)",
    "from . import {m}\nvars({m})['G'], {m}.__dict__.get('G')",
    "import importlib\ndef any(name): return importlib.import_module(name)\nclass B: pass\nfor b in (B(), B()):\n    for name in 'ab': setattr(b, name, 1.0)",
    "if __name__ == '__main__':\n    import math\n    from . import side",
    "def later():\n    from . import side",
)
USES = (
    ("from .m0 import G", "G*x"),
    ("from . import m0", "m0.G*x"),
    ("from .m0 import h", "h(x)"),
    ("from .m0 import g", "g(x)"),
    ("import {p}.m0 as c", "c.g(x)"),
    ("from .m0 import T", "T[1]*x"),
    ("from . import m0 as c", "x*sum(c.T)"),
    ("from .m0 import total", "total(x)"),
    ("import math", "math.exp(x) + abs(x)"),
)


def imported_only(rnd: random.Random, package: str, change: str) -> dict[str, str]:
    """Return the files of a package, of which one is imported by way of others, and changes what the first holds, or only seems to."""
    words = {"p": package, "m": "m0"}
    files = {
        "m0": "G = 9.81\nT = [3.0, 4.0]\ndef h(x, a=2.0): return a*x\ndef g(x): return G*x\ndef total(x): return T[1]*x\ndef restart(): globals()['G'] = 1.62\n",
        "m1": "from . import m0 as held\ndef start_over(): held.G = 1.62\n",
        "side": "from . import m0\nm0.G, m0.T[1] = 1.62, 1.5\nm0.h.__defaults__ = (7.0,)\n",
    }
    way = ["last"]
    for count in range(rnd.randint(0, 2)):
        way.append(f"way{count}")
        form = rnd.choice(("from . import {0}", "import {p}.{0} as other", "try:\n    from .{0} import nothing\nexcept ImportError:\n    pass", "from \\\n    . import (  # all\n    {0},\n)"))  # fmt: skip
        files[way[-1]] = form.format(way[-2], p=package) + "\n"
    if rnd.random() < 0.3:
        files["__init__"] = f"from . import {way[-1]}\n"
        way.append("m1")
    files["last"] = change.format(**words) + "\n"
    bound, text = rnd.choice(USES)
    inside = rnd.random() < 0.2
    other = f"import {package}.{way[-1]}\n"
    files["model"] = f"{bound.format(**words)}\n{'' if inside else other}def f(x):\n    {other if inside else ''}    return {text}\n"  # fmt: skip
    if inside:
        files["model"] = f"{bound.format(**words)}\ndef f(x):\n    {other}    return {text}\n"  # fmt: skip
    if rnd.random() < 0.3:
        files[
            "model"
        ] += "class Later:\n    def run(self):\n        from . import side\n"
    return {f"{package}/{name}.py": text for name, text in files.items()}


@pytest.mark.parametrize(
    "count", [50, pytest.param(many(3000), marks=pytest.mark.slow)]
)
def test_what_is_imported_and_not_read_changes_nothing_unseen(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rnd = random.Random(f"imported {count}")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(math, "exp", math.exp)
    monkeypatch.setattr("builtins.abs", abs)
    refused = read = 0
    for turn in range(count):
        package = f"imported_{count}_{turn}"
        harmless = rnd.random() < 0.4
        files = imported_only(rnd, package, rnd.choice(HARMLESS if harmless else CHANGES))  # fmt: skip
        files.setdefault(f"{package}/__init__.py", "")
        written(tmp_path, files)
        importlib.invalidate_caches()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(math, "exp", math.exp)
            patch.setattr("builtins.abs", abs)
            try:
                true = importlib.import_module(f"{package}.model").f(2.0)
            except TypeError:
                true = math.nan  # a number is called
        try:
            made = compiled(tmp_path, f"{package}/model.py").forward(2.0)[0]
        except GradgenError as error:
            assert "may change: " in error.message, files
            assert not harmless, (error.message, files)
            refused += 1
            continue
        assert made == pytest.approx(true, rel=1e-14), files
        read += 1
    assert min(read, refused) > 0.1 * count


# What functions import by texts.

#: A function that imports what calls of it name.
BY_TEXT = "def bring(m, a, b):\n    'Import a name.'\n    m = __import__(m, fromlist=[a])\n    globals()[b] = getattr(m, a)\n"
HEADS = "from math import cos, exp, pi\n"


@pytest.mark.parametrize(
    ("above", "said"),
    [
        (f"{BY_TEXT}def use(): bring('numpy', 'cos', 'cos')\nuse()\n", ""),
        (f"{BY_TEXT}try:\n    bring('numpy', 'cos', 'cos')\n    bring('numpy', 'pi', 'pi')\nexcept ImportError: pass\n", ""),
        (f"import importlib\n{BY_TEXT.replace('__import__(m, fromlist=[a])', 'importlib.import_module(m)')}bring('numpy', 'exp', 'exp')\n", ""),
        (f"{BY_TEXT}bring('math', 'sin', 'other')\n", ""),
        (f"{BY_TEXT}bring('math', 'sin', 'cos')\n", "of `math.cos` or of `math.sin`, and these are not the same"),
        (f"{BY_TEXT}bring('math', 'e', 'pi')\n", "of `math.pi` or of `math.e`"),
        (f"{BY_TEXT}K = 2.0\nbring('math', 'e', 'K')\n", "`K` may change: bring"),
        (f"{BY_TEXT}bring('math', 'e', 'E')\n", "`E` is bound by a call of bring"),
        (f"{BY_TEXT}for n in ('cos', 'pi'): bring('math', 'sin', n)\n", "may bind any name"),
        (f"{BY_TEXT}again = bring\nagain('math', 'sin', 'cos')\n", "may bind any name"),
        (f"{BY_TEXT}bring('math', a='sin', b='cos')\n", "may bind any name"),
        (f"{BY_TEXT}bring(*('math', 'sin', 'cos'))\n", "may bind any name"),
        (f"{BY_TEXT}map(bring, ['math'], ['sin'], ['cos'])\n", "may bind any name"),
        (f"{BY_TEXT}import sys\ngetattr(sys.modules[__name__], 'bring')('math', 'sin', 'cos')\n", "may bind any name|may change"),
        (f"def getattr(m, a): return 3.0\n{BY_TEXT}bring('math', 'cos', 'cos')\n", "may bind any name"),
        (f"{BY_TEXT.replace(', fromlist=[a]', '')}bring('os.path', 'cos', 'cos')\n", "may bind any name"),
        (f"{BY_TEXT.replace('= getattr(m, a)', '= a')}bring('math', 'cos', 'cos')\n", "may bind any name"),
        (f"{BY_TEXT}{BY_TEXT}bring('math', 'cos', 'cos')\n", "may bind any name"),
    ],
)  # fmt: skip
def test_functions_that_import_by_texts_bind_what_calls_name(
    above: str, said: str
) -> None:
    used = "K*x" if "K =" in above else "E*x" if "'E'" in above else "cos(x)*exp(x) + pi"  # fmt: skip
    text = f"{HEADS}{above}def f(x): return {used}\n"
    if said:
        with pytest.raises(GradgenError, match=said):
            compile_function(text, "f")
        return
    made = compile_function(text, "f")
    names: dict[str, Any] = {"__name__": "model"}
    exec(text, names)  # noqa: S102
    assert made.forward(0.7)[0] == pytest.approx(float(names["f"](0.7)), rel=1e-15)


def test_what_another_file_imports_by_such_a_function_may_be_anything(
    tmp_path: Path,
) -> None:
    files = {
        "p/__init__.py": "",
        "p/tools.py": f"{HEADS}{BY_TEXT}bring('numpy', 'cos', 'cos')\n",
        "p/model.py": "from . import tools\nfrom . import other\ndef f(x): return tools.cos(x)\n",
        "p/other.py": "",
    }
    written(tmp_path, files)
    assert compiled(tmp_path, "p/model.py").forward(0.5)[0] == math.cos(0.5)
    for line in ("tools.bring('math', 'sin', 'cos')", "getattr(tools, 'bring')('math', 'sin', 'cos')"):  # fmt: skip
        written(tmp_path, {**files, "p/other.py": f"from . import tools\n{line}\n"})
        with pytest.raises(GradgenError, match="may change"):
            compiled(tmp_path, "p/model.py")


# What is installed.


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, and elsewhere a package that Python finds."""
    site = tmp_path / "site"
    written(site, {f"far/{n.partition('/')[2]}": t for n, t in PACKAGE.items()})
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("model.py").write_text(
        "from far.core import g\nfrom far.constants import L\ndef f(x): return g(x) + L\n"
    )
    return site


def test_an_installed_module_is_read_where_it_is_named(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GradgenError, match="--follow far.core reads its source"):
        compiled(Path())
    with pytest.raises(GradgenError, match="`far.constants.L` is not known here; --follow far.constants"):  # fmt: skip
        compiled(Path(), follow="far.core")
    with pytest.raises(GradgenError, match="no source of it is found"):
        compile_function("from a.b import f as g\ndef f(x): return g(x)", "f", follow="a.b")  # fmt: skip
    for named in ("far", ["far.core", "far.constants"], "far.core, far.constants"):
        made = compiled(Path(), follow=named)
        assert made.forward(2.0)[0] == 15.0 and not made.unproven
    assert made.followed == ("far", "far.constants", "far.core")
    assert main(["compile", "model.py:f", "--follow", "far", "-o", "out.py"]) == 0
    assert Path("out.py").read_text() == made.source
    # The recipe holds all of it.
    (installed / "far" / "core.py").unlink()
    assert main(["check", "out.py"]) == 0
    assert main(["compile", "x*y", "--follow", "far"]) == 2
    assert "--follow says how a Python file is read" in capsys.readouterr().err
    with pytest.raises(GradgenError, match="is no name that an import has"):
        compiled(Path(), follow="../far")


def test_a_project_knows_the_same_options(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("model.py").write_text(
        "from far.core import g\nfrom helpers import mine, K\n@mine\ndef f(x): return g(x) + K\n"
    )
    Path("helpers.py").write_text("K = 1.0\ndef mine(f): return lambda x: f(x)\n")
    Path("pyproject.toml").write_text(
        '[[tool.gradgen.modules]]\nsource-file = "model.py:f"\noutput = "out.py"\n'
        'follow = ["far.core"]\nignore-decorator = "mine"\n'
    )
    assert main(["build"]) == 0
    assert "K2 = 1.0" in Path("out.py").read_text()
    assert main(["build", "--check"]) == 0
    # A change of what is followed is noticed, and nothing is remembered in spite of it.
    Path("helpers.py").write_text("K = 2.0\ndef mine(f): return lambda x: f(x)\n")
    assert main(["build", "--check"]) == 1
    assert main(["check", "out.py"]) == 0
    Path("helpers.py").unlink()
    Path("helpers.py").symlink_to(installed / "far" / "constants.py")
    capsys.readouterr()
    assert main(["build", "--check"]) == 1
    assert "lies outside the project" in capsys.readouterr().err


def test_reading_is_bounded_and_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, {"model.py": "from a import g\ndef f(x): return g(x)\n"})
    place = tmp_path / "a.py"

    def refusal() -> str:
        with pytest.raises(GradgenError) as found:
            compiled(tmp_path)
        assert "secret" not in str(found.value)
        assert str(tmp_path) not in str(found.value)
        return str(found.value)

    if hasattr(os, "mkfifo"):
        os.mkfifo(place)
        assert "`a` cannot be read: its file is not a regular file" in refusal()
        place.unlink()
    place.symlink_to(place)
    assert "`a.g` is not known here" in refusal()
    place.unlink()
    for text in ("secret = (", "secret: = 3", "# secret\n" + "x = 1\n" * 700_000):
        place.write_text(text)
        assert "the source of `a` cannot be read" in refusal()
    place.write_bytes(b"secret = '\xff'\n")
    assert "the source of `a` cannot be read" in refusal()
    place.write_text("def g(x): return 2*x\n")
    assert compiled(tmp_path).forward(1.0)[0] == 2.0
    # What is compiled goes before a text of that name.
    (tmp_path / f"a{importlib.machinery.EXTENSION_SUFFIXES[0]}").touch()
    assert "`a.g` is not known here" in refusal()
    chain = {f"c{n}.py": f"from c{n + 1} import K\n" for n in range(300)}
    written(tmp_path, {**chain, "model.py": "from c0 import K\ndef f(x): return K*x\n"})
    assert "handed on more than" in refusal()
    monkeypatch.setattr(modules, "MAX_FILES", 5)
    assert "one file too many" in refusal()


def test_the_walk_of_the_proof_finds_its_own_way(tmp_path: Path) -> None:
    """Where the reader takes one file's value for another's, the proof does not."""
    files = {
        "model.py": "from a import K\ndef f(x): return K*x\n",
        "a.py": "K = 2.0\n",
        "b.py": "K = 3.0\n",
    }
    written(tmp_path, files)
    step = steps.step

    def wrong(files: Any, found: Any, by: Any) -> Any:
        other = type(found)(found.path.replace("a.", "b."), "b")
        return step(files, other, by)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gradgen.read.python.follow.meaning.step", wrong)
        with pytest.raises(GradgenError, match="the module is wrong"):
            compiled(tmp_path)


def test_a_function_in_hand_imports_as_its_file_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(
        tmp_path,
        {
            "hand_model.py": "from hand_a import g\ndef f(x): return g(x)\n",
            "hand_a.py": "K = 2.0\ndef g(x): return K*x\n",
        },
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("hand_model")
    made = gradgen.differentiate(module.f)
    assert made.forward(3.0)[0] == 6.0
    monkeypatch.setattr(sys.modules["hand_a"], "K", 5.0)
    with pytest.raises(GradgenError, match="`K` is 5.0 now, and 2.0 in hand_a, line 1"):
        gradgen.differentiate(module.f)


# Decorators and imports that may fail.

HEAD = "import math, functools, numba\nfrom numba import njit, float64\nimport numba as nb\n"


@pytest.mark.parametrize(
    ("decorator", "read"),
    [
        ("njit", True),
        ("njit()", True),
        ("njit(cache=True, nogil=True)", True),
        ("numba.jit(nopython=True)", True),
        ("nb.vectorize(['float64(float64)'])", True),
        ("njit(float64(float64))", True),
        ("njit('f8(f8)')", True),
        ("njit('f4(f4)')", False),
        ("nb.vectorize(['float32(float32)'])", False),
        ("njit(nb.int64(nb.int64))", False),
        ("njit(locals={'y': nb.float32})", False),
        ("njit(**OPTIONS)", False),
        ("numba.guvectorize(['f8,f8'], '()->()')", False),
        ("functools.lru_cache(maxsize=None)", True),
        ("functools.cache", True),
        ("functools.singledispatch", False),
        ("functools.partial(print)", False),
        ("staticmethod", True),
        ("property", False),
        ("mine", False),
        ("mine(3)", False),
        ("back", True),
        ("back()", False),
        ("fallback", True),
        ("other", False),
    ],
)
def test_decorators_that_change_no_value(decorator: str, read: bool) -> None:
    text = (
        HEAD
        + "def mine(f): return lambda x: 2*f(x)\ndef back(f):\n    print(f)\n    return f\n"
        + "try:\n    from numba import njit as fallback\nexcept ImportError:\n    fallback = None\n"
        + "try:\n    from numba import njit as other\nexcept ImportError:\n    from mine import other\n"
        + f"@{decorator}\ndef f(x): return x*x\n"
    )
    if read:
        made = compile_function(text, "f")
        assert made.forward(3.0)[0] == 9.0 and not made.unproven
        return
    with pytest.raises(GradgenError, match="may change what the function returns"):
        compile_function(text, "f")
    shown = decorator.partition("(")[0]
    assert compile_function(text, "f", ignore_decorator=shown).forward(3.0)[0] == 9.0


@pytest.mark.parametrize(
    ("head", "wanted"),
    [
        ("try:\n    import numpy as np\nexcept ImportError:\n    import math as np", 2.0),
        ("try:\n    import numpy as np\nexcept ImportError:\n    np = None", 2.0),
        ("try:\n    import numpy as np\nexcept ImportError:\n    pass", 2.0),
        ("try:\n    import numpy as np\nexcept ImportError as np:\n    pass", None),
        ("try:\n    import numpy as np\nexcept ImportError:\n    np = 3", None),
        ("try:\n    import numpy as np\nexcept ImportError:\n    import cmath as np", None),
        ("try:\n    import numpy as np\nexcept ImportError:\n    def np(x): return x", None),
        ("import sys\nif sys.version_info > (3, 8):\n    import math as np\nelse:\n    import numpy as np", 2.0),
        ("import sys\nif sys.argv:\n    import math as np\nelse:\n    np = 3", None),
        ("import cmath as np\ntry:\n    import numpy as np\nexcept ImportError:\n    pass", None),
    ],
)  # fmt: skip
def test_imports_that_may_fail(head: str, wanted: float | None) -> None:
    text = f"{head}\ndef f(x): return np.sqrt(x)\n"
    if wanted is None:
        with pytest.raises(GradgenError, match="line [0-9]+: "):
            compile_function(text, "f")
    else:
        made = compile_function(text, "f")
        assert made.forward(4.0)[0] == wanted and not made.unproven


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("try:\n  from math import exp\n except ImportError:\n  raise ImportError('none')", 1.0),
        ("try:\n  import numpy as np\n  from numpy import exp\n except ImportError:\n  exp = None\n  raise", 1.0),
        ("try:\n  from math import exp\n except ImportError:\n  exp = abs", None),
        ("try:\n  from math import exp\n except ImportError:\n  y = None", None),
        ("try:\n  from math import exp\n  x = 2*x\n except ImportError:\n  pass", None),
        ("try:\n  from math import exp\n except ImportError:\n  from numpy import sin as exp", None),
    ],
)  # fmt: skip
def test_imports_in_a_function_that_may_fail(lines: str, wanted: float | None) -> None:
    text = f"def f(x):\n {lines}\n return exp(x)\n"
    if wanted is None:
        with pytest.raises(GradgenError, match="line [0-9]+: "):
            compile_function(text, "f")
    else:
        made = compile_function(text, "f")
        assert made.forward(0.0)[0] == wanted and not made.unproven


def test_what_one_module_calls_like_another_does_is_compared_where_it_is_used() -> None:
    text = "try:\n    import numpy as np\nexcept ImportError:\n    import math as np\ndef f(x): return np.{}(x)\n"
    assert compile_function(text.format("exp"), "f").forward(0.0)[0] == 1.0
    with pytest.raises(GradgenError):
        compile_function(text.format("sinc"), "f")  # math has none


@pytest.mark.parametrize(
    ("head", "used", "wanted"),
    [
        ("from scipy.constants import g", "g", 9.80665),
        ("from scipy import constants as c", "c.h*c.k", 6.62607015e-34 * 1.380649e-23),
        ("import scipy.constants as sc", "sc.speed_of_light", 299792458.0),
        ("import scipy.constants", "scipy.constants.N_A", 6.02214076e23),
        ("from scipy.constants import R", "R", "`scipy.constants.R` is not known here; --follow scipy.constants"),
        ("K = float('1.5e-3')", "K", 1.5e-3),
        ("K = '2'", "int(K)", 2.0),
        ("", "float('inf')", "`inf`, or what is too large for a float, is not a finite number"),
        ("", "float('x')", "this text is no finite number"),
        ("", "int('1.5')", "this text is no finite number"),
        ("", "int(3.7)", 3.0),
    ],
)  # fmt: skip
def test_constants_from_elsewhere(head: str, used: str, wanted: float | str) -> None:
    text = f"{head}\ndef f(x): return {used}*x\n"
    if isinstance(wanted, str):
        with pytest.raises(GradgenError, match=re.escape(wanted)):
            compile_function(text, "f")
    else:
        made = compile_function(text, "f")
        assert made.forward(1.0)[0] == wanted and not made.unproven


def test_exact_constants_are_those_of_scipy() -> None:
    held = importlib.import_module("scipy.constants")
    known = [n for n in dir(held) if is_known(f"scipy.constants.{n}")]
    assert {"g", "c", "N_A"} <= {*known}
    for name in known:
        made = compile_function(f"from scipy.constants import {name} as K\ndef f(x): return K*x", "f")  # fmt: skip
        assert made.forward(1.0)[0] == getattr(held, name)


def is_known(path: str) -> bool:
    try:
        return not meant(path, {}).callable
    except ValueError:
        return False


# What a text imports when it runs.


def imported_by_tree(node: ast.AST, found: set[str]) -> set[str]:
    """Return what the syntax tree of a file says that it imports, but for what stands in functions, or runs in no import."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            found.update(alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            dot = "" if module.endswith(".") else "."
            found.add(module)
            found.update(f"{module}{dot}{a.name}" for a in child.names if a.name != "*")
        elif isinstance(child, ast.If) and re.search("TYPE_CHECKING|__main__", ast.unparse(child.test)):  # fmt: skip
            for other in child.orelse:
                imported_by_tree(ast.Module([other], []), found)
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            imported_by_tree(child, found)
    return found


@pytest.mark.slow
def test_the_text_of_a_file_tells_what_it_imports() -> None:
    files = sorted(Path(os.__file__).parent.glob("*.py"))
    files += sorted(Path(gradgen.__file__).parent.rglob("*.py"))
    count = 0
    for file in files:
        text = file.read_text(errors="replace")
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        told = imported_by_tree(tree, set())
        assert told <= {*imported(text)}, file  # examples in docstrings may be more
        count += len(told)
    assert count > 1500


@pytest.mark.parametrize(
    "text",
    [
        "from a import (\n" * 60_000,
        "import a;" * 100_000,
        "def f():\n" + "    import a\n" * 80_000,
        "if x:\n" + "    import a\n     y\n" * 50_000,
        "from a import " + "b, " * 300_000,
        "import " * 150_000,
    ],
)
def test_large_files_are_looked_through_in_proportion(text: str) -> None:
    start = time.process_time()
    imported(text)
    assert time.process_time() - start < 5
