"""Benchmarks: this coder against others, and pages that show the figures.

In come FASTA files and the compressors found on this machine; out go rows of size, time and memory,
each decompressed and compared, as a table, a Parquet file or a page.
"""
