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
    ],
)
def test_wrong_settings_say_what_is_allowed(values, message):
    with pytest.raises(UserError, match=message):
        read_settings(values, "here")


def test_every_setting_is_described():
    assert all(field.description for field in Settings.model_fields.values())
