"""Numbers made of text and embeddings: what `derived:` declares, for references and live data."""

from inference_exporter.derived.centroids import Centroids
from inference_exporter.derived.columns import Deriver, with_derived

__all__ = ["Centroids", "Deriver", "with_derived"]
