"""When it is drift: one decision per window, significant and large, at a stated false-alarm rate.

    budget      false alarms per month -> level of a decision; Holm's correction for many features
    spans       tumbling windows, in stretches
    subjects    the features and outputs as rows of a table of cells
    cells       rare cells pooled
    dependence  rows that resemble their neighbours: design effects from stretch to stretch
    between     the same from window to window
    wander      traffic that moves by itself, from hour to hours later
    memory      what is remembered of both
    mixture     the law of the test statistic when they do
    evidence    distance and p-value of many features at once
    points      many rows at one place where the reference has hardly any
    states      ok, drifted, not enough data
    track       what is remembered of a version and window
    decisions   all of it for one model
    judgement   one decision with its evidence
    gauges      what is published of it

`docs/alarms.md` tells it in plain sentences, `docs/calibration.md` measures it.
"""

from inference_exporter.decisions.decisions import PREFIX, Decisions, OfPart, level_of
from inference_exporter.decisions.gauges import gauges, significance
from inference_exporter.decisions.judgement import Judgement, Watch

__all__ = [
    "PREFIX",
    "Decisions",
    "Judgement",
    "OfPart",
    "Watch",
    "gauges",
    "level_of",
    "significance",
]
