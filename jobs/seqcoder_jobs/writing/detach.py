"""Running a submit as a job of a Ray cluster, by the Ray Jobs API, and looking after it."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from seqcoder.errors import InputError, MissingError, SeqcoderError, UsageError
from seqcoder.wording import shown
from seqcoder_jobs.archive.archive import Archive
from seqcoder_jobs.archive.layout import INPUTS, JOB
from seqcoder_jobs.corpus.locations import absolute, one_line
from seqcoder_jobs.writing.planning import model_name
from seqcoder_jobs.writing.submit import Request

JOB_PREFIX = "raysubmit_"
_FOLLOW_SECONDS = 2.0
# Jobs run in a shell on the head node, whose PATH need not lead to the Python that Ray runs with:
# the Python of this machine is tried (homes are often shared), then what PATH has.
_FIND_PYTHON = (
    'for p in "$0" python3 python; do "$p" -P -c "import seqcoder_jobs" 2>/dev/null && '
    'exec "$p" -P -m seqcoder_jobs.cli "$@"; done; '  # -P: not what the working folder has
    'echo "seqcoder is not installed where this cluster runs jobs" >&2; exit 127'
)


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """Turn whatever Ray raises into one line; raises UsageError or InputError."""
    try:
        yield
    except (SeqcoderError, KeyboardInterrupt):
        raise
    except Exception as error:
        text = one_line(error)
        if isinstance(error, ImportError) or "ray[default]" in text:
            raise UsageError(
                "detached jobs need Ray's job client, which is not installed; "
                "pip install 'ray[default]'"
            ) from None
        if "Authentication" in type(error).__name__:
            raise UsageError(
                f"{what}: the cluster wants a token; set RAY_AUTH_MODE=token, and see Ray's "
                "documentation on token authentication"
            ) from None
        raise InputError(f"{what}: {text}") from None


def _client(address: str | None) -> Any:
    """Connect to a cluster's dashboard; raises UsageError or InputError where that fails."""
    where = address or os.environ.get("RAY_API_SERVER_ADDRESS") or os.environ.get("RAY_ADDRESS")
    if where in (None, "", "local"):
        raise UsageError(
            "detached jobs run on a cluster; give its dashboard, for example "
            "--address http://head:8265"
        )
    with _asking(str(where)):
        from ray.job_submission import JobSubmissionClient

        return JobSubmissionClient(where)


def detach(request: Request, address: str | None, quiet: bool) -> None:
    """Start a submit as a job and note its id in the archive; prints the id.

    The corpus is listed by the job; paths are made absolute, as the cluster's nodes see them.
    """
    archive = Archive(request.archive)
    client = _client(address)
    archive.make()
    corpora = "".join(f"{absolute(corpus)}\0" for corpus in request.corpora)
    archive.store.put(INPUTS, os.fsencode(corpora))
    entrypoint = shlex.join(_arguments(request, archive, archive.store.locate(INPUTS)))
    with _asking("the cluster refused the job"):
        job = client.submit_job(
            entrypoint=entrypoint, metadata={"name": "seqcoder", "archive": str(archive)}
        )
    facts = {"job": job, "address": client.get_address(), "entrypoint": entrypoint}
    archive.store.put(JOB, (json.dumps(facts, indent=1) + "\n").encode())
    if not quiet:
        print(
            f"{job} runs detached; 'seqcoder-ray status {archive}' tells how far it is",
            file=sys.stderr,
        )
    print(job)


def _arguments(request: Request, archive: Archive, inputs: str) -> list[str]:
    """Return the command the job runs: this submit, attached to the cluster it runs on.

    A test sees that nothing which ``submit`` takes is missing here.
    """
    words = ["sh", "-c", _FIND_PYTHON, sys.executable, "submit", "--output", str(archive)]
    if request.corpora:
        words += ["--from-file", inputs]
    given, options = request.given, request.options
    if request.all_files:
        words.append("--all-files")
    if given.latents is False:
        words.append("--no-latents")
    if given.group is False:
        words.append("--no-groups")
    if given.solid:
        words.append("--solid")
    if request.replace:
        words.append("--replace")
    if options.metrics:
        words.append("--metrics")
    if request.groups is not None:
        words += ["--groups", absolute(request.groups)]
    if isinstance(request.metadata, str):
        words += ["--metadata", absolute(request.metadata)]
    for option, value in (
        ("--level", given.level),
        ("--chunk-size", given.chunk_bases),
        ("--container-size", given.container_bytes),
        ("--model", model_name(given.model)),
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
        facts = json.loads(archive.store.get(JOB)[0])
        job, where = facts["job"], facts["address"]
    except MissingError:
        raise UsageError(
            f"{archive}: no detached job was started for it; name a job ({JOB_PREFIX}...)"
        ) from None
    except (ValueError, KeyError) as error:
        where = archive.store.locate(JOB)
        raise InputError(f"{where}: cannot be read ({one_line(error)})") from None
    return _client(address or where), job


def job_status(name: str, address: str | None) -> dict[str, str]:
    """Return id, status and message of a job; ``status`` tells where it cannot be asked."""
    try:
        client, job = _find(name, address)
        with _asking(job):
            details = client.get_job_info(job)
    except SeqcoderError as error:
        if name.startswith(JOB_PREFIX):
            raise
        return {"job": name, "status": "unknown", "message": str(error)}
    return {
        "job": job,
        "status": str(details.status),
        "message": (details.message or "").split("\n")[0],
    }


def print_logs(name: str, address: str | None, follow: bool) -> None:
    """Print a job's output so far, or until it ends."""
    client, job = _find(name, address)
    printed = ""
    with _asking(job):
        while True:
            text = client.get_job_logs(job)
            more = text[len(printed) :] if text.startswith(printed) else text
            print(shown(more) if sys.stdout.isatty() else more, end="", flush=True)
            printed = text
            if not follow or client.get_job_status(job).is_terminal():
                return
            time.sleep(_FOLLOW_SECONDS)


def stop_job(name: str, address: str | None) -> None:
    """Stop a job."""
    client, job = _find(name, address)
    with _asking(job):
        stopped = client.stop_job(job)
    print(f"{job}\t{'stopping' if stopped else 'was not running'}")
