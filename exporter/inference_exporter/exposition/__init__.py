"""The published snapshot, served: samples to text, text over HTTP. Knows nothing of logs.

    Snapshot ── text, openmetrics ──> bytes ── published ──> server ──> scrapers
             └─ collector ──> prometheus_client, for programs that embed the exporter

Importing this package costs nothing; the HTTP stack is imported when a server starts.
"""
