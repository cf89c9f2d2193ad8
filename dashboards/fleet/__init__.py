"""Hours of a synthetic fleet in a real Prometheus within minutes: something to look at.

scenarios  which deployments there are, and what happens to them
traffic    the lines of their logs
exporters  the exporter's own loop over these lines, on a clock that is moved
remote     what it published, written to Prometheus with the times of its clock
rules      the shipped rules, evaluated by Prometheus over the same time
history    hour after hour of all that
"""
