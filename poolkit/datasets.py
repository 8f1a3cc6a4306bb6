"""The course's images, read or composed from the data folder and never from the network."""

import gzip
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import Dataset

from poolkit.checks import whole_number
from poolkit.metrics import VOID, Pair

DATA = Path(__file__).resolve().parent.parent / "data"
FASHION_CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
FASHION_CLASSES += ("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
SCENE_CLASSES = ("background", *FASHION_CLASSES)

# MD5 of each file, to tell a damaged one from a sound one; Fashion-MNIST's are its authors'.
_FASHION_FILES = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
PHOTOS = {
    "camera": "f8b13d2cdd5ba56cf4ba2321bb7222f0",
    "chelsea": "0f1b4a59504988622035d850dc0555ac",
}


def fashion_mnist(train: bool = True, root: Path = DATA) -> Pair:
    """Return the images and labels of Fashion-MNIST: 10 kinds of clothes, 28x28 grey pixels.

    The four files are checked and read as they are; nothing is written.

    Args: `train`, True for the 60,000 training images, False for the 10,000 test images; `root`,
    the folder that holds FashionMNIST/raw with the four original .gz files.
    Shape: images (N, 1, 28, 28), uint8, 0 for background; labels (N,), int64, the index into
    FASHION_CLASSES.
    Raises: FileNotFoundError if a file is missing, OSError if it is damaged; both name it.
    Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747. Introduced in lesson 01.
    """
    folder = Path(root) / "FashionMNIST" / "raw"
    packed = {name: _sound(folder / name, md5) for name, md5 in _FASHION_FILES.items()}
    images, labels = (
        _from_idx(packed[name]) for name in packed if name.startswith("train" if train else "t10k")
    )
    return images[:, None], labels.long()


class Scenes(Dataset):
    """Pictures with a class for each pixel, as torchvision's segmentation sets give them.

    An item is a pair of PIL images, picture and mask, after `transforms(picture, mask)` if given.
    Shape: images (N, 1, H, W), uint8; masks (N, H, W), uint8, the index into SCENE_CLASSES.
    Introduced in lesson 12.
    """

    def __init__(
        self, images: torch.Tensor, masks: torch.Tensor, transforms: Callable | None = None
    ) -> None:
        self.images, self.masks, self.transforms = images, masks, transforms

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        item = tuple(Image.fromarray(x.numpy()) for x in (self.images[index, 0], self.masks[index]))
        return item if self.transforms is None else self.transforms(*item)


# The side of Fashion-MNIST's images, and that of the part of a scene where one is placed, pixels.
_SIDE = 28
_CELL = 32
# How far from the corner of its part.
_OFFSET = (-8, 12)
# What is darker is not the item: its images have an edge of 1 to 20 in 255 around them.
_BLACK = 20


def fashion_scenes(
    n: int,
    split: str = "train",
    seed: int = 0,
    size: int = 64,
    transforms: Callable | None = None,
    root: Path = DATA,
) -> Scenes:
    """Compose scenes of clothes from Fashion-MNIST: each pixel is background or one of 10 classes.

    A scene of 64x64 pixels has four clothes, one for each part of 32x32 pixels (a larger one more).
    Each is a random item of Fashion-MNIST, perhaps mirrored, made darker by up to a quarter, and
    put up to 8 pixels before or 12 after the corner of its part, so that it may reach out of the
    scene or into other parts. They come in random order, and later ones hide what lies below. The
    background is a blurred random pattern, and noise lies over everything.

    The items of "train" are Fashion-MNIST's training images, those of "test" its test images, so
    no test scene shows anything seen in training. All arithmetic is in whole numbers: a seed gives
    the same scenes on every machine.

    Limits: the clothes are upright, grey and of one size, they do not bend, cast no shadows, and
    lie on no real background. Which item hides which is random. An item's mask is where its image
    is brighter than 20 in 255, with gaps of up to two pixels filled: a wider black stripe in a
    shirt counts as background. A score here says nothing of photographs.

    Args: `n`, number of scenes; `split`, "train" or "test"; `seed`, an int, at least 0; `size`,
    side of the scenes, in pixels, at least 32; `transforms`, a function of picture and mask, as
    torchvision's sets take it, or None; `root` as in `fashion_mnist`.
    Raises: TypeError, ValueError if an argument is no whole number, or out of range;
    FileNotFoundError, OSError as `fashion_mnist`. Introduced in lesson 12.
    """
    if split not in ("train", "test"):
        raise ValueError(f"split={split!r} is not one of train, test")
    n, seed = whole_number("n", n, 1), whole_number("seed", seed, 0)
    size = whole_number("size", size, _CELL)
    items, labels = (x.numpy() for x in fashion_mnist(split == "train", root))
    rng = np.random.default_rng((seed, split == "test"))
    parts = size // _CELL
    corners = size * np.array([*np.ndindex(parts, parts)]) // parts
    chosen = rng.integers(len(items), size=(n, len(corners)))
    # rng.permuted would mix up the corners' rows and columns.
    order = rng.permuted(np.tile(np.arange(len(corners)), (n, 1)), axis=1)
    corners = corners[order] + rng.integers(_OFFSET[0], _OFFSET[1] + 1, (*chosen.shape, 2))
    pictures = items[chosen, 0]
    shapes = _closed(pictures > _BLACK)
    mirrored = rng.integers(2, size=(*chosen.shape, 1, 1)).astype(bool)
    pictures, shapes = (np.where(mirrored, x[..., ::-1], x) for x in (pictures, shapes))
    pictures = pictures * rng.integers(192, 257, mirrored.shape) // 256
    images = _backgrounds(n, size, rng)
    masks = np.zeros((n, size, size), np.uint8)
    for scene, k in np.ndindex(chosen.shape):
        # Where the item lies in the scene, and the part of it that does.
        where = tuple(slice(max(0, at), at + _SIDE) for at in corners[scene, k])
        inside = tuple(slice(max(0, -at), max(0, size - at)) for at in corners[scene, k])
        shape = shapes[scene, k][inside]
        images[scene][where][shape] = pictures[scene, k][inside][shape]
        masks[scene][where][shape] = labels[chosen[scene, k]] + 1
    # The sum of two uniform numbers: a triangle, near enough to a bell.
    noise = rng.integers(-8, 9, (2, *images.shape), dtype=np.int16).sum(axis=0, dtype=np.int16)
    images = np.clip(images + noise, 0, 255).astype(np.uint8)
    return Scenes(torch.from_numpy(images)[:, None], torch.from_numpy(masks), transforms)


def to_tensors(dataset: Dataset, size: int = 64) -> Pair:
    """Return a segmentation set as a pair of tensors (images, masks), the form that `fit` takes.

    The set may be `fashion_scenes`, or one of torchvision's, such as VOCSegmentation or
    OxfordIIITPet(target_types="segmentation"), whose classes begin at 1. Pictures become grey;
    pictures and masks are squeezed to a square, masks by the nearest pixel, since classes have no
    average. The class 255, which VOC uses for pixels that do not count, becomes VOID.

    Args: `dataset`, items are pairs of PIL images, picture and mask. A picture has at most 8 bits a
    channel. A mask holds the number of a class at each pixel, 0 to 254, or 255: PIL's modes 1, L,
    P, I and I;16; `size`, side of the squares, in pixels.
    Shape: images (N, 1, size, size), uint8; masks (N, size, size), int64.
    Raises: TypeError if an item is not a pair of PIL images; ValueError if a picture or a mask is
    of another kind; the message names the item. Introduced in lesson 12.
    """
    size = whole_number("size", size, 1)
    images = np.empty((len(dataset), size, size), np.uint8)
    masks = np.empty_like(images)
    for i in range(len(dataset)):
        image, mask = dataset[i]
        for name, value in (("picture", image), ("mask", mask)):
            if not isinstance(value, Image.Image):
                kind = type(value).__name__
                raise TypeError(f"the {name} of item {i} is a {kind}, not a PIL image")
        grey, classes = _grey(i, image), _classes(i, mask)
        images[i] = grey.resize((size, size), Image.Resampling.BILINEAR)
        masks[i] = classes.resize((size, size), Image.Resampling.NEAREST)
    masks = torch.from_numpy(masks).long()
    return torch.from_numpy(images)[:, None], masks.masked_fill_(masks == 255, VOID)


def photo(name: str, root: Path = DATA) -> torch.Tensor:
    """Return a photograph.

    Args: `name`, "camera" (grey, 512x512) or "chelsea" (a cat, in colour, 300x451); `root`, the
    folder that holds photos/.
    Shape: (1, H, W) for the grey photo, (3, H, W) for the one in colour (red, green, blue); uint8.
    Raises: ValueError if there is no photo of that name; FileNotFoundError if its file is missing,
    OSError if it is damaged; both name it.
    Source: scikit-image's data, both CC0 (data/README.md). Introduced in lesson 01.
    """
    if name not in PHOTOS:
        raise ValueError(f"name={name!r} is not one of the photos: {', '.join(PHOTOS)}")
    path = Path(root) / "photos" / f"{name}.png"
    with Image.open(io.BytesIO(_sound(path, PHOTOS[name]))) as image:
        pixels = np.atleast_3d(np.array(image))
    return torch.from_numpy(pixels).permute(2, 0, 1)


def _closed(shapes: np.ndarray) -> np.ndarray:
    """Fill holes and gaps that are up to two pixels wide: a dilation, then an erosion."""
    grown = F.max_pool2d(torch.from_numpy(shapes).float(), 3, 1, 1)
    return (-F.max_pool2d(-F.pad(grown, (1, 1, 1, 1), value=1), 3, 1)).numpy() > 0


def _backgrounds(n: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Random grey patterns: a coarse one for light and shade, and a finer one for texture."""
    light = _resize(rng.integers(0, 100, (n, 3, 3)), size)
    texture = _resize(rng.integers(0, 50, (n, 16, 16)), size)
    return (light + texture).astype(np.int16)


def _resize(images: np.ndarray, side: int) -> np.ndarray:
    """Resize square images of whole numbers bilinearly, to whole numbers."""
    old = images.shape[-1]
    # Steps of 1/64 and floats of 64 bits, which hold every sum exactly, in whatever order.
    at = np.clip((64 * (2 * np.arange(side) + 1) * old // side - 64) // 2, 0, 64 * (old - 1))
    weights = np.maximum(0, 64 - abs(at[:, None] - 64.0 * np.arange(old)))
    return (weights @ images.astype(float) @ weights.T // 64**2).astype(np.int16)


def _grey(i: int, picture: Image.Image) -> Image.Image:
    # PIL would cut what is above 255, and so change it without a word.
    if picture.mode.startswith(("I", "F")):
        raise ValueError(
            f"the picture of item {i} has the mode {picture.mode}, with more than 8 bits a pixel: "
            "scale it to 0 ... 255 and convert it to the mode L first"
        )
    return picture.convert("L")


def _classes(i: int, mask: Image.Image) -> Image.Image:
    """Return a mask as a picture of one byte a pixel, the number of its class."""
    if mask.mode not in ("1", "L", "P") and not mask.mode.startswith("I"):
        raise ValueError(
            f"the mask of item {i} has the mode {mask.mode}: a mask must hold one whole number at "
            "each pixel, its class (modes 1, L, P, I, I;16). Turn colours into classes first"
        )
    classes = np.array(mask)
    low, high = classes.min(), classes.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"the mask of item {i} holds the classes {low} to {high}: they must lie from 0 to 254, "
            "or be 255 where a pixel does not count"
        )
    return Image.fromarray(classes.astype(np.uint8))


def _from_idx(packed: bytes) -> torch.Tensor:
    """Unpack a file in the IDX format: the count of axes, their lengths, and a byte a number."""
    raw = bytearray(gzip.decompress(packed))
    start = 4 + 4 * raw[3]
    shape = np.frombuffer(raw[4:start], ">i4")
    return torch.frombuffer(raw, dtype=torch.uint8, offset=start).reshape(*shape.tolist())


def _sound(path: Path, md5: str) -> bytes:
    """Return what is in a file, if it is there and has this MD5."""
    mend = "Get it back with `git checkout -- data`, or from a fresh copy of the course"
    if path.is_relative_to(DATA) and not DATA.is_dir():
        mend = (
            f"poolkit was installed as a copy, to {Path(__file__).parent}, and the data stayed in "
            "the course's folder: go there and type `pip install -e .`"
        )
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} is missing. {mend}") from None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise OSError(f"{path} is damaged: its MD5 is {found}, it should be {md5}. {mend}")
    return content
