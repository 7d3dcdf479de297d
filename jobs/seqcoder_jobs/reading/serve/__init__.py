"""``seqcoder-ray serve``: an archive as a web page, to look at and to download from.

In come an archive and requests, out go pages, drawings and FASTA.
"""
