"""What is written of formulas of many kinds changes on purpose alone: which line, in which order, in which block, by which name."""

from __future__ import annotations

from tests.written import cases, digest


def test_what_is_written_is_what_was() -> None:
    """Compare two trees' modules where these differ; then `python -m tests.written`, and look at `generated/`."""
    changed = [f"{text} | {how}" for text, how, was in cases() if digest(text, how) != was]  # fmt: skip
    assert not changed
