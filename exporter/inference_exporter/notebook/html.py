"""A comparison in a notebook: a table without scripts that follows the notebook's own colours.

Text and lines have the colour of what is around them, so it is light where the notebook is light;
verdicts are words on colours that both grounds bear.
"""

from __future__ import annotations

from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.notebook.comparison import Comparison, Finding, cells_of

_STYLE = """\
.ie-compare{color:inherit;font-size:90%}
.ie-compare table{border-collapse:collapse;background:none;color:inherit}
.ie-compare caption{text-align:left;color:inherit;padding:.4em .6em}
.ie-compare th,.ie-compare td{padding:.2em .6em;text-align:right;background:none;color:inherit;
border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.ie-compare th:first-child,.ie-compare td:first-child,.ie-compare td:last-child{text-align:left}
.ie-compare .v{color:#fff;border-radius:.3em;padding:.05em .5em}
.ie-compare .drifted{background:#b3261e}.ie-compare .ok{background:#1e6b3a}
.ie-compare .undecided{background:#5f6368}
.ie-compare td:not(:last-child){white-space:nowrap}
.ie-compare svg{vertical-align:middle}"""
_HEAD = ("", "verdict", "rows", "PSI", "", "noise level", "limit", "p-value", "")
_WIDTH = 90.0


def of(comparison: Comparison) -> str:
    """The whole fragment."""
    return fill(
        '<div class="ie-compare"><style>{style}</style>{said}'
        "<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>",
        style=Html(_STYLE),
        title=f"The last decision in windows of {comparison.window}",
        said=join(fill("<div>{one}</div>", one=one) for one in comparison.sentences()),
        head=join(fill('<th scope="col">{one}</th>', one=one) for one in _HEAD),
        rows=join(map(_row, comparison.last), "\n"),
    )


def _row(one: Finding) -> Html:
    name, verdict, rows, psi, *rest, remark = cells_of(one)
    chip = fill('<span class="v {kind}">{kind}</span>', kind=verdict)
    cells = (name, chip, rows, psi, _bar(one), *rest, remark)
    return fill("<tr>{cells}</tr>", cells=join(fill("<td>{one}</td>", one=one) for one in cells))


def _bar(one: Finding) -> Html:
    """The PSI as a bar, with a line at its noise level and a dashed one at the limit."""
    noise = one.noise.get("psi", 0.0)
    most = max(one.psi, 1.25 * one.limit, 1.25 * noise, 1e-9)
    marks = [fill(_RECT, width=f"{one.psi / most * _WIDTH:.1f}")]
    marks += [fill(_LINE, x=f"{noise / most * _WIDTH:.1f}", dash="none")] if noise else []
    marks += [fill(_LINE, x=f"{one.limit / most * _WIDTH:.1f}", dash="2 2")]
    title = f"PSI {one.psi:.4f}, noise level {noise:.4f}, limit {one.limit:g}"
    return fill(
        '<svg width="{width}" height="14" role="img" aria-label="{title}">{marks}</svg>',
        width=int(_WIDTH), title=title, marks=join(marks),
    )  # fmt: skip


_RECT = '<rect x="0" y="3" width="{width}" height="8" fill="currentColor" opacity="0.55"/>'
_LINE = (
    '<line x1="{x}" x2="{x}" y1="0" y2="14" stroke="currentColor" stroke-width="1.5"'
    ' stroke-dasharray="{dash}"/>'
)
