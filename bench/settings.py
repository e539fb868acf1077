"""Training settings that all cells of a run share."""

from __future__ import annotations

import itertools
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from registry import DATASETS
from registry.errors import UserError
from registry.registry import choices
from registry.spec import parse_component, split

LearningRate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
WeightDecay = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Tune(BaseModel):
    """The values to try of each setting that is tuned; of no others, because all tries see the same pictures."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learning_rate: list[LearningRate] | None = Field(None, min_length=1)
    weight_decay: list[WeightDecay] | None = Field(None, min_length=1)

    @field_validator("*")
    @classmethod
    def _sorted(cls, values: list[float] | None) -> list[float] | None:
        # A cell's id shall not depend on the order in which they were written.
        return None if values is None else sorted(set(values))


class Settings(BaseModel):
    """How every cell is trained and scored; ``settings:`` of a grid file, ``--set key=value`` on the call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    image_size: int = Field(64, ge=32, le=4096, description="Pixels of a side of the square pictures.")
    crop_size: int | None = Field(
        None, ge=32, description="Pixels of a side of random squares of the pictures to train on; null: whole pictures."
    )
    epochs: int = Field(30, ge=1, description="Epochs; after each the network is validated.")
    steps_per_epoch: int | None = Field(
        None, ge=1, description="Optimiser steps of an epoch; null: once through the training set."
    )
    batch_size: int = Field(16, ge=1, description="Pictures of a step; never changed silently.")
    learning_rate: LearningRate = Field(1e-3, description="Peak of the one-cycle schedule of AdamW.")
    weight_decay: WeightDecay = Field(1e-2, description="Weight decay of AdamW.")
    horizontal_flip: bool = Field(True, description="Mirror half of the training pictures, chosen by the seed.")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="Of the networks; auto: bfloat16 where the device has instructions for it."
    )
    compile: Literal["always", "never"] | None = Field(
        None, description="torch.compile for training; null: on a GPU, where trainings are long enough to pay for it."
    )
    threads: int = Field(1, ge=1, le=1024, description="Processor threads of a cell; part of what makes it repeatable.")
    sample_pictures: int = Field(8, ge=1, le=64, description="Test pictures kept to look at.")

    @field_validator("steps_per_epoch")
    @classmethod
    def _makes_a_schedule(cls, steps_per_epoch: int | None, info: ValidationInfo) -> int | None:
        if steps_per_epoch == 1 and info.data.get("epochs") == 1:
            raise PydanticCustomError("steps", "one epoch of one step has no schedule of rates, take more of either")
        return steps_per_epoch

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and info.field_name != "horizontal_flip":
            # As a number it would be 1 or 0.
            raise PydanticCustomError("switch", "it should not be true or false")
        return value

    tune: dict[str, list[float]] | None = Field(
        None,
        description="Values to try of learning_rate and weight_decay, for every cell; the validation pictures choose.",
    )

    @field_validator("tune", mode="before")
    @classmethod
    def _can_be_tuned(cls, tune: Any) -> Any:
        """Which settings are tried, in one order, with sorted values."""
        if tune is None:
            return None
        if not isinstance(tune, dict):
            raise PydanticCustomError("tune", "it should be settings with values to try, learning_rate: [1e-3, 3e-3]")
        try:
            values = Tune.model_validate(tune).model_dump(exclude_none=True)
        except ValidationError as error:
            problem = first_problem(error, list(Tune.model_fields), "setting to tune")
            raise PydanticCustomError("tune", "{problem}", {"problem": problem.removesuffix(".")}) from None
        if math.prod(map(len, values.values())) < 2:
            raise PydanticCustomError("tune", "tuning takes two different values or more to choose from")
        return values

    test_on: tuple[str, ...] | None = Field(
        None, description="Data sets that every trained cell is also tested on, besides its own; null: none."
    )

    @field_validator("test_on", mode="before")
    @classmethod
    def _one_or_several(cls, test_on: Any) -> Any:
        return split(test_on, ",") if isinstance(test_on, str) else test_on

    @field_validator("test_on")
    @classmethod
    def _canonical(cls, test_on: tuple[str, ...] | None) -> tuple[str, ...] | None:
        # Canonical and each once: a cell's id depends on them. None at all is as if nothing had been asked for.
        return tuple(dict.fromkeys(parse_component(DATASETS, text).text for text in test_on or ())) or None

    @field_validator("crop_size")
    @classmethod
    def _fits_into_the_picture(cls, crop_size: int | None, info: ValidationInfo) -> int | None:
        image_size = info.data.get("image_size")  # missing where it is itself wrong
        if crop_size is not None and image_size is not None and crop_size > image_size:
            raise PydanticCustomError("crop_size", f"it should be at most image_size, which is {image_size}")
        return crop_size

    @property
    def tries(self) -> list[dict[str, float]]:
        """The settings of each try: every combination of the values to try; nothing where nothing is tuned."""
        tune = self.tune or {}
        return [dict(zip(tune, values, strict=True)) for values in itertools.product(*tune.values())] if tune else []


def read_settings(values: dict[str, Any], where: str) -> Settings:
    """Settings from a mapping.

    Raises:
        UserError: A key is unknown or a value has the wrong type or range; ``where`` says where it was written. Or
            a data set to test on is unknown or wrong.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise UserError(f"{where}: {first_problem(error, list(Settings.model_fields), 'setting')}") from None


def first_problem(error: ValidationError, allowed: list[str], kind: str) -> str:
    """The first of pydantic's complaints as one sentence, with the allowed names where a name is unknown."""
    # A misspelt name is both unknown and missed; the first says what to do.
    problem = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
    name = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown {kind} {name!r}: {choices(str(problem['loc'][-1]), allowed)}."
    if problem["type"] == "missing":
        return f"the {kind} {name!r} is missing."
    message = problem["msg"]
    return f"{kind} {name!r} is {problem['input']!r}: {message[0].lower()}{message[1:]}."
