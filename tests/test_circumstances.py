"""Kinds: closed descriptors, the terminal and the encoding, signals, limits told as a bug."""

from __future__ import annotations

import errno
import gzip
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import seqcoder
from genomes import small_genome
from seqcoder.circumstances import explain, system_reason
from seqcoder.errors import InputError
from seqcoder.storage.standard_input import read_standard_input
from seqcoder.wording import shown
from seqcoder.writing.genome_source import GenomeSource, read_local

MAIN = "from {0}.cli import main; main()"
SMALL = b">a\nACGTACGTACGT\n"
BIG = b">b\n" + b"ACGTTGCAAC" * 5000 + b"\n"
ODD = b">a\x1b[31m\x07\x01 x\nACGTACGTACGT\n>caf\xe9\nACGTACGTAC\n>\xc3\xa9\xe2\x80\xae\nACGTAC\n"


def command(*arguments: str, package: str = "seqcoder") -> list[str]:
    """Return a command line; -B: a limit on files would cut compiled modules short for good."""
    code = f"import sys; sys.argv[0] = 'seqcoder'; {MAIN.format(package)}"
    return [sys.executable, "-B", "-c", code, *arguments]


def closing(descriptors: tuple[int, ...]) -> Callable[[], None]:
    def close() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return close


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.fa").write_bytes(SMALL)
    seqcoder.compress("x.fa", "x.sqc")
    return tmp_path


CLOSED = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]
READING = [
    ("list", "x.sqc"),
    ("info", "x.sqc"),
    ("verify", "--full", "x.sqc"),
    ("extract", "x.sqc", "a:1-4"),
    ("decompress", "-c", "x.sqc"),
    ("list", "-"),
    ("extract", "x.sqc", "-r", "-"),
]
WRITING = [
    ("compress", "-", "-o", "out"),
    ("compress", "x.fa", "-o", "out"),
    ("compress", "-c", "x.fa"),
    ("compress", "nobody.fa", "-o", "out"),
    ("extract", "x.sqc", "a", "-o", "out"),
    ("repair", "x.sqc", "-o", "out"),
]


@pytest.mark.parametrize("closed", CLOSED, ids=str)
@pytest.mark.parametrize("words", [*READING, *WRITING], ids=" ".join)
def test_closed_descriptors(there: Path, words: tuple[str, ...], closed: tuple[int, ...]) -> None:
    before = {path: path.read_bytes() for path in there.iterdir()}
    done = subprocess.run(
        command(*words),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        preexec_fn=closing(closed),
        check=False,
    )
    assert done.returncode in (0, 1, 2)
    fails = (0 in closed and "-" in words) or (1 in closed and words[1:3] != ("x.sqc", "a"))
    if fails or "nobody.fa" in words or ("-" in words and words[0] != "compress"):
        assert done.returncode, "it cannot have been done"
    elif 1 not in closed:
        assert done.returncode == 0, done.stderr
    assert b"a bug" not in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"error" not in done.stdout, "messages never go to standard output"
    if done.returncode:
        assert done.stdout == b"" or words[0] != "compress"
        if 2 not in closed:
            lines = done.stderr.splitlines()
            assert all(line.startswith(b"seqcoder: ") for line in lines)
            assert 1 <= len(lines) <= 2
    now = {path: path.read_bytes() for path in there.iterdir() if path.name != "out"}
    assert now == before, "nothing is left, nothing written to by accident"
    if (there / "out").exists():
        # Of a repair only what it would have said is missing.
        assert done.returncode == 0 or words[0] == "repair"
        assert (there / "out").read_bytes().startswith((b"SQC", b">a\n"))


def test_closed_descriptors_of_the_other_program(there: Path) -> None:
    words = ("submit", "-", "-o", "archive")
    for closed in ((0,), (1,), (0, 1, 2)):
        done = subprocess.run(
            command(*words, package="seqcoder_jobs"),
            capture_output=True,
            preexec_fn=closing(closed),
            check=False,
        )
        assert done.returncode in (1, 2)
        assert done.stdout == b""
        assert b"a bug" not in done.stderr
        assert not (there / "archive").exists()


def on_terminal(*arguments: str, package: str = "seqcoder") -> bytes:
    """Return what a command writes on a terminal, standard output and error."""
    main, other = pty.openpty()
    process = subprocess.Popen(
        command(*arguments, package=package), stdin=other, stdout=other, stderr=other
    )
    os.close(other)
    said = b""
    while True:
        try:
            more = os.read(main, 1 << 16)
        except OSError:
            break
        if not more:
            break
        said += more
    process.wait()
    os.close(main)
    return said


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "o.fa").write_bytes(ODD)
    seqcoder.compress("o.fa", "o.sqc")
    return tmp_path


NAMES = [b"a\x1b[31m\x07\x01", b"caf\xe9", b"\xc3\xa9\xe2\x80\xae"]


@pytest.mark.parametrize(
    "words",
    [
        ("list", "-r", "o.sqc"),
        ("extract", "o.sqc", "-g", "o.fa"),
        ("decompress", "-c", "o.sqc"),
        ("extract", "o.sqc", "a\x1b[31m\x07\x01:1-4"),
        ("extract", "o.sqc", "no\x1b[31m\x07\x01"),
        ("verify", "no\x1b[31m\x07"),
        ("compress", "-q", "no\x1b]0;title\x07.fa"),
        ("list", "--no\x1b[31m\x07"),
    ],
    ids=repr,
)
def test_the_terminal_gets_no_commands(odd: Path, words: tuple[str, ...]) -> None:
    said = on_terminal(*words)
    assert b"\\x1b" in said
    assert b"\\x07" in said
    assert not {0x1B, 0x07, 0x01}.intersection(said), said
    assert b"\xe9" not in said.replace(b"\xc3\xa9", b""), said
    assert b"\xe2\x80\xae" not in said, said


ENCODINGS: list[dict[str, str]] = [
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii:strict"},
    {"LANG": "C", "LC_ALL": ""},
    {"LC_ALL": "POSIX"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("environment", ENCODINGS, ids=lambda e: " ".join(e.values()))
def test_the_encoding_does_not_change_names(odd: Path, environment: dict[str, str]) -> None:
    def out(*words: str) -> bytes:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
        done = subprocess.run(command(*words), env=env | environment, capture_output=True)
        assert done.returncode in (0, 2), done.stderr
        return done.stdout + done.stderr

    assert [line.split(b"\t")[1] for line in out("list", "-r", "o.sqc").splitlines()[1:]] == NAMES
    assert out("decompress", "-c", "o.sqc") == ODD
    for name in NAMES:
        assert out("extract", "o.sqc", os.fsdecode(name) + ":1-4").startswith(b">%s:1-4\n" % name)
        assert b"'%sx'" % name in out("extract", "o.sqc", os.fsdecode(name) + "x")


def test_shown_spells_what_commands() -> None:
    assert shown("a\x1b\x9b\udc9b\x7f\u202e\tb\r\n\r") == (
        "a\\x1b\\x9b\\x9b\\x7f\\u202e\tb\r\n\\x0d"
    )
    assert shown("Ä ß 漢") == "Ä ß 漢"


def started(words: tuple[str, ...], wait_for: str, package: str = "seqcoder") -> Any:
    """Start a command and return when a file matches; the pattern is of its partial output."""
    process = subprocess.Popen(
        command(*words, package=package), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not list(Path().glob(wait_for)) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, b"interrupted; "),
        (signal.SIGTERM, 143, b"interrupted by SIGTERM; "),
        (signal.SIGHUP, 129, b"interrupted by SIGHUP; "),
    ],
)
def test_signals_say_what_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int, word: bytes
) -> None:
    monkeypatch.chdir(tmp_path)
    for i in range(3):
        (tmp_path / f"{i}.fa").write_bytes(small_genome(2_000_000, seed=i))
    words = ("compress", "-3", "-T", "2", "--chunk-size", "100K", "-o", "all.sqc")
    process = started((*words, "0.fa", "1.fa", "2.fa"), ".all.sqc.*.partial")
    process.send_signal(number)
    process.send_signal(number)  # as `timeout` does
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (code, b""), err
    assert err == (
        b"seqcoder: error: " + word + b"all.sqc is not there yet; its whole chunks are kept, and "
        b"the same command goes on there\n"
    )
    assert not (tmp_path / "all.sqc").exists()
    done = subprocess.run(command(*words, "0.fa", "1.fa", "2.fa", "-q"), check=False)
    assert done.returncode == 0
    assert not list(tmp_path.glob(".*"))


def test_signals_that_are_ignored_stay_so(there: Path) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    code = (
        "import os, signal, sys; sys.argv = ['seqcoder', 'list', 'x.sqc']\n"
        "import seqcoder.cli.list as l; run = l.run_list\n"
        "def hung(*a): os.kill(os.getpid(), signal.SIGHUP); run(*a)\n"
        "l.run_list = hung\n" + MAIN.format("seqcoder")
    )
    done = subprocess.run([sys.executable, "-c", code], preexec_fn=ignore, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("verb", ["extract", "decompress"])
def test_signals_leave_no_half_written_output(there: Path, verb: str) -> None:
    module, name = ("restoring", "decompress") if verb == "decompress" else ("genome", "Genome")
    words = {"decompress": ["x.sqc", "-o", "back/"], "extract": ["x.sqc", "-g", "x.fa", "-o", "o"]}
    code = (
        f"import os, signal, sys; sys.argv = ['seqcoder', {verb!r}, *{words[verb]!r}]\n"
        "import seqcoder.reading.genome as g; read = g.Genome.read\n"
        "def killed(self): os.kill(os.getpid(), signal.SIGINT); return read(self)\n"
        "g.Genome.read = killed\n" + MAIN.format("seqcoder")
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True)
    assert done.returncode == 130, (module, name)
    assert done.stderr.startswith(b"seqcoder: error: interrupted; ")
    assert len(done.stderr.splitlines()) == 1
    assert not (there / "o").exists()
    assert [path for path in there.rglob("*") if path.name.startswith(".")] == []


def limited(what: int, value: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(what, (value, value))

    return limit


@pytest.mark.parametrize("megabytes", [60, 98, 120, 200, 300, 450])
def test_too_little_memory_is_told_as_such(there: Path, megabytes: int) -> None:
    done = subprocess.run(
        command("compress", "-T", "2", "x.fa", "-o", "y.sqc"),
        capture_output=True,
        preexec_fn=limited(resource.RLIMIT_AS, megabytes << 20),
        check=False,
    )
    if done.returncode == 0:
        return
    assert done.returncode == 1
    assert b"a bug" not in done.stderr
    (line,) = done.stderr.splitlines()
    assert b"memory" in line.lower(), done.stderr
    assert not list(there.glob("y.sqc"))


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full", "/dev/urandom"])
def test_a_device_without_end_is_no_input(
    there: Path, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=f"{device}: is a device, whose data have no end"):
        read_local(GenomeSource("x", device, "", 0))
    with Path(device).open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(InputError, match="standard input: is a device"):
            read_standard_input()
    assert read_local(GenomeSource("x", "/dev/null", "", 0)) == b""


@pytest.mark.parametrize(
    "words",
    [
        ("list", "/dev/zero"),
        ("compress", "x.fa", "-f", "--reference", "/dev/zero", "-o", "r.sqc"),
        ("extract", "x.sqc", "--from-file", "/dev/zero"),
        ("extract", "x.sqc", "--regions", "/dev/zero"),
        ("bench", "/dev/zero"),
    ],
    ids=lambda words: " ".join(words),
)
def test_options_do_not_read_devices_without_end(there: Path, words: tuple[str, ...]) -> None:
    """A limit of memory and of time: one that reads on is ended by either."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    done = subprocess.run(
        command(*words), capture_output=True, preexec_fn=limit, timeout=60, check=False
    )
    assert done.returncode == 1
    line = done.stderr.decode()
    assert line.startswith("seqcoder: error: /dev/zero: is a ")
    assert "device" in line
    assert line.count("\n") == 1


def test_the_working_folder_is_not_on_the_path(there: Path) -> None:
    for name in ("numpy.py", "seqcoder.py", "pyarrow.py", "typer.py"):
        (there / name).write_text("raise SystemExit('a stranger')")
    done = subprocess.run(
        [sys.executable, "-m", "seqcoder_jobs.cli", "list", "nothing"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "no archive" in done.stderr


def test_too_many_open_files_are_told_as_such(there: Path) -> None:
    for most in (5, 6, 7):
        done = subprocess.run(
            command("compress", "x.fa", "-o", "y.sqc"),
            capture_output=True,
            preexec_fn=limited(resource.RLIMIT_NOFILE, most),
            check=False,
        )
        if done.returncode and b"Fatal Python" not in done.stderr:
            assert b"a bug" not in done.stderr, (most, done.stderr)
            assert b"ulimit -n" in done.stderr, (most, done.stderr)


def test_an_input_that_cannot_be_read_is_told_with_its_remedy(there: Path) -> None:
    done = subprocess.run(command("compress", "/proc/self/mem", "-o", "y"), capture_output=True)
    assert done.returncode == 1
    assert b"/proc/self/mem: Input/output error; a disk or a connection fails" in done.stderr
    name = "n" * 300
    done = subprocess.run(command("extract", "x.sqc", "a", "-o", name), capture_output=True)
    assert done.returncode in (1, 2)
    assert b"File name too long; choose a shorter one" in done.stderr


def _errors() -> Iterator[tuple[BaseException, str]]:
    yield MemoryError(), "out of memory"
    yield OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory"
    yield ImportError("x.so: failed to map segment from shared object"), "out of memory"
    yield ImportError("libstdc++.so.6: cannot open shared object file"), "a library does not load"
    yield ImportError("/x/core.so: file too short"), "a library does not load: /x/core.so"
    yield ModuleNotFoundError("No module named 'numpy'", name="numpy"), "numpy is not installed"
    yield RuntimeError("can't start new thread"), "ulimit -u"
    yield EOFError("marshal data too short"), "remove the folders __pycache__ below /"
    yield RecursionError("maximum recursion depth exceeded"), "nested too deeply"
    yield OSError(errno.EROFS, "Read-only file system", "/r/x"), "/r/x: Read-only file system; "
    yield OSError(errno.ESTALE, "Stale file handle", "/n/x"), "mount it again"
    yield OSError(errno.EIO, "Input/output error", "/d/x"), "/d/x: Input/output error; a disk"
    yield OSError(errno.EMFILE, "Too many open files", "x"), "ulimit -n"


@pytest.mark.parametrize(("error", "told"), list(_errors()), ids=repr)
def test_limits_are_no_bugs(error: BaseException, told: str) -> None:
    assert told in (explain(error) or "")


def test_an_end_of_file_is_not_swallowed(there: Path) -> None:
    """Typer makes an Abort of it, and whoever asks sees exit code 1 and not a word."""
    code = (
        "import sys; sys.argv = ['seqcoder', 'list', 'x.sqc']\nimport seqcoder.cli.list as l\n"
        "def run(*a): raise EOFError('marshal data too short')\n"
        "l.run_list = run\n" + MAIN.format("seqcoder")
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"remove the folders __pycache__" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_bug_is_a_bug() -> None:
    assert explain(ValueError("x")) is None
    assert system_reason(OSError(errno.ENOENT, "No such file")) == "No such file"


def test_a_core_that_does_not_load(there: Path) -> None:
    (there / "seqcoder_broken.py").write_text(
        "import sys\nclass F:\n"
        "  def find_spec(self, name, *a):\n"
        "    if name.startswith('numpy'):\n"
        "      raise ImportError('libstdc++.so.6: version `GLIBCXX_3.4.30` not found')\n"
        "sys.meta_path.insert(0, F())\n"
    )
    code = "import seqcoder_broken; " + command()[3]
    done = subprocess.run([sys.executable, "-c", code, "list", "x.sqc"], capture_output=True)
    assert done.returncode == 1
    assert b"a library does not load: libstdc++.so.6" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_optimised_python_computes_the_same(there: Path) -> None:
    env = os.environ | {"PYTHONOPTIMIZE": "2"}
    done = subprocess.run(command("compress", "-q", "x.fa", "-o", "y.sqc"), env=env, check=False)
    assert done.returncode == 0
    assert (there / "y.sqc").read_bytes() == (there / "x.sqc").read_bytes()


def kinds() -> dict[str, tuple[bytes, str]]:
    import io
    import lzma
    import tarfile
    import zipfile

    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as out:
        info = tarfile.TarInfo("x.fa")
        info.size = len(SMALL)
        out.addfile(info, io.BytesIO(SMALL))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out_zip:
        out_zip.writestr("x.fa", SMALL)
    text = SMALL.decode()
    return {
        "u.fa": (text.encode("utf-16"), "UTF-16 text; 'iconv -f UTF-16 -t UTF-8'"),
        "ub.fa": (text.encode("utf-16-be"), "UTF-16 text; 'iconv -f UTF-16BE -t UTF-8'"),
        "u4.fa": (text.encode("utf-32"), "UTF-32 text; 'iconv -f UTF-32 -t UTF-8'"),
        "u4l.fa": (text.encode("utf-32-le"), "UTF-32 text; 'iconv -f UTF-32LE -t UTF-8'"),
        "u4b.fa": (text.encode("utf-32-be"), "UTF-32 text; 'iconv -f UTF-32BE -t UTF-8'"),
        "cr.fa": (SMALL.replace(b"\n", b"\r"), "CR alone; \"tr '\\r' '\\n'\""),
        "x.lzma": (lzma.compress(SMALL, format=lzma.FORMAT_ALONE), "'xz -d' or 'unlzma'"),
        "x.Z": (b"\x1f\x9d\x90" + b"abcdef" * 20, "'gzip -d' or 'uncompress'"),
        "x.lz4": (b"\x04\x22\x4d\x18" + b"abcdef" * 20, "'lz4 -d'"),
        "x.gz": (gzip.compress(gzip.compress(SMALL)), "gzip data within gzip"),
        "t.tar": (tar.getvalue(), "a tar file; 'seqcoder-ray submit' takes what is in it"),
        "t.tar.gz": (gzip.compress(tar.getvalue()), "a tar file; 'seqcoder-ray submit'"),
        "r.fq": (b"@r1\nACGT\n+\nIIII\n", "a FASTQ file; 'any2fasta'"),
        "g.gb": (b"LOCUS       NC_1  4 bp\nORIGIN\n  1 acgt\n//\n", "a GenBank file; 'any2fasta'"),
        "g.gff": (b"##gff-version 3\nx\t.\tgene\t1\t4\n", "a GFF file; 'any2fasta'"),
        "z.zip": (packed.getvalue(), "a zip file; 'seqcoder-ray submit'"),
    }


@pytest.mark.parametrize("name", kinds())
def test_what_is_no_fasta_is_told_by_what_it_is(there: Path, name: str) -> None:
    data, told = kinds()[name]
    (there / name).write_bytes(data)
    (genome,) = seqcoder.compress(name, "k.sqc", force=True).genomes
    assert "stored as it is" in genome.warning
    assert told in genome.warning
    with seqcoder.open("k.sqc") as container:
        back = next(iter(container.values())).read()
    assert back == (gzip.decompress(data) if name.endswith("gz") else data)


def test_lists_are_told_by_what_they_are(there: Path) -> None:
    from seqcoder.storage.lists import lines_of

    names = b"x.fa\ny.fa\n"
    kinds = {
        "u2": (names.decode().encode("utf-16"), "is UTF-16 text; save it as UTF-8"),
        "u4": (names.decode().encode("utf-32"), "is UTF-32 text; save it as UTF-8"),
        "gz": (gzip.compress(names), "is gzip data; 'gzip -dc gz' makes a list of it"),
        "cr": (names.replace(b"\n", b"\r"), "its lines end in CR alone; \"tr '\\r' '\\n'\" first"),
    }
    for name, (data, told) in kinds.items():
        with pytest.raises(InputError) as caught:
            lines_of(data, name)
        assert str(caught.value).startswith(f"{name}: {told}")
    assert lines_of(b"a\rb\nc\r\n", "names") == ["a\rb", "c"]
    assert lines_of(b"a\r", "names") == ["a"]
    assert lines_of(b"a\0b\0", "names") == ["a", "b"]


def test_zstd_that_needs_a_dictionary_is_told_as_such(there: Path) -> None:
    import zstandard

    dictionary = zstandard.ZstdCompressionDict(SMALL * 200)
    packed = zstandard.ZstdCompressor(dict_data=dictionary).compress(SMALL)
    trained = zstandard.train_dictionary(
        2000, [SMALL + bytes([65 + i]) * 20 for i in range(50)] * 9
    )
    (there / "d.fa.zst").write_bytes(packed)
    with pytest.raises(seqcoder.InputError):
        seqcoder.compress("d.fa.zst", "d.sqc")
    (there / "d.fa.zst").write_bytes(zstandard.ZstdCompressor(dict_data=trained).compress(SMALL))
    with pytest.raises(seqcoder.InputError, match="made with a dictionary") as caught:
        seqcoder.compress("d.fa.zst", "d.sqc")
    assert "fetch it again" not in str(caught.value)


def test_folders_and_tars_point_to_submit(there: Path) -> None:
    (there / "dir").mkdir()
    done = subprocess.run(command("compress", "x.fa", "dir", "-o", "y.sqc"), capture_output=True)
    assert done.returncode == 2
    assert b"dir: is a folder; " in done.stderr
    assert b"'seqcoder-ray submit dir -o ARCHIVE'" in done.stderr
    assert not (there / "y.sqc").exists()


def test_an_output_that_is_full_is_named(there: Path) -> None:
    subprocess.run(command("compress", "x.fa", "-q", "-o", "full.sqc"), check=True)
    for words in (
        ("compress", "x.fa", "-o", "/dev/full"),
        ("extract", "full.sqc", "-g", "x.fa", "-o", "/dev/full"),
        ("decompress", "full.sqc", "-o", "/dev/full"),
    ):
        done = subprocess.run(command(*words), capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.startswith("seqcoder: error: /dev/full: No space left on device"), words
        assert done.stderr.count("\n") == 1


def test_what_lies_on_standard_input_is_called_so(there: Path) -> None:
    for verb in ("list", "info", "verify", "decompress"):
        done = subprocess.run(command(verb, "-"), input=b"", capture_output=True, check=False)
        assert done.returncode == 1, verb
        assert done.stderr.startswith(b"seqcoder: error: standard input: "), done.stderr
    for words in (("parity", "-"), ("repair", "-", "-o", "y.sqc")):
        done = subprocess.run(command(*words), input=b"", capture_output=True, check=False)
        assert done.returncode == 2
        assert b"takes a file; write standard input to one" in done.stderr


def test_a_pipe_by_its_name_is_told_as_that(there: Path) -> None:
    os.mkfifo("pipe")
    writer = subprocess.Popen(["sh", "-c", "cat x.fa > pipe"])
    done = subprocess.run(command("list", "pipe"), capture_output=True, text=True, check=False)
    writer.wait()
    assert done.returncode == 1
    said = "seqcoder: error: pipe: is a pipe or device, that cannot be sought in; give a pipe as -"
    assert done.stderr.splitlines()[0] == said


def test_a_limit_on_files_is_told_with_its_remedy(there: Path) -> None:
    Path("big.fa").write_bytes(small_genome(400_000))
    words = command("compress", "-1", "big.fa", "-q", "--chunk-size", "40K", "-o", "big.sqc")
    for most in (20_000, 200):
        done = subprocess.run(
            words, capture_output=True, preexec_fn=limited(resource.RLIMIT_FSIZE, most), check=False
        )
        assert done.returncode == 1
        told = b"big.sqc: cannot be written: File too large; raise the limit (ulimit -f)"
        assert told in done.stderr
        assert not Path("big.sqc").exists()
        # What is whole is kept, the same command goes on from it; and nothing else.
        kept = most == 20_000
        assert (b"goes on where it stopped" in done.stderr) == kept
        assert [path.suffix for path in there.glob(".big.sqc*")] == [".partial"] * kept
        for path in there.glob(".big.sqc*"):
            path.unlink()
    subprocess.run(words, check=True)
    assert not list(there.glob(".big.sqc*"))


@pytest.mark.parametrize("first", [0, 10, 5000])
def test_a_pipe_that_does_not_block_is_read_to_its_end(there: Path, first: int) -> None:
    """Another process may have made it so; nothing there yet is not the end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.write(writing, BIG[:first])
    child = subprocess.Popen(command("compress", "-q", "-", "-o", "n.sqc"), stdin=reading)
    os.close(reading)
    time.sleep(1.0)
    with os.fdopen(writing, "wb") as rest:
        rest.write(BIG[first:])
    assert child.wait(60) == 0
    with seqcoder.open("n.sqc") as container:
        assert next(iter(container.values())).read() == BIG


def test_blanks_before_a_name_stay_where_they_are(there: Path) -> None:
    (there / "lead.fa").write_bytes(b"> lead two words\nACGTACGT\n>\ttab x\nGGGG\n>a a a\nTT\n")
    seqcoder.compress("lead.fa", "lead.sqc")

    def extracted(*words: str) -> bytes:
        return subprocess.run(
            command("extract", "lead.sqc", *words), capture_output=True, check=True
        ).stdout

    assert extracted("lead") == b"> lead two words\nACGTACGT\n"
    assert extracted("tab") == b">\ttab x\nGGGG\n"
    assert extracted("a") == b">a a a\nTT\n"
    assert extracted("lead", "--reverse-complement") == b"> lead/rc two words\nACGTACGT\n"
    assert extracted("lead:2-3") == b">lead:2-3\nCG\n"
    named = extracted("lead", "--header-style", "genome#contig")
    assert named == b">lead.fa#lead two words\nACGTACGT\n"


@pytest.mark.parametrize("size", [100, 200_000])
def test_bgzip_to_a_full_device(there: Path, size: int) -> None:
    (there / "b.fa").write_bytes(b">b\n" + b"ACGTTGCA" * (size // 8) + b"\n")
    seqcoder.compress("b.fa", "b.sqc")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command("extract", "b.sqc", "b", "--format", "fa.bgz"),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"seqcoder: error: standard output: No space left on device")


def test_one_bad_container_does_not_end_the_others(there: Path) -> None:
    (there / "bad.sqc").write_bytes((there / "x.sqc").read_bytes()[:-20])
    (there / "y.fa").write_bytes(BIG)
    seqcoder.compress("y.fa", "y.sqc")
    words = ("decompress", "nosuch.sqc", "bad.sqc", "y.sqc", "-o", "out")
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "nosuch.sqc: No such file" in done.stderr
    assert "2 of 3 containers failed, as named above; the others are restored" in done.stderr
    assert (there / "out" / "y.fa").read_bytes() == BIG


def test_a_tar_of_several_is_no_fasta(there: Path) -> None:
    import tarfile

    (there / "y.fa").write_bytes(BIG)
    with tarfile.open("t.tar", "w") as tar:
        for name in ("y.fa", "x.fa"):
            tar.add(name)
    (genome,) = seqcoder.compress("t.tar", "t.sqc").genomes
    assert "a tar file; 'seqcoder-ray submit'" in genome.warning


@pytest.mark.parametrize(
    "words",
    [
        ("compress", "x.fa", "-o", "http://host/x.sqc"),
        ("decompress", "x.sqc", "-o", "s3:/bucket/x"),
        ("extract", "x.sqc", "-g", "x.fa", "-o", "gs://bucket/x.fa"),
    ],
    ids=lambda words: words[0],
)
def test_outputs_are_no_urls(there: Path, words: tuple[str, ...]) -> None:
    before = sorted(there.rglob("*"))
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{words[-1]}: is a URL; name a local file" in done.stderr
    assert sorted(there.rglob("*")) == before


def test_a_folder_is_not_repaired(there: Path) -> None:
    done = subprocess.run(command("repair", ".", "-o", "r.sqc"), capture_output=True, check=False)
    assert done.returncode == 1
    assert b".: is a folder; name a container in it" in done.stderr
