"""Live against reference as bars, in SVG: hollow is the reference, filled is live."""

from __future__ import annotations

from inference_exporter.exposition.status.html.markup import Html, fill
from inference_exporter.exposition.status.numbers import share
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
