"""What a preparation remembers of each picture, so that 200,000 of them fit the memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[3]
PICTURES = 8000

# Arguments: a small folder, a large one, a cache. Tells the growth of this process's own memory in bytes.
SCRIPT = """
import re, sys
from pathlib import Path
from registry.datasets.folder import Folder
from registry.datasets.prepared import prepare

def resident():
    return 1024 * int(re.search(r"RssAnon:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

small, large, cache = sys.argv[1:]
prepare(Folder(small), "small", 32, cache=Path(cache))  # so that everything is imported
before = most = resident()
def watch(done, total):
    global most
    most = max(most, resident())
prepared = prepare(Folder(large), "large", 32, cache=Path(cache), progress=watch)
assert sum(map(len, prepared.split_keys.values())) == int(open(large + ".count").read())
for split in prepared.split_keys:
    for picture in prepared.pictures(split):
        picture.sum()
print(max(most, resident()) - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux")
def test_a_picture_takes_less_than_one_and_a_half_kilobytes_of_memory(tmp_path):
    for name, count in (("small", 100), ("large", PICTURES)):
        (tmp_path / name).mkdir()
        (tmp_path / f"{name}.count").write_text(str(count))
        for seed in range(count):
            noise = np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(noise).save(tmp_path / name / f"{seed:06d}.jpg")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, tmp_path / "small", tmp_path / "large", tmp_path / "cache"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    # Room for 200,000 pictures in 0.3 GB; the pictures themselves would take 2.5 at 64 pixels.
    growth = int(done.stdout) / PICTURES
    print(f"{growth:.0f} bytes a picture")
    assert growth < 1536


COUNTING = """
import re, sys
from pathlib import Path
import numpy as np
from registry.datasets.base import DataSet
from registry.datasets.prepared import prepare

class Numbered(DataSet):
    split_rule = resize_rule = "By number."
    def __init__(self, n):
        self.n = n
    revision = property(lambda self: str(self.n))
    def keys(self):
        return {"train": [str(i) for i in range(self.n)], "validation": ["a"], "test": ["b"]}
    def read(self, key, image_size):
        return np.full((image_size, image_size, 3), hash(key) % 256, np.uint8)

def most(reset=False):
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])

def counted(n, name):
    prepared = prepare(Numbered(n), name, 64, cache=Path(sys.argv[1]))
    most(reset=True)
    prepared.train_mean_ab
    return most()

counted(2000, "first")  # so that everything is imported
print(counted(40_000, "large") - counted(2000, "small"))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is told by Linux")
def test_counting_colours_does_not_take_the_whole_array_into_memory(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", COUNTING, tmp_path], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
    )
    # Against a small array: what a stretch of pictures takes for its conversion is the same for both.
    further_pictures = 38_000 * 64 * 64 * 3
    print(f"{int(done.stdout):,} bytes more")
    assert int(done.stdout) < further_pictures / 2
