import pytest
import yaml

from bench.call import choose_grid
from bench.grid import Grid, load_grid
from bench.grids import GRIDS, grid_names
from registry.errors import UserError


def _grid(**changes):
    content = {
        "architectures": ["unet", "unet-resnet18"],
        "losses": ["l1", "l2"],
        "datasets": ["synthetic-faces", "synthetic-flowers"],
        "seeds": [0, 1],
    }
    return Grid.model_validate(content | changes)


def test_every_pair_is_a_cell_and_baselines_frame_each_data_set():
    cells = _grid().cells()
    trained = [cell for cell in cells if cell.loss]
    baselines = [cell for cell in cells if not cell.loss]
    assert len(trained) == 2 * 2 * 2 * 2
    assert [(cell.architecture.name, cell.seed) for cell in baselines[::2]] == [
        ("grey", None),
        ("mean-color", None),
        ("color-table", None),
        ("ceiling", None),
    ]
    assert len({cell.id for cell in cells}) == len(cells) == 24


def test_ids_do_not_depend_on_the_place_in_the_grid_or_on_spelling():
    ids = {cell.id for cell in _grid().cells()}
    shuffled = _grid(
        losses=["l2", "huber( delta=3 )", " l1"],
        architectures=["unet-resnet18(weights=none)", "unet(dropout=0.5)"],
        seeds=[1, 2, 0],
        description="other",
    )
    assert ids <= {cell.id for cell in shuffled.cells()}


@pytest.mark.parametrize(
    "changes",
    [
        {"losses": ["huber", "huber(delta=3)"]},
        {"settings": {"epochs": 7}},
        {"settings": {"learning_rate": 5e-4}},
        {"seeds": [5, 6]},
        {"architectures": ["unet(n_down=5)", "unet-resnet34"]},
    ],
)
def test_ids_change_with_what_a_cell_is(changes):
    def trained(grid):
        return {cell.id for cell in grid.cells() if cell.loss}

    assert not trained(_grid()) & trained(_grid(**changes))


def test_a_pair_named_twice_is_one_cell():
    assert len(_grid(losses=["l1", "l1", "1*l1"], baselines=[]).cells()) == 2 * 2 * 2


def test_the_resolved_grid_is_the_same_grid(tmp_path):
    grid = _grid(losses=["huber(delta=10.0)", "l1+.1*vgg"], settings={"epochs": 2})
    path = tmp_path / "grid.yaml"
    path.write_text(grid.resolved().to_yaml())
    again = load_grid(str(path))
    assert [cell.id for cell in again.cells()] == [cell.id for cell in grid.cells()]
    assert again.losses == ["huber", "l1 + 0.1*vgg"]
    assert again.settings["batch_size"] == 16


@pytest.mark.parametrize("name", [path.stem for path in GRIDS.glob("*.yaml")])
def test_grids_of_the_project_describe_themselves_and_can_be_read(name):
    assert 20 < len(grid_names()[name]) < 120


def test_the_full_grid_is_the_main_job():
    cells = load_grid("full").cells()
    assert sum(cell.loss is not None for cell in cells) == 24


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("loss: [l1]", "unknown key 'loss': did you mean 'losses'"),
        ("architectures: unet\ndatasets: [synthetic-faces]", "key 'architectures' is 'unet': .*valid list"),
        ("architectures: [unet]", "key 'datasets'"),
        ("architectures: []\ndatasets: [synthetic-faces]", "key 'architectures'"),
        ("- unet", "must be a mapping with the keys"),
        ("architectures: [unet", "is not YAML"),
    ],
)
def test_wrong_files_say_what_is_allowed(tmp_path, content, message):
    path = tmp_path / "grid.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        load_grid(str(path))


def test_wrong_names_say_what_is_allowed(tmp_path):
    with pytest.raises(UserError, match="did you mean 'full'"):
        load_grid("fulll")
    with pytest.raises(UserError, match="No such file"):
        load_grid(str(tmp_path / "none.yaml"))
    with pytest.raises(UserError, match="names no loss"):
        _grid(losses=[]).cells()
    assert _grid(losses=[], architectures=["grey"]).cells()


def test_the_grid_file_keeps_what_yaml_would_change(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(_grid(datasets=["folder(path='a: b #c')"]).resolved().to_yaml())
    assert yaml.safe_load(path.read_text())["datasets"] == ['folder(path="a: b #c")'] or load_grid(str(path)).cells()


def test_trained_cells_alone_are_tested_on_other_data_sets_than_their_own():
    settings = {"test_on": ["synthetic-faces", "synthetic-flowers(imbalance=1)"]}
    grid = Grid(architectures=["unet"], losses=["l1"], datasets=["synthetic-faces"], settings=settings)
    tested_on = {cell.architecture.name: [one.text for one in cell.tested_on] for cell in grid.cells()}
    assert tested_on.pop("unet") == ["synthetic-flowers(imbalance=1)"]
    assert set(map(tuple, tested_on.values())) == {()}


def test_testing_on_nothing_else_changes_no_id():
    def ids(**settings):
        grid = Grid(architectures=["unet"], losses=["l1"], datasets=["synthetic-faces"], settings=settings)
        return [cell.id for cell in grid.cells()]

    assert ids(test_on=[]) == ids(test_on=None) == ids()
    assert ids(test_on="synthetic-flowers") != ids()
    assert ids(test_on="synthetic-flowers") == ids(test_on=["synthetic-flowers(seed=0)"])


def test_a_grid_that_a_call_changes_is_not_described_as_it_was():
    changed = choose_grid("smoke", None, "l2", None, "3", ["epochs=2"])
    assert changed.description == "As the grid smoke, but for its losses, seeds, settings."
    assert choose_grid("smoke", None, None, None, None, []).description == load_grid("smoke").description
