"""``python -m seqcoder_jobs.cli``."""

import os
import sys
from contextlib import suppress

# Python puts the working folder first: a numpy.py that lies there is not meant.
with suppress(FileNotFoundError):
    if not sys.flags.safe_path and sys.path[0] == os.getcwd() != __file__.rsplit("/", 3)[0]:  # noqa: PTH109
        del sys.path[0]

from seqcoder_jobs.cli import main

main()
