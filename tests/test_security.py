"""Hostile text, odd surroundings: one line, exit 2, nothing run, nothing touched; and the same answer everywhere."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from sympy.core.cache import clear_cache

from gradgen.command.main import main
from gradgen.errors import GradgenError
from gradgen.files.recipe import MARKER
from gradgen.pipeline import compile
from tests.conftest import DATA

SEED = "(x + sigmoid(y)) / (sigmoid(x) + (x + y)**2)"
PAYLOAD = "__import__('os').system('touch pwned')"


#: What the list refuses by policy, and gradgen reads: a name for the value, a comment, and `lambda` as `lambda_`.
_READ_NOW = (
    "x = y",
    'x # """+str(open("pwned","w"))+"""',
    "lambda*x",
)


def refused(capsys: pytest.CaptureFixture[str], argv: list[str]) -> str:
    """Run a command that must be refused; return its one line."""
    code = main(argv)
    out, err = capsys.readouterr()
    assert (code, out) == (2, ""), argv
    lines = err.splitlines()
    assert lines[0].startswith("gradgen: error: ") and "bug in gradgen" not in err, err
    assert len(lines) in (1, 3) and "Traceback" not in err, err
    return lines[0]


def test_the_list_of_hostile_inputs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list lies beside the project on some machines."""
    path = DATA / "adversarial.jsonl"
    if not path.exists():
        pytest.skip("the list of hostile inputs is not on this machine")
    monkeypatch.chdir(tmp_path)
    for line in path.read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        if row.get("setup") or not row["must"] or row["input"] in _READ_NOW:
            continue
        text = row["input"]
        if text is None:
            text = eval(row["input_py"])  # the list's own way to write a big input
        argv = ["compile", *row.get("args", []), "--", text]
        if row["expect"] == "error":
            refused(capsys, argv)
        else:
            assert main(argv) == 0, row
            capsys.readouterr()
        (tmp_path / "out.py").unlink(missing_ok=True)
        assert os.listdir(tmp_path) == [], row


@pytest.mark.parametrize(
    "argv",
    [
        ["compile", PAYLOAD],
        ["compile", f"sin({PAYLOAD!r})"],
        ["compile", "x", "--name", PAYLOAD],
        ["compile", "x", "--name", "f(x=print())"],
        ["compile", "x", "--name", "f\nimport os"],
        ["compile", "x", "--name", "f\rimport os"],
        ["compile", "x", "--name", '"""'],
        ["compile", "x", "--name", "{{ 7*7 }}"],
        ["compile", "x", "--inputs", f"x, {PAYLOAD}"],
        ["compile", "x", "--inputs", "x: float = print()"],
        ["compile", "x", "--inputs", "x, *args"],
        ["compile", "x", "--wrt", "x); import os; ("],
        ["compile", "x", "--target", "../../evil"],
        ["compile", "x\nimport os"],
        ["compile", 'x """ + y'],
        ["compile", "x\\\ny"],
        ["compile", "x\x0cy"],
        ["compile", "x\u2028import os"],
        ["compile", "x\u202ey"],
        ["compile", "{% include '/etc/passwd' %}"],
        ["compile", "{{ module.__class__ }}"],
        ["compile", "x.__class__"],
        ["compile", "(lambda: x)()"],
        ["compile", "[x for x in y]"],
        ["compile", "f'{x}'"],
        ["compile", "x\ud800"],
        ["eval", "x", "--at", f"x={PAYLOAD}"],
        ["verify", "x", "--range", f"x=0:{PAYLOAD}"],
        ["verify", "x", "--tolerance", PAYLOAD],
    ],
    ids=lambda argv: ascii(argv[-1])[:40],
)
def test_text_is_never_run(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(capsys, argv)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    [
        f"# source: {PAYLOAD}",
        f"# source: x\n# name: {PAYLOAD}",
        "# source: x\n# name: f(a=print())",
        "# source: x\n# inputs: x, y=print()",
        "# source: x\n# wrt: x); print(",
        "# source: x\n# target: ../../evil",
        "# source: x\n# templates: /tmp/evil",
        "# source: x\n# evil: yes",
        "# source: x\n# source: y",
        "# name: f",
        "# source: x\x0cimport os",
        "# source:",
    ],
)
def test_a_recipe_is_never_run(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    text = f"{MARKER}\n{line}\n# digest: 0\nopen('pwned', 'w')\n"
    Path("evil.py").write_text(text)
    for argv in (
        ["check", "."],
        ["update", "."],
        ["update", ".", "--force"],
        ["check", "evil.py"],
    ):
        assert main(argv) == 1
        out, err = capsys.readouterr()
        assert "Traceback" not in err and "bug in gradgen" not in err + out
    assert Path("evil.py").read_text() == text and os.listdir() == ["evil.py"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x" * 100_001, "at most 100000"),
        ("+".join(["x"] * 60_000), "at most 100000"),
        ("+".join(["x"] * 30_000), "more than 20000 operations"),
        ("max(" + ",".join(["x"] * 30_000) + ")", "more than 20000 operations"),
        ("polygamma(151, x)", "at most 150"),
        (
            "+".join(f"binomial(x{i}, 20)" for i in range(4_000)),
            "more than 100000 parts",
        ),
        ("Sum(((((k**64)**64)**64)**64)**64, (k, 9, 9))", "range of a float"),
        ("(" * 10_000 + "x" + " + 1)" * 10_000, "more than 100 levels"),
        ("-" * 10_000 + "x", "more than 100 levels"),
        ("**".join("x" * 10_000), "more than 100 levels"),
        ("sin(" * 101 + "x" + ")" * 101, "more than 100 levels"),
        ("9" * 401, "at most 400"),
        ("x" * 201, "at most 200"),
        ("9**9**9", "range of a float"),
        ("x**9**9**9", "range of a float"),
        ("factorial(10**9)", "range of a float"),
        ("Sum(x**k, (k, 0, 999999999))", "at most 1000"),
        ("Sum(Sum(x**(k*j), (k, 0, 999)), (j, 0, 999))", "more than 100000 parts"),
        ("1e400", "too large"),
    ],
    ids=lambda text: text[:20],
)
def test_every_limit_has_its_message(text: str, message: str) -> None:
    with pytest.raises(GradgenError, match=message):
        compile(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "+".join(["x"] * 20_000),
        "+".join(f"sin(x{i})*y" for i in range(6_600)),
        "max(" + ",".join(f"x{i}" for i in range(14_000)) + ")",
        "logsumexp(" + ",".join(f"x{i}" for i in range(14_000)) + ")",
        "gelu(" * 95 + "x" + ")" * 95,
        "+".join(["Sum(x**k + k, (k, 0, 999))"] * 15),
        " if x > 0 else ".join("y" * 6_000),
        "1 if " + " < ".join(f"x{i}" for i in range(9_000)) + " else 2",
        "binomial(" * 95 + "x" + ", 20)" * 95,
    ],
    ids=lambda text: text[:20],
)
def test_what_is_within_the_limits_compiles(text: str) -> None:
    assert compile(text).source


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["compile", "ㅤ+x"], "invisible character"),
        (["compile", "besselj(0,x) - x"], "--target scipy"),
        (["compile", "exp(erfi(-1))"], "--target scipy"),
        (["compile", "10⁻³*x"], "`**-3`"),
        (["compil", "x"], "did you mean compile?"),
        (["x*y"], "there is no command"),
        (["compile", "x", "--name", "f", "--name", "g"], "given twice"),
        (["eval", "x", "--at", "x="], "gives `x` no value"),
        (["update", ""], "a path is empty"),
    ],
)  # fmt: skip
def test_careless_commands(
    capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    assert words in refused(capsys, argv)


@pytest.mark.parametrize(
    "formula",
    ["exp(exp(exp(exp(x))))", pytest.param("x**x**x**x", marks=pytest.mark.slow)],
)
def test_verification_answers_at_once_far_beyond_a_double(
    capsys: pytest.CaptureFixture[str], formula: str
) -> None:
    assert main(["verify", formula, "--range", "x=5:9"]) == 1
    assert "beyond the range of a double" in capsys.readouterr().out


def test_names_of_files_cannot_move_the_cursor(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = tmp_path / "dir\x1b[31mred"
    folder.mkdir()
    compile("x").write(folder / "a\x1b.py")
    (folder / "a\x1b.py").write_text(compile("x*y").source.replace("x*y", "x*y*z", 1))
    for argv in (["check"], ["update"], ["check", "--ours"]):
        main([*argv, str(folder)])
    (folder / "a\x1b.py").unlink()
    main(["check", str(folder)])
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err and "holds no generated files" in err


def test_one_bad_file_does_not_stop_the_others(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    compile("x*y").write(tmp_path / "a.py")
    with open(tmp_path / "huge.py", "wb") as stream:
        stream.write(compile("x").source.encode())
        stream.truncate(1 << 40)
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    # What bears the mark is gradgen's, however large it has become.
    assert main(["check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.count("ok ") == 1 and "huge.py is too large" in out
    assert main(["check", str(tmp_path / "huge.py"), str(tmp_path / "a.py")]) == 1
    out = capsys.readouterr().out
    assert "too large" in out and "ok       " in out


def test_a_bug_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(error: type[Exception]) -> Any:
        def fail(*_: object, **__: object) -> None:
            raise error("inside\nout")

        return fail

    for error, words in (
        (KeyError, "bug in gradgen"),
        (RecursionError, "bug in gradgen"),
        (MemoryError, "not enough memory"),
    ):
        monkeypatch.setattr("gradgen.pipeline.generate", broken(error))
        assert main(["compile", "x"]) == 2
        err = capsys.readouterr().err
        assert words in err and err.count("\n") == 1


def run(command: str, **env: str) -> tuple[int, str, str]:
    """Run a command line of a shell with no other environment."""
    full = command.replace("gradgen", f"'{sys.executable}' -m gradgen")
    done = subprocess.run(
        ["bash", "-c", full], check=False, env=env, capture_output=True
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("command", "env", "code", "words"),
    [
        pytest.param("gradgen compile 'α + x'", {}, 0, "", marks=pytest.mark.slow),
        ("gradgen compile 'α + x'", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, 0, ""),
        pytest.param("gradgen compile 'α + x'", {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii", "HOME": "/nowhere"}, 0, "", marks=pytest.mark.slow),
        pytest.param("cd /proc && gradgen compile 'α + x'", {}, 0, "", marks=pytest.mark.slow),
        pytest.param("cd /proc && gradgen compile 'α + x' -o a.py", {}, 2, "cannot be written", marks=pytest.mark.slow),
        ("gradgen compile 'α ++'", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, 2, "α ++"),
        ("gradgen compile x >&-", {}, 2, "standard output is closed"),
        pytest.param("gradgen compile 'x +' 2>&-", {}, 2, "", marks=pytest.mark.slow),
        ("gradgen compile - <&-", {}, 2, "standard input is closed"),
        pytest.param("gradgen compile x > /dev/full", {}, 2, "No space left", marks=pytest.mark.slow),
        ("gradgen help > /dev/full", {}, 2, "gradgen: error: No space left"),
        ("gradgen compile - < /dev/zero", {}, 2, "more than"),
        pytest.param("gradgen compile - < /dev/urandom", {}, 2, "more than", marks=pytest.mark.slow),
        pytest.param("gradgen compile x -o /dev/stdout | cat", {}, 2, "call it `-`", marks=pytest.mark.slow),
        pytest.param("gradgen compile x -o /dev/full", {}, 2, "not a regular file", marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_odd_surroundings(
    command: str, env: dict[str, str], code: int, words: str
) -> None:
    got, out, err = run(f"set -o pipefail; {command}", **env)
    assert (got, "Traceback" in err) == (code, False), err
    assert words in err and err.count("\n") <= 3
    assert code or out.splitlines()[-1] == "    return dx, dα"


@pytest.mark.slow
@pytest.mark.parametrize("stream", ["> /dev/full", ">&-"])
def test_what_cannot_be_printed_is_told(stream: str) -> None:
    for command in (
        *("help", "--help", "help compile", "--version", "functions", "compile x*y", "diff x*y x+y", "verify x*y"),
        *(f"{name} --help" for name in ("compile", "eval", "verify", "check", "update", "build", "diff", "functions")),
        *("eval x*y --at x=1,y=2", "check generated/seed.py", "update generated/seed.py", "compile x -o generated/seed.py --diff"),
    ):  # fmt: skip
        code, _, err = run(f"gradgen {command} {stream}")
        assert code == 2 and err.count("\n") == 1, (command, err)


@pytest.mark.parametrize(
    "processes",
    [
        [(1, "C.UTF-8"), (3, "tr_TR.UTF-8")],
        pytest.param([(0, "C"), (2, "de_DE.UTF-8")], marks=pytest.mark.slow),
    ],
)
def test_every_hash_seed_and_locale_gives_the_same_bytes(
    processes: list[tuple[int, str]],
) -> None:
    formula = (
        "max(a, b, c) + sin(a*b) + sin(b*a) + x2*x10*gamma(a) + (a if b > c else 2)"
    )
    made = {
        run(
            f"gradgen compile '{formula}'",
            PYTHONHASHSEED=str(seed),
            LC_ALL=locale,
            LC_NUMERIC=locale,
        )[
            :2
        ]  # the shell may not know the locale, and says so
        for seed, locale in processes
    }
    assert len(made) == 1 and made == {(0, compile(formula).source)}


@pytest.mark.parametrize("count", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_threads_and_the_order_of_work_change_nothing(count: int) -> None:
    texts = [SEED, "gelu(x) + erf(y)", "sqrt(x**2 + y**2)*pi", "logsumexp(x, y, z)", "x**3 if y > 0 else zeta(x)",
             "Sum(x**k/factorial(k), (k, 0, 9))", "1/(1 + exp(-x*y))", "exp(-z)*atan2(y, x)"]  # fmt: skip
    true = {text: compile(text).source for text in texts}
    clear_cache()
    assert all(compile(text).source == true[text] for text in reversed(texts))
    found: list[bool] = []
    errors: list[str] = []

    def work(number: int) -> None:
        mine = random.Random(number).sample(texts * 3, 3 * len(texts))
        for text in mine:
            try:
                if number == 0:
                    clear_cache()
                found.append(compile(text).source == true[text])
            except Exception:  # noqa: BLE001 - shown below
                errors.append(traceback.format_exc())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    assert len(found) == count * 3 * len(texts) and all(found)


def test_the_first_compilations_may_run_at_once() -> None:
    """In a fresh process: nothing is loaded yet."""
    program = (
        "import sys, threading; sys.setswitchinterval(1e-5); import gradgen\n"
        "done = []\n"
        "text = 'sigmoid(alpha_beta*gamma_delta)*epsilon_zeta_eta + sigmoid(theta_iota_kappa*lambda_)'\n"
        "def work(): done.append(gradgen.compile(text).source)\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
        "assert len(done) == 8 and len(set(done)) == 1"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_endless_input_is_not_read_to_its_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size > 0
            return b"x" * size

    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": Endless()}))
    assert "more than" in refused(capsys, ["compile", "-"])
