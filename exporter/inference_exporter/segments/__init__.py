"""Parts of the traffic counted on their own: by country, by device, by age (docs/segments.md).

`naming` says which segment a row is in, `counts` keeps and publishes the counts, `comparison`
makes gauges of them, `own` holds each segment against its own reference; `page` is where gauges go.
"""

from inference_exporter.segments.counts import PREFIX, Segments, foreign
from inference_exporter.segments.naming import Naming, key, parts
from inference_exporter.segments.page import Gauges as GaugesBySegment

__all__ = [
    "PREFIX",
    "GaugesBySegment",
    "Naming",
    "Segments",
    "foreign",
    "key",
    "parts",
]
