"""Running a submit as a job of a Ray cluster, by the Ray Jobs API, and looking after it."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

from seqcoder.atomic import write_atomically
from seqcoder.errors import InputError, UsageError
from seqcoder_jobs.archive import Archive
from seqcoder_jobs.corpus.locations import absolute, one_line
from seqcoder_jobs.submit import Request

JOB_PREFIX = "raysubmit_"
_FOLLOW_SECONDS = 2.0


def _client(address: str | None) -> Any:
    """Connect to a cluster's dashboard; UsageError where it or its client is missing."""
    where = address or os.environ.get("RAY_API_SERVER_ADDRESS") or os.environ.get("RAY_ADDRESS")
    if where in (None, "", "local"):
        raise UsageError(
            "detached jobs run on a cluster; give its dashboard, for example "
            "--address http://head:8265"
        )
    try:
        from ray.job_submission import JobSubmissionClient

        return JobSubmissionClient(where)
    except (ImportError, RuntimeError) as error:
        if "ray[default]" in str(error) or isinstance(error, ImportError):
            raise UsageError(
                "detached jobs need Ray's job client, which is not installed; "
                "pip install 'ray[default]'"
            ) from None
        raise UsageError(f"{where}: {one_line(error)}") from None
    except (ConnectionError, ValueError) as error:
        raise UsageError(f"{where}: no Ray dashboard answers ({one_line(error)})") from None


def detach(request: Request, address: str | None, quiet: bool) -> None:
    """Start a submit as a job and note its id in the archive; prints the id.

    The corpus is listed by the job; paths are made absolute, as the cluster's nodes see them.
    """
    archive = Archive(request.archive)
    client = _client(address)
    archive.make()
    inputs = archive.folder / "inputs.txt"
    corpora = "".join(f"{absolute(corpus)}\n" for corpus in request.corpora)
    write_atomically(inputs, os.fsencode(corpora))
    entrypoint = shlex.join(_arguments(request, archive, inputs))
    try:
        job = client.submit_job(
            entrypoint=entrypoint, metadata={"name": "seqcoder", "archive": str(archive)}
        )
    except (RuntimeError, ConnectionError) as error:
        raise InputError(f"the cluster refused the job: {one_line(error)}") from None
    facts = {"job": job, "address": client.get_address(), "entrypoint": entrypoint}
    write_atomically(archive.job_file, (json.dumps(facts, indent=1) + "\n").encode())
    if not quiet:
        print(
            f"{job} runs detached; 'seqcoder-ray status {archive}' tells how far it is",
            file=sys.stderr,
        )
    print(job)


def _arguments(request: Request, archive: Archive, inputs: Path) -> list[str]:
    """Return the command the job runs: this submit, attached to the cluster it runs on."""
    words = ["python", "-m", "seqcoder_jobs.cli", "submit", "--output", str(archive)]
    if request.corpora:
        words += ["--from-file", str(inputs)]
    wishes, options = request.wishes, request.options
    if request.all_files:
        words.append("--all-files")
    if wishes.latents is False:
        words.append("--no-latents")
    for option, value in (
        ("--level", wishes.level),
        ("--chunk-size", wishes.chunk_bases),
        ("--container-size", wishes.container_bytes),
        ("--model", wishes.model),
        ("--workers", options.workers),
        ("--actors", options.actors),
        ("--gpus-per-actor", options.gpus_per_actor),
    ):
        if value is not None:
            words += [option, str(value)]
    return [*words, "--address", "auto"]


def _find(name: str, address: str | None) -> tuple[Any, str]:
    """Return a client and a job id for an archive folder or a job id."""
    if name.startswith(JOB_PREFIX):
        return _client(address), name
    archive = Archive(name)
    try:
        facts = json.loads(archive.job_file.read_text())
        job, where = facts["job"], facts["address"]
    except FileNotFoundError:
        raise UsageError(
            f"{archive}: no detached job was started for it; name a job ({JOB_PREFIX}...)"
        ) from None
    except (ValueError, KeyError, OSError) as error:
        raise InputError(f"{archive.job_file}: cannot be read ({one_line(error)})") from None
    return _client(address or where), job


def job_status(name: str, address: str | None) -> dict[str, str]:
    """Return id, status and message of a job; ``status`` tells where it cannot be asked."""
    try:
        client, job = _find(name, address)
        details = client.get_job_info(job)
    except (RuntimeError, ConnectionError) as error:
        return {"job": name, "status": "unknown", "message": one_line(error)}
    except UsageError as error:
        if name.startswith(JOB_PREFIX):
            raise
        return {"job": name, "status": "unknown", "message": str(error)}
    return {"job": job, "status": str(details.status), "message": details.message or ""}


def print_logs(name: str, address: str | None, follow: bool) -> None:
    """Print a job's output so far, or until it ends."""
    import time

    client, job = _find(name, address)
    shown = ""
    try:
        while True:
            text = client.get_job_logs(job)
            print(text[len(shown) :] if text.startswith(shown) else text, end="", flush=True)
            shown = text
            if not follow or client.get_job_status(job).is_terminal():
                return
            time.sleep(_FOLLOW_SECONDS)
    except (RuntimeError, ConnectionError) as error:
        raise InputError(f"{job}: {one_line(error)}") from None


def stop_job(name: str, address: str | None) -> None:
    """Stop a job."""
    client, job = _find(name, address)
    try:
        stopped = client.stop_job(job)
    except (RuntimeError, ConnectionError) as error:
        raise InputError(f"{job}: {one_line(error)}") from None
    print(f"{job}\t{'stopping' if stopped else 'was not running'}")
