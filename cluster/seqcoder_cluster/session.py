"""Being connected to Ray: to a cluster, or to one started on this machine for the run."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import resource
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seqcoder.errors import InputError, UsageError
from seqcoder_cluster.address import check_answers, is_on_loopback
from seqcoder_cluster.options import ClusterOptions

# Read by Ray when it is imported or initialised: no usage reports, no guessing of uv
# environments, no advice about future defaults on the user's terminal.
ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
# Unix socket paths end at 107 bytes, and Ray adds up to about 80 below its folder.
_LONGEST_FOLDER = 26
QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
_FOLDER_PREFIX, _IN_USE = "sqc-", "in-use"
_TOKEN_VARIABLES = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_MIN_STORE, _MAX_STORE = 200 << 20, 4 << 30
# Of a process of Ray's, measured: between 2.4 and 2.9 GiB.
_BESIDE_STORE = 3 << 30


@contextlib.contextmanager
def connect(options: ClusterOptions) -> Iterator[None]:
    """Be connected within the block; a connection the caller has already is used, and kept.

    With an address (or RAY_ADDRESS) this joins that cluster. Otherwise Ray starts here, listening
    on loopback only, without dashboard, and stops at the end.

    Raises:
        UsageError: there is no cluster at the address, or no GPU on this machine that was asked
            for. InputError: Ray does not start on this machine.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import ray

    if ray.is_initialized():
        yield
        return
    address = options.address or os.environ.get("RAY_ADDRESS")
    if address and address != "local":
        said: list[str] = []
        try:
            check_answers(address)
            with (
                loopback() if is_on_loopback(address) else contextlib.nullcontext(),
                _standard_error_kept(said),
                tempfile.TemporaryDirectory(prefix="seqcoder-") as empty,
                _working_in(empty),
                _signals_kept(),
            ):
                ray.init(address=address, **QUIET)
        except Exception as error:  # Ray raises whatever its parts do
            raise _no_cluster(address, error, "".join(said)) from None
        try:
            with messages_to_log():
                yield
        finally:
            ray.shutdown()
        return
    store = options.object_store_bytes or _store_bytes()
    _check_address_space(store)
    with session_folder() as folder, token():
        try:
            try:
                with loopback(), _working_in(folder), _signals_kept():
                    ray.init(
                        address="local",
                        num_cpus=options.workers,
                        include_dashboard=False,
                        object_store_memory=store,
                        _temp_dir=str(folder),
                        **QUIET,
                    )
            except Exception as error:  # Ray raises whatever its parts do
                raise _no_start(error) from None
            if options.gpus_per_actor > ray.cluster_resources().get("GPU", 0):
                raise UsageError(
                    f"{options.gpus_per_actor:g} GPUs for a model actor: this machine has fewer; "
                    "leave --gpus-per-actor out to run the model on the CPU"
                )
            with messages_to_log():
                yield
        finally:
            ray.shutdown()


@contextlib.contextmanager
def _working_in(folder: str | os.PathLike[str]) -> Iterator[None]:
    """Work in another folder: Ray has workers import from the one it is initialised in, first.

    There a ``numpy.py`` of the user's would be taken for numpy.
    """
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        yield
    finally:
        os.fchdir(before)
        os.close(before)


@contextlib.contextmanager
def _signals_kept() -> Iterator[None]:
    """Keep what signals do: Ray has its own handlers, which print a stack and end the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    except SystemExit as error:  # by Ray's handler, while it starts
        handler = before[signal.SIGTERM]
        if error.code == signal.SIGTERM and callable(handler):
            handler(signal.SIGTERM, None)
        raise
    finally:
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)


@contextlib.contextmanager
def _standard_error_kept(said: list[str]) -> Iterator[None]:
    """Keep what this process, Ray's C++ parts too, writes on standard error within the block."""
    sys.stderr.flush()
    with tempfile.TemporaryFile("w+", errors="replace") as kept:
        before = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
            kept.seek(0)
            said.append(kept.read())
            logging.getLogger(__name__).debug("%s", said[-1])


def _no_start(error: Exception) -> InputError:
    """Return why Ray does not start on this machine: mostly for want of memory or of a limit."""
    reason = next(iter(str(error).splitlines()), "") or type(error).__name__
    if "amount of memory" in reason:
        return InputError(
            "this machine has too little free memory to start Ray; end other programs, or join a "
            "cluster with --address"
        )
    return InputError(f"Ray does not start on this machine: {reason}")


def _no_cluster(address: str, error: Exception, said: str) -> UsageError:
    reason = next(iter(str(error).splitlines()), "") or type(error).__name__
    if type(error).__name__ == "AuthenticationError" or "InvalidAuthToken" in said:
        return UsageError(
            f"the Ray cluster at {address} wants its token; put that into ~/.ray/auth_token, or "
            "name its file by RAY_AUTH_TOKEN_PATH, and set RAY_AUTH_MODE=token"
        )
    return UsageError(
        f"no Ray cluster answers at {address} ({reason}); start one there, or leave "
        "--address (and RAY_ADDRESS) out to run on this machine"
    )


@contextlib.contextmanager
def token() -> Iterator[None]:
    """Have a token of its own for the Ray started within, unless the user chose how.

    Loopback is open to every user of the machine, and who reaches Ray may run code. Ray 2.52 and
    later know tokens; 2.60 would make one by itself, but in the home folder, for all to read.
    """
    if any(name in os.environ for name in _TOKEN_VARIABLES):
        yield
        return
    os.environ["RAY_AUTH_MODE"], os.environ["RAY_AUTH_TOKEN"] = "token", secrets.token_hex(32)
    _read_token_again()
    try:
        yield
    finally:
        for name in _TOKEN_VARIABLES:
            os.environ.pop(name, None)
        _read_token_again()


def _read_token_again() -> None:
    """Let Ray, which may have been imported long ago, see the environment as it is now."""
    with contextlib.suppress(ImportError, AttributeError):
        from ray import _raylet

        raylet: Any = _raylet  # older ones have neither
        raylet.Config.initialize("")
        raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextlib.contextmanager
def loopback() -> Iterator[None]:
    """Let Ray, started within, have 127.0.0.1 as its address and listen there only.

    ``ray.init(_node_ip_address="127.0.0.1")`` does not do it: Ray 2.60 turns that into the
    machine's outer address and listens on all. The switch below is the one that Ray itself uses
    on macOS and Windows. Raylets and workers inherit it.
    """
    from ray._private import ray_constants

    name = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR
    before = os.environ.get(name), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[name] = "0"
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before[1]
        if before[0] is None:
            del os.environ[name]
        else:
            os.environ[name] = before[0]


@contextlib.contextmanager
def messages_to_log() -> Iterator[None]:
    """Send to the log what Ray prints on standard output, among a command's results.

    Such as "a worker died": this layer deals with that. ``log_to_driver=False`` leaves these.
    """
    from ray._private import worker

    before = worker.print_to_stdstream

    def to_log(data: dict[str, Any], **_: Any) -> None:
        for line in data.get("lines", ()):
            logging.getLogger(__name__).debug("%s: %s", data.get("pid"), line)

    worker.print_to_stdstream = to_log
    try:
        yield
    finally:
        worker.print_to_stdstream = before


@contextlib.contextmanager
def session_folder() -> Iterator[Path]:
    """Make a folder for Ray's sockets, logs and spilled objects; only this user may look in.

    It goes at the end, and so do those of runs that were killed.
    """
    base = Path(tempfile.gettempdir())
    if len(str(base)) > _LONGEST_FOLDER:
        base = Path("/tmp")
    for old in base.glob(f"{_FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError), (old / _IN_USE).open() as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=base))
    try:
        with (folder / _IN_USE).open("w") as mark:
            fcntl.flock(mark, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_address_space(store: int) -> None:
    """Raise InputError where a limit leaves no room to map the object store: Ray would abort."""
    limit, need = resource.getrlimit(resource.RLIMIT_AS)[0], store + _BESIDE_STORE
    if 0 <= limit < need:
        raise InputError(
            f"Ray does not start within {limit >> 20} MiB of address space (ulimit -v); it takes "
            f"{need >> 20} MiB here: raise the limit, 'ulimit -v unlimited', or join a cluster "
            "with --address"
        )


def _store_bytes() -> int:
    """Return a size for the object store: a tenth of memory, within bounds and what /dev/shm has.

    Beyond it Ray spills to the session folder; what runs here is sized to stay within half.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    shared = Path("/dev/shm")
    free = shutil.disk_usage(shared).free if shared.is_dir() else _MAX_STORE
    return max(_MIN_STORE, min(memory // 10, int(free * 0.9), _MAX_STORE))
