"""How a run grows with the cluster: measured here, then predicted by a model of the pipeline.

In come genomes, or invented ones, and the workers there are; out come measured points, the
simulation's answer to each, and predictions for clusters, as a page.
"""
