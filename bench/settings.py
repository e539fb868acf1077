"""Training settings that all cells of a run share."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from registry import DATASETS
from registry.errors import UserError
from registry.registry import choices
from registry.spec import parse_component, split


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
    learning_rate: float = Field(
        1e-3, gt=0, allow_inf_nan=False, description="Peak of the one-cycle schedule of AdamW."
    )
    weight_decay: float = Field(1e-2, ge=0, allow_inf_nan=False, description="Weight decay of AdamW.")
    horizontal_flip: bool = Field(True, description="Mirror half of the training pictures, chosen by the seed.")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="Of the networks; auto: bfloat16 where the device has instructions for it."
    )
    threads: int = Field(1, ge=1, le=1024, description="Processor threads of a cell; part of what makes it repeatable.")
    sample_pictures: int = Field(8, ge=1, le=64, description="Test pictures kept to look at.")

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
        return f"unknown {kind} {name!r}: {choices(name, allowed)}."
    if problem["type"] == "missing":
        return f"the {kind} {name!r} is missing."
    message = problem["msg"]
    return f"{kind} {name!r} is {problem['input']!r}: {message[0].lower()}{message[1:]}."
