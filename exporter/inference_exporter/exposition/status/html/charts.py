"""Live against reference as bars, in SVG: hollow is the reference, filled is live."""

from __future__ import annotations

from collections.abc import Sequence

from inference_exporter.exposition.status.html.markup import Html, fill
from inference_exporter.exposition.status.numbers import Unit, share, write
from inference_exporter.exposition.status.views import Bin

WIDTH, HEIGHT = 150.0, 40.0

_CHART = (
    '<svg class="bars" role="img" aria-label="{label}" viewBox="0 0 150 41" width="{width}" '
    'height="{height}"><path class="known" d="{known}"/><path class="live" d="{live}"/>'
    '<path class="base" d="M0 40.5h150"/></svg>'
)


def bars(bins: tuple[Bin, ...], scale: float = 1.0) -> Html:
    """The chart; the two bins that moved most are its text alternative."""
    highest = max((max(one.reference, one.live or 0.0) for one in bins), default=0.0) or 1.0
    slot = WIDTH / max(1, len(bins))
    known, live = [], []
    for place, one in enumerate(bins):
        left = place * slot
        known.append(_bar(left + 0.08 * slot, 0.4 * slot, one.reference / highest))
        if one.live is not None:
            live.append(_bar(left + 0.54 * slot, 0.4 * slot, one.live / highest))
    return fill(
        _CHART,
        label=in_words(bins),
        known=Html("".join(known)),
        live=Html("".join(live)),
        width=f"{WIDTH * scale:g}",
        height=f"{(HEIGHT + 1) * scale:g}",
    )


def in_words(bins: tuple[Bin, ...]) -> str:
    """The two bins in which the shares of live values and of the reference differ most."""
    compared = [(one.live - one.reference, one) for one in bins if one.live is not None]
    if not compared:
        return "Reference only: no live values in this window."
    most = sorted(compared, key=lambda pair: -abs(pair[0]))[:2]
    said = (
        f"{one.label}: {share(one.reference + change)} live, "
        f"{share(one.reference)} in the reference"
        for change, one in most
    )
    return f"Moved most: {'; '.join(said)}."


def _bar(left: float, width: float, height: float) -> str:
    tall = height * (HEIGHT - 1)
    return f"M{left:.1f} 40v{-tall:.1f}h{width:.1f}v{tall:.1f}z"


_SPARK = (
    '<svg class="spark" role="img" aria-label="{label}" viewBox="0 0 100 34" width="100" '
    'height="34">{limit}<path class="line" d="{path}"/>{now}</svg>'
)
_WIDE, _TALL, _EDGE = 100.0, 30.0, 3.0


def spark(values: Sequence[float | None], label: str, limit: float | None = None) -> Html:
    """A small line from the oldest to the newest; gaps where a value is not known.

    `limit` is drawn across, where the scale reaches it.
    """
    known = [value for value in values if value is not None]
    high = max((*known, 0.0)) or 1.0
    step = (_WIDE - 2 * _EDGE) / max(1, len(values) - 1)
    points = [
        None if value is None else (_EDGE + at * step, _EDGE + (1 - value / high) * _TALL)
        for at, value in enumerate(values)
    ]
    last = next((point for point in reversed(points) if point is not None), None)
    return fill(
        _SPARK,
        label=label,
        path=_path(points),
        now="" if last is None else _now(*last),
        limit="" if limit is None or limit > high else _across(_EDGE + (1 - limit / high) * _TALL),
    )


def _now(x: float, y: float) -> Html:
    return fill('<circle class="live" cx="{x}" cy="{y}" r="2.5"/>', x=f"{x:.1f}", y=f"{y:.1f}")


def _across(y: float) -> Html:
    return fill('<path class="limit" d="M0 {y}h100"/>', y=f"{y:.1f}")


def _path(points: Sequence[tuple[float, float] | None]) -> Html:
    """One stroke for each run of known points; a point alone is a short one."""
    drawn, open_stroke = [], False
    for point in points:
        if point is None:
            open_stroke = False
            continue
        drawn.append(f"{'L' if open_stroke else 'M'}{point[0]:.1f} {point[1]:.1f}")
        drawn += [] if open_stroke else ["h.1"]
        open_stroke = True
    return Html("".join(drawn))


def in_time(values: Sequence[float | None], unit: Unit) -> str:
    """What a line says, for who does not see it."""
    known = [value for value in values if value is not None]
    if not known:
        return "Lately: not known."
    low, high = write(min(known), unit), write(max(known), unit)
    return f"Lately {low} to {high}, {write(known[-1], unit)} now."
