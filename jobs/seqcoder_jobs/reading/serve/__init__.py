"""``seqcoder-ray serve``: an archive as a web page, to look at and to download from."""
