"""The networks of the course: LeNet-5 as it was published, a small CNN, and one for scenes.

All take images as floats from 0 to 1 and return one score per class, for the image or, SceneNet,
for each of its pixels; the largest score is the prediction. And any net of torch's without its
downsampling, to see what that is worth.
"""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from poolkit.layers import GatedPool2d, GeM, MaxBlurPool2d, MixedPool2d, StochasticPool2d

# LeCun et al. 1998, Table I: the maps of S2 that each of the 16 maps of C3 is connected to.
C3_CONNECTIONS = (
    *((0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5)),
    *((0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5)),
    *((0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5)),
    (0, 1, 2, 3, 4, 5),
)


def _init_uniform(parameter, fan_in):
    """Draw from the range of Appendix A of LeCun et al. 1998 for units with this fan-in."""
    nn.init.uniform_(parameter, -2.4 / fan_in, 2.4 / fan_in)


class ScaledTanh(nn.Module):
    """LeNet-5's squashing function 1.7159 tanh(2/3 a), which maps 1 to 1 and -1 to -1.

    Shape: any -> the same.
    Source: LeCun et al. 1998, doi:10.1109/5.726791, section II.B and Appendix A. Lesson 07.
    """

    def forward(self, a):
        return 1.7159 * torch.tanh(2 / 3 * a)


class Subsampling(nn.Module):
    """LeNet-5's pooling: the sum of each 2x2 window times a weight, plus a bias, both trained.

    Each map has one weight and one bias. With weight 1/4 and bias 0 this is average pooling.

    Args: `channels`, number of maps.
    Shape: (N, C, H, W) -> (N, C, H // 2, W // 2).
    Source: LeCun et al. 1998, doi:10.1109/5.726791, section II.B, layers S2 and S4. Lesson 07.
    """

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        for parameter in self.parameters():
            _init_uniform(parameter, fan_in=4)

    def forward(self, x):
        window_sums = F.avg_pool2d(x, kernel_size=2, divisor_override=1)
        return window_sums * self.weight[:, None, None] + self.bias[:, None, None]


class PartialConv2d(nn.Module):
    """A convolution in which each output map is connected to some of the input maps only.

    Args: `connections`, for each output map, the indices of its input maps; `kernel_size`, side of
    the square kernel, in pixels.
    Shape: (N, C, H, W) -> (N, len(connections), H - kernel_size + 1, W - kernel_size + 1).
    Source: LeCun et al. 1998, doi:10.1109/5.726791, section II.B, layer C3. Lesson 07.
    """

    def __init__(self, connections, kernel_size):
        super().__init__()
        pairs = [(out, c) for out, maps in enumerate(connections) for c in maps]
        self.register_buffer("pairs", torch.tensor(pairs).T, persistent=False)
        # The range of _init_uniform, which differs from map to map.
        bound = 2.4 / torch.tensor([len(maps) * kernel_size**2 for maps in connections])
        weight = torch.empty(len(pairs), kernel_size, kernel_size).uniform_(-1, 1)
        self.weight = nn.Parameter(weight * bound[self.pairs[0], None, None])
        self.bias = nn.Parameter(torch.empty(len(connections)).uniform_(-1, 1) * bound)

    def multiply_adds(self, x, out):
        return out[:, 0].numel() * self.weight.numel()

    def forward(self, x):
        # A dense kernel with zeros for the missing connections: one convolution instead of 16.
        shape = (len(self.bias), x.shape[1], *self.weight.shape[1:])
        dense = x.new_zeros(shape).index_put(tuple(self.pairs), self.weight)
        return F.conv2d(x, dense, self.bias)


class LeNet5(nn.Module):
    """LeNet-5 as published: trained subsampling, partial connections, 60,000 trainable numbers.

    The input is scaled to the paper's range (background -0.1, foreground 1.175) and padded from
    28x28 to 32x32 with background. The score of a class is minus the squared distance between the
    84 outputs of layer F6 and the class's code, so that cross-entropy on these scores is the
    paper's equation 9 without its rubbish class.

    One thing differs. The paper's codes are hand-made drawings of the characters, which clothes do
    not have. Here they are fixed random codes of -1 and +1, an alternative that the paper names.

    Shape: (N, 1, 28, 28) -> (N, 10).
    Source: LeCun, Bottou, Bengio, Haffner 1998, "Gradient-based learning applied to document
    recognition", doi:10.1109/5.726791, section II.B and Appendix A. Introduced in lesson 07.
    """

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 6, 5), ScaledTanh(), Subsampling(6), ScaledTanh()),
            nn.Sequential(
                PartialConv2d(C3_CONNECTIONS, 5), ScaledTanh(), Subsampling(16), ScaledTanh()
            ),
            nn.Sequential(nn.Conv2d(16, 120, 5), ScaledTanh()),
        )
        self.f6 = nn.Sequential(nn.Flatten(), nn.Linear(120, 84), ScaledTanh())
        random = torch.Generator().manual_seed(0)
        self.register_buffer("codes", 2.0 * torch.randint(0, 2, (10, 84), generator=random) - 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                fan_in = layer.weight[0].numel()
                _init_uniform(layer.weight, fan_in)
                _init_uniform(layer.bias, fan_in)

    def forward(self, x):
        x = F.pad(-0.1 + 1.275 * x, (2, 2, 2, 2), value=-0.1)
        f6 = self.f6(self.features(x))
        return -(f6[:, None] - self.codes).square().sum(dim=2)


def _conv_block(in_channels, out_channels, stride=1, dilation=1):
    conv = nn.Conv2d(in_channels, out_channels, 3, stride, dilation, dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


# What follows each block of a SmallCNN: functions from its number of maps to a new layer.
DOWNSAMPLERS = {
    "max": lambda channels: nn.MaxPool2d(2),
    "average": lambda channels: nn.AvgPool2d(2),
    "strided": lambda channels: nn.Identity(),
    "none": lambda channels: nn.Identity(),
    "added strided": lambda channels: _conv_block(channels, channels, stride=2),
    "added max": lambda channels: nn.Sequential(*_conv_block(channels, channels), nn.MaxPool2d(2)),
    "mixed": lambda channels: MixedPool2d(2),
    "gated": lambda channels: GatedPool2d(2),
    "gem": lambda channels: GeM(2),
    "blur": lambda channels: MaxBlurPool2d(2),
    "stochastic": lambda channels: StochasticPool2d(2),
}


class SmallCNN(nn.Module):
    """Three blocks of convolution, batch normalisation and ReLU, each followed by a downsampling.

    Args: `downsample`, what halves the sides of the maps, one of DOWNSAMPLERS. "max", "average",
    "mixed", "gated", "gem" and "stochastic" pool 2x2 windows. "blur" takes the maximum of 2x2
    windows one pixel apart, smooths and subsamples. "strided" gives the block's own convolution a
    stride of 2, and nothing follows it; "added strided" adds another convolution with stride 2,
    with its normalisation and ReLU. "added max" adds the same one with stride 1, and max pooling
    after it. "none" halves nothing; `channels`, number of maps after each block; `classes`, number
    of classes.
    Shape: (N, 1, H, W) -> (N, classes).
    Raises: ValueError if downsample is not one of the names.
    Source: the recipe of Ioffe & Szegedy 2015, arXiv:1502.03167 (convolution, batch normalisation,
    ReLU) with the global average pooling of Lin et al. 2013, arXiv:1312.4400. "strided", "added
    strided" and "added max" are after Springenberg et al. 2014, arXiv:1412.6806 (Strided-CNN,
    All-CNN and ConvPool-CNN); the sources of the others are in `layers`. Lesson 07; all
    downsamplers in lesson 08.
    """

    def __init__(self, downsample="max", channels=(16, 32, 32), classes=10):
        super().__init__()
        if downsample not in DOWNSAMPLERS:
            raise ValueError(f"downsample={downsample!r} is not one of {', '.join(DOWNSAMPLERS)}")
        stride = 2 if downsample == "strided" else 1
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(*_conv_block(a, b, stride), DOWNSAMPLERS[downsample](b))
                for a, b in zip((1, *channels), channels, strict=False)
            )
        )
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], classes)
        )

    def forward(self, x):
        return self.head(self.blocks(x))


def _resize(mode):
    return lambda a, b: nn.Sequential(nn.Upsample(scale_factor=2, mode=mode), *_conv_block(a, b))


def _transpose(kernel_size, init=None):
    # With these the sides are doubled: 2H = 2(H - 1) - 2 padding + kernel_size + output_padding.
    padding, output_padding = (kernel_size - 1) // 2, kernel_size % 2

    def layers(a, b):
        conv = nn.ConvTranspose2d(a, b, kernel_size, 2, padding, output_padding, bias=False)
        if init is not None:
            init(conv)
        return nn.Sequential(conv, nn.BatchNorm2d(b), nn.ReLU(inplace=True))

    return layers


def _bilinear(conv):
    """Let a transposed convolution with kernel 4 and stride 2 mix the maps, and resize the mix."""
    tent = torch.tensor([0.25, 0.75, 0.75, 0.25])
    with torch.no_grad():
        mix = nn.init.kaiming_normal_(torch.empty_like(conv.weight[:, :, :1, :1]), mode="fan_out")
        conv.weight.copy_(mix * tent[:, None] * tent)


class _Unpool(nn.Module):
    """An upsampling to where the maxima were, as the encoder kept them, and a block."""

    keeps = "indices"

    def __init__(self, a, b):
        super().__init__()
        self.block = _conv_block(a, b)
        self.unpool = nn.MaxUnpool2d(2)

    def forward(self, x, indices):
        return self.block(self.unpool(x, indices))


class _Skip(nn.Module):
    """An upsampling, the addition of the maps that the encoder kept, and a block."""

    keeps = "maps"

    def __init__(self, a, b):
        super().__init__()
        self.block = _conv_block(a, b)
        self.resize = nn.Upsample(scale_factor=2)

    def forward(self, x, maps):
        return self.block(self.resize(x) + maps)


# One level of a SceneNet's decoder: functions from its numbers of maps, in and out, to a new
# layer. "dilated" has nothing to undo, and its blocks depend on the level.
UPSAMPLERS = {
    "resize8": lambda a, b: _conv_block(a, b),
    "nearest": _resize("nearest"),
    "bilinear": _resize("bilinear"),
    "transposed": _transpose(4),
    "transposed 3": _transpose(3),
    "transposed bilinear": _transpose(4, _bilinear),
    "unpool": _Unpool,
    "skip": _Skip,
    "dilated": None,
}


class SceneNet(nn.Module):
    """A class for each pixel: an encoder that pools three times, and a decoder that undoes it.

    The encoder is three blocks of convolution, batch normalisation and ReLU, each followed by 2x2
    max pooling. Three blocks at the smallest size let each pixel of it see its surroundings. The
    decoder has three levels, each an upsampling by 2 and a block, and a 1x1 convolution that gives
    the scores.

    Args: `upsample`, how the decoder gets the size back, one of UPSAMPLERS. "resize8" does not
    until the end: its decoder works at 1/8 of the size, and the scores are resized bilinearly by 8.
    "nearest" and "bilinear" resize the maps by 2 before each block. "transposed" has transposed
    convolutions of kernel 4 in place of resizing and convolution; those of "transposed 3" have
    kernel 3, which reaches some pixels once and others four times, and those of "transposed
    bilinear" start as bilinear resizing. "unpool" puts each value back where the maximum was, which
    the encoder keeps as indices. "skip" resizes as "nearest" does and adds the encoder's maps of
    that size, kept from before the pooling. "dilated" pools nothing: its blocks work at full size,
    with dilations 1, 2, 4, 8, 8, 8, 4, 2, 1; `channels`, number of maps after each of the encoder's
    three blocks; the decoder has the same in reverse. None is (16, 32, 64); for "dilated" (8, 8,
    16), or it would take too long; `classes`, number of classes.
    Shape: (N, 1, H, W) -> (N, classes, H, W), with H and W multiples of 8.
    Raises: ValueError if upsample is not one of the names, or a side is not a multiple of 8.
    Source: after Long et al. 2014, arXiv:1411.4038 (FCN: one resizing by 32 against sums with
    the scores of earlier maps; transposed convolutions that start bilinear), Badrinarayanan et al.
    2015, arXiv:1511.00561 (SegNet: unpooling), Ronneberger et al. 2015, arXiv:1505.04597 (U-Net:
    maps kept at each size, which it appends and this net adds, so that no parameters come with
    them), Yu & Koltun 2015, arXiv:1511.07122 (dilations), Odena et al. 2016,
    doi:10.23915/distill.00003 (resizing and convolution). Introduced in lesson 12.
    """

    def __init__(self, upsample="skip", channels=None, classes=11):
        super().__init__()
        if upsample not in UPSAMPLERS:
            raise ValueError(f"upsample={upsample!r} is not one of {', '.join(UPSAMPLERS)}")
        dilated = upsample == "dilated"
        level = UPSAMPLERS[upsample]
        channels = channels or ((8, 8, 16) if dilated else (16, 32, 64))
        dilations = (1, 2, 4, 8) if dilated else (1, 1, 1, 1)
        self.keeps = getattr(level, "keeps", None)
        self.encoder = nn.ModuleList(
            _conv_block(a, b, dilation=dilation)
            for a, b, dilation in zip((1, *channels), channels, dilations, strict=False)
        )
        indices = self.keeps == "indices"
        self.pool = nn.Identity() if dilated else nn.MaxPool2d(2, return_indices=indices)
        deepest = channels[-1]
        self.middle = nn.Sequential(
            *(_conv_block(deepest, deepest, dilation=dilations[-1]) for _ in range(3))
        )
        ends = (*channels[::-1], channels[0])
        self.decoder = nn.ModuleList(
            _conv_block(a, b, dilation=dilation) if dilated else level(a, b)
            for a, b, dilation in zip(ends, ends[1:], dilations[-2::-1], strict=False)
        )
        self.score = nn.Conv2d(channels[0], classes, 1)
        whole = upsample != "resize8"
        self.resize = nn.Identity() if whole else nn.Upsample(scale_factor=8, mode="bilinear")

    def forward(self, x):
        if x.shape[-2] % 8 or x.shape[-1] % 8:
            raise ValueError(
                f"the images have shape {tuple(x.shape)}; height and width must be multiples of 8, "
                "which three poolings halve without a rest"
            )
        kept = []
        for block in self.encoder:
            x = block(x)
            if self.keeps == "maps":
                kept.append(x)
            x = self.pool(x)
            if self.keeps == "indices":
                x, indices = x
                kept.append(indices)
        x = self.middle(x)
        for level in self.decoder:
            x = level(x, kept.pop()) if kept else level(x)
        return self.resize(self.score(x))


def without_downsampling(net):
    """Return a copy of a net in which no convolution and no pooling layer skips a pixel.

    Every Conv2d gets stride 1, and every MaxPool2d and AvgPool2d with a larger stride is left out.
    The weights, the padding, pooling with stride 1 and adaptive pooling stay, so that a net with
    a global average, or another adaptive pooling, before its dense layers still works.

    Args: `net`, a module; it is not changed. Introduced in lesson 10.

    >>> without_downsampling(nn.Sequential(nn.Conv2d(1, 6, 5, stride=2), nn.MaxPool2d(2)))
    Sequential(
      (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
      (1): Identity()
    )
    """
    net = copy.deepcopy(net)
    for parent in list(net.modules()):
        for name, layer in parent.named_children():
            if isinstance(layer, nn.Conv2d):
                layer.stride = (1, 1)
            elif isinstance(layer, nn.MaxPool2d | nn.AvgPool2d) and layer.stride not in (1, (1, 1)):
                setattr(parent, name, nn.Identity())
    return net
