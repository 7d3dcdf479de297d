"""The command line: manners, exit codes, output."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

import seqcoder
from genomes import coding_genome, fasta_bytes, letters, random_bases, small_genome
from seqcoder.cli import main
from seqcoder.reading.query import Query, read_regions

TWO = small_genome(20_000, seed=2)
PLAIN = fasta_bytes(("chr:1 a plain one", letters(random_bases(3_000, 3))), width=70)


class Cli:
    """Runs ``seqcoder`` in this process and keeps what it said."""

    def __init__(
        self, capfdbinary: pytest.CaptureFixture[bytes], patch: pytest.MonkeyPatch
    ) -> None:
        self.capture, self.patch = capfdbinary, patch
        self.out = self.err = b""

    def __call__(self, *arguments: object, stdin: bytes = b"") -> int:
        self.patch.setattr(sys, "argv", ["seqcoder", *map(str, arguments)])
        self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        self.out, self.err = self.capture.readouterr()
        assert b"Traceback" not in self.err
        return int(ended.value.code or 0)


@pytest.fixture
def cli(
    capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Cli:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.fa").write_bytes(TWO)
    (tmp_path / "plain.fna.gz").write_bytes(gzip.compress(PLAIN))
    return Cli(capfdbinary, monkeypatch)


def test_without_groups_relatives_are_by_themselves(cli: Cli) -> None:
    Path("again.fa").write_bytes(TWO)
    files = ("two.fa", "again.fa")
    assert cli("compress", "-1", "-q", "-o", "groups.sqc", *files) == 0
    assert cli("compress", "-1", "-q", "--no-groups", "-o", "alone.sqc", *files) == 0
    alone = Path("alone.sqc").stat().st_size
    assert Path("groups.sqc").stat().st_size < 0.7 * alone
    assert cli("decompress", "-q", "alone.sqc", "-o", "back") == 0
    assert Path("back/again.fa").read_bytes() == TWO


def test_compress_keeps_the_source_and_names_the_result(cli: Cli) -> None:
    assert cli("compress", "two.fa") == 0
    assert Path("two.fa").read_bytes() == TWO
    assert Path("two.fa.sqc").exists()
    assert cli.out.startswith(b"two.fa.sqc\t")
    assert cli("compress", "two.fa") == 2
    assert b"--force" in cli.err
    assert cli("compress", "-f", "-1", "-q", "two.fa") == 0
    assert not list(Path().glob(".*partial"))


def test_many_files_one_container_and_back(cli: Cli) -> None:
    assert cli("compress", "two.fa", "plain.fna.gz", "-o", "all.sqc", "--level", "1") == 0
    assert cli("decompress", "all.sqc", "-o", "back/") == 0
    assert Path("back/two.fa").read_bytes() == TWO
    assert Path("back/plain.fna").read_bytes() == PLAIN
    assert cli("decompress", "all.sqc", "-o", "back/") == 2
    assert cli("decompress", "-f", "all.sqc", "-o", "back/") == 0
    assert cli("list", "all.sqc", "--sha256") == 0
    assert cli.out.decode().split() == [
        sha256(TWO).hexdigest(),
        "two.fa",
        sha256(PLAIN).hexdigest(),
        "plain.fna",
    ]


def test_solid_chunks_go_on_over_genomes(cli: Cli) -> None:
    # No walk is taken along a relative with every fifth base changed, but the coder learns of it.
    rng = np.random.default_rng(6)
    first = random_bases(60_000, 5)
    names = []
    for number in range(3):
        bases = first ^ np.where(rng.random(len(first)) < 0.06, 1, 0).astype(np.uint8)
        pieces = np.split(bases, np.arange(13, len(bases), 13))
        order = rng.permutation(len(pieces))
        names.append(f"{number}.fa")
        shuffled = letters(np.concatenate([pieces[i] for i in order]))
        Path(names[-1]).write_bytes(fasta_bytes((f"r{number}", shuffled)))
    options = ("compress", "-2", "--no-latents", "-q", "--chunk-size", "1M", "-o")
    assert cli(*options, "apart.sqc", *names) == 0
    assert cli(*options, "solid.sqc", "--solid", *names) == 0
    with seqcoder.open("apart.sqc") as apart, seqcoder.open("solid.sqc") as solid:
        assert len(apart.reader.index.chunks) == 3
        assert len(solid.reader.index.chunks) == 1
    assert Path("solid.sqc").stat().st_size < Path("apart.sqc").stat().st_size
    assert cli("extract", "solid.sqc", "-g", "2.fa", "-o", "back.fa") == 0
    assert Path("back.fa").read_bytes() == Path("2.fa").read_bytes()
    assert cli(*options, "small.sqc", "--solid", "--chunk-size", "70K", *names) == 0
    with seqcoder.open("small.sqc") as small:
        assert [chunk.row.n_bases for chunk in small.reader.index.chunks] == [60_000] * 3
    assert cli(*options, "x.sqc", "--solid", "--no-groups", *names) == 2
    assert b"leave out one of --solid and --no-groups" in cli.err


def test_append(cli: Cli) -> None:
    Path("again.fa").write_bytes(TWO)
    options = ("compress", "-1", "-q", "--append")
    assert cli(*options, "-o", "all.sqc", "two.fa") == 0
    first = Path("all.sqc").read_bytes()
    assert cli(*options, "-o", "all.sqc", "again.fa", "plain.fna.gz") == 0
    second = Path("all.sqc").read_bytes()
    assert second.startswith(first)
    assert cli("decompress", "-q", "all.sqc", "-o", "back") == 0
    for name, data in {"two.fa": TWO, "again.fa": TWO, "plain.fna": PLAIN}.items():
        assert (Path("back") / name).read_bytes() == data
    assert cli(*options, "-o", "all.sqc", "two.fa") == 2
    assert b"holds a genome called 'two.fa' already; rename the input" in cli.err
    assert Path("all.sqc").read_bytes() == second
    assert cli(*options, "two.fa") == 2
    assert cli(*options, "-o", "two.fa", "plain.fna.gz") == 1
    assert b"two.fa: not a seqcoder container" in cli.err
    assert Path("two.fa").read_bytes() == TWO


def test_standard_input_and_output(cli: Cli) -> None:
    assert cli("compress", "-", "--name", "in.fa", stdin=TWO) == 0
    packed = cli.out
    with seqcoder.open(packed) as container:
        assert container["in.fa"].read() == TWO
    assert cli("decompress", "-", stdin=packed) == 0
    assert cli.out == TWO
    assert cli("compress", "-c", "two.fa") == 0
    assert cli("list", "-", stdin=cli.out) == 0
    assert b"two.fa\tFASTA" in cli.out
    assert cli("decompress", "-", "-o", "one.fa", stdin=packed) == 0
    assert Path("one.fa").read_bytes() == TWO


def test_bad_inputs_are_listed_and_the_others_done(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cut.fa.gz").write_bytes(gzip.compress(TWO)[:-20])
    assert cli("compress", "cut.fa.gz", "missing.fa", "two.fa", "-o", "x.sqc") == 1
    lines = cli.err.decode().splitlines()
    assert any("cut.fa.gz" in line for line in lines)
    assert any("missing.fa: No such file" in line for line in lines)
    assert "2 of 3 inputs failed" in lines[-1]
    with seqcoder.open("x.sqc") as container:
        assert list(container) == ["two.fa"]


def test_where_all_failed_no_others_are_done(cli: Cli) -> None:
    assert cli("compress", "missing.fa", "-o", "x.sqc") == 1
    assert cli.err.splitlines()[-1] == b"seqcoder: error: 1 of 1 input failed"
    assert not Path("x.sqc").exists()
    with pytest.raises(seqcoder.InputError, match=r"^missing.fa: No such file"):
        seqcoder.compress("missing.fa", "x.sqc")
    with pytest.raises(seqcoder.InputError, match=r"^all 2 inputs failed; the first: missing.fa:"):
        seqcoder.compress(["missing.fa", "absent.fa"], "x.sqc")
    assert seqcoder.compress(["missing.fa", "two.fa"], "x.sqc").failures


def test_an_output_that_is_a_folder_is_refused(cli: Cli) -> None:
    Path("there").mkdir()
    for output in ("new/", "there", "there/"):
        for more in ((), ("--append",), ("--force",)):
            assert cli("compress", "-1", "two.fa", "-o", output, *more) == 2
            folder = output.rstrip("/")
            line = f"{folder}/ is a folder; name a file, such as {folder}/two.fa.sqc"
            assert line in cli.err.decode()
    assert not Path("new").exists()
    assert not list(Path("there").iterdir())
    with pytest.raises(seqcoder.UsageError, match="there/ is a folder"):
        seqcoder.append("two.fa", "there")
    Path("two.fa.sqc").mkdir()
    assert cli("compress", "-1", "-f", "two.fa") == 2
    assert b"two.fa.sqc/ is a folder" in cli.err


def test_a_folder_is_no_container(cli: Cli) -> None:
    Path("archive/containers").mkdir(parents=True)
    for command in (("list",), ("verify",), ("decompress",)):
        assert cli(*command, "archive/") == 1
        line = (
            b"is a folder; an archive's containers are archive/containers/*.sqc, and seqcoder-ray"
        )
        assert line in cli.err
    assert cli("extract", "archive/containers", "chr") == 1
    assert b"archive/containers: is a folder; name a container in it" in cli.err


def test_where_nothing_can_be_decoded_nothing_is_written(cli: Cli) -> None:
    assert cli("compress", "-1", "-q", "two.fa", "-o", "bad.sqc") == 0
    with seqcoder.open("bad.sqc") as container:
        chunk = container.reader.index.chunks[0]
        name = next(iter(container["two.fa"])).name
    data = bytearray(Path("bad.sqc").read_bytes())
    data[(chunk.offset + chunk.end) // 2] ^= 255
    Path("bad.sqc").write_bytes(data)
    wanted = [(f"{name}:1-20",), (name,), ("-g", "two.fa"), ("-g", "two.fa", "--width", "60")]
    for what in wanted:
        for kind in ("fa", "fa.gz", "fa.bgz", "fa.zst", "2bit"):
            assert cli("extract", "bad.sqc", *what, "--format", kind) == 3, (what, kind)
            assert b"chunk 0" in cli.err
            assert cli.out == b"", (what, kind)
    assert cli("decompress", "-c", "bad.sqc") == 3
    assert cli.out == b""


def test_damage_that_many_genomes_share_is_one_line(cli: Cli) -> None:
    names = [f"{i}.fa" for i in range(5)]
    for name in names:
        Path(name).write_bytes(TWO)
    assert cli("compress", "-1", "-q", "-o", "bad.sqc", *names) == 0
    with seqcoder.open("bad.sqc") as container:
        (chunk,) = container.reader.index.chunks
    data = bytearray(Path("bad.sqc").read_bytes())
    data[(chunk.offset + chunk.end) // 2] ^= 255
    Path("bad.sqc").write_bytes(data)
    for full in ((), ("--full",)):
        assert cli("verify", *full, "bad.sqc") == 3
        first, last = cli.err.decode().splitlines()
        assert "chunk 0 at byte" in first
        assert first.endswith("(in 5 genomes: 0.fa, 1.fa, 2.fa, ...)")
        assert last.endswith(f"1 of 1 container damaged; 5 damaged genomes: {', '.join(names)}")
    assert cli("verify", "--json", "bad.sqc") == 3
    (found,) = json.loads(cli.out)[0]["findings"]
    assert found["genomes"] == names
    assert seqcoder.verify("bad.sqc").damaged_genomes == names


def test_a_container_as_input_is_refused_and_said_to_be_one(cli: Cli) -> None:
    assert cli("compress", "-1", "-q", "two.fa") == 0
    assert cli("compress", "-1", "two.fa.sqc", "plain.fna.gz", "-o", "again.sqc") == 1
    assert b"two.fa.sqc: is a seqcoder container already; 'seqcoder decompress'" in cli.err
    assert cli("list", "--sha256", "again.sqc") == 0
    assert cli.out.split() == [sha256(PLAIN).hexdigest().encode(), b"plain.fna"]


def test_folders_of_outputs_are_made(cli: Cli) -> None:
    assert cli("compress", "-1", "-q", "two.fa") == 0
    assert cli("decompress", "two.fa.sqc", "-o", "one/a/b.fa") == 0
    assert Path("one/a/b.fa").read_bytes() == TWO
    assert cli("extract", "two.fa.sqc", "-g", "two.fa", "-o", "two/a/b.fa") == 0
    assert Path("two/a/b.fa").read_bytes() == TWO
    assert cli("extract", "two.fa.sqc", "-g", "two.fa", "-o", "two.fa/b.fa") == 2
    assert b"a file is in the way of its folder" in cli.err
    for folder in ("one", "three/"):
        assert cli("extract", "two.fa.sqc", "-g", "two.fa", "-f", "-o", folder) == 2
        assert f"{folder}: is a folder".encode() in cli.err


def test_regions_that_are_not_there_say_why(cli: Cli) -> None:
    names = ("NC_000915.1", "NC_1.1", "NC_1.2", "NC_000915x1")
    records = [(name, letters(random_bases(3_000, i))) for i, name in enumerate(names)]
    Path("x.fa").write_bytes(fasta_bytes(*records, width=60))
    assert cli("compress", "-1", "-q", "x.fa") == 0
    assert cli("extract", "x.fa.sqc", "NC_000915.1:20-10") == 2
    assert b"region 'NC_000915.1:20-10' ends before it starts" in cli.err
    assert cli("extract", "x.fa.sqc", "NC_000915.1:3,001-3,010") == 2
    assert b"is not within 'NC_000915.1', residues 1 to 3000" in cli.err
    assert cli("extract", "x.fa.sqc", "NC_000915.1:1,001-1,010", "-w", "0") == 0
    assert cli.out == b">NC_000915.1:1001-1010\n" + records[0][1][1000:1010] + b"\n"
    for query in ("NC_000915", "NC_000915:1-10"):
        assert cli("extract", "x.fa.sqc", query) == 2
        assert b"no record 'NC_000915'; did you mean NC_000915.1?" in cli.err
    assert cli("extract", "x.fa.sqc", "x.fa") == 2
    assert b"no record 'x.fa'; did you mean the genome, --genome x.fa?" in cli.err
    for query in ("NC_1", "NC_00091"):
        assert cli("extract", "x.fa.sqc", query) == 2
        assert b"did you mean" not in cli.err


def test_not_fasta_is_stored_with_a_warning(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"not a sequence at all\n")
    assert cli("compress", "notes.txt") == 0
    assert b"stored as it is" in cli.err
    assert cli("decompress", "-c", "notes.txt.sqc") == 0
    assert cli.out == b"not a sequence at all\n"


def test_extract_records_and_regions(cli: Cli, tmp_path: Path) -> None:
    assert cli("compress", "-q", "two.fa", "plain.fna.gz", "-o", "all.sqc") == 0
    residues = b"".join(PLAIN.split(b"\n")[1:])
    assert cli("extract", "all.sqc", "chr:1:11-30") == 0
    assert cli.out == b">chr:1:11-30\n" + residues[10:30] + b"\n"
    assert cli("extract", "all.sqc", "chr:1:2,991-9999") == 0
    assert cli.out == b">chr:1:2991-3000\n" + residues[2990:] + b"\n"
    assert cli("extract", "all.sqc", "chr:1") == 0
    assert cli.out == PLAIN
    assert cli("extract", "all.sqc", "chr:1", "-w", "0") == 0
    assert cli.out == b">chr:1 a plain one\n" + residues + b"\n"
    assert cli("extract", "all.sqc", "-g", "two") == 0
    assert cli.out == TWO
    assert cli("extract", "all.sqc", "-g", "two.fa", "contig2", "-o", "c2.fa") == 0
    assert Path("c2.fa").read_bytes() == TWO[TWO.index(b">contig2") :]
    head = "browser position chr:1\ntrack name=x\ntrack\tname=y\n"
    (tmp_path / "r.bed").write_text(f"{head}chr:1\t10\t30\n#x\t1\t2\nchr:1:1-2\n")
    assert cli("extract", "all.sqc", "-r", "r.bed") == 0
    assert cli.out == (
        b">chr:1:11-30\n" + residues[10:30] + b"\n>chr:1:1-2\n" + residues[:2] + b"\n"
    )


def test_records_called_as_lines_of_a_bed_head(cli: Cli, tmp_path: Path) -> None:
    names = ("track", "track7", "browser:2")
    records = [(name, letters(random_bases(50, i))) for i, name in enumerate(names)]
    Path("x.fa").write_bytes(fasta_bytes(*records))
    assert cli("compress", "-1", "-q", "x.fa") == 0
    (tmp_path / "r.txt").write_text("track7:1-5\nbrowser:2\ntrack\t0\t4\n")
    assert read_regions((tmp_path / "r.txt").read_bytes()) == [
        "track7:1-5",
        "browser:2",
        Query("track", 1, 4, "track 0 4"),
    ]
    assert cli("extract", "x.fa.sqc", "-r", "r.txt", "-w", "0") == 0
    expected = [(">track7:1-5", 1, 5), (">browser:2", 2, 50), (">track:1-4", 0, 4)]
    lines = cli.out.decode().splitlines()
    assert lines[::2] == [label for label, _, _ in expected]
    assert lines[1::2] == [records[i][1][:stop].decode() for _, i, stop in expected]


def test_extract_refuses_what_it_cannot_find(cli: Cli) -> None:
    assert cli("compress", "-q", "two.fa", "-o", "all.sqc") == 0
    queries = ["nope", "contig1:0-5", "contig1:99999-100000", "contig1:9-3", "nope:1-2"]
    queries += ["contig1:5-,", "contig1:,", "contig1:,-5", f"contig1:1-{'9' * 5000}"]
    for query in queries:
        assert cli("extract", "all.sqc", query) == 2, query
        assert cli.out == b""
        assert len(cli.err.splitlines()) == 1
    assert cli("extract", "all.sqc") == 2
    assert cli("extract", "all.sqc", "-g", "nope") == 2


def test_a_record_name_in_two_genomes_must_be_told_apart(cli: Cli) -> None:
    Path("other.fa").write_bytes(small_genome(5_000, seed=9))
    assert cli("compress", "-q", "two.fa", "other.fa", "-o", "all.sqc") == 0
    assert cli("extract", "all.sqc", "contig1") == 2
    assert b"--genome" in cli.err
    assert cli("extract", "all.sqc", "contig1:1-9", "-g", "other") == 0
    assert cli.out.splitlines()[1] == small_genome(5_000, seed=9).splitlines()[1][:9]


def test_list_and_info_for_machines(cli: Cli) -> None:
    assert cli("compress", "-q", "two.fa", "-o", "all.sqc") == 0
    assert cli("list", "all.sqc", "-r", "--json") == 0
    rows = json.loads(cli.out)
    assert [row["record"] for row in rows] == ["contig1", "contig2"]
    assert cli("info", "all.sqc", "--json") == 0
    facts = json.loads(cli.out)
    assert facts["file bytes"] == len(TWO)
    assert facts["bytes"] == Path("all.sqc").stat().st_size
    parts = ("latent", "residual", "side", "walk", "stored", "framing")
    assert sum(facts[f"{part} bytes"] for part in parts) == facts["bytes"]


def test_verify_and_damage(cli: Cli) -> None:
    assert cli("compress", "-q", "two.fa", "plain.fna.gz", "-o", "all.sqc") == 0
    assert cli("verify", "all.sqc") == 0
    assert cli("verify", "--full", "all.sqc") == 0
    assert b"intact" in cli.out
    data = bytearray(Path("all.sqc").read_bytes())
    data[600] ^= 4
    Path("bad.sqc").write_bytes(data)
    assert cli("verify", "bad.sqc") == 3
    assert b"bad.sqc: chunk 0" in cli.err
    assert b"two.fa" in cli.err
    assert cli("extract", "bad.sqc", "-g", "plain.fna") == 0
    assert cli.out == PLAIN
    assert cli("extract", "bad.sqc", "-g", "two.fa") == 3
    assert cli("verify", "--json", "all.sqc", "bad.sqc") == 3
    assert [row["intact"] for row in json.loads(cli.out)] == [True, False]
    assert cli("verify", "two.fa") == 1


def test_usage_errors_are_2(cli: Cli) -> None:
    assert cli("compress", "two.fa", "--chunk-size", "huge") == 2
    assert cli("compress", "two.fa", "--level", "7") == 2
    assert cli("nonsense") == 2
    assert cli("compress") == 2
    assert cli("compress", "-", "-", "-o", "x.sqc") == 2


def test_version_is_one_bare_line(cli: Cli) -> None:
    assert cli("--version") == 0
    assert cli.out.decode().strip() == seqcoder.__version__


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['seqcoder', '--help']\n"
        "from seqcoder.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy', 'torch', 'ray', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_decoding_imports_neither_torch_nor_ray(tmp_path: Path) -> None:
    path = tmp_path / "x.sqc"
    path.write_bytes(seqcoder.compress_bytes({"two.fa": TWO}))
    code = (
        "import sys, seqcoder\n"
        f"with seqcoder.open({str(path)!r}) as c: c['two.fa'].read()\n"
        "print([m for m in ('torch', 'ray', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_interrupted_compression_goes_on(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after some chunks, the next run keeps them and ends with the same bytes."""
    Path("big.fa").write_bytes(small_genome(60_000, seed=4))
    settings = seqcoder.Settings(chunk_bases=8192)
    seqcoder.compress("big.fa", "whole.sqc", settings=settings, threads=1)
    from seqcoder.writing import executor

    real, coded = executor.code_one, []

    def dies(*arguments: object) -> object:
        if len(coded) == 4:
            raise KeyboardInterrupt
        coded.append(1)
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(executor, "code_one", dies)
    with pytest.raises(KeyboardInterrupt):
        seqcoder.compress("big.fa", "part.sqc", settings=settings, threads=1)
    assert not Path("part.sqc").exists()
    assert len(list(Path().glob(".part.sqc.*.partial"))) == 1
    coded.clear()
    monkeypatch.setattr(executor, "code_one", lambda *a: (coded.append(1), real(*a))[1])
    report = seqcoder.compress("big.fa", "part.sqc", settings=settings, threads=1)
    assert len(coded) == len(report.chunks) - 4
    assert [chunk.code_seconds is None for chunk in report.chunks[:5]] == [True] * 4 + [False]
    assert Path("part.sqc").read_bytes() == Path("whole.sqc").read_bytes()
    assert not list(Path().glob(".part*"))


def test_models(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("model", "list", "--json") == 0
    shipped = json.loads(cli.out)[0]
    assert shipped["name"] == "prokaryote-2"
    assert shipped["bytes"] <= 24_000_000
    assert cli("model", "info") == 0
    assert shipped["sha256"].encode() in cli.out
    assert cli("model", "verify") == 0
    assert cli("model", "verify", "nonsense") == 4
    damaged = bytearray(Path(shipped["file"]).read_bytes())
    damaged[-1000] ^= 1
    (tmp_path / "damaged.sqmodel").write_bytes(damaged)
    assert cli("model", "verify", tmp_path / "damaged.sqmodel") == 4
    monkeypatch.setenv("SEQCODER_MODELS", str(tmp_path))
    assert cli("model", "list", "--json") == 0
    assert json.loads(cli.out) == [shipped]
    assert b"damaged.sqmodel: its encoder part does not match" in cli.err
    assert cli("compress", "two.fa", "--model", "nonsense") == 4


def test_a_missing_model_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("coding.fa").write_bytes(coding_genome(20_000))
    assert cli("compress", "-q", "coding.fa") == 0
    assert cli("verify", "--full", "coding.fa.sqc") == 0
    with seqcoder.open("coding.fa.sqc") as container:
        assert container.reader.index.chunks[0].row.model
    from seqcoder.errors import ModelError
    from seqcoder.latent import model

    def none(*_: object) -> object:
        raise ModelError("no such model")

    monkeypatch.setattr("seqcoder.latent.load_model", none)
    monkeypatch.setattr(model, "load_model", none)
    assert cli("decompress", "-c", "coding.fa.sqc") == 4
    assert cli("verify", "--full", "coding.fa.sqc") == 4
    assert b"coding.fa.sqc" in cli.err
