"""Training of the encoder network and of the protein library that ship as a model."""
