"""What a comparison found: as text, as rows, as a DataFrame where pandas is there, as HTML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from inference_exporter.errors import UsageError

_COLUMNS = ("", "verdict", "rows", "PSI", "noise", "limit", "p-value", "")
_NAME = 40  # characters of a name that are shown


@dataclass(frozen=True, slots=True)
class Finding:
    """A feature or output in one window of one version.

    `distances`, their `noise` levels (chance alone exceeds them as seldom as was promised) and
    `p_values` are by statistic, and absent where rows are too few: the families
    `inference_…_drift`, `…_critical` and `…_p_value`. The `verdict` is `drifted` where `psi` is
    above `limit` and `p_value`, which is that of a test adjusted for all features, at most `level`;
    `undecided` says `why`. `design_effect` rows are worth one. A `point_mass` is many rows at one
    place, `point_mass_ratio` of all. `end` is when the window ended, None in a frame without times.
    """

    scope: str  # feature or output
    name: str
    version: str
    window: str
    end: datetime | None
    rows: int
    distances: Mapping[str, float]
    noise: Mapping[str, float]
    p_values: Mapping[str, float]
    verdict: str  # drifted, ok or undecided
    why: str
    psi: float
    limit: float
    p_value: float
    level: float
    design_effect: float
    point_mass: str
    point_mass_ratio: float

    @property
    def remark(self) -> str:
        """What there is to say beside the numbers."""
        mass = ""
        if self.point_mass:
            words = self.point_mass.replace("_", " ")
            mass = f"{self.point_mass_ratio:.1%} of rows too many: {words}"
        return "; ".join(one for one in (self.why, mass) if one)

    def row(self) -> dict[str, Any]:
        """All of it flat: distances as `psi`, `js`, …, noise levels as `psi_noise` and so on."""
        found: dict[str, Any] = {
            "scope": self.scope, "name": self.name, "version": self.version,
            "window": self.window, "end": self.end, "rows": self.rows, "verdict": self.verdict,
            "why": self.why, "psi": self.psi, "limit": self.limit, "p_value": self.p_value,
            "level": self.level, "design_effect": self.design_effect,
            "point_mass": self.point_mass, "point_mass_ratio": self.point_mass_ratio,
        }  # fmt: skip
        for name in self.distances:
            found[name] = self.distances[name]
            found[f"{name}_noise"] = self.noise.get(name)
        return found


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """Findings in the order in which windows were decided on.

    `window` is the one whose last decision is shown as a table. Columns of the reference that the
    frame does not have are `absent`, others `unknown`; `untimed` rows had no time and were left
    out.
    """

    findings: Sequence[Finding]
    window: str
    rows: int
    untimed: int
    absent: Sequence[str]
    unknown: Sequence[str]
    reference: str

    @property
    def last(self) -> list[Finding]:
        """Of each version the last decision in the window that is shown; drifted ones first."""
        mine = [one for one in self.findings if one.window == self.window]
        last = {(one.version, one.scope, one.name): one for one in mine}
        order = ("drifted", "undecided", "ok")
        return sorted(
            last.values(), key=lambda one: (order.index(one.verdict), one.scope, -one.psi)
        )

    @property
    def drifted(self) -> list[str]:
        """Names of features and outputs that drifted at the last decision."""
        return list(dict.fromkeys(one.name for one in self.last if one.verdict == "drifted"))

    def to_rows(self) -> list[dict[str, Any]]:
        """A dict for every finding, of all windows and versions; see `Finding.row`."""
        return [one.row() for one in self.findings]

    def to_frame(self) -> Any:
        """The same as a DataFrame. UsageError where pandas is not installed."""
        try:
            pandas = import_module("pandas")
        except ImportError as error:
            raise UsageError(
                "pandas is not installed; to_rows() gives the same as dicts"
            ) from error
        return pandas.DataFrame(self.to_rows())

    def __repr__(self) -> str:
        return "\n".join([*self.sentences(), "", *_table(self.last)]) + "\n"

    def _repr_html_(self) -> str:
        from inference_exporter.notebook.html import of

        return of(self)

    def sentences(self) -> Iterator[str]:
        """What was compared, and what is not in the table."""
        yield f"{self.rows:,} rows against reference {self.reference}"
        ends = {one.end for one in self.findings if one.window == self.window and one.end}
        if ends:
            bad = {
                one.end
                for one in self.findings
                if one.window == self.window and one.verdict == "drifted"
            }
            yield (
                f"windows of {self.window}: {len(ends)}, with drift {len(bad)}; the last one ends"
                f" {max(ends):%Y-%m-%d %H:%M} UTC"
            )
        if self.untimed:
            yield f"{self.untimed:,} rows without a time were left out"
        if self.absent:
            yield f"the frame has no {', '.join(self.absent)}"
        if self.unknown:
            yield f"the reference has no {', '.join(self.unknown)}"


def cells_of(one: Finding) -> tuple[str, ...]:
    """What the table shows of a finding."""
    name = one.name if len(one.name) <= _NAME else f"{one.name[: _NAME - 1]}…"
    label = name + (" (output)" if one.scope == "output" else "")
    label += f" [{one.version}]" if one.version else ""
    noise = one.noise.get("psi")
    return (
        label, one.verdict, f"{one.rows:,}", f"{one.psi:.4f}",
        "–" if noise is None else f"{noise:.4f}", f"{one.limit:g}", f"{one.p_value:.2g}",
        one.remark,
    )  # fmt: skip


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        yield "nothing to decide on: no feature or output has bins"
        return
    rows = [_COLUMNS, *map(cells_of, findings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if at in (0, 1, len(row) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()
