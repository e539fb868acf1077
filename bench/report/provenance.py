"""How a run was made: what it takes to believe it, and to make it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench.records import Record
from bench.report.markdown import code, count, escape, join
from bench.report.stored import StoredRun

CONVENTIONS = (
    "Lab is CIE Lab for D65 and the 2° observer, as scikit-image has it, in floating point.",
    "LPIPS is AlexNet, version 0.1, with the authors' linear heads, on pictures scaled to −1..1.",
    "LPIPS, colorfulness, CIEDE2000, PSNR and SSIM see the picture a viewer sees: the true L with the predicted "
    "ab, clipped to what sRGB can show and rounded to 8 bits. All other metrics see the raw predicted ab.",
    "Scores are those after the last epoch, on the test pictures, which take no part in training or in choosing "
    "an epoch.",
)


def commands(run: StoredRun) -> dict[str, str]:
    """The calls that make the run and its report again, from where this one is made, plugins lying there."""
    here = Path.cwd()
    place = run.folder.resolve()
    place = place.relative_to(here) if place.is_relative_to(here) else Path("results") / place.name
    name = shlex.quote(place.name)
    elsewhere = "" if place.parent == Path("results") else f" --results-dir {shlex.quote(place.parent.as_posix())}"
    grid = shlex.quote((place / "grid.yaml").as_posix())
    plugins = "".join(f" --plugin {shlex.quote(one)}" for one in _plugins(run) if one.endswith(".py"))
    return {
        "run": f"python -m bench run --grid {grid} --name {name}{elsewhere}{plugins}",
        "report": f"python -m bench report {name}{elsewhere}",
    }


def facts(run: StoredRun) -> dict[str, str]:
    """Machine, code and time, each in a line; several values where cells differ in it."""
    records = [record for record in run.records if record.environment]
    trained = [record for record in run.records if record.loss and record.status == "completed"]
    seeds = sorted({record.seed for record in run.records if record.seed is not None})
    busy = timedelta(seconds=round(sum(sum(record.seconds.values()) for record in run.records)))
    found = {
        "Code": _several(records, _code_state),
        "Machine": _several(records, _machine),
        "Computing": _several(records, _computing),
        "Versions": _several(records, _versions),
        "Plugins": ", ".join(f"{code(name)} ({escape(one)})" for name, one in _plugins(run).items()),
        "Seeds": ", ".join(map(str, seeds)) or "none: nothing was trained",
        "Time": f"{_wall(run.records)} from the first start to the last end; {busy} of work in all cells together; "
        f"{_at_once(run.records)}",
    }
    if trained:
        mean = sum(record.seconds.get("fit", 0) for record in trained) / len(trained)
        found["Training"] = f"{mean:.1f} s per cell on average, {count(len(trained), 'cell')}{_crops(trained[0])}"
    return {name: text for name, text in found.items() if text}


def _plugins(run: StoredRun) -> dict[str, str]:
    """Files and packages that components came from, with version and the first digits of the content hash."""
    found = {name: text for record in run.records for name, text in record.plugins.items()}
    return {name: " ".join([*text.split()[:-1], text.split()[-1][:12]]) for name, text in sorted(found.items())}


def mixed(run: StoredRun) -> str:
    """A warning where cells were made by different code, versions or machines; empty otherwise."""
    records = [record for record in run.records if record.environment and record.status == "completed"]
    kinds = {
        "states of the code": {_code_state(one) for one in records},
        "sets of package versions": {_versions(one) for one in records},
        "machines": {str(one.environment.get("device")) for one in records},
        "numeric precisions": {str(one.environment.get("precision")) for one in records},
        "ways to compile": {str(one.environment.get("compiled", "no")) for one in records if one.loss},
    }
    several = [f"{len(values)} {kind}" for kind, values in kinds.items() if len(values) > 1]
    return f"The cells of this run come from {join(several)}: see how it was made." if several else ""


def _crops(record: Record) -> str:
    """What the networks saw of the training pictures, where that was not all of them."""
    size = record.settings.get("crop_size")
    if size is None:
        return ""
    whole = record.settings["image_size"]
    return (
        f"; on random squares of {size} × {size} pixels of the training pictures, validated and tested on whole "
        f"pictures of {whole} × {whole}"
    )


def _several(records: Sequence[Record], describe: Any) -> str:
    """What ``describe`` says of all records, with counts where they differ."""
    found: dict[str, int] = {}
    for record in records:
        found[describe(record)] = found.get(describe(record), 0) + 1
    if len(found) <= 1:
        return next(iter(found), "")
    return "; ".join(f"{text} ({count(number, 'cell')})" for text, number in found.items())


def _code_state(record: Record) -> str:
    sha = record.environment.get("git_sha")
    if not sha:
        return "no commit is known"
    states = {True: ", with uncommitted changes", False: ", without uncommitted changes"}
    return f"commit {code(str(sha)[:12])}{states.get(record.environment.get('dirty'), '')}"


def _computing(record: Record) -> str:
    threads, compiled = record.environment.get("threads", 1), record.environment.get("compiled", "no")
    parts = [record.environment.get("precision", "unknown precision"), f"{count(threads, 'thread')} per cell"]
    return ", ".join([*parts, *([] if compiled == "no" else [escape(compiled)])])


def _versions(record: Record) -> str:
    environment = record.environment
    # The build of PyTorch (CPU, CUDA) is part of its version string but not of its package's.
    packages = {**environment.get("packages", {}), "torch": environment.get("torch")}
    named = {"Python": environment.get("python"), **packages, "CUDA": environment.get("cuda")}
    return ", ".join(f"{escape(name)} {escape(str(version))}" for name, version in named.items() if version)


def _at_once(records: Sequence[Record]) -> str:
    """How many cells were worked on at the same time, from when they started and ended."""
    moments = [(datetime.fromisoformat(one.started_at), 1) for one in records]
    moments += [(datetime.fromisoformat(one.finished_at), -1) for one in records]
    most = now = 0
    # Times are in whole seconds: an end goes before a start of the same second.
    for _, step in sorted(moments):
        now += step
        most = max(most, now)
    return f"up to {count(most, 'cell')} at once" if most > 1 else "one cell at a time"


def _wall(records: Sequence[Record]) -> str:
    if not records:
        return "0:00:00"
    start = min(datetime.fromisoformat(record.started_at) for record in records)
    return str(max(datetime.fromisoformat(record.finished_at) for record in records) - start).partition(".")[0]


def _machine(record: Record) -> str:
    environment = record.environment
    parts = [str(environment.get("device", "unknown"))]
    if environment.get("cores"):
        parts.append(f"{environment['cores']} cores")
    if environment.get("memory_bytes"):
        parts.append(f"{environment['memory_bytes'] / 2**30:.0f} GiB of memory")
    if environment.get("system"):
        parts.append(environment["system"])
    return escape(", ".join(parts))
