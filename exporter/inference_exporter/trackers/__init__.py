"""Experiment trackers: what a model does in production, beside the run that trained it.

Windowed values of an exporter's metrics page are written to MLflow or Weights & Biases. It is a
process of its own (`inference-exporter track`): a tracker that is slow or away never slows reading.

    measures    the page as values by model and version
    mlflow      MLflow's REST API
    wandb       the SDK of Weights & Biases
    following   again and again, or once
"""

from inference_exporter.trackers.following import Outcome, Page, follow, look
from inference_exporter.trackers.measures import Measured, measured
from inference_exporter.trackers.mlflow import MlflowTracker
from inference_exporter.trackers.tracker import Tracker, TrackerError
from inference_exporter.trackers.wandb import WandbTracker

__all__ = [
    "Measured",
    "MlflowTracker",
    "Outcome",
    "Page",
    "Tracker",
    "TrackerError",
    "WandbTracker",
    "follow",
    "look",
    "measured",
]
