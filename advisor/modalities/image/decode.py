"""Anything that shows a picture, to what a person would see of it: red, green and blue, scaled down once."""

from __future__ import annotations

import base64
import binascii
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

# Nothing that a learner is given is larger, and a photograph takes a hundredth of its memory.
LONGEST_SIDE = 128
# More than any camera makes; a file of a few kB may claim any size.
MOST_PIXELS = 120_000_000
# Read by Pillow itself: no format whose reading starts another program.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
ENDINGS = (".jpg", ".jpeg", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm")
# How files of these formats begin, whatever they are called.
BEGINNINGS = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n",
    b"GIF8",
    b"BM",
    b"RIFF",
    b"II*\x00",
    b"MM\x00*",
    b"P4\n",
    b"P5\n",
    b"P6\n",
)
DATA = re.compile(r"data:image/[a-z.+-]+;base64,", re.IGNORECASE)
# What white is in arrays that are not of bytes: the least of these that no value exceeds.
WHITES = (1.0, 16.0, 255.0, 1023.0, 4095.0, 65535.0)


class Unreadable(Exception):
    """There is no picture there that can be read; the text says why, as the end of a sentence."""


@dataclass(frozen=True)
class Picture:
    """A picture as it is learnt from, `pixels` uint8 (height, width, 3), and facts of the file that it came in."""

    pixels: np.ndarray
    facts: dict[str, Any]


def decoded(cell: Any, white: float | None = None) -> Picture:
    """Return the picture in a path, bytes, a text with data:image, an array (height, width[, 1, 3 or 4]) or Pillow's.

    `white` is what full brightness is in arrays that are not of bytes (None: found by the array alone). Raises
    Unreadable, with the reason, for whatever is none.
    """
    if isinstance(cell, np.ndarray):
        return Picture(_scaled(_of_array(cell, white)), {})
    if isinstance(cell, Image.Image):
        return Picture(_scaled(cell), {})
    if isinstance(cell, str) and DATA.match(cell):
        try:
            cell = base64.b64decode(cell.partition(",")[2], validate=True)
        except binascii.Error:
            raise Unreadable("its text is not base64") from None
    if not isinstance(cell, (str, Path, bytes, bytearray, memoryview)):
        raise Unreadable(f"a {type(cell).__name__} is no picture")
    return _of_file(cell if isinstance(cell, (str, Path)) else bytes(cell))


def pixels_of(pictures: Any, side: int) -> np.ndarray:
    """Return pictures (n arrays) stretched to squares, uint8 (n, side, side, 3)."""
    found = np.empty((len(pictures), side, side, 3), dtype=np.uint8)
    for place, picture in enumerate(pictures):
        if picture.shape[:2] != (side, side):
            picture = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR))
        found[place] = picture
    return found


def as_text(pixels: np.ndarray, longest: int = LONGEST_SIDE) -> str:
    """Return a picture (height, width, 3) as a text that shows it anywhere: data:image/png and base64."""
    image = Image.fromarray(pixels)
    image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    if _grey(pixels):
        image = image.convert("L")
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _grey(pixels: np.ndarray) -> bool:
    return bool((pixels == pixels[..., :1]).all())


def are_grey(pictures: Any) -> bool:
    """Tell whether no picture (height, width, 3) of these has a colour."""
    return all(_grey(picture) for picture in pictures)


def white_of(array: np.ndarray) -> float:
    """Return what full brightness is in an array of pictures; raises Unreadable where its values are no brightness."""
    if array.dtype.kind == "b":
        return 1.0
    if array.dtype == np.uint8:
        return 255.0
    if array.dtype.kind not in "iuf" or not array.size:
        raise Unreadable(f"an array of {array.dtype} without brightness is no picture")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)) or low < 0:
        raise Unreadable("its values are negative, infinite or NaN, where brightness goes from 0 to 1 or to 255")
    return next((white for white in WHITES if high <= white), high)


def _of_array(array: np.ndarray, white: float | None) -> Image.Image:
    if array.ndim == 3 and array.shape[-1] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = np.moveaxis(array, 0, -1)  # channels first
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[-1] not in (1, 3, 4)) or not array.size:
        raise Unreadable(f"an array of shape {array.shape} is no picture (height, width, 3)")
    if array.ndim == 3 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.dtype != np.uint8:
        full = white_of(array) if white is None else white
        array = np.clip(np.nan_to_num(array.astype(np.float64)) * (255.0 / full), 0, 255).round().astype(np.uint8)
    return Image.fromarray(np.ascontiguousarray(array))


def _of_file(source: str | Path | bytes) -> Picture:
    size = len(source) if isinstance(source, bytes) else _size(source)
    if not size:
        raise Unreadable("0 bytes")
    Image.init()  # else formats that are seldom asked for are not known by their names
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, and of sizes that are refused below
        try:
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise Unreadable(f"{width:,} by {height:,} pixels, more than any picture needs")
                facts = {
                    "format": image.format,
                    "mode": image.mode,
                    "width": float(width),
                    "height": float(height),
                    "bytes a pixel": size / (width * height),
                    "camera": str(image.getexif().get(ExifTags.Base.Model, "none")).strip("\0 "),
                }
                if image.mode in ("L", "RGB"):
                    image.draft(image.mode, (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
                return Picture(_scaled(image), facts)
        except Image.DecompressionBombError:
            raise Unreadable(f"more than {MOST_PIXELS:,} pixels, which no picture needs") from None
        except UnidentifiedImageError:
            raise Unreadable("no picture of a known format") from None
        except Unreadable:
            raise
        except Exception as problem:  # Pillow has errors of many kinds for a broken file
            reason = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
            raise Unreadable(f"broken: {reason.splitlines()[0][:80]}") from None


def _size(path: str | Path) -> int:
    try:
        return Path(path).stat().st_size if Path(path).is_file() else _no_file(path)
    except (OSError, ValueError) as problem:
        raise Unreadable(getattr(problem, "strerror", None) or "no name of a file") from None


def _no_file(path: str | Path) -> int:
    raise Unreadable("a folder" if Path(path).is_dir() else "no such file")


def _scaled(image: Image.Image) -> np.ndarray:
    """Turn a picture as its camera says, scale it down, and lay it on white where it is transparent."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith(("I", "F")):
        image = _of_array(np.asarray(image), 65535.0 if image.mode.startswith("I") else None)
    if image.mode == "P" or image.mode in ("LA", "PA", "La") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("RGB", "RGBA", "L"):
        image = image.convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    if image.mode == "RGBA":
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper
    return np.array(image.convert("RGB"))
