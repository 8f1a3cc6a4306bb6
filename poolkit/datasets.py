"""The course's images, read from the data folder and never from the network."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from poolkit.compat import torchvision

DATA = Path(__file__).resolve().parent.parent / "data"
FASHION_CLASSES = tuple(torchvision.datasets.FashionMNIST.classes)

# MD5 of each photo, to tell a damaged file from a sound one.
PHOTOS = {
    "camera": "f8b13d2cdd5ba56cf4ba2321bb7222f0",
    "chelsea": "0f1b4a59504988622035d850dc0555ac",
}


def fashion_mnist(train=True, root=DATA):
    """Return the images and labels of Fashion-MNIST: 10 kinds of clothes, 28x28 grey pixels.

    torchvision's own loader checks the files' MD5 and unpacks them. It does so in a temporary
    folder, so a read-only data folder works and an interruption leaves nothing behind.

    Args:
        train: True for the 60,000 training images, False for the 10,000 test images.
        root: the folder that holds FashionMNIST/raw with the four original .gz files.

    Shape: images (N, 1, 28, 28), uint8, 0 for background; labels (N,), int64, the index into
    FASHION_CLASSES.

    Raises:
        FileNotFoundError: if one of the four files is missing.
        OSError: if one of them is damaged. Both messages name the file.

    Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747. Introduced in lesson 01.
    """
    dataset = torchvision.datasets.FashionMNIST
    packed = Path(root) / "FashionMNIST" / "raw"
    for name, md5 in dataset.resources:
        _check(packed / name, md5)
    with tempfile.TemporaryDirectory(prefix="poolkit-") as scratch:
        raw = Path(scratch) / "FashionMNIST" / "raw"
        raw.mkdir(parents=True)
        for name, _ in dataset.resources:
            shutil.copyfile(packed / name, raw / name)
        unpacked = dataset(scratch, train=train, download=True)
    return unpacked.data[:, None], unpacked.targets


def photo(name, root=DATA):
    """Return a photograph.

    Args:
        name: "camera" (grey, 512x512) or "chelsea" (a cat, in colour, 300x451).
        root: the folder that holds photos/.

    Shape: (1, H, W) for the grey photo, (3, H, W) for the one in colour (red, green, blue); uint8.

    Raises:
        ValueError: if there is no photo of that name.
        FileNotFoundError: if its file is missing.
        OSError: if its file is damaged. Both messages name the file.

    Source: scikit-image's data, both CC0 (data/README.md). Introduced in lesson 01.
    """
    if name not in PHOTOS:
        raise ValueError(f"name={name!r} is not one of the photos: {', '.join(PHOTOS)}")
    path = Path(root) / "photos" / f"{name}.png"
    _check(path, PHOTOS[name])
    with Image.open(path) as image:
        return torchvision.transforms.functional.pil_to_tensor(image)


def _check(path, md5):
    """Raise unless the file is there and has this MD5."""
    mend = "Get it back with `git checkout -- data`, or from a fresh copy of the course"
    try:
        found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing. {mend}") from None
    if found != md5:
        raise OSError(f"{path} is damaged: its MD5 is {found}, it should be {md5}. {mend}")
