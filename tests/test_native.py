"""Formulas as native code over arrays: values and gradients are those of the NumPy target, and what goes wrong is told in one line."""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import random
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gradgen.errors import GradgenError
from gradgen.files import library
from gradgen.native import Native
from gradgen.pipeline import compile
from tests import generators

np = pytest.importorskip("numpy")
pytest.importorskip("scipy")
pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")

_SHAPED = (
    "x*sigmoid(y) + z",
    "exp(-x)*y**2 if z > 0.5 else hypot(x, y)",
    "log(x)*y if x > 1 and z < 2 else sqrt(abs(y))/(z**2 + 3)",
    "max(x, y)*abs(z - 1)",
)
_SHAPES = (
    ((), (), ()),
    ((3,), (), (2, 3)),
    ((2, 1), (3,), (4, 1, 1)),
    ((1, 3), (2, 3), ()),
    ((0,), (1,), ()),
    ((0, 3), (3,), (1, 1)),
    ((50_000,), (50_000,), ()),
    ((3, 20_000), (20_000,), (3, 1)),
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give every test a cache folder of its own, and have every warning be an error."""
    monkeypatch.delenv("GRADGEN_NO_CACHE", raising=False)
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield tmp_path


def libraries(folder: Path) -> list[Path]:
    """Return what is kept."""
    return [*folder.rglob("*.so")]


def close(got: Any, want: Any, scale: float = 1.0) -> None:
    """Hold numbers to others, with shapes."""
    assert np.shape(got) == np.shape(want)
    assert type(got) is type(want)
    np.testing.assert_allclose(got, want, rtol=2e-13, atol=1e-13 * scale)


@cache
def modules(text: str) -> tuple[Any, Native]:
    """Return a formula's module for NumPy, and its native code."""
    made = compile(text, inputs="x, y, z", target="numpy", proof=False)
    return made.module, made.native(threads=1)


@pytest.mark.parametrize("shapes", _SHAPES, ids=str)
def test_results_and_gradients_are_those_of_the_numpy_target(shapes: Any) -> None:
    draw = np.random.default_rng(5)
    given = [draw.uniform(-2, 2, shape) for shape in shapes]
    size = np.broadcast(*given).size
    for text in _SHAPED:
        module, native = modules(text)
        value, cache = module.forward(*given)
        slopes = module.backward(cache)
        close(native.forward(*given), value)
        got, gradient = native.value_and_grad(*given)
        close(got, value)
        for one, other in zip(gradient, slopes):
            close(one, other, size)


@pytest.mark.parametrize("last", [1, 3, 7, 8, 9])
def test_threads_change_no_bit(last: int) -> None:
    """Also where the last block has few rows."""
    made = compile("x*sigmoid(y)/z if x > y else sin(x)*z")
    one, other = (made.native(threads=n).value_and_grad for n in (1, 4))
    draw = np.random.default_rng(6)
    x, y, z = draw.uniform(-3, 3, (3, 2 * 16_384 + last))
    for given in ((np.stack([x, z, y]), y, 1.5), (x, y, z)):
        assert all(map(np.array_equal, arrays(one(*given)), arrays(other(*given))))


def test_what_a_row_comes_to_hangs_on_no_place() -> None:
    """As all rows are worked on in whole vectors, whose functions have other last digits than those of one number."""
    made = compile("exp(x)*sin(y) + tanh(x)*log(y) + erfc(x)/y", proof=False)
    draw = np.random.default_rng(5)
    x, y = draw.uniform(0.1, 3, (2, 50_003))
    whole = arrays(made.native(threads=1).value_and_grad(x, y))
    for threads, first, last in ((4, 0, 50_003), (1, 3, 40_000), *((1, n % 8, n % 8 + n) for n in range(48))):  # fmt: skip
        native = made.native(threads=threads)
        rows, size = slice(first, last), last - first
        for place in range(8):
            value, *slopes = (np.empty(size + place)[place:] for _ in whole)
            found = native.value_and_grad(x[rows], y[rows], out=(value, (*slopes,)))
            assert all(np.array_equal(a, b[rows]) for a, b in zip(arrays(found), whole))


@pytest.mark.parametrize("shapes", _SHAPES, ids=str)
def test_arrays_of_an_earlier_call_are_written_anew(shapes: Any) -> None:
    draw = np.random.default_rng(8)
    first, second = ([draw.uniform(-2, 2, shape) for shape in shapes] for _ in range(2))
    for text in _SHAPED:
        _, native = modules(text)
        for call in (native.forward, native.value_and_grad):
            want, before = arrays(call(*second)), call(*first)
            kept = arrays(before)
            found = arrays(call(*second, out=before))
            assert all(map(np.array_equal, found, want))
            for one, other in zip(found, kept):
                assert np.ndim(one) == 0 or one is other


def arrays(found: Any) -> list[Any]:
    """Return what a call returns, one after another."""
    return [a for one in found for a in arrays(one)] if isinstance(found, tuple) else [found]  # fmt: skip


def test_what_is_no_array_of_an_earlier_call_is_refused() -> None:
    native = compile("x*exp(y)", proof=False).native(1)
    x, y = np.ones((2, 10))
    value, (dx, dy) = native.value_and_grad(x, y)
    wrong = (
        (value, dx, dy),
        (value, (dx,)),
        (value, (dx, dx)),
        (x, (dx, dy)),
        (value[:5], (dx, dy)),
        (value.astype(np.float32), (dx, dy)),
        (value.tolist(), (dx, dy)),
        (np.ones(20)[::2], (dx, dy)),
        (np.ma.array(np.ones(10), mask=True), (dx, dy)),
    )
    for out in wrong:
        with pytest.raises(GradgenError, match="earlier call"):
            native.value_and_grad(x, y, out=out)
    for one in (x, [1.0] * 10, (value,), np.ones((10, 1)), (None, (None, None))):
        with pytest.raises(GradgenError, match="earlier call"):
            native.forward(x, y, out=one)
    value.flags.writeable = False
    with pytest.raises(GradgenError, match="earlier call"):
        native.forward(x, y, out=value)


def test_whatever_holds_numbers_is_an_input() -> None:
    native = compile("x*exp(y)").native(2)
    draw = np.random.default_rng(7)
    x, y = draw.uniform(-1, 1, (2, 300, 200))
    want, slopes = native.value_and_grad(x, y)
    assert np.array_equal(want, x * np.exp(y)) or np.allclose(want, x * np.exp(y), 1e-14)  # fmt: skip
    many = (
        (np.asfortranarray(x), y),
        (x[::-1][::-1], np.repeat(y, 2, axis=1)[:, ::2]),
        (x.astype(">f8"), y),
        (x.tolist(), y),
        (x.astype(np.longdouble), y),
    )
    for given in many:
        got, gradient = native.value_and_grad(*given)
        assert np.array_equal(got, want)
        assert all(map(np.array_equal, gradient, slopes))
    single = native.forward(x.astype(np.float32), 1)
    assert single.dtype == np.float64
    assert np.allclose(single, x.astype(np.float32).astype(float) * np.e, 1e-14)
    assert native.forward(3, True) == pytest.approx(3 * np.e, rel=1e-15)
    before = x.copy()
    native.value_and_grad(x, x)
    assert np.array_equal(x, before)


def test_infinities_and_nan_are_kept() -> None:
    made = compile("x*sigmoid(y)", ieee=True)
    edges = [math.inf, -math.inf, math.nan, 0.0, 1e300, -1e300, 5e-324, 709.5, -745.0]
    x, y = np.meshgrid(edges, edges)
    got, slopes = made.native().value_and_grad(x, y)
    found = [*zip(got.flat, *(slope.flat for slope in slopes))]
    for row, at in zip(found, zip(x.flat, y.flat)):
        value, cache = made.forward(*map(float, at))
        wanted = [value, *made.backward(cache)]
        np.testing.assert_allclose(row, wanted, rtol=2e-14, atol=5e-324)


def test_what_the_caller_asks_of_overflow_changes_nothing() -> None:
    wide = np.array([1.0, np.finfo(np.longdouble).max, 2.0])
    with np.errstate(all="raise"):
        for rows in ("", "x"):
            for reduce in ("", "sum") if rows else ("",):
                native = compile("a*x", inputs="x, a", rows=rows, reduce=reduce).native(2)  # fmt: skip
                for a in (2.0, wide[1]):
                    found = native.forward(wide, a)
                    assert np.isinf(found if reduce else found[1])


def test_several_results_and_defaults_and_gradients_asked_for() -> None:
    several = compile("u = x*y; v = x + y", outputs="u, v").native()
    assert several.forward(3.0, 4.0) == (12.0, 7.0)
    with pytest.raises(GradgenError, match="several results"):
        several.value_and_grad(3.0, 4.0)
    some = compile("a*x**k", inputs="x, a, k", wrt="a", defaults={"k": 2.0}).native()
    value, (slope,) = some.value_and_grad(np.array([1.0, 3.0]), 2.0)
    assert value.tolist() == [2.0, 18.0]
    assert slope == 10.0


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((1.0,), "there are 1 values"),
        ((1.0, 2.0, 3.0), "there are 3 values"),
        (([1, 2], [1, 2, 3]), "the shapes do not go together: `x` has"),
        ((1j, 1.0), "`x` is not made of real numbers"),
        (("a", 1.0), "`x` is not made of real numbers"),
        ((np.ma.masked_array([1.0], [True]), 1.0), "a mask or a unit"),
    ],
)
def test_what_is_no_input_is_refused(given: Any, says: str) -> None:
    with pytest.raises(GradgenError, match=says):
        compile("x*y").native().forward(*given)


def test_what_has_no_rows_is_refused() -> None:
    with pytest.raises(GradgenError, match="no inputs"):
        compile("3").native()
    with pytest.raises(GradgenError, match="with reduce"):
        compile("x", target="numpy", reduce="sum").native()
    with pytest.raises(GradgenError, match="needs SciPy"):
        compile("besselj(0, x)", target="scipy").native()
    for threads in (0, -1, 1.5, True):
        with pytest.raises(GradgenError, match="at least 1"):
            compile("x").native(threads)  # type: ignore[arg-type]


def test_what_others_could_have_put_there_is_not_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = compile("x*exp(y) - 1")
    made.native()
    (kept,) = libraries(folder)
    real, loaded = ctypes.CDLL, list[str]()

    def noted(path: str) -> ctypes.CDLL:
        loaded.append(path)
        return real(path)

    monkeypatch.setattr(ctypes, "CDLL", noted)
    kept.parent.chmod(0o777)
    assert made.native().forward(2.0, 0.0) == 1.0
    assert loaded and str(kept) not in loaded
    kept.parent.chmod(0o700)
    made.native()
    assert loaded[-1] == str(kept)


def test_what_was_compiled_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = compile("x*exp(-y)")
    made.native()
    (kept,) = libraries(folder)
    stamp = kept.stat().st_mtime_ns
    assert made.native().forward(2.0, 0.0) == 2.0
    assert kept.stat().st_mtime_ns == stamp
    # What is kept and is no library is made anew.
    kept.unlink()
    kept.write_bytes(b"no library")
    script = (
        "import gradgen; print(gradgen.compile('x*exp(-y)').native().forward(2, 0))"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "2.0\n"
    assert kept.read_bytes() != b"no library"
    assert not [*folder.rglob("*.tmp")]
    monkeypatch.setenv("GRADGEN_NO_CACHE", "1")
    assert compile("x + 1").native().forward(2.0) == 3.0
    assert len(libraries(folder)) == 1


def test_the_latest_are_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_KEPT", 2)
    found: list[Path] = []
    for number in range(4):
        assert compile(f"x + {number}").native().forward(1.0) == 1.0 + number
        (new,) = {*libraries(folder)} - {*found}
        os.utime(new, (number + 1, number + 1))
        found.append(new)
    assert {*libraries(folder)} == {*found[2:]}


def test_a_folder_that_nothing_is_written_to_is_no_hindrance(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "gradgen").write_text("no folder")
    assert compile("x*y").native().forward(2.0, 3.0) == 6.0
    (folder / "gradgen").unlink()
    (folder / "gradgen").mkdir()
    (folder / "gradgen").chmod(0o500)
    try:
        assert compile("x*y").native().forward(2.0, 3.0) == 6.0
    finally:
        (folder / "gradgen").chmod(0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    assert compile("x*y").native().forward(2.0, 3.0) == 6.0


def test_no_compiler_and_one_that_fails_are_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\necho 'cc: error: broken\nmore' >&2\nexit 1\n")
    failing.chmod(0o700)
    quiet = tmp_path / "quiet"
    quiet.write_text("#!/bin/sh\nexit 0\n")
    quiet.chmod(0o700)
    for compiler, says in (
        (str(tmp_path / "missing"), "there is no C compiler"),
        (str(failing), "fails: cc: error: broken; "),
        (str(quiet), "fails: it says nothing; "),
    ):
        monkeypatch.setenv("CC", compiler)
        with pytest.raises(GradgenError, match=says) as refusal:
            compile("x*y").native()
        assert "\n" not in str(refusal.value)
        assert "target numpy" in str(refusal.value)
    monkeypatch.setenv("CC", "'cc")
    with pytest.raises(GradgenError, match="quotation mark that nothing closes"):
        compile("x*y").native()


@pytest.mark.slow
def test_a_compiler_that_is_a_package_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has none, and vector functions are called by it, too."""
    pytest.importorskip("ziglang")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    draw = np.random.default_rng(9)
    given = draw.uniform(-2, 2, (3, 1000))
    for text in (*_SHAPED, "exp(x)*sin(y)/z"):
        made = compile(text, inputs="x, y, z", target="numpy", proof=False)
        value, cache = made.module.forward(*given)
        got, gradient = made.native(threads=1).value_and_grad(*given)
        close(got, value)
        for one, other in zip(gradient, made.module.backward(cache)):
            close(one, other, 1.0)


def test_a_compiler_that_lacks_a_flag_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    old.write_text('#!/bin/sh\ncase "$*" in *native*) exit 1;; esac\nexec cc "$@"\n')
    old.chmod(0o700)
    monkeypatch.setenv("CC", f"{old} -g0")
    assert compile("x*y").native().forward(2.0, 3.0) == 6.0


def test_processes_that_build_the_same_do_not_meet(folder: Path) -> None:
    script = (
        "import gradgen, numpy as np\n"
        "print(gradgen.compile('x*exp(y)').native(2).value_and_grad(np.ones(40_000), 0.0)[1][1])"
    )
    command = [sys.executable, "-c", script]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in "ab"]
    assert [one.communicate(timeout=60)[0].strip() for one in both] == ["40000.0"] * 2
    assert len(libraries(folder)) == 1
    assert not [*folder.rglob("*.tmp")]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_goes_on() -> None:
    """In a process of its own: other libraries that tests load start threads, and warn of forks."""
    script = """
import os, gradgen, numpy as np
native = gradgen.compile("x*exp(y)").native(4)
x = np.ones(100_000)
native.value_and_grad(x, 0.0)
child = os.fork()
if not child:
    os._exit(0 if native.value_and_grad(x, 0.0)[1][1] == 100_000.0 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # fmt: skip
    assert done.stdout == "0\n"


def compared(seed: int) -> None:
    """Hold a random program over arrays to the NumPy target, at ordinary points."""
    made = generators.program(seed)
    if made.outputs:
        return
    with contextlib.suppress(GradgenError):
        module = made.compile(target="numpy", proof=False).module
        native: Native = made.compile(proof=False).native(2)
        rnd = random.Random(seed)
        given = [np.array([rnd.uniform(0.2, 2) for _ in range(9)]) for _ in made.inputs]
        value, cache = module.forward(*given)
        got, slopes = native.value_and_grad(*given)
        for one, other in zip((got, *slopes), (value, *module.backward(cache))):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-10)


def test_a_random_program_is_that_of_numpy() -> None:
    compared(3)


@pytest.mark.slow
def test_many_random_programs_are_those_of_numpy() -> None:
    for seed in range(10, 60):
        compared(seed)


@pytest.mark.slow
def test_jacobians_over_rows_are_those_of_numpy() -> None:
    """In any shape of the columns, by any parameters, and over more rows than a block has."""
    text = "w*(y - a*exp(-b*t)) if t > 0.5 else a*0.25"
    rnd = np.random.default_rng(6)
    for wrt in ("a, b", "b", "b, a, c"):
        options: dict[str, Any] = {"inputs": "t, a, y, w, b, c", "rows": "t, y, w", "wrt": wrt}  # fmt: skip
        made = compile(text, target="numpy", **options)
        native = made.native(threads=2)
        for shape in ((), (1,), (0,), (7,), (2, 3, 4), (40_000,)):
            t, y, w = rnd.uniform(0.2, 2, (3, *shape))
            given = (t, 1.5, y, w, 0.75, 2.0)
            want = np.asarray(made.jacobian(*given))
            found = native.jacobian(*given)
            assert found.shape == (*shape, len(wrt.split(","))) == want.shape
            np.testing.assert_allclose(found, want, rtol=1e-13, atol=1e-15)
    for rows, reduce, says in (
        ("x", "", 'say wrt="a"'),
        ("", "", "compile the formula with rows"),
        ("x", "sum", "each has by itself"),
    ):
        refused = compile("a*x", inputs="x, a", rows=rows, reduce=reduce).native()
        with pytest.raises(GradgenError, match=says):
            refused.jacobian(1.0, 2.0)
