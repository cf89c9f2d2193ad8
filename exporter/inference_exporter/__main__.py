"""`python -m inference_exporter` is the same as the `inference-exporter` command."""

from inference_exporter.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
