"""What the page on the paper grid says in numbers is what the grid is."""

import pandas as pd
import pytest
from documentation import ROOT, tokens_of

from bench.grid import load_grid
from bench.settings import Settings

PAGE = ROOT / "docs" / "paper-grid.md"


def test_the_numbers_are_those_of_the_grid():
    grid = load_grid("paper")
    settings = Settings.model_validate(grid.settings)
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    trained = [cell for cell in grid.cells() if cell.loss]
    assert f"{len(trained)} trainings and {len(grid.cells()) - len(trained)} references" in text
    assert f"{settings.image_size} × {settings.image_size} pixels" in text
    assert f"{settings.steps_per_epoch:,} steps of {settings.batch_size} pictures" in text
    pictures = settings.epochs * settings.steps_per_epoch * settings.batch_size
    assert f"In {settings.epochs} of them a network sees {pictures:,} pictures" in text
    assert f"{pictures / 1020:.0f} times the 1,020 training pictures" in text
    bytes_of = {name: settings.image_size**2 * 3 * n for name, n in (("CelebA", 202_599), ("Flowers", 8_189))}
    assert f"{bytes_of['CelebA'] / 1e9:.0f} GB for CelebA, {bytes_of['Flowers'] / 1e9:.1f} GB for Flowers" in text


def test_the_estimate_is_of_the_grid_s_length(tmp_path, monkeypatch, capsys):
    grid = load_grid("paper")
    settings = Settings.model_validate(grid.settings)
    (tmp_path / "results" / "cost").mkdir(parents=True)
    # One trained cell, of an hour in all: its training as long as that of the grid's, and no time to test.
    pictures = settings.epochs * settings.steps_per_epoch * settings.batch_size
    table = pd.DataFrame(
        {"loss": ["l1", None], "images_per_second": [pictures / 3600, None], "seconds_eval": [0.0, 9e9]}
    )
    table.to_csv(tmp_path / "results" / "cost" / "results.csv")
    monkeypatch.chdir(tmp_path)
    (code,) = [token.content for token in tokens_of(PAGE) if token.info == "python"]
    exec(code, {})
    assert capsys.readouterr().out.startswith(f"{len(grid.seeds)} hours")


@pytest.mark.parametrize("axis", ["architectures", "losses", "seeds"])
def test_the_axes_are_told_in_words(axis):
    words = {3: "three", 4: "four", 6: "six"}
    assert f"{words[len(getattr(load_grid('paper'), axis))]} {axis}" in PAGE.read_text(encoding="utf-8")
