"""Every metric on a batch, and a whole evaluation, whose true pictures are known from an earlier cell."""

import pytest
import torch
from compared import BATCH

from bench.evaluation import evaluate
from registry import METRICS

MEAN_AB = torch.tensor([5.0, 5.0])


@pytest.mark.parametrize("name", list(METRICS))
def test_metric(measure, device, batch, name):
    metric = METRICS[name].factory().to(device)
    metric.reference(MEAN_AB)

    def update():
        metric.reset()
        metric.update(batch.with_ab(batch.ab * 0.9), batch)

    measure(update, BATCH)


def test_evaluation(measure, device, batch):
    keys = [str(index) for index in range(BATCH)]
    measure(lambda: evaluate(lambda truth: truth.ab * 0.9, [batch], keys, train_mean_ab=MEAN_AB, device=device), BATCH)
