"""The work of one cell: build, train, score, write. Whatever goes wrong in it stays in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pandas as pd
import torch

from bench import cell_folder, environment, memory
from bench.artefacts import Artefacts
from bench.balancing import balance
from bench.cell import Job
from bench.checkpoint import Checkpoint, UnusableCheckpointError
from bench.endings import ending
from bench.evaluation import Evaluation, Predict, evaluate
from bench.identity import work_of
from bench.network import Predictor, check_sizes
from bench.randomness import seed_all
from bench.records import DataSummary, Record, Transfer, now, transfer_folder, write_record
from bench.samples import half_epoch
from bench.storage import StorageError
from bench.supply import batches
from bench.training import Fit, fit
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
        torch.set_num_threads(self.settings.threads)
        memory.reset_peak(self.job.device)
        precision = environment.resolve_precision(self.settings.precision, self.job.device)
        self.facts["environment"] = environment.describe(self.job.device, precision)
        self.facts["batch_size"] = self.settings.batch_size
        data = self._open_data()
        component = parse_component(ARCHITECTURES, self.job.architecture)
        # Before anything random happens: the seed alone decides the first weights.
        seed_all(self.job.seed or 0)
        architecture = component.create()
        if isinstance(architecture, Baseline):
            self._count(architecture, data)
            self._score(architecture.predict, data)
            self.artefacts.keep_samples(architecture.predict, data, "last")
        else:
            check_sizes(self.job.architecture, architecture, self.settings)
            self._train_and_score(Predictor(architecture, self.job.device, precision), data)
        self.facts["peak_memory_bytes"] = memory.peak_bytes(self.job.device)

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
        loss = WeightedSumLoss(parse_sum(LOSSES, self.job.loss)).to(self.job.device)
        loss.reference(torch.tensor(data.train_ab_counts))
        self.facts["loss_weights"] = balance(loss, predictor, data.pictures("train"), self.settings, self.job.seed)
        half = half_epoch(self.settings.epochs)
        checkpoint = Checkpoint(self.job.folder, work_of(self.job, self.facts["environment"]))
        state = self._take_up(checkpoint, half)

        def on_epoch(epoch: int, history: list[dict[str, float]]) -> None:
            # Written as it grows: a cell that fails later keeps what it learnt till then.
            self.artefacts.write_table("history", pd.DataFrame(history))
            if epoch == half:
                self.artefacts.keep_samples(predictor, data, "half")

        result = fit(
            predictor,
            loss,
            data.pictures("train"),
            data.pictures("validation"),
            settings=self.settings,
            seed=self.job.seed,
            train_mean_ab=torch.tensor(data.train_mean_ab),
            on_step=self.on_step,
            on_epoch=on_epoch,
            checkpoint=checkpoint,
            state=state,
        )
        self.facts["resumed_from"] = result.resumed_from
        self.seconds["fit"] = result.seconds
        self.facts["images_per_second"] = result.pictures / result.seconds
        self.facts["best_epoch"] = result.best_epoch
        self.artefacts.keep_samples(predictor, data, "last")
        self.artefacts.save_weights("model", predictor.network.state_dict())
        last = self._score(predictor, data)
        self._score_elsewhere(predictor)
        self._score_best(predictor, result, data, last)

    def _take_up(self, checkpoint: Checkpoint, half: int) -> dict[str, Any] | None:
        """The state that an interrupted try left; None, with nothing left of that try, where it is of no use."""
        try:
            state = checkpoint.load()
            if state:
                epoch = len(state["history"])
                if epoch >= half and not (self.job.folder / cell_folder.HALF).exists():
                    raise UnusableCheckpointError("has lost its pictures of the half")
                self.on_note(f"goes on after epoch {epoch} of {self.settings.epochs}")
                self.artefacts.write_table("history", pd.DataFrame(state["history"]))
                return state
        except UnusableCheckpointError as error:
            self.on_note(f"begins anew, because its checkpoint {error}")
        cell_folder.begin_anew(self.job.folder)
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
            data.pictures("test"),
            list(data.keys("test")),
            train_mean_ab=torch.tensor(data.train_mean_ab),
            batch_size=self.settings.batch_size,
            device=self.job.device,
        )
        self.seconds["eval"] = self.seconds.get("eval", 0.0) + time.perf_counter() - started
        return evaluation
