"""A model server, its traffic, the exporter and Prometheus on one machine: something to look at.

    data        a population of loan applicants, and a scikit-learn model trained on it
    server      serves the model over HTTP and writes the prediction log
    traffic     applicants, at a steady rate, on the loopback interface only
    run         starts all of it and the exporter, watches, stops all of it

The exporter in the demo is the one that everybody runs: nothing in it knows of this package.
scikit-learn is imported only when a model is trained or served (the extra `demo`).
"""
