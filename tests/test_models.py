import pytest
import torch
from torch import nn
from torch.nn import functional as F

from poolkit.compat import torchvision
from poolkit.layers import (
    gated_pool2d,
    gem,
    max_blur_pool2d,
    mixed_pool2d,
    stochastic_pool2d,
)
from poolkit.models import (
    C3_CONNECTIONS,
    DOWNSAMPLERS,
    UPSAMPLERS,
    LeNet5,
    PartialConv2d,
    SceneNet,
    SmallCNN,
    Subsampling,
    without_downsampling,
)


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_lenet5_has_the_papers_number_of_trained_numbers_in_each_layer():
    # LeCun et al. 1998, section II.B: C1 156, S2 12, C3 1,516, S4 32, C5 48,120, F6 10,164.
    net = LeNet5()
    (c1, _, s2, _), (c3, _, s4, _), (c5, _) = net.features
    assert [parameters(m) for m in (c1, s2, c3, s4, c5, net.f6)] == [
        156, 12, 1_516, 32, 48_120, 10_164,
    ]  # fmt: skip
    assert parameters(net) == 60_000


def test_lenet5_has_the_papers_shapes():
    x = torch.zeros(2, 1, 32, 32)
    shapes = []
    net = LeNet5()
    for layer in (m for block in net.features for m in block):
        x = layer(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes[0::2] == [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1)]
    assert net(torch.rand(3, 1, 28, 28)).shape == (3, 10)


def test_c3_is_connected_as_in_table_1():
    # The table's columns, as rows of X for the six maps of S2.
    rows = [
        "X   XXX  XXXX XX", "XX   XXX  XXXX X", "XXX   XXX  X XXX",
        " XXX  XXXX  X XX", "  XXX  XXXX XX X", "   XXX  XXXX XXX",
    ]  # fmt: skip
    table = {(s2, c3) for s2, row in enumerate(rows) for c3, x in enumerate(row) if x == "X"}
    assert {(s2, c3) for c3, maps in enumerate(C3_CONNECTIONS) for s2 in maps} == table
    assert len(table) == 60


def test_subsampling_is_a_scaled_and_shifted_average():
    pool = Subsampling(3)
    x = torch.randn(2, 3, 6, 8)
    for c in range(3):
        expected = 4 * pool.weight[c] * F.avg_pool2d(x[:, c], 2) + pool.bias[c]
        assert torch.allclose(pool(x)[:, c], expected, atol=1e-6)


def test_partial_convolution_is_one_small_convolution_for_each_map():
    conv = PartialConv2d(((0, 2), (1,), (0, 1, 2)), kernel_size=3)
    x = torch.randn(2, 3, 7, 6)
    slices = {0: slice(0, 2), 1: slice(2, 3), 2: slice(3, 6)}
    for out, maps in enumerate(((0, 2), (1,), (0, 1, 2))):
        weight = conv.weight[slices[out]][None]
        expected = F.conv2d(x[:, maps], weight, conv.bias[out : out + 1])
        assert torch.allclose(conv(x)[:, out : out + 1], expected, atol=1e-5)


def test_initial_weights_fill_the_papers_range():
    torch.manual_seed(0)
    net = LeNet5()
    c3, c5 = net.features[1][0], net.features[2][0]
    for weights, fan_in in ((c5.weight, 400), (c3.weight[:18], 75), (c3.weight[-6:], 150)):
        assert weights.abs().max() <= 2.4 / fan_in
        assert weights.abs().max() > 0.9 * 2.4 / fan_in


def test_lenet5_scores_are_minus_the_squared_distances_to_the_codes():
    net = LeNet5()
    x = torch.rand(4, 1, 28, 28)
    scaled = F.pad(x * 1.275 - 0.1, (2, 2, 2, 2), value=-0.1)
    f6 = net.f6(net.features(scaled))
    assert torch.allclose(net(x), -(torch.cdist(f6, net.codes) ** 2), rtol=1e-3)
    assert set(net.codes.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(net.codes, LeNet5().codes)


def test_background_and_foreground_are_scaled_as_in_the_paper():
    seen = []
    net = LeNet5()
    net.features.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    x = torch.zeros(1, 1, 28, 28)
    x[0, 0, 3, 4] = 1
    net(x)
    assert seen[0].shape == (1, 1, 32, 32)
    assert seen[0][0, 0, 5, 6] == pytest.approx(1.175)
    assert seen[0].unique().tolist() == pytest.approx([-0.1, 1.175])


@pytest.mark.parametrize(
    ("downsample", "sides"),
    [("max", [14, 7, 3]), ("average", [14, 7, 3]), ("strided", [14, 7, 4]), ("none", [28, 28, 28])],
)
def test_small_cnn_downsamples_as_named(downsample, sides):
    net = SmallCNN(downsample).eval()
    x = torch.rand(2, 1, 28, 28)
    found = []
    for block in net.blocks:
        *layers, last = block
        for layer in layers:
            x = layer(x)
        expected = {"max": F.max_pool2d, "average": F.avg_pool2d}.get(downsample, lambda x, _: x)(
            x, 2
        )
        x = last(x)
        assert torch.equal(x, expected)
        found.append(x.shape[-1])
    assert found == sides
    assert torch.allclose(net.head(x), net.head[2](x.mean(dim=(2, 3))), atol=1e-6)
    # 144 + 2·16, 4,608 + 2·32, 9,216 + 2·32, 330: the same for each, since pooling has none.
    assert parameters(net) == 14_458


@pytest.mark.parametrize(
    ("downsample", "sides", "added", "expected"),
    [
        ("mixed", [14, 7, 3], 3 * 1, lambda x: mixed_pool2d(x, 0.5, 2)),
        ("gated", [14, 7, 3], 3 * 4, lambda x: gated_pool2d(x, torch.zeros(2, 2))),
        ("gem", [14, 7, 3], 3 * 1, lambda x: gem(x, 3, 2)),
        ("blur", [14, 7, 3], 0, max_blur_pool2d),
        ("stochastic", [14, 7, 3], 0, lambda x: stochastic_pool2d(x, 2, training=False)),
        # A 3x3 convolution from each block's maps to as many, and its normalisation.
        ("added strided", [14, 7, 4], sum(9 * c * c + 2 * c for c in (16, 32, 32)), None),
        ("added max", [14, 7, 3], sum(9 * c * c + 2 * c for c in (16, 32, 32)), None),
    ],
)
def test_small_cnn_with_other_downsamplers(downsample, sides, added, expected):
    net = SmallCNN(downsample).eval()
    x = torch.rand(2, 1, 28, 28)
    found = []
    for *layers, last in net.blocks:
        for layer in layers:
            x = layer(x)
        if expected is None:
            stride = 2 if downsample == "added strided" else 1
            conv, norm, *_ = last
            below = F.relu(norm(F.conv2d(x, conv.weight, stride=stride, padding=1)))
            below = F.max_pool2d(below, 2 // stride)
        else:
            below = expected(x)
        x = last(x)
        assert torch.allclose(x, below)
        found.append(x.shape[-1])
    assert found == sides
    assert parameters(net) == 14_458 + added


def test_each_downsampler_without_weights_starts_from_the_same_net():
    # The comparison of lesson 08 is by pairs: one seed, one start. An added convolution draws
    # numbers of its own, the same in both nets that have one; the trained poolings start from
    # constants.
    nets = {}
    for name in DOWNSAMPLERS:
        torch.manual_seed(0)
        nets[name] = SmallCNN(name)
    added = {"added strided", "added max"}
    for name in DOWNSAMPLERS.keys() - added:
        for i in range(3):
            assert torch.equal(nets[name].blocks[i][0].weight, nets["max"].blocks[i][0].weight)
        assert torch.equal(nets[name].head[2].weight, nets["max"].head[2].weight)
    strided, pooled = (list(nets[name].parameters()) for name in sorted(added, reverse=True))
    assert all(torch.equal(a, b) for a, b in zip(strided, pooled, strict=True))


def test_an_unknown_downsampler_is_refused_with_the_names_there_are():
    with pytest.raises(
        ValueError, match="downsample='mean' is not one of max, average, strided, none"
    ):
        SmallCNN("mean")


def test_without_downsampling_by_hand():
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(1, 2, 3, stride=(1, 2), padding=1), nn.MaxPool2d(3, 1, 1)),
        nn.AvgPool2d(2),
        nn.MaxPool2d((1, 2)),
        nn.AdaptiveAvgPool2d(3),
    )
    changed = without_downsampling(net).eval()
    x = torch.rand(1, 1, 6, 8)
    conv = net[0][0]
    everywhere = F.max_pool2d(F.conv2d(x, conv.weight, conv.bias, 1, 1), 3, 1, 1)
    assert everywhere.shape == (1, 2, 6, 8)
    assert torch.allclose(changed(x), F.adaptive_avg_pool2d(everywhere, 3))
    assert [type(layer) for layer in changed[1:]] == [nn.Identity] * 2 + [nn.AdaptiveAvgPool2d]
    # The net itself is as it was.
    assert conv.stride == (1, 2)
    assert isinstance(net[1], nn.AvgPool2d)
    assert changed[0][0].weight.data_ptr() != conv.weight.data_ptr()


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "densenet121"])
def test_without_downsampling_every_map_is_as_large_as_the_image(name):
    with torch.device("meta"):
        net = torchvision.models.get_model(name, weights=None)
    changed = without_downsampling(net).eval()
    sides = set()
    for layer in changed.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda *args: sides.add(args[2].shape[2:]))
    with torch.no_grad():
        assert changed(torch.empty(1, 3, 40, 24, device="meta")).shape == (1, 1000)
    assert sides == {(40, 24)}
    assert parameters(changed) == parameters(net)


def scene_net(upsample):
    torch.manual_seed(0)
    net = SceneNet(upsample)
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 2)
    return net.eval()


def encoded(net, x):
    """The maps before each pooling, the indices of each, and what the middle gives."""
    before, indices = [], []
    for block in net.encoder:
        before.append(block(x))
        x, found = F.max_pool2d(before[-1], 2, return_indices=True)
        indices.append(found)
    return before[::-1], indices[::-1], net.middle(x)


@pytest.mark.parametrize("upsample", UPSAMPLERS.keys() - {"dilated"})
def test_scene_net_upsamples_as_named(upsample):
    net, x = scene_net(upsample), torch.rand(2, 1, 16, 24)
    before, indices, found = encoded(net, x)
    for level, maps, places in zip(net.decoder, before, indices, strict=True):
        if upsample == "unpool":
            block, found = level.block, F.max_unpool2d(found, places, 2)
        elif upsample == "skip":
            # Each value four times, on a square, plus what was there before the pooling.
            block = level.block
            found = found.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3) + maps
        elif upsample == "resize8":
            block = level
        elif upsample in ("nearest", "bilinear"):
            _, *block = level
            block = torch.nn.Sequential(*block)
            found = F.interpolate(found, scale_factor=2, mode=upsample)
        else:
            block = level
            kernel = 3 if upsample == "transposed 3" else 4
            assert level[0].kernel_size == (kernel, kernel)
        found = block(found)
    scores = F.conv2d(found, net.score.weight, net.score.bias)
    if upsample == "resize8":
        assert scores.shape[2:] == (2, 3)
        scores = F.interpolate(scores, (16, 24), mode="bilinear")
    assert torch.allclose(net(x), scores, atol=1e-6)
    assert scores.shape == (2, 11, 16, 24)


@pytest.mark.parametrize(
    ("upsample", "expected"),
    # Convolutions of 9 numbers for each pair of maps, two more for the normalisation of a map, and
    # the scores: 1-16-32-64, three times 64-64, 64-32-16-16.
    [(name, 9 * (16 + 512 + 2048 + 3 * 4096 + 2048 + 512 + 256) + 2 * 368 + 17 * 11)
     for name in ("resize8", "nearest", "bilinear", "transposed 3", "unpool", "skip")]
    # A transposed convolution of kernel 4 has 16 numbers in place of 9.
    + [(name, 160_043 + 7 * (2048 + 512 + 256)) for name in ("transposed", "transposed bilinear")]
    + [("dilated", 9 * (8 + 64 + 128 + 3 * 256 + 128 + 64 + 64) + 2 * 104 + 9 * 11)],
)  # fmt: skip
def test_scene_nets_have_the_parameters_of_their_convolutions(upsample, expected):
    assert parameters(SceneNet(upsample)) == expected


def test_a_transposed_convolution_can_start_as_bilinear_resizing():
    torch.manual_seed(0)
    conv = SceneNet("transposed bilinear").decoder[0][0]
    x = torch.randn(1, 64, 5, 6)
    # One number for each pair of maps: it is in the middle of the kernel, times 3/4 twice.
    mix = conv.weight[:, :, 1, 1] / 0.75**2
    resized = F.interpolate(x, scale_factor=2, mode="bilinear")
    expected = torch.einsum("nahw,ab->nbhw", resized, mix)
    # At the border torch's resizing repeats the edge, and a transposed convolution adds nothing.
    assert torch.allclose(conv(x)[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1], atol=1e-4)
    assert mix.std() > 0.1
    other = SceneNet("transposed").decoder[0][0].weight
    assert not torch.allclose(other[:, :, 1, 1], 3 * other[:, :, 0, 1])


def test_the_dilated_net_pools_nothing_and_sees_as_far():
    net = scene_net("dilated")
    dilations = [m.dilation[0] for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    assert dilations == [1, 2, 4, 8, 8, 8, 4, 2, 1, 1]
    sizes = []
    for module in net.modules():
        module.register_forward_hook(lambda _, inputs, out: sizes.append(out.shape[2:]))
    net(torch.rand(1, 1, 16, 24))
    assert set(sizes) == {(16, 24)}
    # The pixels of the input that reach the middle one: 1 + 2 (1 + 2 + 4 + 8 + 8 + 8 + 4 + 2 + 1).
    x = torch.rand(1, 1, 96, 96, requires_grad=True)
    net(x)[0, :, 48, 48].sum().backward()
    (rows,) = x.grad[0, 0].abs().sum(dim=1).nonzero(as_tuple=True)
    assert 48 - 38 <= rows.min() < 48 - 30 and 48 + 30 < rows.max() <= 48 + 38


def test_scene_nets_of_one_seed_have_the_same_encoder():
    nets = {}
    for name in UPSAMPLERS.keys() - {"dilated"}:
        torch.manual_seed(0)
        nets[name] = SceneNet(name)
    for net in nets.values():
        for part in ("encoder", "middle"):
            for a, b in zip(
                getattr(net, part).parameters(), getattr(nets["skip"], part).parameters(),
                strict=True,
            ):  # fmt: skip
                assert torch.equal(a, b)


def test_scene_net_takes_other_channels_and_classes():
    net = SceneNet("skip", channels=(4, 6, 5), classes=3)
    assert net(torch.rand(1, 1, 8, 16)).shape == (1, 3, 8, 16)


def test_bad_upsamplers_and_sides_are_named():
    with pytest.raises(ValueError, match="upsample='cubic' is not one of resize8, nearest, bili"):
        SceneNet("cubic")
    for shape in ((1, 1, 16, 12), (1, 1, 20, 8)):
        with pytest.raises(ValueError, match="height and width must be multiples of 8"):
            SceneNet("skip")(torch.rand(shape))
