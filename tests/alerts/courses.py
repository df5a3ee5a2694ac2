"""How counters rose, sample by sample, and what follows from that by hand: the judge of what rules record."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate, pairwise

OFFSET_S = 60
"""How far behind now the rules look."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """A counter: by how much it rises with each sample but the first, which is 0.

    Attributes:
        metric, labels: of its series.
        rises: one for each step.
        step_s: between two samples.
        resets: the samples at which it began again at 0.
    """

    metric: str
    labels: dict[str, str]
    rises: tuple[float, ...]
    step_s: int
    resets: tuple[int, ...] = ()

    @property
    def values(self):
        """As promtool reads them."""
        begins = [0, *self.resets, len(self.rises) + 1]
        runs = [self._run(begin, end) for begin, end in pairwise(begins)]
        return " ".join(f"{value:.10g}" for run in runs for value in run)

    def _run(self, begin, end):
        rises = (0, *self.rises)[begin:end]
        return accumulate(rises)

    def grown(self, window_s, *, at_s):
        """(by how much it rose between the first and the last sample of a window, seconds between them)."""
        seen = range((at_s - OFFSET_S - window_s) // self.step_s + 1, (at_s - OFFSET_S) // self.step_s + 1)
        return sum(self.rises[seen[0] : seen[-1]]), (len(seen) - 1) * self.step_s


def grown(courses, window_s, *, at_s):
    """By how much counters rose together."""
    return sum(course.grown(window_s, at_s=at_s)[0] for course in courses)


def per_second(courses, window_s, *, at_s):
    """How fast they rose together, where samples reach to both ends of the window."""
    found = [course.grown(window_s, at_s=at_s) for course in courses]
    return sum(rise / span_s for rise, span_s in found)
