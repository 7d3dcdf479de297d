"""The end of the page: how to get the files back, and how the archive was made."""

from __future__ import annotations

import shlex

from seqcoder.bench import page
from seqcoder_jobs.reading.report.read import Facts


def extract_section(facts: Facts) -> str:
    """Return the commands that bring files back."""
    name = facts.archive.title
    example = facts.chosen([("genome", "ascending")], 1, status="verified")
    genome = shlex.quote(example[0]["genome"]) if example else "GENOME"
    lines = [
        (
            f"seqcoder-ray extract {name} {genome} -o restored/",
            "one file, bit for bit",
        ),
        (f"seqcoder-ray extract {name} --all -o restored/", "all files"),
        (f"seqcoder-ray list {name} --records", "what is in it"),
        (f"seqcoder-ray verify {name} --full", "decode and compare everything"),
        (f"seqcoder-ray serve {name}", "look at it in a browser, on this machine"),
    ]
    if example and example[0]["container"]:
        container = f"{name}/containers/{example[0]['container']}"
        lines.append((f"seqcoder decompress {container}", "one container, without archive and Ray"))
    lines_text = [text for line, what in lines for text in (f"# {what}", line)]
    return page.section(
        "How to get it back",
        page.commands(lines_text),
        page.text(
            "The manifest (manifest/*/*.parquet) has every figure above for each genome, record "
            "and chunk; DuckDB, pandas and R read it.",
            "note",
        ),
    )


def made_section(facts: Facts) -> str:
    """Return the settings and digests the archive was made with."""
    plan = facts.saved.plan
    rows = [
        ["level", str(plan.settings.level)],
        ["chunk size", f"{plan.settings.chunk_bases:,} bases"],
        ["model", plan.settings.model or "none (no latents)"],
        ["model SHA-256", plan.model_digest or "–"],
        ["plan SHA-256", plan.digest],
    ]
    return page.section("How it was made", page.table([], rows, texts=2))
