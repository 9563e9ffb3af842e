"""The page that explains a formula, in a browser: it is stepped through, edited and read as readers do.

Wants Playwright and a Chromium; the rules of accessibility, axe-core, whose file `GRADGEN_AXE` names or `node_modules` holds.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gradgen.command.show.explain import page_of
from gradgen.errors import GradgenError
from gradgen.pipeline import Compiled, compile
from tests.conftest import ROOT
from tests.generators import program
from tests.test_page import CASES, DIFFERENCES, HOSTILE, SEED

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)  # fmt: skip
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
]
AXE = Path(os.environ.get("GRADGEN_AXE", ROOT / "node_modules/axe-core/axe.min.js"))
_QUIET = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
#: Writes numbers into fields.
_EDIT = """(fields, texts) => {
  fields.forEach((field, i) => (field.value = texts[i]));
  fields.forEach((field) => field.dispatchEvent(new Event("input", { bubbles: true })));
}"""
TAX = "t = max(income - allowance, 0)\n0.14*t if t < 10000 else 1400 + 0.24*(t - 10000) if t < 50000 else 11000 + 0.42*(t - 50000)"
POLAR = "r = sqrt(x**2 + y**2)\nphi = atan2(y, x)\nz = r*sin(phi)*x"

PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    (SEED, {}),
    (TAX, {}),
    (POLAR, {"outputs": "r, phi, z"}),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=CHROMIUM, args=_QUIET.split())
        yield found
        found.close()


class Reader:
    """Reads a page, and notes what the page says to the console and asks for."""

    def __init__(self, browser: Any, folder: Path, **context: Any) -> None:
        self.folder = folder
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, text: str) -> Any:
        path = self.folder / "page.html"
        path.write_text(text, encoding="utf-8")
        self.asked.clear()
        self.page.goto(path.as_uri())
        assert self.asked == [path.as_uri()]
        assert self.said == []
        return self.page

    def numbers(self, selector: str) -> list[float]:
        """Return all digits of what a part of the page shows."""
        code = "found => found.map(one => one.dataset.value)"
        found = self.page.eval_on_selector_all(f"{selector} b", code)
        named = {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan", "": "nan"}
        return [float(named.get(text, text)) for text in found]

    def sentence(self) -> str:
        return str(self.page.inner_text("#say"))

    def lit(self) -> dict[str, int]:
        """Return how much is lit in each part of the page."""
        parts = {"formula": "math", "circuit": "svg", "source": ".source", "forward": ".forward", "backward": ".backward"}  # fmt: skip
        return {
            name: self.page.locator(f"{part} .lit, {part} .here").count()
            for name, part in parts.items()
        }


@pytest.fixture
def reader(browser: Any, tmp_path: Path) -> Iterator[Reader]:
    found = Reader(browser, tmp_path)
    yield found
    assert found.said == []
    found.context.close()


def text_of(text: str, point: dict[str, float] | None = None, **options: Any) -> str:
    return page_of(compile(text, proof=False, **options), point or {})


def cases(count: int) -> Iterator[tuple[Compiled, tuple[float, ...]]]:
    """Yield formulas, and random programs, with points."""
    for text, point in CASES:
        yield compile(text, ieee=True, proof=False), tuple(point)
    seed = 0
    while count > len(CASES):
        made = program(seed)
        seed += 1
        try:
            found = made.compile(ieee=True, proof=False)
        except GradgenError:
            continue
        point = tuple(0.3 + 0.4 * i for i in range(len(found.program.inputs)))
        count -= 1
        yield found, point


def near(one: float, other: float, size: float) -> bool:
    same = one == other or (math.isnan(one) and math.isnan(other))
    return same or abs(one - other) <= 1e-12 * size


def test_live_values_are_those_of_python(reader: Reader) -> None:
    wrong = []
    seen = 0
    for compiled, point in cases(100):
        try:
            text = page_of(compiled, {})
        except GradgenError as error:
            assert "at most" in str(error) or "JavaScript" in str(error)
            continue
        seen += 1
        page = reader.open(text)
        page.eval_on_selector_all("input.value", _EDIT, [*map(repr, point)])
        value, cache = compiled.forward(*point)
        several = len(compiled.program.outputs) > 1
        values = [*value] if several else [value]
        seeds = [float(i == 0) for i in range(len(values))]
        gradient = compiled.backward(cache, *seeds)
        # What is added up rounds in proportion to its parts.
        size = max([1e-300, *filter(math.isfinite, map(abs, (*values, *gradient)))])
        shown = reader.numbers("td.result") + reader.numbers("table:has(input.value) td.gradient")  # fmt: skip
        wanted = [*values, *gradient]
        assert len(shown) == len(wanted)
        wrong += [
            (compiled, a, b)
            for a, b in zip(shown, wanted)
            if not near(a, b, max(abs(b), 1e-2 * size if math.isfinite(b) else 0))
        ]
    assert seen >= 90 and wrong == []


def test_each_step_lights_all_four(reader: Reader) -> None:
    page = reader.open(text_of(SEED, {"x": 3.0, "y": -4.0}))
    assert reader.sentence().startswith("8 stages forward, 12 lines backward.")
    page.keyboard.press("ArrowRight")
    assert reader.sentence() == "Forward, 1 of 8: sigy = sigmoid(y) is 0.0179862."
    assert all(reader.lit().values())
    for _ in range(7):
        page.click("#next")
        assert all(reader.lit().values()), reader.sentence()
    said = set()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        assert all(reader.lit().values()), reader.sentence()
        assert page.locator("[aria-current=step]").count() == 1
        said.add(reader.sentence())
    assert len(said) == 12
    last = reader.sentence()
    assert last == (
        "Backward, 12 of 12: dy += ∂sigy/∂y × dsigy. The local derivative (1 - sigy) * sigy is 0.0176627; "
        "times dsigy, which is 0.512144, it brings 0.00904586. With that, dy is 1.59223."
    )
    page.keyboard.press("ArrowRight")
    assert reader.sentence() == last
    page.keyboard.press("Home")
    assert reader.sentence().startswith("Forward, 1 of 8")
    page.keyboard.press("End")
    assert reader.sentence() == last
    page.click("#back")
    assert reader.sentence().startswith("Backward, 11 of 12")
    page.click(".forward tr[data-s='5']")
    assert reader.sentence().startswith("Forward, 4 of 8: xpy = x + y is −1")
    page.keyboard.press("ArrowRight")
    assert reader.sentence().startswith("Forward, 5 of 8")


def test_all_four_are_lit_under_the_pointer(reader: Reader) -> None:
    page = reader.open(text_of(SEED, {"x": 3.0, "y": -4.0}))
    for selector in (
        "math mrow[data-s='4']",
        "svg g[data-s='4'] text",
        ".forward tr[data-s='4']",
        ".backward tr[data-s='4']",
    ):
        page.mouse.move(1, 1)
        page.locator(selector).first.hover(timeout=5000)
        assert reader.lit()["forward"] == 1, selector
        assert page.locator(".forward tr.lit[data-s='4']").count() == 1
        assert all(reader.lit().values()), selector
    page.mouse.move(1, 1)
    page.locator(".source span").first.hover()
    assert reader.lit()["forward"] == 8


def test_editing_changes_all(reader: Reader) -> None:
    page = reader.open(text_of(TAX, {"income": 40000.0, "allowance": 9000.0}))
    assert reader.numbers("td.result") == [6440.0]
    page.get_by_label("value of income").fill("60000")
    assert reader.numbers("td.result") == [11420.0]
    assert reader.numbers("table:has(input.value) td.gradient") == [-0.42, 0.42]
    assert reader.numbers("td.difference") == pytest.approx([-0.42, 0.42], rel=1e-6)
    assert page.locator(".forward tr.left").count() > 0
    assert "11420" in page.inner_html("svg").replace("1.142e+04", "11420")
    page.get_by_label("value of income").fill("much")
    assert page.get_by_label("value of income").get_attribute("aria-invalid") == "true"
    assert "no number" in page.inner_text("#wrong")
    assert reader.numbers("td.result") == [11420.0]
    page.get_by_label("value of income").fill("−1e3")
    assert reader.numbers("td.result") == [0.0]
    assert page.inner_text("#wrong") == ""
    page.get_by_label("value of income").press("ArrowLeft")
    assert "stages forward" in reader.sentence()


def test_the_reader_chooses_the_seed(reader: Reader) -> None:
    compiled = compile(POLAR, outputs="r, phi, z", proof=False)
    page = reader.open(page_of(compiled, {"x": 1.5, "y": 0.5}))
    rows = compiled.jacobian(1.5, 0.5)
    for name, row in zip(("r", "phi", "z"), rows):
        page.get_by_role("button", name=f"only {name}").click()
        found = reader.numbers("table:has(input.value) td.gradient")
        assert found == pytest.approx([*row], rel=1e-12)
        assert reader.numbers("td.difference") == pytest.approx([*row], rel=1e-6)
    page.get_by_label("upstream gradient dr").fill("2")
    both = [2 * a + b for a, b in zip(rows[0], rows[2])]
    found = reader.numbers("table:has(input.value) td.gradient")
    assert found == pytest.approx(both, rel=1e-12)


def test_differences_are_those_of_python_at_any_size(reader: Reader) -> None:
    for text, x in DIFFERENCES:
        written = text_of(text, {"x": x})
        page = reader.open(written)
        [slope] = reader.numbers("table:has(input.value) td.gradient")
        assert reader.numbers("td.difference") == pytest.approx([slope], rel=2e-5)
        live = page.inner_text("td.difference")
        page.set_content(written.partition("<script")[0])
        assert page.inner_text("td.difference") == live


def test_the_browser_runs_no_other_script(browser: Any, tmp_path: Path) -> None:
    reader = Reader(browser, tmp_path)
    text = text_of("x*y", {"x": 2.0, "y": 3.0})
    bad = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
    path = tmp_path / "page.html"
    path.write_text(text.replace("<main>", f"<main>{bad}"), encoding="utf-8")
    reader.page.goto(path.as_uri())
    assert reader.page.evaluate("window.ran") is None
    assert reader.numbers("td.result") == [6.0]
    reader.context.close()


def test_nothing_of_the_authors_runs(reader: Reader) -> None:
    page = reader.open(text_of(HOSTILE, {"x": 2.0, "y": 3.0}))
    assert page.locator("script").count() == 1 and page.locator("img").count() == 0
    assert reader.numbers("td.result") == [49.0]
    names = "constructor + _proto*document + window**2 + values*back + all*one + steps + hasOwnProperty*toString + alert"
    page = reader.open(text_of(names))
    page.keyboard.press("End")
    assert "Backward" in reader.sentence()
    assert len(reader.numbers("table:has(input.value) td.gradient")) == 12
    names = "new*let + eval**2 + arguments*static + undefined*NaN + Infinity + été*Ω + enum*interface + Object"
    page = reader.open(text_of(names))
    assert all(map(math.isfinite, reader.numbers(":is(td.result, td.gradient)")))
    consts = {"document": 2.0, "inputs": 3.0, "Math": 4.0, "step": 5.0}
    page = reader.open(text_of("document*x + inputs*x**2 + step*x", {"x": 2.0}, const={k: v for k, v in consts.items() if k != "Math"}))  # fmt: skip
    assert reader.numbers("td.result") == [26.0]


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1280, "dark")])
def test_readers_of_all_kinds_can_use_it(
    browser: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not here: GRADGEN_AXE names its axe.min.js")
    size = {"width": width, "height": 844}
    reader = Reader(browser, tmp_path, viewport=size, color_scheme=scheme, bypass_csp=True)  # fmt: skip
    for text, options in PAGES:
        page = reader.open(text_of(text, **options))
        page.keyboard.press("End")
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run()")["violations"]
        assert [(one["id"], one["impact"]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    reader.context.close()


def test_it_is_whole_without_its_script(browser: Any, tmp_path: Path) -> None:
    reader = Reader(browser, tmp_path, java_script_enabled=False)
    page = reader.open(text_of(SEED, {"x": 3.0, "y": -4.0}))
    text = page.inner_text("main")
    for part in (
        "1.54564",
        "2.05957",
        "∂sigx/∂x × dsigx",
        "(1 - sigx) * sigx = 0.0451767",
    ):
        assert part in text
    assert not page.is_visible("#next")
    reader.context.close()


def test_what_is_shown_first_is_what_the_script_finds(reader: Reader) -> None:
    for text, options in PAGES:
        written = text_of(text, **options)
        page = reader.open(written)
        live = page.eval_on_selector_all("td b", "found => found.map(b => b.textContent)")  # fmt: skip
        page.set_content(written.partition("<script")[0])
        still = page.eval_on_selector_all("td b", "found => found.map(b => b.textContent)")  # fmt: skip
        assert json.dumps(live) == json.dumps(still)
