"""Predictions that wait for their label: what is kept of each, and how a key finds it."""
