"""``seqcoder doctor``, and the table that ``seqcoder-ray doctor`` prints too."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Iterable
from dataclasses import asdict

from seqcoder.cli.common import say
from seqcoder.doctor import Check, checks
from seqcoder.errors import InputError

_MARKS = {"ok": "ok", "missing": "-", "broken": "BROKEN"}


def run(quiet: bool, json: bool) -> None:
    """Check, print, and raise InputError if something is broken."""
    tell(checks(), quiet, json)


def tell(found: Iterable[Check], quiet: bool, json: bool, name: str = "seqcoder") -> None:
    """Print checks as they come; raises InputError at the end if something is broken."""
    all_checks = []
    for check in found:
        all_checks.append(check)
        if not json and not (quiet and check.state == "ok"):
            say(f"{_MARKS[check.state]:<7} {check.name:<16} {check.detail}")
            sys.stdout.flush()
            if check.remedy:
                say(f"{'':<24} {check.remedy}")
    broken = [check.name for check in all_checks if check.state == "broken"]
    if json:
        rows = [asdict(check) for check in all_checks]
        say(json_module.dumps({"sound": not broken, "checks": rows}, indent=1))
    if broken:
        raise InputError(f"broken: {', '.join(broken)}; the remedies are above")
    if not json and not quiet:
        say("sound")
