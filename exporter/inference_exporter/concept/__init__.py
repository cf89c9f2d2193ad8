"""Concept drift of a model: streams of errors, residuals and latencies, followed by detectors.

`signals` makes the streams out of columns, `follower` scales one for one detector, `ConceptRunner`
has all of a model.
"""

from inference_exporter.concept.runner import ConceptRunner

__all__ = ["ConceptRunner"]
