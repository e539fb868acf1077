"""The work of one cell: build, train, score, write. Whatever goes wrong in it stays in it."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from bench import cell_folder, environment, memory
from bench.artefacts import Artefacts
from bench.balancing import balance
from bench.cell import Job
from bench.cell_folder import HALF, TRIES
from bench.checkpoint import Checkpoint, UnusableCheckpointError
from bench.compilation import compile_where_it_pays
from bench.endings import ending
from bench.evaluation import Evaluation, Predict, evaluate
from bench.identity import work_of
from bench.network import Predictor, check_sizes
from bench.randomness import seed_all
from bench.records import DataSummary, Record, Transfer, Try, Tuning, now, transfer_folder, write_record
from bench.samples import half_epoch
from bench.settings import Settings
from bench.storage import StorageError, writing_to
from bench.supply import batches
from bench.training import Fit, fit
from bench.truth import true_batches
from bench.tuning import chosen, tune
from registry import ARCHITECTURES, LOSSES
from registry.architectures.baselines import Baseline
from registry.datasets.prepared import Prepared, open_prepared
from registry.losses.weighted_sum import WeightedSumLoss
from registry.plugins import load_plugin
from registry.spec import parse_component, parse_sum

OnStep = Callable[[int, int], None]
OnNote = Callable[[str], None]


def run_cell(job: Job, on_step: OnStep, on_note: OnNote = lambda _: None) -> Record:
    """Do a cell's work from where an interrupted try left it, write its files and return its record.

    Args:
        on_step: Called with (steps done, steps in all).
        on_note: Called with what a person should know: that the cell goes on from a checkpoint, or why not.

    Never raises for what belongs to the cell: an error makes it ``failed``, something that cannot be had on
    this machine ``skipped``.

    Raises:
        StorageError: The cell's folder cannot be written to; its checkpoint is left.
    """
    facts: dict[str, Any] = {**job.facts, "started_at": now()}
    try:
        cell_folder.clear(job.folder)
        for plugin in job.plugins:
            load_plugin(plugin)
        _Work(job, facts, on_step, on_note).do()
        facts["status"] = "completed"
    except StorageError:
        raise
    except Exception as error:
        facts |= ending(error)
    record = Record(**facts, finished_at=now())
    write_record(job.folder, record)
    cell_folder.settle(job.folder, record.status)
    return record


class _Work:
    """The steps of a cell; each adds to ``facts`` what is known after it, so that a failed record has it too."""

    def __init__(self, job: Job, facts: dict[str, Any], on_step: OnStep, on_note: OnNote) -> None:
        self.job = job
        self.facts = facts
        self.on_step = on_step
        self.on_note = on_note
        self.settings = job.settings
        self.artefacts = Artefacts(job.folder, job.settings.sample_pictures, job.device)
        self.seconds: dict[str, float] = facts.setdefault("seconds", {})

    def do(self) -> None:
        """Run the cell to its end."""
        environment.set_arithmetic(self.settings.threads)
        memory.reset_peak(self.job.device)
        self.precision = environment.resolve_precision(self.settings.precision, self.job.device)
        self.facts["environment"] = environment.describe(self.job.device, self.precision)
        self.facts["batch_size"] = self.settings.batch_size
        data = self._open_data()
        architecture = self._build()
        if isinstance(architecture, Baseline):
            self._count(architecture, data)
            self._score(architecture.predict, data)
            self.artefacts.keep_samples(architecture.predict, data, "last")
        else:
            check_sizes(self.job.architecture, architecture, self.settings)
            self._train_and_score(Predictor(architecture, self.job.device, self.precision), data)
        self.facts["peak_memory_bytes"] = memory.peak_bytes(self.job.device)

    def _build(self) -> Any:
        # Before anything random happens: the seed alone decides the first weights.
        seed_all(self.job.seed or 0)
        return parse_component(ARCHITECTURES, self.job.architecture).create()

    def _open_data(self) -> Prepared:
        started = time.perf_counter()
        data = open_prepared(self.job.prepared)
        self.facts["data"] = DataSummary.of(self.job.dataset, data)
        self.seconds["data"] = time.perf_counter() - started
        return data

    def _count(self, baseline: Baseline, data: Prepared) -> None:
        started = time.perf_counter()
        baseline.fit(batches(data.pictures("train"), self.settings.batch_size, self.job.device))
        self.facts["parameters"] = 0
        self.seconds["fit"] = time.perf_counter() - started

    def _train_and_score(self, predictor: Predictor, data: Prepared) -> None:
        self.facts["parameters"] = predictor.parameters
        if self.settings.tune:
            result = self._tune(predictor, data)
        else:
            result = self._train(predictor, data, self.settings, self.job.folder, {}, self.on_step, self.on_note)
        self.facts["resumed_from"] = result.resumed_from
        self.seconds["fit"] = result.seconds
        self.facts["images_per_second"] = result.pictures / result.seconds
        self.facts["best_epoch"] = result.best_epoch
        self.artefacts.keep_samples(predictor, data, "last")
        self.artefacts.save_weights("model", predictor.network.state_dict())
        last = self._score(predictor, data)
        self._score_elsewhere(predictor)
        self._score_best(predictor, result, data, last)

    def _train(
        self,
        predictor: Predictor,
        data: Prepared,
        settings: Settings,
        folder: Path,
        values: Mapping[str, float],
        on_step: OnStep,
        on_note: OnNote,
    ) -> Fit:
        """Train once, from where an interrupted try left it in a folder.

        Args:
            values: The settings that are tried, of a tuned cell.
        """
        loss = WeightedSumLoss(parse_sum(LOSSES, self.job.loss)).to(self.job.device)
        loss.reference(torch.tensor(data.train_ab_counts))
        self.facts["loss_weights"] = balance(loss, predictor, data.pictures("train"), settings, self.job.seed)
        self._compile(predictor, settings, on_note)
        half = half_epoch(settings.epochs)
        work = work_of(self.job, self.facts["environment"])
        checkpoint = Checkpoint(folder, {**work, "tried settings": dict(values)})
        artefacts = Artefacts(folder, self.settings.sample_pictures, self.job.device)
        state = self._take_up(checkpoint, half, artefacts, on_note)

        def on_epoch(epoch: int, history: list[dict[str, float]]) -> None:
            # Written as it grows: a cell that fails later keeps what it learnt till then.
            artefacts.write_table("history", pd.DataFrame(history))
            if epoch == half:
                artefacts.keep_samples(predictor, data, "half")

        return fit(
            predictor,
            loss,
            data.pictures("train"),
            data.pictures("validation"),
            settings=settings,
            seed=self.job.seed,
            train_mean_ab=torch.tensor(data.train_mean_ab),
            on_step=on_step,
            on_epoch=on_epoch,
            checkpoint=checkpoint,
            state=state,
        )

    def _compile(self, predictor: Predictor, settings: Settings, on_note: OnNote) -> None:
        started = time.perf_counter()
        done = compile_where_it_pays(predictor, settings, self.facts["data"].n_train, on_note)
        self.facts["environment"]["compiled"] = done
        if predictor.compiled is not None:
            self.seconds["compiling"] = self.seconds.get("compiling", 0.0) + time.perf_counter() - started

    def _tune(self, predictor: Predictor, data: Prepared) -> Fit:
        """Train with each of the settings to try, and leave the network and the files of the best."""
        count = len(self.settings.tries)

        def train(settings: Settings, folder: Path, number: int) -> dict[str, Any]:
            with writing_to(folder):
                folder.mkdir(exist_ok=True)
            trained = Predictor(self._build(), self.job.device, self.precision)
            result = self._train(
                trained,
                data,
                settings,
                folder,
                self.settings.tries[number],
                lambda step, steps: self.on_step(number * steps + step, count * steps),
                lambda text: self.on_note(f"in try {number + 1} of {count} {text}"),
            )
            weights = {"network": trained.network.state_dict(), "loss_weights": self.facts["loss_weights"]}
            return {**vars(result), **weights}

        def on_tried(tried: list[Try]) -> None:
            one = chosen(tried)
            self.facts["tuning"] = Tuning(tried=tried, chosen=one and one.settings)
            self.seconds["tuning"] = sum(other.seconds for other in tried if other is not one)

        work = work_of(self.job, self.facts["environment"])
        folder, best = tune(self.settings, self.job.folder / TRIES, work, train, on_tried, self.on_note)
        predictor.network.load_state_dict(best["network"])
        predictor.network.eval()
        self.facts["loss_weights"] = best["loss_weights"]
        self.artefacts.write_table("history", pd.DataFrame(best["history"]))
        with writing_to(self.job.folder):
            (self.job.folder / HALF).parent.mkdir(exist_ok=True)
            shutil.copy(folder / HALF, self.job.folder / HALF)
        return Fit(**{one.name: best[one.name] for one in dataclasses.fields(Fit)})

    def _take_up(
        self, checkpoint: Checkpoint, half: int, artefacts: Artefacts, on_note: OnNote
    ) -> dict[str, Any] | None:
        """The state that an interrupted try left; None, with nothing left of that try, where it is of no use."""
        try:
            state = checkpoint.load()
            if state:
                epoch = len(state["history"])
                if epoch >= half and not (artefacts.folder / HALF).exists():
                    raise UnusableCheckpointError("has lost its pictures of the half")
                on_note(f"goes on after epoch {epoch} of {self.settings.epochs}")
                artefacts.write_table("history", pd.DataFrame(state["history"]))
                return state
        except UnusableCheckpointError as error:
            on_note(f"begins anew, because its checkpoint {error}")
        cell_folder.begin_anew(artefacts.folder)
        return None

    def _score(self, predict: Predict, data: Prepared) -> Evaluation:
        evaluation = self._evaluate(predict, data)
        self.facts |= {"metrics": evaluation.metrics, "truth": evaluation.truth}
        self.artefacts.store(evaluation, self.job.folder)
        self.artefacts.keep_extremes(predict, data, evaluation.per_image)
        return evaluation

    def _score_elsewhere(self, predict: Predict) -> None:
        """Test on other data sets, on each against its own mean colour, as a network trained there is tested."""
        transfer = self.facts.setdefault("transfer", {})
        for name, prepared in self.job.test_on.items():
            data = open_prepared(prepared)
            evaluation = self._evaluate(predict, data)
            self.artefacts.store(evaluation, transfer_folder(self.job.folder, name))
            transfer[name] = Transfer(revision=data.revision, metrics=evaluation.metrics, truth=evaluation.truth)

    def _score_best(self, predictor: Predictor, result: Fit, data: Prepared, last: Evaluation) -> None:
        if result.best_weights is None:
            self.facts["best_metrics"] = last.metrics
            return
        predictor.network.load_state_dict(result.best_weights)
        self.artefacts.save_weights("model_best", result.best_weights)
        best = self._evaluate(predictor, data)
        self.facts["best_metrics"] = best.metrics
        self.artefacts.write_table("per_image_best", best.per_image)

    def _evaluate(self, predict: Predict, data: Prepared) -> Evaluation:
        started = time.perf_counter()
        seed_all(self.job.seed or 0)
        evaluation = evaluate(
            predict,
            true_batches(data, self.settings.batch_size, self.job.device),
            list(data.keys("test")),
            train_mean_ab=torch.tensor(data.train_mean_ab),
            device=self.job.device,
        )
        self.seconds["eval"] = self.seconds.get("eval", 0.0) + time.perf_counter() - started
        return evaluation
