"""How often the alarms are wrong and how soon they are right, by simulation.

    python -m bench.calibration            all of it; writes docs/calibration.md and its pictures
    python -m bench.calibration --quick    small sizes, to try it out; writes nothing

Months of traffic go through the exporter's own decision code (`inference_exporter.decisions`): not
as log lines but as the counts that lines become, of 500 features at a time.
"""
