"""Where bytes lie: whole files, ranges of files and URLs, locks, and numbers as bytes.

In come paths, URLs and data; out go files that appear whole or not at all, and the ranges of bytes
that a reader asks for. Nothing here knows what a container is.
"""
