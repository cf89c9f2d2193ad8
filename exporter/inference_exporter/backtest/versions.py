"""What a comparison of two versions came to over a whole log, and on which row it was decided."""

from __future__ import annotations

import math
from collections.abc import Iterator

from inference_exporter.exposition.status.html.timeline import moment
from inference_exporter.model import Model, VersionsPart
from inference_exporter.versions import Agreement, Contest

_STATES = {1: "is better", -1: "is worse", 2: "is equal within the margin"}
_DAY = 86400.0


def compared(model: Model) -> list[str]:
    """Lines about the comparison; none where none is configured."""
    part, wanted = model.part(VersionsPart), model.config.compare_versions
    if part is None or wanted is None:
        return []
    contest, names = part.contest, (wanted.champion, wanted.challenger)
    return [
        f"version {names[1]} against {names[0]}, by {wanted.metric}: {_difference(contest)}",
        *_sides(contest, names, part.measure.origin),
        *([_agreement(part.agreement)] if wanted.paired else []),
        f"  {_decided(contest, names[1])}",
    ]


def _difference(contest: Contest) -> str:
    found = contest.finding()
    if found is None:
        return f"too few labelled rows, it takes {contest.rules.least:,.0f} of each"
    return (
        f"{found.difference:+.4g} ({found.lower:+.4g} to {found.upper:+.4g}, with"
        f" {1 - contest.rules.level:.4g} at every look)"
    )


def _sides(contest: Contest, names: tuple[str, str], origin: float) -> Iterator[str]:
    if contest.rules.paired:
        yield f"  {contest.rows[0]:,} labelled requests that both scored"
        return
    for number, name in enumerate(names):
        value = contest.value(number)
        shown = "no labelled rows" if value is None else f"{value + origin:.4g}"
        yield f"  {name}: {shown} over {contest.rows[number]:,} labelled rows"


def _agreement(found: Agreement) -> str:
    counts, said = found.counts, []
    if found.ratio is not None:
        said.append(f"{found.ratio:.1%} answered alike")
    if found.distance is not None:
        said.append(f"{found.distance:.4g} apart on average")
    alone = counts["champion"] + counts["challenger"] - 2 * counts["met"]
    words = ", ".join([f"{counts['met']:,.0f} requests that both scored", *said])
    return f"  {words}; {alone:,.0f} predictions without a partner"


def _decided(contest: Contest, challenger: str) -> str:
    made = contest.decision
    if made is None:
        return f"undecided; {_until(contest)}"
    rows = made.champion if contest.rules.paired else made.champion + made.challenger
    kind = "pair" if contest.rules.paired else "row"
    when = "" if math.isnan(made.made) else f", a prediction of {moment(made.made)}"
    return f"decided that {challenger} {_STATES[made.state]}, on labelled {kind} {rows:,}{when}"


def _until(contest: Contest) -> str:
    found = contest.finding()
    more = math.inf if found is None else (found.times - 1) * contest.counted
    if math.isinf(more):
        return "there is no telling when it would be"
    if contest.rate <= 0:
        return f"at this difference after {more:,.0f} more"
    days = more / contest.rate / _DAY
    return f"at this difference after {more:,.0f} more, at this rate in {days:,.1f} days"
