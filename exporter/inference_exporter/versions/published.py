"""What a contest is on the page: values by family and the labels after those of the contest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from inference_exporter.performance.sequence import SUMS
from inference_exporter.values.samples import Labels
from inference_exporter.versions.agreement import Agreement
from inference_exporter.versions.contest import PAIR_SUMS, SIDES, UNDECIDED, Contest

Values = dict[str, dict[Labels, float]]
_NAME = "inference_comparison"


def published(contest: Contest, agreement: Agreement, origin: float) -> Values:
    """Every value; values of a side are `origin` more than what was counted."""
    settings = _settings(contest, origin)
    found: Values = {
        f"{_NAME}_setting": _named(settings, settings.values()),
        f"{_NAME}_samples": _named(SIDES, contest.effective),
        f"{_NAME}_design_effect": _named(SIDES, contest.design),
        f"{_NAME}_state": {(): float(contest.decision.state if contest.decision else UNDECIDED)},
        **_sums(contest),
        **_difference(contest),
        **(_agreement(agreement) if contest.rules.paired else {}),
    }
    values = [contest.value(number) for number in range(len(SIDES))]
    known = dict(_known(values, origin))
    if known:
        found[f"{_NAME}_value"] = known
    if contest.decision is not None:
        found[f"{_NAME}_decided_timestamp_seconds"] = {(): contest.decision.seen}
    return found


def _known(values: list[float | None], origin: float) -> Iterator[tuple[Labels, float]]:
    for name, one in zip(SIDES, values, strict=True):
        if one is not None:
            yield (name,), origin + one


def _settings(contest: Contest, origin: float) -> dict[str, float]:
    rules = contest.rules
    return {
        "level": rules.level,
        "planned": float(rules.planned),
        "least": float(rules.least),
        "margin": rules.margin,
        "reach": rules.reach,
        "origin": origin,
        "sign": rules.sign,
        "paired": float(rules.paired),
    }


def _sums(contest: Contest) -> Values:
    sums = contest.sums().tolist()
    if contest.rules.paired:
        return {f"{_NAME}_pair_sums_total": _named(PAIR_SUMS, sums)}
    return {
        f"{_NAME}_sums_total": {
            (side, name): value
            for side, own in zip(SIDES, sums, strict=True)
            for name, value in zip(SUMS, own, strict=True)
        }
    }


def _named(names: Iterable[str], values: Iterable[float]) -> dict[Labels, float]:
    found: dict[Labels, float] = {}
    for name, value in zip(names, values, strict=True):
        found[name,] = value
    return found


def _difference(contest: Contest) -> Values:
    found = contest.finding()
    if found is None:
        return {}
    values = {
        f"{_NAME}_difference": found.difference,
        f"{_NAME}_difference_lower": found.lower,
        f"{_NAME}_difference_upper": found.upper,
    }
    more = 0.0 if contest.decision else (found.times - 1) * contest.counted
    if math.isfinite(more):
        values[f"{_NAME}_remaining_samples"] = more
        if contest.rate > 0 or not more:
            values[f"{_NAME}_remaining_seconds"] = more / contest.rate if more else 0.0
    return {family: {(): value} for family, value in values.items()}


def _agreement(found: Agreement) -> Values:
    counts = found.counts
    values: Values = {
        f"{_NAME}_predictions_total": _named(SIDES, (counts[side] for side in SIDES)),
        f"{_NAME}_paired_requests_total": {(): counts["met"]},
        f"{_NAME}_classified_requests_total": {(): counts["told"]},
        f"{_NAME}_agreements_total": {(): counts["equal"]},
        f"{_NAME}_scored_requests_total": {(): counts["scored"]},
        f"{_NAME}_score_distance_total": {(): counts["distance"]},
    }
    for name, one in (("agreement_ratio", found.ratio), ("mean_score_distance", found.distance)):
        if one is not None:
            values[f"{_NAME}_{name}"] = {(): one}
    return values
