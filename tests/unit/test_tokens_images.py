"""Images by the published rules: tiles, patches, area; what cannot be known is no number."""

from __future__ import annotations

import base64
import struct

import pytest

from agentgauge.tokens import count, count_exchange
from agentgauge.tokens.images import Image, image_tokens, size_of


def encoded(head):
    return base64.b64encode(head + bytes(40)).decode()


def png(width, height):
    return encoded(b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height))


HEADS = {
    "png": png(640, 480),
    "gif": encoded(b"GIF89a" + struct.pack("<HH", 640, 480)),
    "jpeg": encoded(b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08" + struct.pack(">HH", 480, 640)),
    "webp, lossy": encoded(b"RIFF0000WEBPVP8 " + bytes(10) + struct.pack("<HH", 640, 480)),
    "webp, lossless": encoded(b"RIFF0000WEBPVP8L" + bytes(5) + struct.pack("<I", 639 | 479 << 14)),
    "webp, extended": encoded(b"RIFF0000WEBPVP8X" + bytes(8) + b"\x7f\x02\x00\xdf\x01\x00"),
}


@pytest.mark.parametrize("data", HEADS.values(), ids=HEADS)
def test_the_size_is_in_the_images_head(data):
    assert size_of(data) == (640, 480)
    assert size_of(f"data:image/any;base64,{data}") == (640, 480)


@pytest.mark.parametrize(
    "data", ["", "https://example.org/cat.png", "!!!!", png(0, 5), encoded(b"\xff\xd8\xff")]
)
def test_what_has_no_size(data):
    assert size_of(data) is None


# The first four are OpenAI's own examples (1024 x 1024, 2048 x 4096, low detail, 1800 x 2400 in patches).
@pytest.mark.parametrize(
    ("model", "size", "detail", "tokens"),
    [
        ("gpt-4o", (1024, 1024), "high", 765),
        ("gpt-4o", (2048, 4096), "high", 1105),
        ("gpt-4o", (4096, 8192), "low", 85),
        ("o4-mini", (1800, 2400), "auto", 2498),  # 1452 patches x 1.72
        ("gpt-4o-mini", (512, 512), "auto", 8500),
        ("gpt-4o", None, "low", 85),
        ("gpt-4o", None, "auto", None),
        ("gpt-4.1-nano", (32, 33), "auto", 5),
        ("claude-sonnet-4-5", (750, 100), "auto", 100),
        ("claude-sonnet-4-5", (3136, 750), "auto", 784),
        ("gpt-5.4-nano", (512, 512), "auto", 308),  # 256 patches x 1.2
        ("gpt-5.6-terra", (2048, 2048), "auto", None),  # 4,096 patches: how it is made smaller is not known
        ("gpt-5.1", (32, 32), "auto", None),
        ("mistral-large", (32, 32), "auto", None),
    ],
)
def test_rules(model, size, detail, tokens):
    assert image_tokens(Image(size, detail), model) == tokens


def asked(*parts):
    return [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, *parts]}]


def test_an_image_whose_rule_is_known_is_counted():
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{png(512, 512)}"}}
    plain = count(asked(), model="gpt-4o").input_tokens
    assert count(asked(image), model="gpt-4o").input_tokens == plain + 255


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        ({"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}, "image"),
        ({"type": "file", "file": {"file_data": "JVBERi0="}}, "file"),
        ({"type": "input_audio", "input_audio": {"data": "UklGRg=="}}, "audio"),
        ({"type": "document", "source": {"data": "JVBERi0="}}, "document"),
    ],
)
def test_what_has_no_rule_is_not_attributable_and_no_number(part, kind):
    def counted(*parts):
        return count_exchange(
            operation="chat", model="gpt-4o", request={"messages": asked(*parts)}, answers=[]
        )

    assert counted(part).not_attributable == (kind,)
    assert counted(part).input_tokens == counted().input_tokens
