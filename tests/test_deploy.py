"""Deployment files: each checked by the tool it is for, or as near to it as can be had here.

What is checked how is told in docs/howto/deployment.md.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest
import typer
import yaml
from dockerfile_parse import DockerfileParser

from seqcoder.cli.app_checking import app as seqcoder_app
from seqcoder_jobs.cli.app_keeping import app as ray_app

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(
    line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line
)


# --- every command line shown anywhere is one that exists


def known(app: typer.Typer, prefix: str) -> Iterator[tuple[str, set[str]]]:
    def walk(command: Any, name: str) -> Iterator[tuple[str, set[str]]]:
        options = {o for p in command.params for o in (*p.opts, *p.secondary_opts)}
        yield name, options | {"--help", "-h"}
        for child, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{name} {child}")

    yield from walk(typer.main.get_command(app), prefix)


COMMANDS = dict([*known(seqcoder_app, "seqcoder"), *known(ray_app, "seqcoder-ray")])
# In fences, backticks, quotes and scripts: a command, its words up to what ends it in a shell.
_SHOWN = re.compile(r"(?<![\w/.:=-])(seqcoder(?:-ray)?)((?:\\\n|[ \t]+[^\s`'\"|;&<>)#]+)+)")
_OPTION = re.compile(r"--?[a-zA-Z1-3][\w-]*(=.*)?")
PAGES = [
    *(ROOT / "docs").rglob("*.md"),
    *(path for path in DEPLOY.rglob("*") if path.is_file()),
    *ROOT.glob("*.md"),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_shown_exist(page: Path) -> None:
    for match in _SHOWN.finditer(page.read_text()):
        words = match[2].replace("\\\n", " ").split()
        name = match[1]
        while words and f"{name} {words[0]}" in COMMANDS:
            name += f" {words.pop(0)}"
        if " " not in name and (not words or not words[0].startswith("--")):
            continue  # prose: "seqcoder decodes ..."
        options = {
            word.split("=")[0]
            for word in words
            if re.fullmatch(r"--?[a-zA-Z1-3][\w-]*(=.*)?", word)
        }
        assert options <= COMMANDS[name], f"{match[0]!r}: no such option"


# --- images


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_dockerfiles(name: str) -> None:
    """Parsed; what is copied is there and is all that a build needs; RUN lines are valid shell."""
    with (DEPLOY / name).open("rb") as file:
        steps = DockerfileParser(fileobj=file).structure
    assert steps[1 if steps[0]["instruction"] == "COMMENT" else 0]["instruction"] in (
        "FROM",
        "COMMENT",
    )
    copied: set[str] = set()
    for step in steps:
        if step["instruction"] == "COPY":
            copied |= set(step["value"].split()[:-1])
        if step["instruction"] == "RUN":
            line = re.sub(r"^--mount=\S+\s+", "", step["value"])
            subprocess.run(["bash", "-n", "-c", line], check=True)
    assert all((ROOT / path).exists() for path in copied)
    built = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["scikit-build"]
    needed = {path.split("/")[0] for path in built["wheel"]["packages"]}
    needed |= {"CMakeLists.txt", "pyproject.toml", PROJECT["readme"], *PROJECT["license-files"]}
    assert needed <= copied
    values = " ".join(step["value"] for step in steps)
    for extra in re.findall(r'\.whl\)\[([\w,]+)\]"', values)[0].split(","):
        assert extra in PROJECT["optional-dependencies"]
    assert "USER 1000" in (DEPLOY / name).read_text()


# --- Kubernetes: the fields of KubeRay's RayJob (apis/ray/v1) and of pods that are in use here


def shape(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


TEXT, WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
TEXTS = {"type": "object", "additionalProperties": TEXT}
QUANTITY = {"type": "string", "pattern": r"^\d+(\.\d+)?(m|[KMGT]i?)?$"}
AMOUNTS = {"type": "object", "additionalProperties": QUANTITY}


def listed(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": 1}


POD = shape(
    "spec",
    metadata=shape(labels=TEXTS, annotations=TEXTS),
    spec=shape(
        "containers",
        serviceAccountName=TEXT,
        securityContext=shape(fsGroup=WHOLE, runAsUser=WHOLE),
        nodeSelector=TEXTS,
        tolerations=listed(shape(key=TEXT, operator=TEXT, effect=TEXT, value=TEXT)),
        containers=listed(
            shape(
                "name image resources",
                name={"type": "string", "pattern": "^[a-z0-9-]+$"},
                image=TEXT,
                imagePullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
                env=listed(shape("name value", name=TEXT, value=TEXT)),
                resources=shape("requests limits", requests=AMOUNTS, limits=AMOUNTS),
                volumeMounts=listed(shape("name mountPath", name=TEXT, mountPath=TEXT)),
            )
        ),
        volumes=listed(
            shape(
                "name",
                name=TEXT,
                persistentVolumeClaim=shape("claimName", claimName=TEXT),
                emptyDir=shape(medium={"enum": ["", "Memory"]}, sizeLimit=QUANTITY),
            )
        ),
    ),
)
RAY_JOB = shape(
    "apiVersion kind metadata spec",
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=shape("name", name=TEXT, namespace=TEXT, labels=TEXTS),
    spec=shape(
        "entrypoint rayClusterSpec",
        entrypoint=TEXT,
        entrypointNumCpus={"type": "number"},
        submissionMode={"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode"]},
        shutdownAfterJobFinishes={"type": "boolean"},
        ttlSecondsAfterFinished=WHOLE,
        activeDeadlineSeconds=WHOLE,
        backoffLimit=WHOLE,
        runtimeEnvYAML=TEXT,
        rayClusterSpec=shape(
            "headGroupSpec",
            rayVersion=TEXT,
            authOptions=shape("mode", mode={"enum": ["disabled", "token"]}),
            enableInTreeAutoscaling={"type": "boolean"},
            autoscalerOptions=shape(
                idleTimeoutSeconds=WHOLE,
                upscalingMode={"enum": ["Default", "Aggressive", "Conservative"]},
            ),
            headGroupSpec=shape(
                "rayStartParams template", serviceType=TEXT, rayStartParams=TEXTS, template=POD
            ),
            workerGroupSpecs=listed(
                shape(
                    "groupName minReplicas maxReplicas rayStartParams template",
                    groupName=TEXT,
                    replicas=WHOLE,
                    minReplicas=WHOLE,
                    maxReplicas=WHOLE,
                    numOfHosts=WHOLE,
                    rayStartParams=TEXTS,
                    template=POD,
                )
            ),
        ),
    ),
)


def test_rayjob() -> None:
    job = yaml.safe_load((DEPLOY / "kuberay-rayjob.yaml").read_text())
    jsonschema.validate(job, RAY_JOB)
    cluster = job["spec"]["rayClusterSpec"]
    assert cluster["authOptions"] == {"mode": "token"}
    assert cluster["rayVersion"] == PINS["ray"]
    assert "/genomes" not in (DEPLOY / "kuberay-rayjob.yaml").read_text()  # a bucket only
    for group in [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]:
        pod = group["template"]["spec"]
        assert not [volume for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        assert pod["serviceAccountName"] == "seqcoder"
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] <= group["replicas"] <= group["maxReplicas"]
    broken = json.loads(json.dumps(job))
    broken["spec"]["rayClusterSpec"]["workerGroupSpecs"][0]["replica"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, RAY_JOB)


_LABELS = shape(matchLabels=TEXTS)
NETWORK_POLICY = shape(
    "apiVersion kind metadata spec",
    apiVersion={"const": "networking.k8s.io/v1"},
    kind={"const": "NetworkPolicy"},
    metadata=shape("name", name=TEXT, namespace=TEXT),
    spec=shape(
        "podSelector policyTypes ingress",
        podSelector=_LABELS,
        policyTypes={"const": ["Ingress"]},
        ingress=listed(
            shape(
                "from",  # without it a rule is open to all
                **{"from": listed(shape(podSelector=_LABELS, namespaceSelector=_LABELS))},
                ports=listed(shape("protocol port", protocol={"const": "TCP"}, port=WHOLE)),
            )
        ),
    ),
)


def test_network_policy() -> None:
    policy = yaml.safe_load((DEPLOY / "kuberay-networkpolicy.yaml").read_text())
    jsonschema.validate(policy, NETWORK_POLICY)
    own, operator = policy["spec"]["ingress"]
    assert own == {"from": [{"podSelector": {}}]}  # the pods of the namespace it is applied to
    (peer,) = operator["from"]  # one peer: both selectors must hold
    assert peer["podSelector"]["matchLabels"]
    assert [port["port"] for port in operator["ports"]] == [8265]
    del policy["spec"]["ingress"][0]["from"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(policy, NETWORK_POLICY)


# --- Ray's autoscaler


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_ray_cluster_is_accepted_by_ray_s_own_schema() -> None:
    pytest.importorskip("ray")
    from ray.autoscaler._private.util import prepare_config, validate_config

    config = prepare_config(yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text()))
    validate_config(config)
    assert config["available_node_types"]["head"]["resources"]["CPU"] == 0
    with pytest.raises(jsonschema.ValidationError):
        validate_config(config | {"idle_timeout": 5})


# --- Slurm: the script itself, with Slurm and Ray replaced by what writes down how it was called


STUB = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
    "scontrol show hostnames"*) printf 'n1\\nn2\\nn3\\n' ;;
    *hostname\\ --ip-address) echo "10.0.0.1 fe80::1" ;;
    seqcoder-ray*)
        [ -z "$SUBMIT_SECONDS" ] || exec sleep "$SUBMIT_SECONDS"
        sleep 1; exit "$SUBMIT_CODE" ;;
    srun*" ray start"*" --head "*) exec sleep "${HEAD_SECONDS:-60}" ;;
    srun*" ray start"*) exec sleep 60 ;;
esac
"""


def run_slurm(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    stubs = tmp_path / "bin"
    stubs.mkdir()
    for name in ("scontrol", "srun", "ray", "seqcoder-ray"):
        (stubs / name).write_text(STUB)
        (stubs / name).chmod(0o755)
    return subprocess.run(
        ["bash", str(DEPLOY / "slurm.sbatch"), "corpus", "archive", "--level", "3"],
        env={
            "PATH": f"{stubs}:/usr/bin:/bin",
            "CALLS": str(tmp_path / "calls"),
            "SLURM_JOB_NODELIST": "n[1-3]",
            "SLURM_JOB_ID": "4711",
            "SLURM_CPUS_PER_TASK": "32",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize(("code", "gpus"), [(0, ""), (1, "4")])
def test_slurm_script(tmp_path: Path, code: int, gpus: str) -> None:
    more = {"SLURM_GPUS_ON_NODE": gpus} if gpus else {}
    done = run_slurm(tmp_path, SUBMIT_CODE=str(code), **more)
    assert done.returncode == code, done.stderr
    lines = (tmp_path / "calls").read_text().splitlines()
    steps = [line for line in lines if line.startswith("srun")]
    assert len(steps) == 4
    assert all("--cpus-per-task=32 " in line for line in steps)  # not inherited since 22.05
    started = [line for line in lines if "ray start" in line]
    nodes = {re.findall(r"--nodelist=(\S+)", line)[0] for line in started[1:]}
    assert ("--nodelist=n1" in started[0], nodes) == (True, {"n2", "n3"})
    assert "--head --node-ip-address=10.0.0.1 --port=24711" in started[0]
    assert all("--address=10.0.0.1:24711" in line for line in started[1:])
    submit = "seqcoder-ray submit corpus -o archive --address 10.0.0.1:24711 --json --level 3"
    assert submit in lines
    assert all(("--num-gpus=4 " in line) == bool(gpus) for line in started)
    script = ["bash", str(DEPLOY / "slurm.sbatch")]
    usage = subprocess.run(script, capture_output=True, text=True, check=False)
    assert usage.returncode != 0
    assert "usage: sbatch" in usage.stderr


def test_slurm_script_ends_when_the_head_does(tmp_path: Path) -> None:
    done = run_slurm(tmp_path, SUBMIT_CODE="0", SUBMIT_SECONDS="40", HEAD_SECONDS="2")
    assert done.returncode == 1, done.stderr
    assert "Ray's head on n1 ended" in done.stderr


def test_shell_scripts_are_clean() -> None:
    subprocess.run(["bash", "-n", str(DEPLOY / "slurm.sbatch")], check=True)
    if shutil.which("shellcheck") is None:
        pytest.skip("shellcheck is not installed (apt-get install shellcheck); bash -n passed")
    subprocess.run(["shellcheck", str(DEPLOY / "slurm.sbatch"), ".ci/run"], cwd=ROOT, check=True)


# --- workflow managers


def test_snakemake_plans_the_rules(tmp_path: Path) -> None:
    snakefile = DEPLOY / "snakemake" / "Snakefile"
    keys = set(yaml.safe_load((DEPLOY / "snakemake" / "config.yaml").read_text()))
    assert set(re.findall(r'config(?:\.get\(|\[)"(\w+)"', snakefile.read_text())) == keys
    if shutil.which("snakemake") is None:
        pytest.skip("snakemake is not installed; its dry run was done by hand (docs/howto)")
    (tmp_path / "genomes").mkdir()
    done = subprocess.run(
        ["snakemake", "-n", "-s", str(snakefile), "--cores", "2", "--config", "corpus=genomes"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "seqcoder_verify" in done.stdout


def blocks(text: str) -> dict[str, str]:
    """Return the shell text of a Nextflow process's script and stub."""
    found = re.findall(r'^    (script|stub):\n.*?"""\n(.*?)"""', text, flags=re.M | re.S)
    return dict(found)


def test_nextflow_module(tmp_path: Path) -> None:
    """Nextflow is not to be had here: the shell it would run is checked, and its stub is run."""
    folder = DEPLOY / "nextflow" / "seqcoder"
    text = (folder / "main.nf").read_text()
    assert [text.count(a) - text.count(b) for a, b in ("{}", "()", "[]")] == [0, 0, 0]
    found = blocks(text)
    assert set(found) == {"script", "stub"}
    values = {"${prefix}": "one", "${task.cpus}": "2", "${args}": "", "${task.process}": "P"}
    rendered = {}
    for name, shell in found.items():
        for key, value in values.items():
            shell = shell.replace(key, value)
        assert not re.search(r"(?<!\\)\$\{", shell), "a variable Nextflow would have to know"
        rendered[name] = re.sub(r"^    ", "", shell, flags=re.M).replace("\\$", "$")
        subprocess.run(["bash", "-n", "-c", rendered[name]], check=True)
    stub = rendered["stub"].replace("seqcoder --version", "echo 0.1.0")
    subprocess.run(["bash", "-euc", stub], cwd=tmp_path, check=True)
    outputs = re.findall(r'path\("?\$\{prefix\}(/[\w.]+)?"?\)', text.split("when:")[0])
    assert len(outputs) == 3
    assert all((tmp_path / f"one{output}").exists() for output in outputs)
    assert yaml.safe_load((tmp_path / "versions.yml").read_text()) == {"P": {"seqcoder": "0.1.0"}}
    meta = yaml.safe_load((folder / "meta.yml").read_text())
    emitted = set(re.findall(r"emit: (\w+)", text))
    assert set(meta["output"]) == emitted
    packages = yaml.safe_load((folder / "environment.yml").read_text())["dependencies"]
    assert {"pip": ["seqcoder[all]"]} in packages


# --- conda


def test_conda_recipe_says_what_pyproject_says() -> None:
    template = jinja2.Environment().from_string((DEPLOY / "conda" / "meta.yaml").read_text())
    recipe = yaml.safe_load(
        template.render(
            PYTHON="python", pin_subpackage=lambda *a, **k: "pin", compiler=lambda name: name
        )
    )
    import seqcoder

    assert recipe["package"]["version"] == seqcoder.__version__ == PROJECT["version"]
    host = {item.replace(" ", "") for item in recipe["requirements"]["host"]}
    assert host > set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    )
    run = {item.replace(" ", "") for item in recipe["requirements"]["run"]}
    assert run == {*PROJECT["dependencies"], "python" + PROJECT["requires-python"]}
    other = {"matplotlib-base": "matplotlib", "pytorch": "torch", "ray-core": "ray"}
    optional = set()
    for item in recipe["requirements"]["run_constrained"]:
        name, bound = item.split()
        optional.add(other.get(name, name) + bound)
    extras = PROJECT["optional-dependencies"]
    assert optional == {p for e in ("ray", "model", "serve", "remote", "fsspec") for p in extras[e]}
    scripts = {f"{name} = {target}" for name, target in PROJECT["scripts"].items()}
    assert set(recipe["build"]["entry_points"]) == scripts
    assert (ROOT / recipe["about"]["license_file"]).exists()
    assert recipe["about"]["license"] == PROJECT["license"]
