"""Any folder of pictures, split by what is in the files."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

from registry.datasets.base import DEFAULT_MIN_CHROMA, SPLITS, Split
from registry.datasets.decoding import Resize
from registry.datasets.picture_files import PictureFiles, folder_path, limited
from registry.errors import UserError

EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")

# Of 50 different pictures one of the two tenths gets none about once in 100 folders.
_ENOUGH_PICTURES = 50
_BLOCK = 2**20
_CHUNK = 128  # files that a thread takes at a time; a task for each file would take as much memory as all the rest


class Folder(PictureFiles):
    """The pictures of a folder and of the folders in it; hidden ones are ignored.

    A key is a picture's path relative to the folder, with forward slashes.
    """

    split_rule = (
        "80/10/10 by a hash of each file's content, so that a picture stays in its split when others are "
        "added and exact duplicates share one."
    )

    def __init__(
        self,
        path: str,
        limit: int | None = None,
        resize: Resize = "crop",
        min_chroma: float = DEFAULT_MIN_CHROMA,
    ) -> None:
        """Find the pictures.

        Args:
            path: The folder, absolute, relative to the current one, or from the home folder (``~``).
            limit: As for `PictureFiles`; so are ``resize`` and ``min_chroma``.

        Raises:
            UserError: The folder is missing, is no folder, cannot be listed or has no pictures; or a parameter
                is out of its range.
        """
        super().__init__(limit, resize, min_chroma)
        if not path.strip():
            raise UserError("The path of the folder is empty: give path=... a folder with pictures in it.")
        self.path = folder_path(path)
        self._files = _find_pictures(self.path)

    @property
    def revision(self) -> str:
        """A hash of every picture's path and content, and of the parameters."""
        digest = hashlib.blake2b(f"{self.parameters}\0".encode(), digest_size=16)
        for key, content in self._contents.items():
            digest.update(f"{key}\0{content.hex()}\0".encode())
        return digest.hexdigest()

    def keys(self) -> Mapping[Split, Sequence[str]]:
        """The keys of each split, in the order of their paths.

        Raises:
            UserError: A split is empty.
        """
        return self._splits

    def file(self, key: str) -> Path:
        """The picture's file."""
        return self.path / self._files[key]

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        """The hash of each picture's content, by key."""
        names = list(self._files.values())
        chunks = [names[start : start + _CHUNK] for start in range(0, len(names), _CHUNK)]
        with ThreadPoolExecutor() as threads:
            several = threads.map(self._contents_of, chunks)
            return dict(zip(self._files, itertools.chain.from_iterable(several), strict=True))

    def _contents_of(self, names: Sequence[str]) -> list[bytes]:
        return [_content(self.path / name) for name in names]

    @cached_property
    def _splits(self) -> dict[Split, list[str]]:
        by_order = sorted(self._contents, key=lambda key: (_order_of(self._contents[key]), key))
        splits: dict[Split, list[str]] = {split: [] for split in SPLITS}
        for key in by_order:
            splits[_split_of(self._contents[key])].append(key)
        if self.limit is not None:
            splits = limited(splits, self.limit)
        empty = [split for split in SPLITS if not splits[split]]
        if empty:
            raise UserError(
                f"The {empty[0]} split of the folder {str(self.path)!r} is empty because it has only "
                f"{len(self._files)} pictures ({len(set(self._contents.values()))} different): "
                f"about {_ENOUGH_PICTURES} different ones are needed."
            )
        return {split: sorted(keys) for split, keys in splits.items()}


def _find_pictures(folder: Path) -> dict[str, str]:
    """The relative paths of the picture files in and below ``folder``, by key, in the order of keys."""
    try:
        if not folder.is_dir():
            problem = "is a file" if folder.exists() else "does not exist"
            raise UserError(f"The path {str(folder)!r} {problem}: give path=... a folder with pictures in it.")
        paths = [path for path in walk_files(folder) if path.suffix.lower() in EXTENSIONS and _is_file(path)]
    except OSError as error:
        raise UserError(
            f"The folder {str(error.filename)!r} cannot be listed ({error.strerror}): make it readable."
        ) from error
    if not paths:
        allowed = ", ".join(extension.lstrip(".") for extension in EXTENSIONS)
        raise UserError(f"The folder {str(folder)!r} has no pictures in it: files may end in {allowed}.")
    return dict(sorted(_key_and_name(path.relative_to(folder)) for path in paths))


def walk_files(folder: Path) -> list[Path]:
    """All files below ``folder`` that are not hidden, through links to folders but through none twice.

    Raises:
        OSError: A folder cannot be listed.
    """

    def fail(error: OSError) -> None:
        raise error

    files, seen = [], set()
    for parent, folders, names in os.walk(folder, followlinks=True, onerror=fail):
        status = Path(parent).stat()
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        # Sorted, so that of two links to one folder it is always the same one that counts.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    return files


def _is_file(path: Path) -> bool:
    """Whether it is a file, or a broken link, which is then left out with a reason; a pipe is neither."""
    return path.is_file() or not path.exists()


def _key_and_name(path: Path) -> tuple[str, str]:
    """The relative path as text that every file format can hold, names in old encodings included, and as it is."""
    name = path.as_posix()
    key = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    # Of 200,000 pictures it is worth while to keep one text and not two.
    return (name, name) if key == name else (key, name)


def _content(path: Path) -> bytes:
    """The hash of a file's content, worked out once per process and state of the file."""
    try:
        status = path.stat()
        state = _hash(b"%d %d " % (status.st_size, status.st_mtime_ns) + os.fsencode(path))
        if state not in _contents_by_state:
            _contents_by_state[state] = _hash_file(path)
        return _contents_by_state[state]
    except OSError:
        # It still needs a split, in which `read` says what is wrong with it.
        return _hash(b"unreadable\0" + os.fsencode(path))


_contents_by_state: dict[bytes, bytes] = {}
"""By a hash of a file's path, size and time: a path and two numbers would take five times the memory."""


def _hash(text: bytes) -> bytes:
    return hashlib.blake2b(text, digest_size=16).digest()


def _hash_file(path: Path) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _split_of(content: bytes) -> Split:
    share = int.from_bytes(content[:8], "big") / 2**64
    return "train" if share < 0.8 else "validation" if share < 0.9 else "test"


def _order_of(content: bytes) -> bytes:
    # Not the bytes that decide on the split, or the first in this order would all be training pictures.
    return content[8:]
