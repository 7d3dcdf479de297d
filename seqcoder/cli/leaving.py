"""How the installed commands end."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn


def run_and_leave(main: Callable[[], None]) -> NoReturn:
    """Run a command line and end the process with its exit code.

    The interpreter is not taken apart before, which takes as long as importing numpy; nor are
    threads waited for that load a model nobody wants any more. With Ray it ends the usual way: it
    has processes of its own to end.
    """
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    if "ray" in sys.modules:
        sys.exit(code)
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)
