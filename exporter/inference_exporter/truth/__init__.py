"""Late labels: predictions wait, labels arrive, and what belongs together is counted once.

`Join` brings them together, `Intake` fills it from batches, `Inbox` takes labels from HTTP.
`waiting/` keeps the predictions that wait, `http/` is what stands behind a POST.
"""

from inference_exporter.truth.coverage import coverage, selection, selection_by_score
from inference_exporter.truth.http.inbox import Inbox, Submission
from inference_exporter.truth.http.reception import receive
from inference_exporter.truth.intake import Intake, make_join
from inference_exporter.truth.join import Join, Settled
from inference_exporter.truth.twins import Pairs

__all__ = [
    "Inbox",
    "Intake",
    "Join",
    "Pairs",
    "Settled",
    "Submission",
    "coverage",
    "make_join",
    "receive",
    "selection",
    "selection_by_score",
]
