"""Rules of a grid that leave combinations of its axes out."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bench.cell import Cell
from bench.setting_axes import SETTING_AXES
from registry import ARCHITECTURES, DATASETS, LOSSES
from registry.spec import parse_component, parse_sum


def _several(value: object) -> object:
    return value if value is None or isinstance(value, list) else [value]


def _numbers(value: object) -> object:
    values = _several(value)
    if isinstance(values, list) and any(isinstance(one, bool) for one in values):
        # As numbers they would be 1 and 0.
        raise PydanticCustomError("number", "it should be numbers, not true or false")
    return values


_Specs = Annotated[list[str] | None, BeforeValidator(_several, json_schema_input_type=str | list[str] | None)]
_Numbers = Annotated[list[int] | None, BeforeValidator(_numbers, json_schema_input_type=int | list[int] | None)]
_Rates = Annotated[list[float] | None, BeforeValidator(_numbers, json_schema_input_type=float | list[float] | None)]
_Switches = Annotated[list[bool] | None, BeforeValidator(_several, json_schema_input_type=bool | list[bool] | None)]


class Exclusion(BaseModel):
    """A combination that is left out: a cell is, where all that the rule names fits it; of several values any may."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    architecture: _Specs = Field(None, description="One architecture or several.")
    loss: _Specs = Field(None, description="One loss or several.")
    dataset: _Specs = Field(None, description="One data set or several.")
    seed: _Numbers = Field(None, description="One seed or several.")
    learning_rate: _Rates = Field(None, description="One value or several, where it is an axis.")
    weight_decay: _Rates = Field(None, description="One value or several, where it is an axis.")
    batch_size: _Numbers = Field(None, description="One value or several, where it is an axis.")
    horizontal_flip: _Switches = Field(None, description="One value or several, where it is an axis.")

    def fits(self, cell: Cell) -> bool:
        """Whether the rule leaves a cell out; an empty one leaves none out.

        Raises:
            UserError: It names a component that is unknown or wrong.
        """
        values = {
            "architecture": cell.architecture.text,
            "loss": cell.loss.text if cell.loss else None,
            "dataset": cell.dataset.text,
            "seed": cell.seed,
            **{name: getattr(cell.settings, name) if cell.loss else None for name in SETTING_AXES},
        }
        named = self.canonical
        return bool(named) and all(values[axis] in allowed for axis, allowed in named.items())

    @cached_property
    def canonical(self) -> dict[str, list]:
        """What the rule names, by axis, as cells name it.

        Raises:
            UserError: A component is unknown or wrong.
        """
        named = {
            "architecture": [parse_component(ARCHITECTURES, text).text for text in self.architecture or ()],
            "loss": [parse_sum(LOSSES, text).text for text in self.loss or ()],
            "dataset": [parse_component(DATASETS, text).text for text in self.dataset or ()],
            "seed": self.seed,
            **{name: getattr(self, name) for name in SETTING_AXES},
        }
        return {axis: allowed for axis, allowed in named.items() if allowed}
