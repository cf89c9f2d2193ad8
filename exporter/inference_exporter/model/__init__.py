"""One model: its lines become counts, its counts become what is published about it.

`model.py` is the flow, `part.py` what a capability of a model looks like, `parts/` the
capabilities in the order in which they act, `counting.py` what follows from the reference in
force, `publisher.py` the page.
"""

from inference_exporter.model.facts import BlockFacts
from inference_exporter.model.model import Model
from inference_exporter.model.parts.decisions import DecisionsPart
from inference_exporter.model.parts.late_labels import LateLabels
from inference_exporter.model.parts.segments import SegmentsPart
from inference_exporter.model.parts.versions import VersionsPart

__all__ = ["BlockFacts", "DecisionsPart", "LateLabels", "Model", "SegmentsPart", "VersionsPart"]
