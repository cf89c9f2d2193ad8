"""Writes what a model predicts as JSON lines, which inference-exporter reads as they are."""

from inference_log.log import PredictionLog

__all__ = ["PredictionLog"]
__version__ = "0.1.0"
