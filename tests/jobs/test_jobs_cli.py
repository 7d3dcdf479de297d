from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from local_runner import run_here
from small_corpus import CORPUS

from seqcoder.cli.signals import StoppedError
from seqcoder_jobs.cli import main
from seqcoder_jobs.cli import submit as submit_command

Run = Callable[..., tuple[int, str, str]]
SMALL = ("-1", "--chunk-size", "1K", "--container-size", "6000")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """Run seqcoder-ray in this process, without Ray; returns exit code, stdout, stderr."""
    monkeypatch.setattr("seqcoder_cluster.run_containers", run_here)
    monkeypatch.setattr(
        "seqcoder_cluster.map_tasks",
        lambda function, items, options, ordered: ((item, function(item)) for item in items),
    )
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["seqcoder-ray", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfdbinary.readouterr()
        assert b"Traceback" not in err
        assert isinstance(ended.value.code, int)
        return ended.value.code, os.fsdecode(out), os.fsdecode(err)

    return command


@pytest.fixture
def archive(run: Run, corpus: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    code, out, err = run("submit", corpus, "-o", folder, *SMALL, "-q")
    assert (code, err) == (0, "")
    assert "6: 5 verified, 1 stored as they are, 0 failed, 0 pending" in out
    return folder


def test_help_is_quick_and_names_everything() -> None:
    code = "import sys; sys.argv=['x','--help']\nfrom seqcoder_jobs.cli import main\ntry: main()\n"
    code += "except SystemExit: print([m for m in sys.modules if m.split('.')[0] in "
    code += "('ray','torch','pyarrow','numpy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for verb in ("submit", "status", "verify", "extract", "list", "logs", "stop", "demo", "train"):
        assert verb in done.stdout


def test_options_of_submit(run: Run) -> None:
    code, out, _ = run("submit", "--help")
    assert code == 0
    for option in (
        "--output",
        "--from-file",
        "--address",
        "--detach",
        "--gpus-per-actor",
        "--actors",
        "--workers",
        "--level",
        "--no-latents",
        "--model",
        "--chunk-size",
        "--container-size",
        "--dry-run",
        "--json",
        "--quiet",
    ):
        assert option in out


def test_dry_run(run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run("submit", corpus, "-o", tmp_path / "a", *SMALL, "--dry-run")
    assert code == 0
    for line in ("genomes ", "chunks ", "containers ", "archive grows by", "time "):
        assert line in out
    assert not (tmp_path / "a").exists()
    code, out, _ = run("submit", corpus, "-o", tmp_path / "a", *SMALL, "--dry-run", "--json")
    facts = json.loads(out)
    assert (facts["genomes"], facts["containers"]) == (6, 3)
    assert facts["plan"]["containers"][0]["file"] == "000000.sqc"
    # Inputs are read once to find relatives and once to be written; no object store is asked.
    assert facts["read_bytes"] == 2 * facts["source_bytes"] > 0
    assert (facts["requests"], facts["written_bytes"]) == (0, facts["bytes"])
    assert "cost" not in facts
    arguments = (corpus, "-o", "s3://bucket/a", *SMALL, "--dry-run", "--no-groups", "--json")
    monkeypatch.setattr("seqcoder_jobs.archive.archive.Archive.has", lambda self, name: False)
    monkeypatch.setattr("seqcoder_jobs.archive.archive.Archive.exists", False)
    _, out, _ = run("submit", *arguments, "--cost-per-core-hour", "3600000")
    stored = json.loads(out)
    assert stored["requests"] > 3 * 30
    assert stored["read_bytes"] == facts["source_bytes"] + stored["bytes"]
    assert stored["cost"] == pytest.approx(3_600_000 * stored["cpu_hours"], abs=0.01) != 0
    _, out, _ = run("submit", *arguments, "--cost-per-core-hour", "0.01")
    assert 0 < json.loads(out)["cost"] < 1e-6
    code, _, err = run("submit", *arguments[:-3], "--cost-per-core-hour", "1")
    assert (code, "tells the cost of a --dry-run" in err) == (2, True)


def test_list_on_standard_input_and_from_file(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"{corpus}/b.fa\n# comment\n{corpus}/c\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
    (tmp_path / "list").write_text(f"{corpus}/a.fa\n")
    arguments = ("-o", tmp_path / "a", "--from-file", tmp_path / "list", *SMALL, "--json")
    code, out, _ = run("submit", "-", *arguments)
    assert code == 0
    assert json.loads(out)["genomes"] == 4
    _, out, _ = run("list", tmp_path / "a")
    assert [line.split("\t")[0] for line in out.splitlines()[1:]] == [
        "b.fa",
        "one.fna",
        "two.fna",
        "a.fa",
    ]


def test_lists_are_bytes_cut_at_line_feeds_or_nul(run: Run, tmp_path: Path) -> None:
    odd = [
        "#1.fa",
        "a\u2028b.fa",
        "c\x85d.fa",
        "e\x1cf.fa",
        "g\x0bh\x0c.fa",
        "i j .fa",
        "k\udcd7.fa",
    ]
    for number, name in enumerate(odd):
        (tmp_path / name).write_bytes(b">x\n" + b"ACGT"[number % 4 :] * (number + 9) + b"\n")
    (tmp_path / "l\nm\r.fa").write_bytes(b">x\nGATTACA\n")
    lists = {
        "bom": b"\xef\xbb\xbf" + "\n".join(odd).encode("utf-8", "surrogateescape"),
        "crlf": b"# of Windows\r\n\r\n##\r\n"
        + "".join(f"{name}\r\n" for name in odd).encode("utf-8", "surrogateescape"),
        "print0": "".join(f"{name}\0" for name in [*odd, "l\nm\r.fa"]).encode(
            "utf-8", "surrogateescape"
        ),
    }
    with contextlib.chdir(tmp_path):
        for name, data in lists.items():
            Path(name).write_bytes(data)
            code, out, err = run(
                "submit", "--from-file", name, "-o", f"of-{name}", *SMALL, "--json"
            )
            assert (code, "error" in err) == (0, False)
            assert json.loads(out)["verified"] == data.count(b".fa")
        Path("groups").write_bytes(lists["crlf"].replace(b".fa\r", b".fa\tone\r"))
        code, _, err = run(
            *("submit", "--from-file", "crlf", "--groups", "groups", "-o", "g", *SMALL, "-q")
        )
        assert (code, err) == (0, "")
        Path("utf16").write_bytes("a.fa\n".encode("utf-16"))
        code, _, err = run("submit", "--from-file", "utf16", "-o", "u", *SMALL)
        assert code == 1
        assert err.endswith("error: utf16: is UTF-16 text; save it as UTF-8\n")


def test_failures_are_listed_and_exit_code_is_1(run: Run, corpus: Path, tmp_path: Path) -> None:
    whole = (corpus / "e.fa.gz").read_bytes()
    (corpus / "e.fa.gz").write_bytes(whole[:-20])
    code, out, err = run("submit", corpus, "/no/such.fa", "-o", tmp_path / "a", *SMALL)
    assert code == 1
    assert "4 verified, 1 stored as they are, 1 failed" in out
    assert "error: /no/such.fa: No such file" in err
    assert f"error: {corpus}/e.fa.gz: truncated gzip data" in err
    assert err.splitlines()[-1].startswith("seqcoder-ray: error: 2 inputs failed")
    _, out, _ = run("list", "--failed", tmp_path / "a")
    assert out.splitlines()[1].startswith("e.fa\tfailed\t")
    assert run("status", tmp_path / "a")[0] == 0


def test_where_all_failed_no_others_are_done(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cut.fa.gz"
    path.write_bytes(gzip.compress(b">x\n" + b"ACGT" * 500 + b"\n")[:-9])
    code, _, err = run("submit", path, "-o", tmp_path / "a", *SMALL)
    assert code == 1
    assert "1 genome, " in err
    assert err.splitlines()[-1].endswith(
        "error: 1 input failed (listed above). The same command tries it again"
    )


def test_usage_errors_are_one_line_and_exit_code_is_2(
    run: Run, corpus: Path, tmp_path: Path, archive: Path
) -> None:
    for arguments, message in (
        (("submit", corpus), "say where it goes with -o ARCHIVE"),
        (("submit", "-o", tmp_path / "x"), "nothing to compress"),
        (("submit", corpus, "-o", archive, "-2"), "--level 2: the archive was begun with 1"),
        (("submit", corpus, "-o", archive, "--chunk-size", "huge"), "'huge' is not understood"),
        (("submit", corpus, "-o", tmp_path / "x", "--detach"), "give its dashboard"),
        (("submit", corpus, "-o", archive, "--no-latents", "--model", "m"), "contradict"),
        (("verify", tmp_path), "no archive"),
        (("extract", archive), "nothing asked for"),
        (("extract", archive, "nobody"), "no genome or record 'nobody'"),
        (("extract", archive, "--all"), "-o FOLDER"),
        (("extract", archive, "c1:9-3"), "'c1:9-3' ends before it starts"),
        (("logs", archive), "no detached job"),
    ):
        code, out, err = run(*arguments)
        assert (code, out) == (2, ""), arguments
        assert message in err
        assert len(err.splitlines()) == 1


def test_no_input_at_all_is_exit_code_1(run: Run, tmp_path: Path) -> None:
    code, _, err = run("submit", tmp_path, "-o", tmp_path / "x" / "a")
    assert code == 1
    assert "no FASTA files found there" in err
    assert not (tmp_path / "x").exists()


def test_verify_says_intact(run: Run, archive: Path) -> None:
    for full, what in (((), "all checksums"), (("--full",), "all bases and files")):
        code, out, err = run("verify", archive, *full)
        assert (code, err) == (0, "")
        assert out.endswith(f"intact\t3 containers, 6 genomes, 16 chunks, {what}\n")


@pytest.mark.parametrize("where", [0.0, 0.3, 0.5, 0.7, 0.97, 1.0])
def test_flipped_bit_is_found_and_the_rest_comes_out(
    run: Run, archive: Path, tmp_path: Path, contents: dict[str, bytes], where: float
) -> None:
    path = archive / "containers" / "000001.sqc"
    data = bytearray(path.read_bytes())
    data[int(where * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)
    code, _, err = run("verify", archive)
    assert code == 3
    assert "000001.sqc" in err
    if where == 0.5:
        assert "chunk" in err
        assert re.search(r"1 of 3 containers damaged; \d damaged genomes?: \S", err)
    out = tmp_path / "out"
    code, _, err = run("extract", archive, "--all", "-o", out)
    back = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert all(contents[name] == data for name, data in back.items())
    assert {"a.fa", "d.faa", "e.fa"} <= set(back)
    assert code == (0 if len(back) == 6 else 3)


def test_swapped_containers_are_found(run: Run, archive: Path) -> None:
    one, two = (archive / "containers" / f"00000{i}.sqc" for i in (0, 1))
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)
    code, _, err = run("verify", archive)
    assert code == 3
    assert "holds other genomes than the manifest says" in err


def test_missing_container_and_damaged_manifest_are_found(run: Run, archive: Path) -> None:
    (archive / "containers" / "000000.sqc").unlink()
    records = archive / "manifest" / "records" / "all.parquet"
    records.write_bytes(records.read_bytes() + b"x")
    code, _, err = run("verify", archive)
    assert code == 3
    assert "000000.sqc" in err
    assert "records/all.parquet: does not match its SHA-256" in err


def test_submit_to_an_archive_with_a_container_cut_short(
    run: Run, archive: Path, corpus: Path
) -> None:
    path = archive / "containers" / "000000.sqc"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    code, _, err = run("submit", corpus, "-o", archive, *SMALL, "-q")
    assert code == 3
    assert "000000.sqc missing or cut short; 'seqcoder repair' recovers what is whole" in err
    path.unlink()
    code, _, err = run("submit", corpus, "-o", archive, *SMALL, "-q")
    assert (code, err) == (0, "")
    assert path.read_bytes() == whole


def test_extract(run: Run, archive: Path, tmp_path: Path, contents: dict[str, bytes]) -> None:
    assert run("extract", archive, "c/one.fna")[1].encode() == contents["c/one.fna"]
    assert run("extract", archive, "one")[1].encode() == contents["c/one.fna"]
    code, out, _ = run("extract", archive, "c3:11-20", "plasmid:9-13", "c5", "-w", "5")
    bases = contents["c/one.fna"].split(b"\n", 1)[1].replace(b"\n", b"").decode()
    assert out.startswith(f">c3:11-20\n{bases[10:15]}\n{bases[15:20]}\n>plasmid:9-13\nNacgt\n>c5 ")
    assert code == 0
    (tmp_path / "regions").write_text("plasmid\t0\t4\n")
    assert run("extract", archive, "--regions", tmp_path / "regions")[1] == ">plasmid:1-4\nACGT\n"
    code, _, err = run("extract", archive, "-g", "a.fa", "-g", "b.fa", "-o", tmp_path / "two")
    assert "2 genomes restored" in err
    assert (tmp_path / "two" / "b.fa").read_bytes() == contents["b.fa"]
    code, _, err = run("extract", archive, "-g", "a.fa", "-o", str(tmp_path / "two") + "/")
    assert (code, "exists already" in err) == (2, True)
    code, _, err = run("extract", archive, "--all", "-o", tmp_path / "two")
    (line,) = [line for line in err.splitlines() if "already" in line]
    assert "two: 2 of 6 genomes have a file there already, the first is a.fa; --force" in line
    assert (code, "2 of 6 genomes could not be restored; the others are" in err) == (2, True)
    assert (tmp_path / "two" / "d.faa").read_bytes() == contents["d.faa"]
    one = tmp_path / "one.fa"
    assert run("extract", archive, "-g", "a.fa", "-o", one)[0] == 0
    assert one.read_bytes() == contents["a.fa"]
    code, _, err = run("extract", archive, "-g", "a.fa", "plasmid")
    assert (code, "no record 'plasmid'" in err) == (2, True)


def test_record_in_two_genomes_asks_which(run: Run, corpus: Path, tmp_path: Path) -> None:
    (corpus / "copy.fa").write_bytes((corpus / "a.fa").read_bytes())
    run("submit", corpus, "-o", tmp_path / "a", *SMALL)
    code, _, err = run("extract", tmp_path / "a", "c1:1-4")
    assert (code, "2 records are called 'c1'" in err) == (2, True)
    code, out, _ = run("extract", tmp_path / "a", "c1:1-4", "-g", "copy.fa")
    assert (code, out.splitlines()[0]) == (0, ">c1:1-4")


def test_list_and_checksums(run: Run, archive: Path, tmp_path: Path) -> None:
    _, out, _ = run("list", archive, "--records")
    assert out.splitlines()[0] == "#genome\trecord\tlength\trefget\tcontainer"
    assert len(out.splitlines()) == 7
    run("extract", archive, "-g", "a.fa", "-g", "d.faa", "-o", tmp_path / "out")
    _, sums, _ = run("list", archive, "--sha256")
    lines = [line for line in sums.splitlines() if line.split()[1] in ("a.fa", "d.faa")]
    done = subprocess.run(
        ["sha256sum", "-c", "-"],
        input="\n".join(lines) + "\n",
        text=True,
        capture_output=True,
        cwd=tmp_path / "out",
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(run("list", archive, "--json")[1])
    assert {row["genome"] for row in rows} == {
        "a.fa",
        "b.fa",
        "c/one.fna",
        "c/two.fna",
        "d.faa",
        "e.fa",
    }


def test_status_tells_what_is_pending(run: Run, archive: Path, corpus: Path) -> None:
    (archive / "_SUCCESS").unlink()
    facts = json.loads(run("status", archive, "--json")[1])
    assert (facts["complete"], facts["running"], facts["pending"]) == (False, False, 0)
    assert facts["containers_done"] == facts["containers"] == 3
    assert facts["bytes"] == sum(p.stat().st_size for p in (archive / "containers").glob("*"))


def test_training_without_torch_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_torch(*_: object, **__: object) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("seqcoder_jobs.cli.app.train_command", no_torch)
    code, _, err = run("train", "corpus", "out")
    assert (code, "training needs torch" in err) == (2, True)
    assert "--resume" in run("train", "--help")[1]


def test_extract_in_other_formats(run: Run, archive: Path, tmp_path: Path) -> None:
    code, _, err = run("extract", archive, "--all", "--format", "fa.gz", "-o", tmp_path / "gz")
    assert (code, err.split(": ")[1].split()[0]) == (0, "6")
    for name, data in CORPUS.items():
        assert gzip.decompress((tmp_path / "gz" / f"{name}.gz").read_bytes()) == data
    assert run("extract", archive, "a.fa", "-o", tmp_path / "a.fa.bgz")[0] == 0
    assert gzip.decompress((tmp_path / "a.fa.bgz").read_bytes()) == CORPUS["a.fa"]
    code, _, err = run("extract", archive, "--all", "--format", "2bit", "-o", tmp_path / "2bit")
    assert (code, "d.faa: no FASTA records" in err) == (1, True)
    assert (tmp_path / "2bit" / "c" / "one.fna.2bit").read_bytes()[:4] == b"\x43\x27\x41\x1a"
    assert run("extract", archive, "a.fa", "--format", "bam")[0] == 2


def test_doctor(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seqcoder_jobs.cli.doctor._on_ray", lambda address: 1 / 0)
    code, out, err = run("doctor")
    assert code == 1
    assert "ok      exactness" in out
    assert "BROKEN  Ray task" in out
    assert "broken: Ray task" in err


def test_extract_in_other_styles(run: Run, archive: Path, corpus: Path, tmp_path: Path) -> None:
    names = [line.split("\t")[0] for line in run("list", archive)[1].splitlines()[1:]]
    listed = tmp_path / "names"
    listed.write_text("\n".join(names[:2]) + "\n")
    one = tmp_path / "two.fa"
    style = ("--upper", "--width", "0", "--header-style", "genome#contig", "-q")
    assert run("extract", archive, "--from-file", listed, "-o", one, *style)[0] == 0
    heads = [line for line in one.read_text().splitlines() if line.startswith(">")]
    assert {head.split("#")[0] for head in heads} <= {f">{name}" for name in names[:2]}
    assert run("extract", archive, "--all", "-o", tmp_path / "all.fa", "-q")[0] == 0
    assert (tmp_path / "all.fa").stat().st_size == sum(map(len, CORPUS.values()))
    assert run("extract", archive, "--all", "-o", tmp_path / "each", "--width", "50", "-q")[0] == 0
    assert len([path for path in (tmp_path / "each").rglob("*") if path.is_file()]) == len(names)
    code = run("extract", archive, "-g", names[0], "-o", tmp_path / "i.fa.bgz", "--index", "-q")[0]
    assert code == 0
    assert (tmp_path / "i.fa.bgz.gzi").exists()


def test_what_a_stopped_submit_tells(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("seqcoder_cluster.run_containers", stopped)
    request = submit_command.Request((str(corpus),), str(tmp_path / "a"))
    options = submit_command.SubmitOptions((str(corpus),), str(tmp_path / "a"))
    with pytest.raises(StoppedError, match="holds stands; the same command goes on from there"):
        submit_command.run_request(request, options)


def test_places_that_an_archive_is_not_written_to(run: Run, corpus: Path, tmp_path: Path) -> None:
    place = tmp_path / "a"
    run("submit", corpus, "-o", place, *SMALL)
    before = sorted(place.rglob("*"))
    for words in (("extract", place, "--all", "-o", place), ("copy", place, place / "x")):
        found, _, err = run(*words)
        assert found == 2
        assert "the archive itself; name another" in err
    assert sorted(place.rglob("*")) == before
