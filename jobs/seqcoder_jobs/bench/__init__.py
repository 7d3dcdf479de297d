"""How a run grows with the cluster: measured here, then predicted by a model of the pipeline."""
