"""What takes an archive apart again: genomes and regions by name, checks, report, web pages.

In comes an archive (``archive``). ``archive_reader`` opens it from Python, ``extract`` writes
files, ``verify`` checks them, ``report`` is the page about it, ``serve`` shows it in a browser.
"""
