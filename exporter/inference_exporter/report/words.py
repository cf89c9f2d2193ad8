"""What the numbers of a report mean and where they are from, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator

from inference_exporter.exposition.status.views import VersionView
from inference_exporter.report.history import History

DEFINITIONS = (  # name, meaning, source
    (
        "PSI",
        "Σ (p − q) ln(p / q) over the bins of the reference, with p = (live rows + ½) / (all rows "
        "+ ½ bins), and q likewise of the reference. 0 is no difference.",
        "B. Yurdakul and J. Naranjo, “Statistical properties of the population stability index”, "
        "Journal of Risk Model Validation 14(4), 2020",
    ),
    (
        "By chance",
        "The PSI that chance alone exceeds no more often than the level allows one test.",
        "",
    ),
    (
        "p",
        "Probability of counts at least this unlike the reference if nothing has changed: "
        "likelihood-ratio test of homogeneity, cells with few rows pooled.",
        "D. A. Williams, “Improved likelihood ratio tests for complete contingency tables”, "
        "Biometrika 63(1), 1976",
    ),
    (
        "p adjusted",
        "The same, corrected for all inputs and outputs that were tested at once.",
        "S. Holm, “A simple sequentially rejective multiple test procedure”, Scandinavian Journal "
        "of Statistics 6(2), 1979",
    ),
    (
        "Level",
        "The budget of false alarms a month (false_alarms_per_month) over the decisions of a "
        "month.",
        "",
    ),
    (
        "Drifted",
        "p adjusted is at most the level, and PSI is above its limit. Over after two decisions in "
        "which it clearly is not.",
        "",
    ),
    (
        "Worth one",
        "How many rows are worth one independent row (design effect): measured from stretch to "
        "stretch and from window to window. Tests are for so many fewer rows.",
        "J. N. K. Rao and A. J. Scott, “The analysis of categorical data from complex sample "
        "surveys”, Journal of the American Statistical Association 76, 1981",
    ),
    (
        "Undecided",
        "Too few rows, or rows that resemble each other, or traffic that moves by itself more than "
        "a window can tell. Neither drifted nor ok.",
        "",
    ),
    (
        "95 % intervals",
        "Of shares by Wilson's score method, of other metrics by their variance over rows; of "
        "rates of alarms exact, of a Poisson count.",
        "E. B. Wilson, “Probable inference, the law of succession, and statistical inference”, "
        "Journal of the American Statistical Association 22, 1927; F. Garwood, “Fiducial limits "
        "for the Poisson distribution”, Biometrika 28, 1936",
    ),
    (
        "Estimated",
        "Performance to expect without labels: from calibrated scores, or the errors of the "
        "reference. It supposes that inputs mean what they meant.",
        "",
    ),
)


def unknown(history: History | None, views: list[VersionView], unreadable: int) -> Iterator[str]:
    """Sentences about what this report cannot say."""
    if history is None:
        yield "Nothing about drift: the record has no decision on this model in the period."
    else:
        yield from _of_record(history, unreadable)
    if not any(view.performance.labelled.value for view in views):
        yield (
            "How good the predictions really were: no labels have been counted in the windows of "
            "the last commit."
        )
    yield (
        "Performance further back than 60 days: the record holds decisions about drift only. "
        "Segments, fairness and data quality are of the windows at the last commit."
    )
    yield (
        "Whether the relation of inputs and outcome has changed, where labels are missing: "
        "estimates and drift of inputs cannot see it."
    )
    yield (
        "Whether the configuration was the same over the period: it is the one in the file now. "
        "Thresholds and references of each decision are those of its time."
    )
    yield (
        "What happened in windows without a line on record: no traffic, an exporter that did not "
        "run, and lines that were left out look the same."
    )


def _of_record(history: History, unreadable: int) -> Iterator[str]:
    if history.first > history.start + 1:
        yield "What was before the first decision on record, which is later than the period begins."
    if unreadable:
        yield f"What {unreadable} lines of the record say, which cannot be read."
    if history.differ:
        yield f"Whether {history.differ} decisions are right: their counts give other numbers."
    if len(history.references) > 1:
        yield (
            "How rows of before and after a change of the reference compare: their bins differ. "
            "Each reference has rows of its own in the tables."
        )
    if any(one.open for one in history.stretches.values()):
        yield "Whether drifts that began in the last three days will last."
