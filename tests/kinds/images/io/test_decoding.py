"""Decoding gives a file's pixels, says what it could not keep, and survives hostile bytes."""

from __future__ import annotations

import io
import random
import warnings

import numpy as np
import pytest
from PIL import Image

from augment.kinds.images.io.decoding import Undecodable, decode, decode_8bit, header_of
from tests.kinds.images import pictures


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_decoding_undoes_encoding(channels: int) -> None:
    pixels = pictures.noise(1, channels=channels)
    assert np.array_equal(decode(pictures.file_of(pixels)).pixels, pixels)


def test_sixteen_bit_gray_is_kept_by_transform_and_scaled_for_a_canvas() -> None:
    pixels = np.linspace(0, 65535, 12 * 16).reshape(12, 16).astype(np.uint16)
    data = pictures.file_of(pixels)
    assert np.array_equal(decode(data).pixels, pixels)
    scaled = decode_8bit(data, "white")
    assert scaled.pixels.min() == 0 and scaled.pixels.max() == 255
    assert abs(scaled.pixels.astype(float) - pixels / 257).max() <= 0.5
    assert "16-bit" in scaled.notes[0]


def test_sixteen_bit_colour_is_never_cut_in_silence() -> None:
    with pytest.raises(Undecodable, match="16 bits"):
        decode(pictures.deep_rgb())
    assert "16-bit" in decode_8bit(pictures.deep_rgb(), "white").notes[0]


def test_transparency_is_kept_laid_on_a_ground_or_refused() -> None:
    pixels = pictures.noise(1, channels=4)
    pixels[..., 3] = 0
    data = pictures.file_of(pixels)
    assert decode(data).mode == "rgba"
    assert (decode_8bit(data, "white").pixels == 255).all()
    assert (decode_8bit(data, "black").pixels == 0).all()
    assert "laid on white" in decode_8bit(data, "white").notes[0]
    with pytest.raises(Undecodable, match="--alpha"):
        decode_8bit(data, "fail")


def test_alpha_that_hides_nothing_goes_without_a_note() -> None:
    pixels = pictures.noise(1, channels=4)
    pixels[..., 3] = 255
    picture = decode(pictures.file_of(pixels))
    assert picture.mode == "rgb" and not picture.notes
    assert np.array_equal(picture.pixels, pixels[..., :3])


def test_a_palette_with_transparency_is_rgba_and_one_without_is_rgb() -> None:
    image = Image.fromarray(pictures.noise(2)).quantize(8)
    plain, clear = io.BytesIO(), io.BytesIO()
    image.save(plain, "PNG")
    image.save(clear, "PNG", transparency=0)
    assert decode(plain.getvalue()).mode == "rgb"
    assert np.array_equal(decode(plain.getvalue()).pixels, np.asarray(image.convert("RGB")))
    assert decode(clear.getvalue()).mode == "rgba"


def test_cmyk_becomes_rgb_with_a_note() -> None:
    picture = decode(pictures.file_of(pictures.noise(1), "JPEG", mode="CMYK"))
    assert picture.mode == "rgb" and "CMYK" in picture.notes[0]


def test_exif_orientation_is_applied() -> None:
    data = pictures.turned()
    header, picture = header_of(data), decode(data)
    assert (header.width, header.height) == (12, 16) == picture.pixels.shape[1::-1]
    stored = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(picture.pixels, np.rot90(stored, -1))


@pytest.mark.parametrize("name", pictures.BAD)
def test_bad_files_are_refused_with_a_reason(name: str) -> None:
    make, reason = pictures.BAD[name]
    with pytest.raises(Undecodable, match=reason):
        decode(make())


@pytest.mark.parametrize("cut", range(0, 600, 37))
def test_no_cut_of_a_file_raises_or_says_anything_else(
    cut: int, recwarn: pytest.WarningsRecorder
) -> None:
    for format in ("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"):
        data = pictures.file_of(pictures.noise(3), format)
        broken = data[:cut] + b"\xff" + data[cut + 1 :]
        for candidate in (data[:cut], broken):
            try:
                decode(candidate)
                header_of(candidate)
            except Undecodable:
                continue
    assert [str(each.message) for each in recwarn] == []


def test_a_damaged_tiff_is_undecodable_whatever_its_decoder_raises() -> None:
    noise = pictures.noise(1)
    for compression in (None, "tiff_lzw", "jpeg", "tiff_deflate", "packbits"):
        stream = io.BytesIO()
        Image.fromarray(noise).save(stream, "TIFF", compression=compression)
        for seed in range(150):
            rng, data = random.Random(seed), bytearray(stream.getvalue())
            for _ in range(rng.choice([1, 4, 16])):
                data[rng.randrange(len(data))] = rng.randrange(256)
            for look in (header_of, decode):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        look(bytes(data))
                    except Undecodable:
                        continue


@pytest.mark.parametrize("said", [MemoryError(), OSError("out of memory error when reading")])
def test_lack_of_memory_is_no_fault_of_the_image(
    said: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*given: object) -> None:
        raise said

    def none_left(size: int) -> bytearray:
        raise MemoryError

    data = pictures.file_of(pictures.noise(1))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lacking)
    monkeypatch.setattr("augment.kinds.images.io.decoding.bytearray", none_left, raising=False)
    with pytest.raises(MemoryError):
        decode(data)


def test_a_decoder_that_says_so_with_memory_left_means_a_damaged_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def lacking(*given: object) -> None:
        raise OSError("out of memory error when reading image file")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lacking)
    with pytest.raises(Undecodable, match="damaged"):
        decode(pictures.file_of(pictures.noise(1)))


def test_no_bit_of_a_png_can_flip_unseen() -> None:
    """Pillow alone takes one in twenty of these for pixels: a slope packs into few bytes."""
    slope = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    data = pictures.file_of(slope)
    decode(data + b"what follows the end is no part of the image")
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Undecodable):
            decode(bytes(flipped))


def test_a_png_without_its_end_is_undecodable() -> None:
    data = pictures.file_of(pictures.noise(1))
    for end in (len(data) - 1, len(data) - 12):
        with pytest.raises(Undecodable, match="its end is missing"):
            decode(data[:end])
