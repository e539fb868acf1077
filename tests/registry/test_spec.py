import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ARCHITECTURES, DATASETS, LOSSES
from registry.errors import UserError
from registry.registry import Registry
from registry.spec import parse_component, parse_sum, split


@pytest.mark.parametrize(
    ("registry", "text", "canonical"),
    [
        (LOSSES, " huber( delta = 10 ) ", "huber"),
        (LOSSES, "huber(delta=5.0)", "huber(delta=5)"),
        (LOSSES, "huber(5)", "huber(delta=5)"),
        (LOSSES, "huber(delta=1e-3)", "huber(delta=0.001)"),
        (LOSSES, "huber(delta=1e20)", "huber(delta=1e20)"),
        (ARCHITECTURES, "unet(num_filters=16, n_down=5)", "unet(n_down=5, num_filters=16)"),
        (LOSSES, "vgg(layers=[relu1_2,relu2_2])", "vgg(layers=[relu1_2, relu2_2])"),
        (DATASETS, "folder(path=/a/b c/d-e.f)", "folder(path=/a/b c/d-e.f)"),
        (DATASETS, "folder(path='a, (b')", 'folder(path="a, (b")'),
        (DATASETS, "folder(path=2024, limit=none)", "folder(path=2024)"),
    ],
)
def test_canonical_text(registry, text, canonical):
    component = parse_component(registry, text)
    assert component.text == canonical
    assert parse_component(registry, canonical) == component


def test_all_parameters_are_part_of_the_identity():
    assert parse_component(LOSSES, "huber").identity == {"name": "huber", "parameters": {"delta": 10.0}}
    assert parse_component(LOSSES, "huber(delta=10)").identity == parse_component(LOSSES, "huber").identity


def test_a_sum_has_weights():
    total = parse_sum(LOSSES, "l1+ 0.10*vgg +2*huber(delta=3)")
    assert [(weight, component.name) for weight, component in total.terms] == [
        (1, "l1"),
        (0.1, "vgg"),
        (2, "huber"),
    ]
    assert total.text == "l1 + 0.1*vgg + 2*huber(delta=3)"
    assert parse_sum(LOSSES, parse_sum(LOSSES, "1e16*l1").text).text == "1e16*l1"


@pytest.mark.parametrize(
    ("registry", "text", "message"),
    [
        (LOSSES, "hubr", "did you mean 'huber'"),
        (LOSSES, "huber(delt=3)", "has no parameter 'delt': did you mean 'delta'"),
        (LOSSES, "l1(delta=3)", "has no parameter 'delta': it takes none"),
        (LOSSES, "l1(3)", "takes at most 0"),
        (LOSSES, "huber(delta=wide)", "Wrong value wide for the parameter 'delta'.*valid number"),
        (LOSSES, "huber(delta=3, delta=4)", "given twice"),
        (ARCHITECTURES, "unet(n_down=2.5)", "valid integer"),
        (ARCHITECTURES, "unet(down=sideways)", "'stride' or 'maxpool'"),
        (LOSSES, "l1 + ", "something is missing beside a '\\+'"),
        (LOSSES, "0*l1", "not a number above 0"),
        (LOSSES, "nan*l1", "not a number above 0"),
        (LOSSES, "huber(delta=(3)", r"closing \) is missing"),
        (LOSSES, "huber(delta='3)", "closing ' is missing"),
        (LOSSES, "__import__('os')", "Cannot read the loss"),
        (DATASETS, "folder", "needs its parameter 'path'"),
    ],
)
def test_wrong_text_says_what_is_allowed(registry, text, message):
    with pytest.raises(UserError, match=message):
        parse_sum(registry, text)


def test_lists_split_outside_brackets_and_quotes_only():
    text = "l1, huber(delta=1), vgg(layers=[a, b]), folder(path='x, y')"
    assert split(text, ",") == ["l1", "huber(delta=1)", "vgg(layers=[a, b])", "folder(path='x, y')"]


_REGISTRY = Registry("sample")


@_REGISTRY.register("thing")
def thing(number: float = 0.5, count: int = 1, on: bool = False, text: str = "", names: tuple[str, ...] = ()) -> None:
    """A component with a parameter of each type."""


_TEXTS = st.text(st.characters(codec="ascii", exclude_characters="\"'", categories=("L", "N", "P", "S", "Z")))


@given(
    number=st.floats(allow_nan=False, allow_infinity=False),
    count=st.integers(),
    on=st.booleans(),
    text=_TEXTS,
    names=st.lists(_TEXTS, max_size=3).map(tuple),
)
def test_every_value_survives_being_written_and_read(number, count, on, text, names):
    from registry.spec import Component

    parameters = {"number": number, "count": count, "on": on, "text": text, "names": names}
    component = Component(_REGISTRY["thing"], parameters)
    assert parse_component(_REGISTRY, component.text).parameters == parameters


@given(st.text())
def test_any_text_is_read_or_refused_in_words(text):
    try:
        parse_sum(LOSSES, text)
    except UserError as error:
        assert str(error)


def test_incidental_parameters_reach_the_factory_and_change_nothing_else():
    registry = Registry("thing")

    @registry.register("thing", incidental=("download",))
    def thing(size: int = 1, download: bool = False) -> tuple[int, bool]:
        """A thing."""
        return size, download

    plain, fetched = parse_component(registry, "thing(size=2)"), parse_component(registry, "thing(2, download=true)")
    assert fetched.create() == (2, True)
    assert fetched.text == plain.text == "thing(size=2)"
    assert fetched.identity == plain.identity == {"name": "thing", "parameters": {"size": 2}}
