"""A folder of odd files through the real command: each is used rightly or named with a reason."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[3]
EXIF_ORIENTATION = 0x0112
RED, GREEN, BLUE = (200, 40, 40), (40, 200, 40), (40, 40, 200)

# Tells the most memory that the command took, in kB. Not by `resource`: that includes the process it was forked from.
MEASURED = """
import re, runpy, sys
sys.argv[:1] = ["bench"]
try:
    runpy.run_module("bench", run_name="__main__")
finally:
    print("peak", re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1])
"""


def halves(above, below) -> Image.Image:
    picture = Image.new("RGB", (60, 60), above)
    picture.paste(below, (0, 30, 60, 60))
    return picture


def write_odd_files(folder: Path) -> tuple[dict[str, list], dict[str, str]]:
    """Odd files and what becomes of each: the colours of its upper and lower half, or the reason it is left out."""
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "truncated.jpg")
    whole = (folder / "truncated.jpg").read_bytes()
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.png").write_text("Dear reader, this is no picture.")
    Image.new("RGB", (1, 1), RED).save(folder / "one-pixel.png")
    Image.fromarray(np.linspace(0, 65535, 3600).astype(np.uint16).reshape(60, 60)).save(folder / "16-bit.png")
    Image.new("CMYK", (60, 60), (0, 255, 255, 0)).save(folder / "cmyk.jpg", quality=95)
    halves(RED, BLUE).quantize(8).save(folder / "palette.png")
    frames = [halves(GREEN, RED), halves(BLUE, BLUE)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:])
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 3  # upside down
    halves(RED, BLUE).save(folder / "rotated.jpg", exif=exif, quality=95)
    Image.new("RGB", (20_000, 20_000), GREEN).save(folder / "huge.jpg", quality=50)
    Image.new("RGB", (20_000, 20_000), BLUE).save(folder / "huge.png", compress_level=1)
    (folder / "broken-link.jpg").symlink_to("nowhere.jpg")
    used = {
        "one-pixel.png": [RED, RED],
        "cmyk.jpg": [(255, 0, 0), (255, 0, 0)],
        "palette.png": [RED, BLUE],
        "animated.gif": [GREEN, RED],
        "rotated.jpg": [BLUE, RED],
        "huge.jpg": [GREEN, GREEN],
        "huge.png": [BLUE, BLUE],
    }
    reasons = {
        "truncated.jpg": "truncated",
        "empty.jpg": "empty, damaged",
        "text.png": "no JPEG, PNG",
        "16-bit.png": "less than 1% of its pixels have a chroma of 6",
        "broken-link.jpg": "No such file",
    }
    return used, reasons


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told by Linux")
def test_every_odd_file_is_used_rightly_or_named_with_a_reason(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for seed in range(80):
        noise = np.random.default_rng(seed).integers(0, 256, (12, 10, 3), dtype=np.uint8)
        Image.fromarray(noise).save(photos / f"{seed}.png")
    used, reasons = write_odd_files(photos)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "prepare", f"folder(path={photos})", "--image-size", "32", "--workers", "1"],
        cwd=REPOSITORY,
        env={**os.environ, "COLORIZATION_BENCH_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert "left out: 5 (1 grey, 4 unreadable)" in done.stdout
    (manifest_file,) = tmp_path.glob("cache/data/*/manifest.json")
    manifest = json.loads(manifest_file.read_text())
    left_out = {one["key"]: one for one in manifest["left_out"]}
    assert left_out.keys() == reasons.keys()
    for key, reason in reasons.items():
        assert reason in left_out[key]["reason"]
        assert left_out[key]["kind"] == ("grey" if key == "16-bit.png" else "unreadable")
        assert f"{key}: {left_out[key]['reason']}" in done.stdout
    keys = [key for split in manifest["split_keys"].values() for key in split]
    pictures = np.load(manifest_file.with_name("pictures.npy"))
    assert len(keys) == len(pictures) == 80 + len(used)
    for key, (above, below) in used.items():
        picture = pictures[keys.index(key)].astype(int)
        assert np.abs(picture[:12] - above).max() < 20, key
        assert np.abs(picture[20:] - below).max() < 20, key
    # The pixels of the huge PNG take 1,562,500 once; those of the huge JPEG are never there as a whole.
    assert int(done.stdout.split()[-1]) < 1_800_000
