"""Pictures of a desktop with moving parts, as JPEG: what a student's machine would send."""

import hashlib
import io
import json
import math
import random

from PIL import Image, ImageDraw

SIZE = (640, 400)
WALLPAPER = ((28, 60, 92), (96, 150, 180))
PANEL = (32, 34, 40)
PAPER = (250, 250, 246)
INK = (40, 42, 48)
TITLE = (58, 104, 170)


class Desktop:
    """Draws frame n. The same seed draws the same pictures."""

    def __init__(self, seed=1):
        self._random = random.Random(seed)
        self._background = self._wallpaper()
        self._document = self._page()
        self._noise = [
            Image.effect_noise((240, 150), sigma).convert("RGB") for sigma in (12, 40, 90)]

    @staticmethod
    def _wallpaper():
        image = Image.new("RGB", SIZE)
        draw = ImageDraw.Draw(image)
        for y in range(SIZE[1]):
            share = y / SIZE[1]
            draw.line((0, y, SIZE[0], y), tuple(
                round(a + (b - a) * share) for a, b in zip(*WALLPAPER)))
        for i in range(5):
            draw.rounded_rectangle((14, 14 + 62 * i, 56, 56 + 62 * i), 8, (200, 120 + 20 * i, 60))
        draw.rectangle((0, SIZE[1] - 26, *SIZE), PANEL)
        return image

    def _page(self):
        """A long document to scroll through."""
        image = Image.new("RGB", (300, 1200), PAPER)
        draw = ImageDraw.Draw(image)
        for y in range(10, 1200, 14):
            x = 12
            while x < 270:
                word = self._random.randint(8, 44)
                draw.rectangle((x, y, min(x + word, 286), y + 6), INK)
                x += word + 6
        return image

    def draw(self, n, width=SIZE[0]):
        """Frame n, made `width` pixels wide."""
        image = self._compose(n)
        if width != SIZE[0]:
            image = image.resize((width, width * SIZE[1] // SIZE[0]), Image.Resampling.BOX)
        return image

    def _compose(self, n):
        image = self._background.copy()
        draw = ImageDraw.Draw(image)
        top = n * 6 % 900
        self._window(image, draw, (80, 30), self._document.crop((0, top, 300, top + 240)))
        x = round(330 + 50 * math.sin(n / 9))
        y = round(120 + 60 * math.cos(n / 13))
        self._window(image, draw, (x, y), self._film(n))
        draw.text((SIZE[0] - 80, SIZE[1] - 20), f"{n // 600:02}:{n // 10 % 60:02}.{n % 10}", PAPER)
        cursor = (n * 11 % SIZE[0], round(200 + 150 * math.sin(n / 5)))
        draw.polygon([cursor, (cursor[0] + 4, cursor[1] + 14), (cursor[0] + 11, cursor[1] + 10)],
                     PAPER, INK)
        return image

    @staticmethod
    def _window(image, draw, at, content):
        x, y = at
        draw.rectangle((x - 2, y - 18, x + content.width + 1, y + content.height + 1), TITLE)
        image.paste(content, at)

    def _film(self, n):
        """A film whose detail comes and goes: what makes the frames' sizes vary."""
        calm = Image.new("RGB", (240, 150), (n * 3 % 255, 90, 255 - n * 3 % 255))
        scene = self._noise[n // 25 % len(self._noise)].rotate(90 * (n % 4)).resize((240, 150))
        return Image.blend(calm, scene, 0.5 + 0.5 * math.sin(n / 17))


def encode(image, quality, about):
    """JPEG with `about` (an object) and the picture's digest in a comment segment."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    picture = out.getvalue()
    digest = hashlib.sha256(picture).hexdigest()
    note = json.dumps({**about, "size": image.size, "sha256": digest}).encode()
    return picture[:2] + b"\xff\xfe" + (len(note) + 2).to_bytes(2, "big") + note + picture[2:]


def decode(data):
    """What encode was told; ValueError if the bytes are not exactly such a picture."""
    if data[:4] != b"\xff\xd8\xff\xfe":
        raise ValueError("not a JPEG of ours")
    n = int.from_bytes(data[4:6], "big")
    about = json.loads(data[6:4 + n])
    picture = data[:2] + data[4 + n:]
    if hashlib.sha256(picture).hexdigest() != about["sha256"]:
        raise ValueError("the picture was altered")
    image = Image.open(io.BytesIO(picture))
    image.load()
    if list(image.size) != about["size"]:
        raise ValueError(f"a picture of {image.size}")
    return about
