"""A Prometheus exporter that reads a model server's prediction log."""

__version__ = "0.2.0"
