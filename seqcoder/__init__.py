"""Lossless compression of prokaryotic genome archives."""

__version__ = "0.1.0"
