"""CelebA, aligned and cropped faces (Liu et al. 2015), in the official partition by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from registry.datasets.base import SPLITS, Split
from registry.datasets.downloading import Layout
from registry.datasets.published import PublishedPictures
from registry.errors import UserError

_IDENTITIES = "identity_CelebA.txt"


class CelebA(PublishedPictures):
    """202,599 faces of 10,177 persons: 162,770 to train, 19,867 to validate, 19,962 to test; no person in two.

    That no person is in two splits is checked where ``identity_CelebA.txt`` lies beside the partition.
    """

    layout = Layout(
        title="CelebA",
        page="http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        torchvision="CelebA",
        subfolder="celeba",
        pictures="img_align_celeba",
        archive="img_align_celeba.zip",
        split_file="list_eval_partition.txt",
        split_file_md5="d32c9cbf5e040fd4025c592c306e6668",
        extras=(_IDENTITIES,),
    )

    def read_splits(self, path: Path) -> dict[Split, list[str]]:
        """Lines such as ``000001.jpg 0``; 0 is train, 1 validation, 2 test."""
        splits: dict[Split, list[str]] = {split: [] for split in SPLITS}
        for key, number in _read_numbers(path).items():
            if not 0 <= number < len(SPLITS):
                raise UserError(
                    f"{str(path)!r} puts {key} into the split {number}: allowed are 0 (train), 1 (validation) and "
                    "2 (test)."
                )
            splits[SPLITS[number]].append(key)
        identities = path.with_name(_IDENTITIES)
        if identities.exists():
            _check_identities(splits, identities)
        return splits

    def describe_splits(self, official: bool) -> str:
        """The rule in one sentence."""
        if official:
            return "The official partition of CelebA, by person (list_eval_partition.txt, its checksum verified)."
        return "The partition in list_eval_partition.txt, which is not the published file of CelebA."


def _read_numbers(path: Path) -> dict[str, int]:
    """A number for each picture, from lines of a file name and a number.

    Raises:
        UserError: A line is of another form, or a picture is listed twice.
    """
    numbers: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
        for place, line in enumerate(lines, start=1):
            words = line.split()
            if not words:
                continue
            if len(words) != 2 or not words[1].isascii() or not words[1].isdigit():
                raise UserError(
                    f"Line {place} of {str(path)!r} is {line.strip()[:50]!r}: it must be a picture and a number, such "
                    "as '000001.jpg 0'; fetch the file again."
                )
            if words[0] in numbers:
                raise UserError(f"{str(path)!r} lists {words[0]} twice, again in line {place}: fetch the file again.")
            numbers[words[0]] = int(words[1])
    return numbers


def _check_identities(splits: Mapping[Split, Sequence[str]], path: Path) -> None:
    """Refuse splits that share a person: a network could know the test's faces.

    Raises:
        UserError: An identity is in two splits, or a picture's is not known.
    """
    identity_of = _read_numbers(path)
    first: dict[int, tuple[Split, str]] = {}
    shared: dict[int, str] = {}
    for split in SPLITS:
        for key in splits[split]:
            if key not in identity_of:
                raise UserError(
                    f"{str(path)!r} does not say who is on {key}: fetch the file again, or remove it to go without "
                    "the check that no person is in two splits."
                )
            identity = identity_of[key]
            where, example = first.setdefault(identity, (split, key))
            if where != split:
                shared.setdefault(identity, f"{example} in {where} and {key} in {split}")
    if shared:
        identity, pictures = next(iter(shared.items()))
        others = f", as are {len(shared) - 1:,} others" if len(shared) > 1 else ""
        raise UserError(
            f"Identity {identity} of CelebA is in two splits ({pictures}){others}: use the published "
            "list_eval_partition.txt, which keeps each person in one split."
        )
