import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from poolkit.compat import torchvision
from poolkit.costs import cost, poolings_and_strides, window_operations
from poolkit.models import DOWNSAMPLERS, UPSAMPLERS, LeNet5, SceneNet, SmallCNN


def test_cost_by_hand():
    net = nn.Sequential(
        nn.Conv2d(2, 6, 3, stride=2, padding=1, groups=2),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.ConvTranspose2d(6, 4, 3, stride=2, output_padding=1, groups=2),
        nn.Flatten(),
        nn.Linear(4 * 6 * 6, 10, bias=False),
    )
    # 9x8 -> 5x4 -> 2x2 -> 6x6, for a batch of 3.
    rows = [
        ("0", "Conv2d", (3, 6, 5, 4), 6 * 1 * 9 + 6, 3 * 6 * 20 * 9, 360),
        ("1", "BatchNorm2d", (3, 6, 5, 4), 12, 0, 360),
        ("2", "ReLU", (3, 6, 5, 4), 0, 0, 0),
        ("3", "MaxPool2d", (3, 6, 2, 2), 0, 0, 72),
        ("4", "ConvTranspose2d", (3, 4, 6, 6), 6 * 2 * 9 + 4, 3 * 6 * 4 * 2 * 9, 432),
        ("5", "Flatten", (3, 144), 0, 0, 0),
        ("6", "Linear", (3, 10), 1440, 3 * 1440, 30),
    ]
    counted = cost(net, (3, 2, 9, 8))
    assert counted.layers == tuple((*row, 4 * row[-1]) for row in rows)
    assert counted.parameters == sum(row[3] for row in rows)
    assert counted.multiply_adds == sum(row[4] for row in rows)
    assert counted.activations == sum(row[5] for row in rows)
    assert counted.activation_bytes == 4 * counted.activations
    assert cost(net.double(), (3, 2, 9, 8)).activation_bytes == 8 * counted.activations


def test_costs_by_side_by_hand():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(3, 5),
    )
    # 9x7 -> 4x3 -> 2x1 -> 1x1.
    counted = cost(net, (1, 1, 9, 7))
    assert counted.by_side("activations", [9, 4, 2, 1]) == {9: 126, 4: 24, 2: 6, 1: 3 + 5}
    assert counted.by_side("activation_bytes", [9, 1]) == {9: 504, 1: 4 * 38}
    assert counted.by_side("parameters", [9, 2, 1]) == {9: 20, 2: 57, 1: 20}
    assert counted.by_side("multiply_adds", [9, 4, 2]) == {9: 1134, 4: 0, 2: 108 + 15}


def test_lenet5_costs_what_the_papers_connections_say():
    # Trained numbers per output pixel without biases, times pixels: C1, C3, C5, F6.
    expected = 6 * 25 * 784 + 60 * 25 * 100 + 120 * 400 + 84 * 120
    counted = cost(LeNet5(), (1, 1, 28, 28))
    assert counted.multiply_adds == expected
    assert counted.parameters == 60_000


@pytest.mark.parametrize("downsample", DOWNSAMPLERS)
def test_cost_of_small_cnn_agrees_with_torchs_counter(downsample):
    net = SmallCNN(downsample)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(net)(torch.rand(2, 1, 28, 28))
    counted = cost(net, (2, 1, 28, 28))
    assert 2 * counted.multiply_adds == counter.get_total_flops()
    assert counted.parameters == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("upsample", UPSAMPLERS)
def test_cost_of_scene_net_agrees_with_torchs_counter(upsample):
    net = SceneNet(upsample)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        copy.deepcopy(net)(torch.rand(2, 1, 16, 24))
    counted = cost(net, (2, 1, 16, 24))
    assert 2 * counted.multiply_adds == counter.get_total_flops()
    assert counted.parameters == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("name", "millions"), [("resnet18", 11.7), ("mobilenet_v2", 3.5), ("googlenet", 13.0)]
)
def test_cost_of_published_nets_agrees_with_torchs_counter(name, millions):
    options = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        net = torchvision.models.get_model(name, weights=None, **options)
    counted = cost(net, (1, 3, 96, 64))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.empty(1, 3, 96, 64, device="meta"))
    assert 2 * counted.multiply_adds == counter.get_total_flops()
    assert counted.parameters / 1e6 == pytest.approx(millions, abs=0.06)


def test_a_layer_that_is_used_twice_costs_twice_but_has_its_parameters_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(5, 5)

        def forward(self, x):
            return self.layer(self.layer(x))

    (layer,) = cost(Twice(), (3, 5)).layers
    assert layer == ("layer", "Linear", (3, 5), 30, 150, 30, 120)


def test_the_indices_of_a_pooling_that_returns_them_are_kept_too():
    (layer,) = cost(nn.MaxPool2d(2, return_indices=True), (1, 2, 8, 8)).layers
    assert layer.activations == 2 * 32
    assert layer.activation_bytes == 32 * 4 + 32 * 8


def test_parameters_outside_of_the_layers_used_are_in_the_total():
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(7))
            self.used, self.unused = nn.Linear(2, 2), nn.Linear(3, 3)

        def forward(self, x):
            return self.used(x)

    counted = cost(Odd(), (1, 2))
    assert [layer.name for layer in counted.layers] == ["used"]
    assert counted.parameters == 7 + 6 + 12


def test_counting_leaves_the_net_and_the_generators_as_they_were():
    net = nn.Sequential(SmallCNN("stochastic"), nn.Dropout()).train()
    net[0].blocks[1].eval()
    modes = [m.training for m in net.modules()]
    state = {k: v.clone() for k, v in net.state_dict().items()}
    tensors = [id(t) for t in (*net.parameters(), *net.buffers())]
    generator = torch.get_rng_state()
    cost(net, (1, 1, 28, 28))
    with pytest.raises(RuntimeError):
        cost(net, (1, 3, 28, 28))
    assert modes == [m.training for m in net.modules()]
    assert tensors == [id(t) for t in (*net.parameters(), *net.buffers())]
    assert all(torch.equal(state[k], v) for k, v in net.state_dict().items())
    assert not any(m._forward_hooks for m in net.modules())
    assert torch.equal(torch.get_rng_state(), generator)


def test_a_layer_whose_work_is_not_known_is_named():
    class Masked(nn.Module):
        def __init__(self):
            super().__init__()
            self.mask = nn.Parameter(torch.ones(3, 4))

        def forward(self, x):
            return x * self.mask

    net = nn.Sequential(nn.Flatten(2), Masked())
    with pytest.raises(
        TypeError, match=r"layer '1' is of kind Masked, whose multiply-adds are not known"
    ):
        cost(net, (2, 3, 2, 2))


def test_attention_by_hand():
    """For n tokens of d numbers: four products with d×d weights, and two between tokens."""
    n, d = 5, 8

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(d, 2, batch_first=True)

        def forward(self, x):
            return self.attention(query=x, key=x, value=x)[0]

    (layer,) = (counted := cost(Net(), (3, n, d))).layers
    assert (layer.name, layer.kind) == ("attention", "MultiheadAttention")
    assert layer.multiply_adds == 3 * (4 * n * d * d + 2 * n * n * d)
    assert layer.parameters == counted.parameters == 4 * d * d + 4 * d


def test_products_of_a_module_with_children_are_its_own():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.keys, self.values = nn.Linear(4, 6, bias=False), nn.Linear(4, 4)
            self.mix = nn.Parameter(torch.ones(6, 6))

        def forward(self, x):
            keys = self.keys(x) @ self.mix
            return F.scaled_dot_product_attention(keys, keys, F.linear(x, self.values.weight))

    (keys, net) = cost(Net(), (1, 7, 4)).layers
    assert (keys.name, keys.multiply_adds, keys.parameters) == ("keys", 7 * 4 * 6, 24)
    # The product with mix, the values, and the two products between tokens; the weights of values
    # are used by the net, not by the layer that holds them.
    assert (net.name, net.kind) == ("", "Net")
    assert net.multiply_adds == 7 * 6 * 6 + 7 * 4 * 4 + 7 * 7 * 6 + 7 * 7 * 4
    assert net.parameters == 36 + 20


def test_layers_may_be_called_by_keyword_and_return_dicts():
    class Named(nn.Module):
        def forward(self, *, maps):
            return {"out": maps.mean((2, 3))}

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 2, 1), Named()

        def forward(self, x):
            return self.last(maps=self.conv(input=x))

    conv, last = cost(Net(), (1, 1, 3, 3)).layers
    assert (conv.multiply_adds, conv.activations) == (18, 18)
    assert (last.output_shape, last.activations) == ((1, 2), 2)


# One net of each family of torchvision. (85 of its 86 nets, all but regnet_y_128gf, were tried
# once: the farthest from its published count is shufflenet_v2_x0_5, by 1.2 %.)
FAMILIES = [
    *("alexnet", "convnext_tiny", "deeplabv3_mobilenet_v3_large", "densenet121"),
    *("efficientnet_b0", "fcn_resnet50", "googlenet", "inception_v3"),
    *("lraspp_mobilenet_v3_large", "maxvit_t", "mnasnet0_5", "mobilenet_v2"),
    *("mobilenet_v3_small", "regnet_y_400mf", "resnet18", "resnext50_32x4d"),
    *("shufflenet_v2_x0_5", "squeezenet1_0", "swin_t", "swin_v2_t"),
    *("vgg11", "vit_b_32", "wide_resnet50_2"),
]


@pytest.mark.parametrize("name", FAMILIES)
def test_cost_is_what_torchvision_publishes(name):
    (published, *_) = torchvision.models.get_model_weights(name)
    size = getattr(published.transforms(), "crop_size", [520])[0]
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    if name.startswith(("deeplab", "fcn", "lraspp")):
        options["weights_backbone"] = None
    # Published with the branch that only training needs.
    if name.startswith(("deeplab", "fcn")):
        options["aux_loss"] = True
    # RegNet computes its widths with tensors, which need numbers.
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        net = torchvision.models.get_model(name, weights=None, **options)
    counted = cost(net, (1, 3, size, size)).multiply_adds
    assert counted / 1e9 == pytest.approx(published.meta["_ops"], rel=0.02)


def test_window_operations_by_hand():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, (5, 3), stride=(2, 1), padding=(2, 0), dilation=(1, 2))
            self.pools = nn.Sequential(
                nn.MaxPool2d(3, 2, padding=1), nn.MaxPool2d(2, return_indices=True)
            )

        def forward(self, x):
            x, _ = self.pools(self.conv(x))
            x = F.avg_pool2d(x, kernel_size=(2, 1), ceil_mode=True)
            x = F.max_pool2d(F.lp_pool2d(x, 2, 1), (1, 2))
            x = F.adaptive_max_pool2d(x, (1, 2))
            return F.adaptive_avg_pool2d(x, 1)

    # 33x36 -> 17x32 -> 9x16 -> 4x8 -> 2x8 -> 2x8 -> 2x4 -> 1x2 -> 1x1, for a batch of 2.
    one, none = (1, 1), (0, 0)
    expected = [
        ("conv", "conv2d", (5, 3), (2, 1), (2, 0), (1, 2), (2, 1, 33, 36), (2, 4, 17, 32)),
        ("pools.0", "max_pool2d", (3, 3), (2, 2), one, one, (2, 4, 17, 32), (2, 4, 9, 16)),
        ("pools.1", "max_pool2d", (2, 2), (2, 2), none, one, (2, 4, 9, 16), (2, 4, 4, 8)),
        ("", "avg_pool2d", (2, 1), (2, 1), none, one, (2, 4, 4, 8), (2, 4, 2, 8)),
        ("", "lp_pool2d", one, one, none, one, (2, 4, 2, 8), (2, 4, 2, 8)),
        ("", "max_pool2d", (1, 2), (1, 2), none, one, (2, 4, 2, 8), (2, 4, 2, 4)),
        ("", "adaptive_max_pool2d", *[None] * 4, (2, 4, 2, 4), (2, 4, 1, 2)),
        ("", "adaptive_avg_pool2d", *[None] * 4, (2, 4, 1, 2), (2, 4, 1, 1)),
    ]
    net = Net().train()
    assert list(window_operations(net, (2, 1, 33, 36))) == expected
    assert net.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


def test_poolings_and_strides_by_hand():
    net = nn.Sequential(
        *(nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, (3, 1), stride=(1, 2))),
        *(nn.MaxPool2d(2), nn.MaxPool2d(2), nn.MaxPool2d(3, 1, 1), nn.AvgPool2d(2, (2, 1))),
        nn.AdaptiveMaxPool2d((2, 1)),
    )
    # 34x40 -> 34x40 -> 32x20 -> 16x10 -> 8x5 -> 8x5 -> 4x4 -> 2x1.
    assert poolings_and_strides(net, (1, 1, 34, 40)) == {
        "conv 3x1/1x2": 1,
        "max 2x2/2": 2,
        "max 3x3/1": 1,
        "avg 2x2/2x1": 1,
        "adaptive max 4x4->2x1": 1,
    }


def test_lenet5_pools_twice_although_no_module_says_so():
    assert poolings_and_strides(LeNet5(), (1, 1, 28, 28)) == {"avg 2x2/2": 2}


# Read off the code of torchvision's models: how many layers there are of each kind.
COUNTS = {
    "alexnet": {"max_pool2d": 3, "adaptive_avg_pool2d": 1, "conv2d": 5},
    "vgg16": {"max_pool2d": 5, "adaptive_avg_pool2d": 1, "conv2d": 13},
    "googlenet": {"max_pool2d": 4 + 9, "adaptive_avg_pool2d": 1, "conv2d": 3 + 9 * 6},
    "resnet18": {"max_pool2d": 1, "adaptive_avg_pool2d": 1, "conv2d": 1 + 16 + 3},
    "resnet50": {"max_pool2d": 1, "adaptive_avg_pool2d": 1, "conv2d": 1 + 48 + 4},
    "densenet121": {
        "max_pool2d": 1, "avg_pool2d": 3, "adaptive_avg_pool2d": 1, "conv2d": 1 + 2 * 58 + 3,
    },
    "mobilenet_v2": {"adaptive_avg_pool2d": 1, "conv2d": 2 + 2 + 16 * 3},
    "convnext_tiny": {"adaptive_avg_pool2d": 1, "conv2d": 1 + 3 + 18},
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_window_operations_of_published_nets(name):
    options = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    with torch.device("meta"):
        net = torchvision.models.get_model(name, weights=None, **options)
    operations = window_operations(net, (1, 3, 224, 224))
    kinds = [operation.kind for operation in operations]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == COUNTS[name]
    # Every module among them is found under its name, with the module's own numbers.
    modules = dict(net.named_modules())
    for operation in operations:
        module = modules[operation.name]
        if isinstance(module, nn.Conv2d):
            assert (operation.kernel_size, operation.stride) == (module.kernel_size, module.stride)
            assert operation.padding == module.padding
        elif isinstance(module, nn.MaxPool2d):
            assert operation.kernel_size == (module.kernel_size,) * 2
    found = {operation.name for operation in operations}
    kinds_of_modules = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d
    assert {n for n, m in modules.items() if isinstance(m, kinds_of_modules)} <= found
