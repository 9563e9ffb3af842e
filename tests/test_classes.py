"""Classes that hold constants and functions: what these are is what Python makes of them at the end of the file, or they are refused."""

from __future__ import annotations

import importlib
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.sources import compile_function
from tests.conftest import many

#: How a class begins, what it holds, what the file does with it, and what is asked of it.
HEADS = ["class C:", "class C(object):", "@dataclass\nclass C:", "@dataclass(frozen=True)\nclass C:", "@dataclass(slots=True)\nclass C:", "@other\nclass C:", "class C(Base):", "class C(metaclass=Meta):", "class C(Enum):"]  # fmt: skip
HELD = ["a = 1.5", "a: float = 1.5", "b = 2.0*A", "b: int = 3", "c = (1.0, 2.5)", "d = [1.0, 2.0]", "a = b = 4.0", "e = a*2.0", "'what it is'", "a: float", "__p = 3.0", "n = 'x'", "A = 7.0"]  # fmt: skip
FUNCTIONS = ["def f(x): return A*x", "@staticmethod\n    def f(x): return C.a*x", "def f(x, k=A): return k*x", "@classmethod\n    def f(cls, x): return cls.a*x", "@staticmethod\n    def f(x, k=2.0):\n        return x*k + 1.0", "f = lambda x: x*3.0", "@property\n    def f(self): return 2.0", "def g(self):\n        self.a = 9.0\n        return self", "def g(self):\n        type(self).a = 9.0\n        return self", "@classmethod\n    def g(self):\n        self.a = 9.0"]  # fmt: skip
DONE = ["", "", "", "C.a = 5.0", "setattr(C, 'a', 5.0)", "def change():\n    C.a = 5.0", "def change():\n    C.a = 5.0\nchange()", "alias = C\nalias.a = 5.0", "for C.a in (3.0, 4.0):\n    pass", "del C.a", "C.f = lambda x: x", "vars(C)", "K = C.a", "C().g()", "C.c = (0.0, 0.0)", "class C:\n    a = 8.0", "if A:\n    C = Base", "C.f.__defaults__ = (9.0,)", "C.d.append(3.0)", "A = 3.0", "C.b += 1", "C.g(C)", "C.g()", "def change(self):\n    self.a = 5.0\nchange(C)", "self = C\nself.a = 5.0", "class D:\n    def g(self):\n        self.a = 5.0\nD.g(C)"]  # fmt: skip
USED = ["C.a*x", "C.b*x", "C.c[1]*x", "sum(C.d)*x", "C.e", "C.f(x)", "C.f(x) + C.a", "C.__p", "x if C.n == 'x' else 0.0", "K*x", "C.A*x", "len(C.c)*x"]  # fmt: skip
TOP = """from dataclasses import dataclass
from enum import Enum
A = 0.5
class Meta(type):
    a = 2.0
class Base:
    a = 0.25
"""


def text_of(rnd: random.Random) -> tuple[str, str]:
    """Return a file with a class, and what is done with it below."""
    head = rnd.choice(HEADS[:4] * 5 + HEADS)
    held = [*rnd.sample(HELD, rnd.randint(1, 4)), *rnd.sample(FUNCTIONS, rnd.randint(0, 2))]  # fmt: skip
    rnd.shuffle(held)
    body = "\n".join(f"    {line}" for line in held)
    other = "def other(cls):\n    cls.a = 6.0\n    return cls\n" * ("other" in head)
    return f"{TOP}{other}{head}\n{body}\n", rnd.choice(DONE)


def used(rnd: random.Random, above: str) -> str:
    """Return what asks for what a class holds, or for anything."""
    body = above[len(TOP) :]
    asked = [each for each in USED if all(re.search(rf"\b{n}\b", body) for n in re.findall(r"C\.(\w+)", each))]  # fmt: skip
    return rnd.choice([*asked * 3, *USED])


def looked_at(seed: int) -> bool:
    rnd = random.Random(seed)
    above, done = text_of(rnd)
    text = f"{above}{done}\ndef used(x):\n    return {used(rnd, above)} + x\n"
    try:
        found = compile_function(text, "used", proof=False)
    except GradgenError:
        return False
    space: dict[str, Any] = {"__name__": "model"}
    try:
        exec(text, space)  # noqa: S102
    except Exception:  # noqa: BLE001 - the file has no end
        return False
    assert found.forward(1.25)[0] == space["used"](1.25), text
    return True


def test_what_classes_hold_is_what_python_says() -> None:
    assert sum(map(looked_at, range(700))) > 15


@pytest.mark.slow
def test_what_many_classes_hold_is_what_python_says() -> None:
    assert sum(map(looked_at, range(700, 700 + many(40_000)))) > many(1_000)


#: What changes a class in a file that does not name it.
UNNAMED = ["from . import held\nheld.given().a = 3.5\n", "from . import held\nheld.given()().__class__.a = 3.5\n", "from . import held\nfor n in dir(held):\n    o = getattr(held, n)\n    if isinstance(o, type) and n == 'C':\n        o.a = 3.5\n", "from . import held\nheld.a = 3.5\n"]  # fmt: skip


def abroad(seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Compare what a class of another file holds, which that file, a third one or this one may change."""
    rnd = random.Random(seed)
    above, done = text_of(rnd)
    home, third, own = rnd.choice(((done, "", ""), ("", done, ""), ("", "", done)))
    package = f"package{seed}"
    files = {
        "__init__": rnd.choice(("", "from .held import C\n", "from . import third\n")),
        "held": f"{above}{home}\n" + rnd.choice(("", "def given(): return C\n")),
        "third": rnd.choice((f"from .held import C, Base, A\n{third}\n", rnd.choice(UNNAMED))),
        "model": f"from .held import C, Base, A\nfrom . import held\n{rnd.choice(('', 'from . import third'))}\n{own}\ndef used(x):\n    return {used(rnd, above).replace('C.', rnd.choice(('C.', 'held.C.')))} + x\n",
    }  # fmt: skip
    (folder / package).mkdir()
    for name, text in files.items():
        (folder / package / f"{name}.py").write_text(text)
    try:
        found = compile_function(files["model"], "used", file=folder / package / "model.py", proof=False)  # fmt: skip
    except GradgenError:
        return False
    monkeypatch.syspath_prepend(str(folder))
    try:
        model = importlib.import_module(f"{package}.model")
    except Exception:  # noqa: BLE001 - the file has no end
        return False
    finally:
        sys.path.remove(str(folder))
    assert found.forward(1.25)[0] == model.used(1.25), files
    return True


def test_what_classes_of_other_files_hold_is_what_python_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    assert sum(abroad(seed, tmp_path, monkeypatch) for seed in range(150)) > 4


@pytest.mark.slow
def test_what_classes_of_many_other_files_hold_is_what_python_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    assert sum(abroad(seed, tmp_path, monkeypatch) for seed in range(150, 150 + many(4_000))) > many(100)  # fmt: skip
