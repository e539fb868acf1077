import pytest

from bench.settings import Settings, read_settings
from registry.errors import UserError


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": 3}, "here: unknown setting 'epoch': did you mean 'epochs'"),
        ({"epochs": 0}, "setting 'epochs' is 0: .*greater than or equal to 1"),
        ({"epochs": "many"}, "setting 'epochs' is 'many': .*valid integer"),
        ({"precision": "float8"}, "'auto', 'float32' or 'bfloat16'"),
        ({"learning_rate": -1}, "greater than 0"),
        ({"crop_size": 128}, "setting 'crop_size' is 128: it should be at most image_size, which is 64"),
        ({"crop_size": 16}, "setting 'crop_size' is 16: .*greater than or equal to 32"),
        ({"test_on": "flowers"}, "[Uu]nknown data set 'flowers'"),
        ({"test_on": ["synthetic-faces(n_test=0.5)"]}, "n_test"),
        ({"test_on": "synthetic-faces,"}, "something is missing beside a ','"),
        ({"test_on": 3}, "setting 'test_on' is 3: input should be a valid tuple"),
        ({"crop_size": 8000, "image_size": 9000}, "setting 'image_size' is 9000"),
    ],
)
def test_wrong_settings_say_what_is_allowed(values, message):
    with pytest.raises(UserError, match=message):
        read_settings(values, "here")


@pytest.mark.parametrize("values", [{}, {"crop_size": None}, {"crop_size": 64}, {"image_size": 256, "crop_size": 128}])
def test_crops_fit_into_the_pictures(values):
    assert read_settings(values, "here").crop_size == values.get("crop_size")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        ([], None),
        ("synthetic-faces", ("synthetic-faces",)),
        (
            "synthetic-flowers( imbalance = 1,n_test=8 ), synthetic-faces",
            ("synthetic-flowers(n_test=8, imbalance=1)", "synthetic-faces"),
        ),
        (["synthetic-faces", "synthetic-faces(seed=0)"], ("synthetic-faces",)),
    ],
)
def test_data_sets_to_test_on_are_canonical_and_each_once(given, read):
    assert read_settings({"test_on": given}, "here").test_on == read


def test_every_setting_is_described():
    assert all(field.description for field in Settings.model_fields.values())
