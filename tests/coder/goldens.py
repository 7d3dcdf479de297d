"""SHA-256 of payloads of generated inputs: what every coding must give for ever.

``python tests/coder/goldens.py`` prints them; the exactness test runs this file in a
process of its own, compiled for a generic CPU.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from generated import genome, proteins, random_bases

from seqcoder import coder


def digests() -> dict[str, str]:
    bases, classes = genome()
    small, small_classes = genome(700, "small")
    inputs = {
        "genome": (bases, None),
        "genome+classes": (bases, classes),
        "small": (small, None),
        "small+classes": (small, small_classes),
        "random": (random_bases(5001), None),
    }
    made = {
        f"{coding}/{name}": hashlib.sha256(coder.encode(x, coding, c)).hexdigest()[:32]
        for coding in (coder.TWO_BIT, 1, 2, 3)
        for name, (x, c) in inputs.items()
    }
    library = proteins(bases)
    for coding in (2, 3):
        payload = coder.encode(bases, coding, classes, library)
        made[f"{coding}/genome+classes+library"] = hashlib.sha256(payload).hexdigest()[:32]
    return made


if __name__ == "__main__":
    print(json.dumps(digests(), indent=1))
