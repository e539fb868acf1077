"""A row of the table of ratios, as it is printed and stored."""

from __future__ import annotations

import operator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

_HOLDS = {">=": operator.ge, "<=": operator.le, "<": operator.lt}


@dataclass
class Row:
    """What was compared, how often, and how it came out.

    Attributes:
        what: In words.
        target: ``>= 0.95``, say; empty for what has none.
        values: A value per repeat, ratios unless there is a unit.
        unit: "s" for seconds, which depend on the machine.
        missing: Why it was not measured.
        details: Whatever else was found, for the JSON.
    """

    what: str
    target: str = ""
    values: list[float] = field(default_factory=list)
    unit: str = ""
    missing: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool | None:
        """Whether the median meets the target; None without one."""
        if not self.target or not self.values:
            return None
        sign, number = self.target.split()[:2]
        return _HOLDS[sign](median(self.values), float(number))

    @property
    def cells(self) -> list[str]:
        """For a table: what, median, spread, repeats, target, whether it holds."""
        if not self.values:
            return [self.what, f"not measured: {self.missing}", "", "", self.target, ""]
        unit = f" {self.unit}" if self.unit else ""
        low, high = min(self.values), max(self.values)
        spread = f"{low:.3g} to {high:.3g}{unit}" if len(self.values) > 1 else "–"
        holds = {None: "", True: "yes", False: "no"}[self.holds]
        return [self.what, f"{median(self.values):.3g}{unit}", spread, str(len(self.values)), self.target, holds]


def markdown(rows: list[Row]) -> str:
    """The table in Markdown."""
    head = ["what", "median", "spread", "repeats", "target", "holds"]
    lines = [head, ["---"] * len(head), *(row.cells for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
