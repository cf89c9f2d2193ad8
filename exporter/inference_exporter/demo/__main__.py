"""`python -m inference_exporter.demo` is the same as `inference-exporter demo`."""

import argparse
import sys

from inference_exporter.demo.options import add_arguments
from inference_exporter.demo.run import main
from inference_exporter.errors import InferenceExporterError


def _main() -> int:
    parser = argparse.ArgumentParser(prog="inference-exporter demo")
    add_arguments(parser)
    try:
        return main(parser.parse_args())
    except InferenceExporterError as error:
        sys.stderr.write(f"inference-exporter: {error}\n")
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(_main())
