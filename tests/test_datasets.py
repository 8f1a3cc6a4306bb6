import gzip
import os
import shutil
import stat

import numpy as np
import pytest
from PIL import Image

from poolkit.datasets import DATA, FASHION_CLASSES, PHOTOS, fashion_mnist, photo

FILES = sorted((DATA / "FashionMNIST" / "raw").glob("*.gz"))


@pytest.fixture
def data(tmp_path):
    """A copy of the data folder that a test may damage."""
    shutil.copytree(DATA, tmp_path / "data")
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
    if damage == "missing":
        target.unlink()
    else:
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


def test_half_unpacked_files_do_no_harm(data):
    half = data / "FashionMNIST" / "raw" / "train-images-idx3-ubyte"
    half.write_bytes(b"\x00\x00\x08\x03half")
    images, _ = fashion_mnist(root=data)
    assert np.array_equal(images[:, 0].numpy(), idx("train-images-idx3"))


def test_an_interrupted_call_leaves_nothing_behind(data, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    before = contents(data)

    def stopped(*_):
        assert os.listdir(scratch), "the test would not notice files left behind"
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("torchvision.datasets.mnist.read_image_file", stopped)
        with pytest.raises(KeyboardInterrupt):
            fashion_mnist(root=data)
    assert os.listdir(scratch) == []
    assert contents(data) == before
    assert len(fashion_mnist(train=False, root=data)[0]) == 10_000


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
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(OSError, match=f"{name}.png is damaged"):
        photo(name, root=data)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=f"{name}.png is missing"):
        photo(name, root=data)
