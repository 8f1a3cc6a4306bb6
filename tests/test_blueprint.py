"""The boxes of a network are held to torch.fx's graph of it, and pictures are read back."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, Rectangle
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from poolkit import blueprint, compat, layers, models  # noqa: F401, compat before torchvision
from poolkit.blueprint import Box, boxes, network

torchvision = pytest.importorskip("torchvision")

with torch.device("meta"):
    VGG16 = torchvision.models.vgg16()
    DENSENET = torchvision.models.densenet121()
    RESNET = torchvision.models.resnet18()
    GOOGLENET = torchvision.models.googlenet(init_weights=False, aux_logits=False)
    INCEPTION = torchvision.models.inception_v3(init_weights=False, aux_logits=False)

NETS = {
    **{f"small {name}": (models.SmallCNN(name), (2, 1, 28, 28)) for name in models.DOWNSAMPLERS},
    "vgg": (VGG16, (1, 3, 224, 224)),
    "residual block": (RESNET.layer1[0], (1, 64, 56, 56)),
    "residual block that halves": (RESNET.layer2[0], (1, 64, 56, 40)),
    "resnet": (RESNET, (1, 3, 64, 64)),
    "inception block": (GOOGLENET.inception3a, (1, 192, 28, 28)),
}
SHOWN = (
    *(nn.Conv2d, nn.Linear, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d),
    *(layers.BlurPool2d, layers.MixedPool2d, layers.GatedPool2d, layers.GeM),
    layers.StochasticPool2d,
)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


class Tracer(fx.Tracer):
    def is_leaf_module(self, m, qualified_name):
        return type(m).__module__ == "poolkit.layers" or super().is_leaf_module(m, qualified_name)


def by_fx(net, input_shape):
    """Return (name, shape, names of the sources) of each step, from torch.fx's graph."""
    if any(p.is_meta for p in net.parameters()):
        x = torch.empty(input_shape, device="meta")
    else:
        x = torch.rand(input_shape)
    net.eval()
    tracer = Tracer()
    graph = fx.GraphModule(net, tracer.trace(net))
    with torch.no_grad():
        ShapeProp(graph).propagate(x)
    modules = dict(net.named_modules())
    steps, named = [], {}
    for node in graph.graph.nodes:
        if node.op in ("get_attr", "output") or "tensor_meta" not in node.meta:
            continue
        shape = tuple(node.meta["tensor_meta"].shape[1:])
        before = list(dict.fromkeys(named[source] for source in node.all_input_nodes))
        shown = node.op == "placeholder"
        shown |= node.op == "call_module" and isinstance(modules[node.target], SHOWN)
        shown |= node.op in ("call_function", "call_method") and len(before) > 1
        if node.op == "call_module" and isinstance(modules[node.target], nn.AdaptiveAvgPool2d):
            shown = shape != tuple(node.all_input_nodes[0].meta["tensor_meta"].shape[1:])
        if not shown:
            named[node] = before[0]
            continue
        named[node] = len(steps)
        name = node.target if node.op == "call_module" else ""
        steps.append((name, shape, tuple(before)))
    return steps


# Max-blur pooling looks at its input, which torch.fx does not have; its two parts are below.
@pytest.mark.parametrize("name", [name for name in NETS if name != "small blur"])
def test_boxes_and_edges_are_those_of_torch_fx(name):
    net, shape = NETS[name]
    found = [
        (box.name if box.kind not in ("input", "join") else "", box.shape, set(box.sources))
        for box in boxes(net, shape)
    ]
    assert found == [(name, shape, set(sources)) for name, shape, sources in by_fx(net, shape)]


def summary(net, shape):
    return [(box.kind, box.shape, box.sources) for box in boxes(net, shape)]


def test_lenet_shows_its_padding_its_subsampling_and_its_scores():
    kinds = [(box.kind, box.shape) for box in boxes(models.LeNet5(), (1, 1, 28, 28))]
    assert kinds == [
        ("input", (1, 28, 28)), ("other", (1, 32, 32)), ("convolution", (6, 28, 28)),
        ("pool", (6, 14, 14)), ("convolution", (16, 10, 10)), ("pool", (16, 5, 5)),
        ("convolution", (120, 1, 1)), ("dense", (84,)), ("other", (10,)),
    ]  # fmt: skip


def test_max_blur_pooling_shows_both_of_its_parts():
    _, largest, blurred = boxes(nn.Sequential(layers.MaxBlurPool2d()), (1, 4, 9, 9))
    assert largest[1:5] == ("pool", "max 2×2\nstride 1", (4, 8, 8), (0,))
    assert blurred[1:5] == ("pool", "blur 3×3\nstride 2", (4, 4, 4), (1,))


def test_skips_reach_from_the_encoder_to_the_sums():
    # From the code of SceneNet: three blocks and pools, three blocks, then three times resize, add
    # and block, and the scores. The last maps kept are the first added.
    steps = summary(models.SceneNet("skip"), (1, 1, 16, 24))
    assert [source for kind, _, source in steps if kind == "join"] == [(10, 5), (13, 3), (16, 1)]
    assert [kind for kind, *_ in steps] == [
        "input", *["convolution", "pool"] * 3, *["convolution"] * 3,
        *["upsampling", "join", "convolution"] * 3, "convolution",
    ]  # fmt: skip
    assert steps[16][1] == (32 // 2, 16, 24)
    assert steps[-1][1] == (11, 16, 24)


def test_unpooling_takes_the_indices_of_its_pool():
    steps = summary(models.SceneNet("unpool"), (1, 1, 16, 16))
    unpools = [sources for kind, _, sources in steps if kind == "upsampling"]
    assert unpools == [(9, 6), (11, 4), (13, 2)]


@pytest.mark.parametrize("upsample", models.UPSAMPLERS)
def test_shapes_are_those_of_a_real_pass(upsample):
    net = models.SceneNet(upsample).eval()
    seen = {}
    hooks = [
        module.register_forward_hook(lambda m, args, out, name=name: seen.update({name: out}))
        for name, module in net.named_modules()
    ]
    with torch.no_grad():
        net(torch.rand(1, 1, 16, 32))
    for hook in hooks:
        hook.remove()
    for box in boxes(net, (1, 1, 16, 32)):
        if box.name in seen and box.kind not in ("input", "join") and box.name != "pool":
            assert box.shape == tuple(seen[box.name].shape[1:])


def test_what_keeps_the_shape_is_folded_into_the_box_before():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
                        nn.Linear(64, 3), nn.Dropout(), nn.Sigmoid())  # fmt: skip
    _, conv, dense = boxes(net, (1, 1, 6, 6))
    assert (conv.folded, dense.folded) == (("batch norm", "ReLU"), ("Sigmoid",))


def test_functions_that_forward_calls_are_boxes_too():
    class Net(nn.Module):
        def forward(self, x):
            half = torch.nn.functional.max_pool2d(torch.relu(x), 2)
            again = torch.nn.functional.interpolate(half, scale_factor=2)
            return torch.cat([x, again * 2], dim=1).mean((2, 3))

    assert summary(Net(), (1, 3, 8, 8)) == [
        ("input", (3, 8, 8), ()), ("pool", (3, 4, 4), (0,)), ("upsampling", (3, 8, 8), (1,)),
        ("join", (6, 8, 8), (0, 2)), ("pool", (6,), (3,)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("layer", "label"),
    [
        (nn.Conv2d(1, 4, 3), "conv 3×3"),
        (nn.Conv2d(1, 4, (3, 1), stride=2, dilation=(2, 1)), "conv 3×1\nstride 2\ndilation 2×1"),
        (nn.MaxPool2d(2), "max 2×2"),
        (nn.MaxPool2d(3, stride=2), "max 3×3\nstride 2"),
        (nn.AvgPool2d((2, 3)), "average 2×3"),
        (nn.AdaptiveAvgPool2d(1), "average\nwhole map"),
        (nn.AdaptiveMaxPool2d((2, 3)), "max\nto 2×3"),
        (nn.ConvTranspose2d(1, 4, 4, 2), "transposed\n4×4\nstride 2"),
        (nn.Upsample(scale_factor=2), "nearest\n× 2"),
        (layers.BlurPool2d(), "blur 3×3\nstride 2"),
        (layers.GatedPool2d(2), "gated 2×2"),
        (layers.GeM(), "GeM\nwhole map"),
        (layers.GeM(2), "GeM 2×2"),
        (layers.SpatialPyramidPool(), "Spatial\nPyramid\nPool"),
    ],
)
def test_a_label_says_what_a_layer_does(layer, label):
    assert boxes(nn.Sequential(layer), (1, 1, 12, 12))[1].label == label


@pytest.mark.parametrize(
    ("net", "shape", "error", "message"),
    [
        ("vgg16", (1, 3, 8, 8), TypeError, "net='vgg16' must be a torch Module, not str"),
        (models.LeNet5(), (1, 3, 28, 28), ValueError,
         r"a LeNet5, cannot be followed with input_shape=\(1, 3, 28, 28\): RuntimeError"),
        (models.SceneNet(), (1, 1, 20, 20), ValueError, "must be multiples of 8"),
        (nn.ReLU(), (1, 1, 4, 4), ValueError, "a ReLU, has no layer between"),
        (nn.LSTM(3, 3), (2, 4, 3), ValueError, "a LSTM, returns tuple; only a net that returns"),
        (DENSENET, (1, 3, 64, 64), ValueError,
         "a DenseNet, has .* boxes, and 40 can be read"),
    ],
)  # fmt: skip
def test_nets_that_cannot_be_drawn_are_refused_in_words(net, shape, error, message):
    with pytest.raises(error, match=message):
        network(net, shape)


def test_the_net_stays_as_it_was():
    net = models.SmallCNN()
    net.blocks.eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    network(net, (1, 1, 28, 28))
    assert net.training and not net.blocks.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


class LateFork(nn.Module):
    """One branch is not joined yet when the other forks."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(4, 4, k) for k in (1, 1, 3, 1, 1))

    def forward(self, x):
        start, long, then, one, other = self.convolutions
        trunk, branch = start(x), long(x)
        middle = nn.functional.pad(then(trunk), (1, 1, 1, 1))
        return torch.cat([torch.cat([one(middle), other(middle)], dim=1), branch], dim=1)


DRAWN = {
    **NETS,
    "late fork": (LateFork(), (1, 4, 8, 8)),
    "branches of branches": (INCEPTION.Mixed_7b, (1, 1280, 8, 8)),
    "lenet": (models.LeNet5(), (1, 1, 28, 28)),
    **{f"scene {name}": (models.SceneNet(name), (1, 1, 48, 48)) for name in models.UPSAMPLERS},
}
del DRAWN["resnet"]


def shapes(figure):
    """Return the centres of the boxes with their sizes and colours, in the order of the pass."""
    found = []
    for patch in figure.axes[0].patches:
        if isinstance(patch, Rectangle):
            found.append((patch.get_center(), patch.get_height(), patch.get_facecolor()))
        elif isinstance(patch, Circle):
            found.append((patch.center, None, patch.get_facecolor()))
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_can_be_read(name):
    net, shape = DRAWN[name]
    figure = network(net, shape, title="a net")
    assert figure.get_figwidth() <= 8, "printed 8 inches wide, a text of 8 points must not shrink"
    figure.canvas.draw()
    (ax,) = figure.axes
    assert ax.texts[0].get_text() == "a net"
    texts = [text for text in ax.texts if text.get_text()]
    legend = ax.get_legend().get_texts()
    assert min(text.get_fontsize() for text in (*texts, *legend)) >= 8
    extents = [text.get_window_extent() for text in (*texts, *legend)]
    whole = figure.bbox
    for box in extents:
        assert whole.x0 <= box.x0 <= box.x1 <= whole.x1 and whole.y0 <= box.y0 <= box.y1 <= whole.y1
    for one, other in itertools.combinations(extents, 2):
        assert not one.overlaps(other)


@pytest.mark.parametrize("name", DRAWN)
def test_boxes_have_the_colour_of_their_kind_and_the_height_of_their_maps(name):
    net, shape = DRAWN[name]
    steps = blueprint._merged(boxes(net, shape))
    drawn = shapes(network(net, shape))
    assert [to_rgba(blueprint.COLOURS[box.kind]) for box in steps] == [c for *_, c in drawn]
    input_height = drawn[0][1] / shape[2]
    for box, (_, height, _) in zip(steps, drawn, strict=True):
        if height is not None and height > blueprint._LEAST + 1e-9:
            assert height / box.shape[1] == pytest.approx(input_height)


def test_a_net_without_maps_can_be_drawn():
    drawn = shapes(network(nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2)), (1, 6)))
    assert [height for _, height, _ in drawn] == pytest.approx([blueprint._LEAST] * 3)


def test_boxes_alike_in_a_row_are_drawn_once():
    counts = [box.times for box in blueprint._merged(boxes(VGG16, (1, 3, 224, 224)))]
    assert counts == [1, 2, 1, 2, 1, 3, 1, 3, 1, 3, 1, 2, 1]
    figure = network(VGG16, (1, 3, 224, 224))
    assert any("3 times\n512 ×\n14×14" in text.get_text() for text in figure.axes[0].texts)


def test_branches_lie_side_by_side():
    centres = [centre for centre, *_ in shapes(network(*NETS["inception block"]))]
    start, one, three_a, three_b, five_a, five_b, pool, last, joined = centres
    assert start[1] == pytest.approx(joined[1])
    lanes = [one[1], three_a[1], five_a[1], pool[1]]
    assert lanes == sorted(lanes, reverse=True) and len(set(lanes)) == 4
    assert (three_b[1], five_b[1], last[1]) == tuple(lanes[1:])
    assert max(x for x, _ in centres[:-1]) < joined[0]


@pytest.mark.parametrize(("name", "arcs"), [("scene skip", 3), ("scene unpool", 3),
                                            ("residual block", 1), ("inception block", 0),
                                            ("residual block that halves", 0)])  # fmt: skip
def test_skips_are_arcs_above(name, arcs):
    figure = network(*DRAWN[name])
    lines = [line for line in figure.axes[0].lines if line.get_color() == blueprint._SKIP]
    assert len(lines) == arcs
    for line in lines:
        left, right = line.get_xdata()[0], line.get_xdata()[-1]
        between = [
            centre[1] + (height or 0) / 2
            for centre, height, _ in shapes(figure)
            if left - 0.2 < centre[0] < right + 0.2
        ]
        assert max(line.get_ydata()) > max(between)
    named = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert ("skip connection" in named) == bool(arcs)


def test_an_encoder_and_decoder_go_down_and_up_by_the_size_of_the_maps():
    net, shape = DRAWN["scene skip"]
    steps = blueprint._merged(boxes(net, shape))
    heights = {}
    for box, (centre, *_) in zip(steps, shapes(network(net, shape)), strict=True):
        heights.setdefault(box.shape[1], set()).add(round(centre[1], 6))
    assert all(len(ys) == 1 for ys in heights.values())
    assert sorted(heights) == sorted(heights, key=lambda side: min(heights[side]))


def test_ways_that_fork_again_inside_a_branch_find_a_place():
    heights = [y for (_, y), *_ in shapes(network(*DRAWN["branches of branches"]))]
    rows = sorted({round(y, 6) for y in heights}, reverse=True)
    # From the code of InceptionE: one convolution; one, then two side by side; two, then two side
    # by side; a pool and one. What joins branches lies where the first of them does.
    expected = [0, 0, 1, 1, 2, 1, 3, 3, 3, 4, 3, 5, 5, 0]
    assert [rows.index(round(y, 6)) for y in heights] == expected


@pytest.mark.parametrize("name", DRAWN)
def test_no_line_runs_through_a_box(name):
    figure = network(*DRAWN[name])
    (ax,) = figure.axes
    lines = [line.get_xydata() for line in ax.lines]
    lines += [np.array([arrow.xyann, arrow.xy]) for arrow in ax.texts if hasattr(arrow, "xyann")]
    steps = np.linspace(0, 1, 50)[:, None]
    points = [a + steps * (b - a) for line in lines for a, b in itertools.pairwise(line)]
    for patch in ax.patches:
        left, bottom, right, top = patch.get_path().get_extents(patch.get_patch_transform()).extents
        x, y = np.concatenate(points).T
        inside = (left + 0.01 < x) & (x < right - 0.01) & (bottom + 0.01 < y) & (y < top - 0.01)
        assert not inside.any()


def test_a_way_past_other_boxes_is_a_skip_and_a_branch_is_not():
    def chain(*sources):
        return [Box("", "convolution", "", (1, 4, 4), s) for s in sources]

    assert blueprint._skips(chain((), (0,), (1,), (2, 0))) == {(0, 3)}
    assert blueprint._skips(chain((), (0,), (0,), (1, 2))) == set()
