"""Sentences around the answer: what was compared, what to mind, how to read the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.report import provenance, tuning
from bench.report.axes import axis_levels
from bench.report.entries import Entry
from bench.report.glossary import drawn
from bench.report.lead import lazy
from bench.report.markdown import code, count, join
from bench.report.stored import StoredRun


def intro(run: StoredRun, rows: Mapping[str, Sequence[Entry]]) -> str:
    """What was compared, on what, and how much of it is done."""
    trained = [entry for entries in rows.values() for entry in entries if entry.loss]
    pictures = _datasets(run, list(rows))
    if not trained:
        return f"Untrained baselines only, on {pictures}: this run trains nothing."
    architectures = list(dict.fromkeys(entry.architecture for entry in trained))
    losses = list(dict.fromkeys(entry.levels["loss"] for entry in trained))
    done = sum(len(entry.completed) for entry in trained)
    asked = sum(map(_asked, trained))
    seeds = sorted({record.seed for entry in trained for record in entry.records})
    seed = f"{'seed' if len(seeds) == 1 else 'seeds'} {join(list(map(str, seeds)))}; " if seeds else ""
    return (
        "Grey pictures get their colours back from a network: which choice matters more, its architecture or its loss? "
        f"Compared here: {count(len(architectures), 'architecture')} ({join(list(map(code, architectures)))}) × "
        f"{count(len(losses), 'loss', 'losses')} ({join(list(map(code, losses)))}){_settings(trained)} on {pictures}; "
        f"{seed}{done} of {count(asked, 'trained cell')} completed.{_left_out_of_names(run)}"
    )


def one_seed(entries: Sequence[Entry]) -> str:
    """What one seed cannot show; empty where every row has several."""
    measured = [entry for entry in entries if entry.loss and entry.completed]
    if not measured or max(len(entry.completed) for entry in measured) > 1:
        return ""
    seeds = sorted({record.seed for entry in measured for record in entry.completed})
    trained = "All cells were trained once" if len(measured) > 1 else "It was trained once"
    word, these = ("seed", "this seed") if len(seeds) == 1 else ("seeds", "these seeds")
    which = f"{word} {join(list(map(str, seeds)))}"
    return f"{trained} ({which}): **no claim beyond these pictures and {these} is possible.**"


def caveats(run: StoredRun, entries: Sequence[Entry]) -> list[str]:
    """What to mind before quoting a number."""
    trained = [entry for entry in entries if entry.loss]
    measured = [entry for entry in trained if entry.completed]
    lines = [
        _seeds(measured),
        _lazy(measured),
        _lost(trained),
        provenance.mixed(run),
        tuning.caveat(run),
    ]
    return [line for line in lines if line]


def reading(entries: Sequence[Entry]) -> str:
    """How to read the tables."""
    trained = [len(entry.completed) for entry in entries if entry.loss and entry.completed]
    if max(trained, default=1) < 2:
        covers = "over the test pictures, which says nothing of other seeds"
    else:
        single = "with one seed and of references" if min(trained) < 2 else "of references"
        covers = f"over seeds and test pictures; that of rows {single} is over test pictures alone"
    return (
        "↓ lower is better, ↑ higher is better, → best is nearest to what follows. ± is half of a 95 % interval "
        f"{covers}. The **best** trained row is bold and the <u>second</u> underlined, by their full numbers, whether "
        "or not the difference could be chance; *references in italics* are not trained and take no part."
    )


def _settings(trained: Sequence[Entry]) -> str:
    """The axes over settings, each with its values."""
    values = {
        name: [one.partition("=")[2] for one in several]
        for name, several in axis_levels(trained).items()
        if name not in ("architecture", "loss")
    }
    return "".join(
        f" × {count(len(several), 'value')} of {code(name)} ({join(several)})" for name, several in values.items()
    )


def _datasets(run: StoredRun, names: Sequence[str]) -> str:
    """Names with what the pictures are, said once where it is the same for all."""
    told = [_pictures(run, data) for data in names]
    if len(names) > 1 and len(set(told)) == 1 and told[0]:
        return f"{join(list(map(code, names)))} (each {told[0]})"
    return join([code(data) + (f" ({what})" if what else "") for data, what in zip(names, told, strict=True)])


def _pictures(run: StoredRun, data: str) -> str:
    stored = run.datasets.get(data)
    if stored is None:
        return ""
    origin = "drawn by the program, " if drawn(data) else ""
    return f"{origin}{stored.image_size} × {stored.image_size} pixels, {count(stored.n_test, 'test picture')}"


def _left_out_of_names(run: StoredRun) -> str:
    told = [
        f"{axis} {code(', '.join(f'{name}={value}' for name, value in values.items()))}"
        for axis, values in run.shared.items()
        if values
    ]
    return f" Names leave out what all share: {join(told)}." if told else ""


def _asked(entry: Entry) -> int:
    return len(entry.records) + len(entry.pending)


def _seeds(measured: Sequence[Entry]) -> str:
    numbers = [len(entry.completed) for entry in measured]
    if not numbers or max(numbers) < 2:
        return ""
    seeds = sorted({record.seed for entry in measured for record in entry.completed})
    text = f"Values are means over the seeds {join(list(map(str, seeds)))}"
    fewer = sum(number < len(seeds) for number in numbers)
    return f"{text}; {count(fewer, 'row')} {'has' if fewer == 1 else 'have'} fewer of them." if fewer else f"{text}."


def _lazy(measured: Sequence[Entry]) -> str:
    number = sum(map(lazy, measured))
    if not number:
        return ""
    if len(measured) == 1:
        which = "The one trained row has a skill of 0 or below: it is"
    elif number == 1:
        which = f"One of {len(measured)} trained rows has a skill of 0 or below: it is"
    else:
        which = f"{number} of {len(measured)} trained rows have a skill of 0 or below: they are"
    it = "it is" if number == 1 else "they are"
    return f"{which} no better than painting everything in the mean colour, however colourful {it}."


def _lost(trained: Sequence[Entry]) -> str:
    ends = {
        "failed": sum(record.status == "failed" for entry in trained for record in entry.records),
        "skipped": sum(record.status == "skipped" for entry in trained for record in entry.records),
        "not run yet": sum(len(entry.pending) for entry in trained),
    }
    if not any(ends.values()):
        return ""
    told = join([f"{number} {end}" for end, number in ends.items() if number])
    return f"Of {count(sum(map(_asked, trained)), 'trained cell')}, these are missing: {told}. See the tables."
