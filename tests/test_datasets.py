import gzip
import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from poolkit import datasets
from poolkit.compat import torchvision
from poolkit.datasets import (
    DATA,
    FASHION_CLASSES,
    PHOTOS,
    SCENE_CLASSES,
    VOID,
    fashion_mnist,
    fashion_scenes,
    photo,
    to_tensors,
)
from tools.lessons import NOTEBOOKS

FILES = sorted((DATA / "FashionMNIST" / "raw").glob("*.gz"))


@pytest.fixture
def data(tmp_path):
    """A data folder that a test may damage: links, so that nothing is copied until it is."""
    shutil.copytree(DATA, tmp_path / "data", copy_function=os.symlink)
    return tmp_path / "data"


def contents(folder):
    return {p: p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def idx(name):
    """Read one of the original files by the format that Fashion-MNIST documents."""
    raw = gzip.decompress((DATA / "FashionMNIST" / "raw" / f"{name}-ubyte.gz").read_bytes())
    axes = raw[3]
    shape = np.frombuffer(raw, ">i4", axes, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


@pytest.mark.parametrize(
    ("train", "prefix", "count"), [(True, "train", 60_000), (False, "t10k", 10_000)]
)
def test_images_and_labels_are_those_in_the_files(train, prefix, count):
    images, labels = fashion_mnist(train)
    assert images.shape == (count, 1, 28, 28)
    assert np.array_equal(images[:, 0].numpy(), idx(f"{prefix}-images-idx3"))
    assert np.array_equal(labels.numpy(), idx(f"{prefix}-labels-idx1"))
    assert labels.bincount().tolist() == [count // 10] * 10


def test_classes_are_in_the_order_of_the_paper():
    assert FASHION_CLASSES[:2] == ("T-shirt/top", "Trouser")
    assert FASHION_CLASSES[9] == "Ankle boot"


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
@pytest.mark.parametrize("damage", ["truncated", "altered", "missing", "empty"])
def test_a_bad_file_is_named_and_nothing_is_left_behind(data, path, damage):
    target = data / "FashionMNIST" / "raw" / path.name
    content = bytearray(target.read_bytes())
    target.unlink()
    if damage != "missing":
        content[len(content) // 2] ^= 1
        target.write_bytes({"truncated": content[:-1], "altered": content, "empty": b""}[damage])
    before = contents(data)
    with pytest.raises(FileNotFoundError if damage == "missing" else OSError) as error:
        fashion_mnist(root=data)
    assert str(target) in str(error.value)
    assert "git checkout -- data" in str(error.value)
    assert contents(data) == before


def test_a_read_only_folder_works(data):
    folders = [data, *(p for p in data.rglob("*") if p.is_dir())]
    for folder in folders:
        folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        before = contents(data)
        images, _ = fashion_mnist(train=False, root=data)
        # Root may write in spite of the permissions, so see that nothing was written either.
        assert contents(data) == before
        assert len(images) == 10_000
        assert photo("camera", root=data).shape == (1, 512, 512)
    finally:
        for folder in folders:
            folder.chmod(stat.S_IRWXU)


def test_in_a_course_without_its_data_the_cure_is_named(tmp_path, monkeypatch):
    """pip install . copies the modules, and leaves the data where it is."""
    for name in ("datasets.py", "metrics.py", "checks.py", "__init__.py"):
        (tmp_path / "poolkit").mkdir(exist_ok=True)
        shutil.copy(Path(datasets.__file__).parent / name, tmp_path / "poolkit" / name)
    code = (
        "from poolkit import datasets\n"
        "for read in (datasets.fashion_mnist, lambda: datasets.photo('camera')):\n"
        "    try: read()\n"
        "    except FileNotFoundError as error: print(error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    said = run.stdout.splitlines()
    assert len(said) == 2, run.stderr
    for line in said:
        assert line.startswith(str(tmp_path / "data"))
        assert "type `pip install -e .`" in line and "git" not in line


@pytest.mark.parametrize(("name", "shape"), [("camera", (1, 512, 512)), ("chelsea", (3, 300, 451))])
def test_photos_are_those_in_the_files(name, shape):
    pixels = np.asarray(Image.open(DATA / "photos" / f"{name}.png"))
    channels_first = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)
    image = photo(name)
    assert image.shape == shape
    assert np.array_equal(image.numpy(), channels_first)


def test_an_unknown_photo_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match=r"name='dog' is not one of the photos: camera, chelsea"):
        photo("dog")


@pytest.mark.parametrize("name", PHOTOS)
def test_a_damaged_or_missing_photo_is_named(data, name):
    path = data / "photos" / f"{name}.png"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-20])
    with pytest.raises(OSError, match=f"{name}.png is damaged"):
        photo(name, root=data)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f"{name}.png is missing"):
        photo(name, root=data)


def test_scenes_are_whole_and_repeat():
    scenes = fashion_scenes(40, "test", seed=3)
    assert scenes.images.shape == (40, 1, 64, 64) and scenes.masks.shape == (40, 64, 64)
    assert scenes.images.dtype == scenes.masks.dtype == torch.uint8
    assert set(scenes.masks.unique().tolist()) == set(range(len(SCENE_CLASSES)))
    again = fashion_scenes(40, "test", seed=3)
    assert torch.equal(scenes.images, again.images) and torch.equal(scenes.masks, again.masks)
    for other in (fashion_scenes(40, "test", seed=4), fashion_scenes(40, "train", seed=3)):
        assert (other.masks != scenes.masks).double().mean() > 0.2
    assert len({mask.numpy().tobytes() for mask in scenes.masks}) == 40


def test_the_scenes_of_the_stored_results_are_the_same_on_every_machine():
    found = [
        hashlib.sha256(x.numpy().tobytes()).hexdigest()[:16]
        for split in ("train", "test")
        for scenes in [fashion_scenes(20, split)]
        for x in (scenes.images, scenes.masks)
    ]
    assert found == [
        "8582e5ab19882ccb",
        "d4ac22cc2fcfa773",
        "9a089858e4b85494",
        "19ff1c62ab0e8641",
    ]


@pytest.fixture
def blocks(monkeypatch):
    """Clothes that are full squares: label 0 is dark, label 9 bright, brighter than any other."""

    def fake(train, root):
        asked.append(train)
        labels = torch.tensor([0, 9] * 50)
        grey = torch.where(labels == 0, 40, 250).to(torch.uint8)
        return grey[:, None, None, None].expand(100, 1, 28, 28), labels

    asked = []
    monkeypatch.setattr(datasets, "fashion_mnist", fake)
    return asked


def test_a_mask_says_what_is_seen_at_each_pixel(blocks):
    scenes = fashion_scenes(100)
    images, masks = scenes.images[:, 0].int(), scenes.masks
    assert set(masks.unique().tolist()) == {0, 1, 10}
    # Three quarters of 40 and 250 at least, the background 150 at most; the noise is below 17.
    assert torch.equal(images > 170, masks == 10)
    dark = images[masks == 1]
    assert dark.min() >= 14 and dark.max() <= 56
    ground = images[masks == 0].float()
    assert ground.max() <= 166 and ground.std() > 15
    # Four squares of 28, which may hide each other and reach out of the scene by 8 pixels at most.
    covered = (masks > 0).sum(dim=(1, 2))
    assert covered.max() <= 4 * 28**2 and covered.min() > 20**2
    for side in (masks[:, 0], masks[:, -1], masks[:, :, 0], masks[:, :, -1]):
        assert (side > 0).any()


def test_clothes_reach_into_each_corner_of_some_scenes(blocks):
    masks = fashion_scenes(300).masks > 0
    for corner in (masks[:, :8, :8], masks[:, :8, -8:], masks[:, -8:, :8], masks[:, -8:, -8:]):
        assert 0 < corner.any(dim=(1, 2)).double().mean() < 1


def test_which_item_hides_which_is_random(blocks, monkeypatch):
    monkeypatch.setattr(datasets, "_CELL", 16)
    monkeypatch.setattr(datasets, "_OFFSET", (0, 0))
    masks = fashion_scenes(300, size=32).masks
    # Four squares of 28, at rows and columns 0 and 16: all have the pixel (20, 20).
    places = [(2, 2), (2, 30), (30, 2), (30, 30)]
    same = [(masks[:, 20, 20] == masks[:, r, c]).double().mean().item() for r, c in places]
    # A quarter of the time it is the item's own pixel, else the same class half the time.
    assert same == pytest.approx([1 / 4 + 3 / 4 / 2] * 4, abs=0.1)


def test_some_clothes_are_mirrored(monkeypatch):
    item = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    item[..., 4:10] = 250
    monkeypatch.setattr(datasets, "fashion_mnist", lambda *_: (item, torch.tensor([4])))
    masks = fashion_scenes(200, size=32).masks
    # One item in a scene, 6 columns wide, whose first is at -8 ... 12 plus 4, or plus 18.
    first = (masks == 5).any(dim=1).double().argmax(dim=1)
    assert (first <= 3).any() and (first >= 24).any()


def test_gaps_of_two_pixels_are_filled_and_wider_ones_are_not(monkeypatch):
    item = torch.full((1, 1, 28, 28), 250, dtype=torch.uint8)
    item[..., 8:10, 5:23] = 20
    item[..., 15:18, 5:23] = 20
    monkeypatch.setattr(datasets, "fashion_mnist", lambda *_: (item, torch.tensor([0])))
    monkeypatch.setattr(datasets, "_OFFSET", (2, 2))
    masks = fashion_scenes(1, size=32).masks[0]
    expected = torch.zeros(32, 32, dtype=torch.uint8)
    expected[2:30, 2:30] = 1
    expected[17:20, 7:25] = 0
    assert torch.equal(masks, expected)


def test_train_scenes_take_training_items_only_and_test_scenes_test_items(blocks):
    fashion_scenes(2, "train")
    fashion_scenes(2, "test")
    assert blocks == [True, False]


def test_larger_scenes_have_more_clothes(blocks):
    small, large = fashion_scenes(60, size=64), fashion_scenes(60, size=128)
    assert large.images.shape == (60, 1, 128, 128)
    shares = [(s.masks > 0).double().mean().item() for s in (small, large)]
    assert shares[0] == pytest.approx(shares[1], abs=0.08)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n=0 must be at least 1"),
        ({"n": 2.0}, r"n=2\.0 must be a whole number"),
        ({"n": True}, "n=True must be a whole number"),
        ({"split": "val"}, "split='val' is not one of train, test"),
        ({"seed": -1}, "seed=-1 must be at least 0"),
        ({"size": 31}, "size=31 must be at least 32"),
    ],
)
def test_bad_scenes_are_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fashion_scenes(**{"n": 1, **arguments})


def test_a_background_is_resized_bilinearly():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (5, 9, 9))
    for side in (9, 28, 36, 64):
        expected = F.interpolate(
            torch.from_numpy(images)[:, None].double(), (side, side), mode="bilinear"
        )
        # Places are rounded to 1/64 of a pixel, results down.
        assert abs(datasets._resize(images, side) - expected[:, 0].numpy()).max() < 2 * 255 / 64 + 1
    assert np.array_equal(datasets._resize(images, 9), images)


def test_scenes_are_pairs_of_pictures_as_torchvisions_sets_give_them():
    plain = fashion_scenes(5)
    image, mask = plain[2]
    assert len(plain) == 5
    assert np.array_equal(np.asarray(image), plain.images[2, 0].numpy())
    assert np.array_equal(np.asarray(mask), plain.masks[2].numpy())
    flipped = fashion_scenes(5, transforms=lambda *pair: tuple(x.rotate(180) for x in pair))
    assert np.array_equal(np.asarray(flipped[2][0]), np.asarray(image)[::-1, ::-1])
    assert np.array_equal(np.asarray(flipped[2][1]), np.asarray(mask)[::-1, ::-1])
    with pytest.raises(IndexError):
        plain[5]


def test_scenes_as_tensors_are_the_scenes():
    scenes = fashion_scenes(5)
    images, masks = to_tensors(scenes)
    assert torch.equal(images, scenes.images)
    assert masks.dtype == torch.int64 and torch.equal(masks, scenes.masks.long())


def test_scenes_get_smaller_by_the_nearest_class():
    scenes = fashion_scenes(5)
    images, masks = to_tensors(scenes, 32)
    # The middle of a 2x2 window lies between four pixels: PIL takes the last, below and right.
    assert torch.equal(masks, scenes.masks[:, 1::2, 1::2].long())
    floats = scenes.images.float()
    expected = F.interpolate(floats, (32, 32), mode="bilinear", antialias=True)
    assert (images - expected).abs().max() <= 1


@pytest.fixture
def photos_with_masks():
    rng = np.random.default_rng(0)
    photos = [Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)) for _ in "ab"]
    masks = np.zeros((2, 40, 50), np.uint8)
    masks[0, :20, :], masks[1, :, 25:] = 2, 1
    return photos, masks


def test_vocs_loader_gives_what_fit_takes(tmp_path, photos_with_masks):
    photos, masks = photos_with_masks
    masks[1, :, 24:27] = 255
    rng = np.random.default_rng(1)
    folder = tmp_path / "VOCdevkit" / "VOC2012"
    for name in ("ImageSets/Segmentation", "JPEGImages", "SegmentationClass"):
        (folder / name).mkdir(parents=True)
    (folder / "ImageSets" / "Segmentation" / "train.txt").write_text("a\nb\n")
    for name, picture, mask in zip("ab", photos, masks, strict=True):
        picture.save(folder / "JPEGImages" / f"{name}.jpg")
        indexed = Image.fromarray(mask, "P")
        indexed.putpalette(rng.integers(0, 256, 3 * 256).tolist())
        indexed.save(folder / "SegmentationClass" / f"{name}.png")
    voc = torchvision.datasets.VOCSegmentation(tmp_path, image_set="train")
    images, labels = to_tensors(voc, 16)
    assert images.shape == (2, 1, 16, 16) and images.dtype == torch.uint8
    # The upper half has class 2; of the right half, columns 24 to 26 do not count.
    assert labels[0, :, 3].tolist() == [2] * 8 + [0] * 8
    assert labels[1, 5].tolist() == [0] * 8 + [VOID] + [1] * 7


def test_oxfords_pets_give_what_fit_takes(tmp_path, monkeypatch, photos_with_masks):
    """The lines that lesson 12 shows, on two pictures in the form of that set."""
    photos, masks = photos_with_masks
    folder = tmp_path / "data" / "oxford-iiit-pet"
    (folder / "images").mkdir(parents=True)
    (folder / "annotations" / "trimaps").mkdir(parents=True)
    for split in ("trainval", "test"):
        (folder / "annotations" / f"{split}.txt").write_text("a 1 1 1\nb 2 2 1\n")
    # 1 is an animal, 2 the ground, 3 the rim between them.
    for name, picture, mask in zip("ab", photos, masks, strict=True):
        picture.save(folder / "images" / f"{name}.jpg")
        Image.fromarray(mask + 1).save(folder / "annotations" / "trimaps" / f"{name}.png")
    lesson = nbformat.read(NOTEBOOKS / "12_segment_the_scene.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in lesson.cells)
    (code,) = re.findall(r"```python\n(.*?)```", text, re.S)
    assert code.count("download=True") == 1
    monkeypatch.chdir(tmp_path)
    names = {"torch": torch, "to_tensors": lambda pets: to_tensors(pets, 16)}
    exec(code.replace("download=True", "download=False"), names)
    images, labels = names["images"], names["labels"]
    assert images.shape == names["train"][0].shape == (2, 1, 16, 16)
    assert labels[0, :, 3].tolist() == [VOID] * 8 + [0] * 8
    assert labels[1, 5].tolist() == [0] * 8 + [1] * 8
    grey = np.asarray(photos[0].convert("L").resize((16, 16), Image.Resampling.BILINEAR))
    # A JPEG is not exactly what was saved.
    assert abs(images[0, 0].numpy().astype(int) - grey).mean() < 12


PICTURE = Image.new("L", (8, 8))
# Four classes, in quarters.
QUARTERS = np.kron([[0, 3], [254, 255]], np.ones((4, 4))).astype(int)


@pytest.mark.parametrize(
    ("mode", "dtype"),
    [("L", "uint8"), ("P", "uint8"), ("I", "int32"), ("I;16", "uint16"), ("I;16B", ">u2")],
)
def test_a_mask_of_any_mode_that_holds_classes_keeps_them(mode, dtype):
    mask = Image.frombytes(mode, (8, 8), QUARTERS.astype(dtype).tobytes())
    _, masks = to_tensors([(PICTURE, PICTURE), (PICTURE, mask)], 4)
    expected = np.where(QUARTERS == 255, VOID, QUARTERS)[::2, ::2]
    assert np.array_equal(masks[1].numpy(), expected)


def test_a_mask_of_black_and_white_has_the_classes_0_and_1():
    mask = Image.fromarray(QUARTERS > 3)
    assert mask.mode == "1"
    _, masks = to_tensors([(PICTURE, mask)], 8)
    assert np.array_equal(masks[0].numpy(), QUARTERS > 3)


@pytest.mark.parametrize("wrong", [256, 300, 65535, 2**31 - 1, -1])
@pytest.mark.parametrize("mode", ["I", "I;16"])
def test_a_mask_with_a_class_out_of_range_is_named(mode, wrong):
    if mode == "I;16" and not 0 <= wrong < 2**16:
        pytest.skip("does not fit the mode")
    classes = QUARTERS.copy()
    classes[5, 2] = wrong
    mask = Image.frombytes(mode, (8, 8), classes.astype("int32" if mode == "I" else "u2").tobytes())
    with pytest.raises(
        ValueError, match=rf"the mask of item 1 holds the classes .*{wrong}.*: they"
    ):
        to_tensors([(PICTURE, PICTURE), (PICTURE, mask)], 8)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "F", "CMYK", "HSV"])
def test_a_mask_that_holds_no_classes_is_refused(mode):
    mask = Image.new(mode, (8, 8))
    with pytest.raises(
        ValueError, match=f"the mask of item 0 has the mode {mode}: a mask must hold"
    ):
        to_tensors([(PICTURE, mask)], 8)


@pytest.mark.parametrize("mode", ["I", "F", "I;16", "I;16B"])
def test_a_picture_of_more_than_8_bits_is_refused(mode):
    picture = Image.new(mode, (8, 8))
    with pytest.raises(
        ValueError, match=f"the picture of item 0 has the mode {mode}, with more than"
    ):
        to_tensors([(picture, PICTURE)], 8)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr"])
def test_a_picture_of_8_bits_becomes_grey(mode):
    grey = np.where(QUARTERS > 3, 255, 0).astype(np.uint8)
    picture = Image.fromarray(grey).convert("RGB").convert(mode)
    images, _ = to_tensors([(picture, PICTURE)], 8)
    assert abs(images[0, 0].numpy().astype(int) - grey).max() <= 2


def test_an_item_that_is_no_picture_is_named():
    with pytest.raises(TypeError, match="the mask of item 0 is a Tensor, not a PIL image"):
        to_tensors([(Image.new("L", (8, 8)), torch.zeros(8, 8))])
    with pytest.raises(TypeError, match="the picture of item 0 is a ndarray, not a PIL image"):
        to_tensors([(np.zeros((8, 8)), Image.new("L", (8, 8)))])
