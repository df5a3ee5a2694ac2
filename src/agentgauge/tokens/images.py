"""What an image costs, by the rules that providers publish.

OpenAI: https://platform.openai.com/docs/guides/images-vision (tiles of 512 pixels, or patches of 32).
Anthropic: https://docs.claude.com/en/docs/build-with-claude/vision (pixels / 750, no side over 1568).
The size is read from the image's own head, so that only images inside the request can be counted.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from dataclasses import dataclass

_HEAD_CHARS = 87_384  # of base64: 64 KiB, past any camera's preview
_PNG = b"\x89PNG\r\n\x1a\n"
_SIZED = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # JPEG's frame headers


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a request; `size` is (width, height) in pixels, None where it cannot be read."""

    size: tuple[int, int] | None
    detail: str = "auto"


# Name, then base and tile of a tiled image.
_TILED = (
    (re.compile(r"gpt-4o-mini"), 2833, 5667),
    (re.compile(r"gpt-4o|gpt-4\.1(-\d{4}|$)|gpt-4\.5|gpt-4-(turbo|vision|1106|0125)"), 85, 170),
    (re.compile(r"gpt-5(-chat.*|-\d{4}.*)?$"), 70, 140),
    (re.compile(r"o[13](?!-mini)"), 75, 150),
    (re.compile(r"computer-use"), 65, 129),
)
# Name, then per cent of the number of patches. Those of GPT-5 and later are fitted to 11 recorded requests.
_PATCHED = (
    (re.compile(r"gpt-4\.1-mini"), 162),
    (re.compile(r"gpt-4\.1-nano"), 246),
    (re.compile(r"gpt-5-mini|gpt-5\.[2-9]"), 120),
    (re.compile(r"gpt-5-nano"), 150),
    (re.compile(r"o4-mini"), 172),
)
_MOST_PATCHES = 1536
_LARGER = re.compile(r"gpt-5\.[2-9]")  # takes more than these, how many is not published for all of them


def image_tokens(image: Image, model: str) -> int | None:
    """Tokens of one image; None where there is no rule, or no size to put in."""
    name = model.lower().rpartition("/")[2].removeprefix("ft:")
    if "claude" in name:
        return None if image.size is None else _by_area(*image.size)
    for pattern, base, tile in _TILED:
        if pattern.match(name):
            if image.detail == "low":
                return base
            return None if image.size is None else base + tile * _tiles(*image.size)
    for pattern, per_cent in _PATCHED:
        if pattern.match(name):
            if image.size is None or (_LARGER.match(name) and _covering(*image.size) > _MOST_PATCHES):
                return None
            return math.ceil(_patches(*image.size) * per_cent / 100)
    return None


def _tiles(width: float, height: float) -> int:
    """Tiles of 512, after fitting into 2048 x 2048 and then the short side into 768."""
    fit = min(1, 2048 / max(width, height))
    fit *= min(1, 768 / (min(width, height) * fit))
    return math.ceil(round(width * fit) / 512) * math.ceil(round(height * fit) / 512)


def _covering(width: float, height: float) -> int:
    return math.ceil(width / 32) * math.ceil(height / 32)


def _patches(width: float, height: float) -> int:
    if (patches := _covering(width, height)) <= _MOST_PATCHES:
        return patches
    fit = math.sqrt(32**2 * _MOST_PATCHES / (width * height))
    wide, high = width * fit / 32, height * fit / 32
    fit = min(math.floor(wide) / wide, math.floor(high) / high)
    return min(math.ceil(wide * fit) * math.ceil(high * fit), _MOST_PATCHES)


def _by_area(width: float, height: float) -> int:
    fit = min(1, 1568 / max(width, height))
    return math.ceil(width * fit * height * fit / 750)


def size_of(data: str) -> tuple[int, int] | None:
    """Width and height of a PNG, JPEG, GIF or WebP in base64, with or without `data:…;base64,` before it."""
    encoded = data.partition(";base64,")[2] if data.startswith("data:") else data
    try:
        head = base64.b64decode(encoded[: min(len(encoded), _HEAD_CHARS) // 4 * 4], validate=True)
        found = _read_size(head)
    except (ValueError, binascii.Error, struct.error, IndexError):
        return None
    return found if found is not None and min(found) > 0 else None


def _read_size(head: bytes) -> tuple[int, int] | None:
    if head.startswith(_PNG):
        width, height = struct.unpack(">II", head[16:24])
        return width, height
    if head[:3] == b"GIF":
        width, height = struct.unpack("<HH", head[6:10])
        return width, height
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    return _jpeg(head) if head.startswith(b"\xff\xd8") else None


def _webp(head: bytes) -> tuple[int, int] | None:
    kind = head[12:16]
    if kind == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return None


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:  # noqa: PLR2004  # every segment starts with it
            return None
        if head[at + 1] in _SIZED:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None
