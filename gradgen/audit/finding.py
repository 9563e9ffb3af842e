"""What is said of a derivative that somebody wrote: a verdict on each slope, and all of them as lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gradgen.prove.points import Point

Verdict = Literal["right", "weak", "wrong", "unknown"]


@dataclass(frozen=True)
class Finding:
    """The verdict on one slope.

    Attributes:
        slope: what it is called, as `df/dx`.
        verdict: `wrong` where it is another; `weak` where it is right but for digits; `unknown` where that cannot be told.
        at: where it is worst.
        got: what was claimed there.
        true: what it is.
        reason: why, where that is known: of a wrong one, the first stage in which the two part.
    """

    slope: str
    verdict: Verdict
    at: Point = ()
    got: float = 0.0
    true: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Audit:
    """Verdicts on the slopes of a function.

    Attributes:
        function: the function.
        against: what claims to be its derivative.
        inputs: the function's parameters.
        arranged: which slopes are which, and how that was found out.
        findings: the verdicts.
        slots: of each, of which result it is a slope, and by which parameter: their places.
        right: the lines that make what is wrong right, in the derivative's own words; none where these are not known.
    """

    function: str
    against: str
    inputs: tuple[str, ...]
    arranged: str
    findings: tuple[Finding, ...]
    slots: tuple[tuple[int, int], ...] = ()
    right: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        """Whether a slope is wrong."""
        return any(finding.verdict == "wrong" for finding in self.findings)

    def lines(self) -> Iterator[str]:
        """Yield the verdicts, one a line, under what was compared."""
        yield f"{self.against} against the gradient of {self.function}, {self.arranged}"
        width = max(len(finding.slope) for finding in self.findings)
        for finding in self.findings:
            yield f"  {finding.slope.ljust(width)}  {finding.verdict.ljust(7)}  {self.said(finding)}".rstrip()

    def said(self, finding: Finding) -> str:
        """Return in words what was found of a slope."""
        if not finding.at or finding.verdict in ("right", "unknown"):
            return finding.reason
        where = ", ".join(f"{n}={x!r}" for n, x in zip(self.inputs, finding.at))
        said = f"{finding.got:.10g} where {finding.true:.10g} is right, at {where}"
        return f"{said}: {finding.reason}" if finding.reason else said
