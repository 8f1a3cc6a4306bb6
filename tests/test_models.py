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
    LeNet5,
    PartialConv2d,
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
            conv, norm, _ = last
            assert conv.stride == (2, 2)
            below = F.relu(norm(F.conv2d(x, conv.weight, stride=2, padding=1)))
        else:
            below = expected(x)
        x = last(x)
        assert torch.allclose(x, below)
        found.append(x.shape[-1])
    assert found == sides
    assert parameters(net) == 14_458 + added


def test_each_downsampler_without_weights_starts_from_the_same_net():
    # The comparison of lesson 07 is by pairs: one seed, one start. An added convolution draws
    # numbers of its own; the trained poolings start from constants.
    nets = {}
    for name in DOWNSAMPLERS:
        torch.manual_seed(0)
        nets[name] = SmallCNN(name)
    for name in DOWNSAMPLERS.keys() - {"added strided"}:
        for i in range(3):
            assert torch.equal(nets[name].blocks[i][0].weight, nets["max"].blocks[i][0].weight)
        assert torch.equal(nets[name].head[2].weight, nets["max"].head[2].weight)


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
