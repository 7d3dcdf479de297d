"""Training of the encoder network and of the protein library that ship as a model.

In comes a folder of genomes, out goes a model file.
"""
