"""The steps of the mapping language: `function_of` makes a function of one value of them."""

from inference_exporter.formats.steps.functions import FUNCTIONS, Function, function_of

__all__ = ["FUNCTIONS", "Function", "function_of"]
