"""Benchmarks: this coder against others, and pages that show the figures."""
