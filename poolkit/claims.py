"""The twenty sayings about pooling that lesson 12 judges: measurement, rule, and better sentence.

What is measured is in `evidence`, how statements make a verdict in `judging`. A bound or a margin
that is not explained is in the unit of its figure: percent, points, or times as many.
"""

from itertools import pairwise

from poolkit import evidence
from poolkit.judging import Claim, above, below, verdict

__all__ = ["CLAIMS"]


def _example(f):
    stated = {"max": [[6, 4], [4, 5]], "average": [[3.75, 2.25], [1.75, 2.75]]}
    off = {
        name: max(
            abs(a - b) for row in zip(f[name], grid, strict=True) for a, b in zip(*row, strict=True)
        )
        for name, grid in stated.items()
    }
    return verdict(below(distance, 1e-6) for distance in off.values())


def _most_used(f):
    leads = []
    for counts in (f["number"], f["nets"]):
        others = [count for window, count in counts.items() if window != "2x2/2"]
        leads.append(counts.get("2x2/2", 0) - max(others, default=0))
    # A lead of one can hang on one layer of one net.
    return verdict(above(lead, 0, 1.5) for lead in leads)


def _overfitting(f):
    gaps = [gap for a in evidence.WITH for b in evidence.WITHOUT for gap in f[f"{a}_{b}"]]
    return verdict([below(f["fewest"], 5, 2), *(below(gap, 0, 0.5) for gap in gaps)])


def _segmentation(f):
    hurts = [above(f[f"dilated_{kind}"], 0, 0.5) for kind in ("mean", "boundary")]
    return verdict(hurts + [above(f[f"{name}_boundary"], 0, 0.5) for name in evidence.REMEDIES])


CLAIMS = (
    Claim(
        1,
        "Pooling shrinks the height and width of the maps.",
        "09_look_inside_real_nets.ipynb#Count-the-poolings",
        evidence.shrinking,
        lambda f: verdict([above(f["smaller"], 0.5), below(f["same"], 0.5)]),
        "of the poolings of eight nets, {smaller} shrink the map and {same} do not",
        "A stride above 1 shrinks the maps, in a pooling or in a convolution.",
    ),
    Claim(
        2,
        "Pooling keeps the most important information.",
        "01_take_the_max.ipynb#On-a-photo",
        evidence.extremes,
        lambda f: verdict(above(kept, 50, 25) for kept in f.values()),
        "of a photo's dark cells, max keeps {max_dark:.0f} % and average {average_dark:.0f} %; "
        "of its bright cells {max_bright:.0f} % and {average_bright:.0f} %",
        "Max pooling keeps what is large, average pooling the mean, and both forget where in the "
        "window it was.",
    ),
    Claim(
        3,
        "Pooling lowers the computation.",
        "09_look_inside_real_nets.ipynb#With-downsampling-and-without",
        evidence.computation,
        lambda f: verdict(above(times, 1.1, 0.05) for times in f.values()),
        "multiply-adds without downsampling: {small:.1f} times as many in SmallCNN, {vgg16:.0f} in "
        "VGG16, {resnet18:.0f} in ResNet-18 (most of it strided convolutions)",
        "Halving the maps divides the computation of all later convolutions, whether a pool or a "
        "stride does it.",
    ),
    Claim(
        4,
        "Pooling lowers the number of parameters.",
        "09_look_inside_real_nets.ipynb#And-the-parameters?",
        evidence.parameters,
        lambda f: verdict(above(times, 1.1, 0.05) for times in f.values()),
        "parameters without the pools that halve: {small:.2f} times as many in SmallCNN, "
        "{vgg16:.2f} in torchvision's VGG16, {flattened:.0f} in a dense layer on a flattened map",
        "Pooling saves parameters only where a map is flattened into a dense layer.",
    ),
    Claim(
        5,
        "Pooling prevents overfitting.",
        "07_compare_the_downsamplers.ipynb#Does-pooling-prevent-overfitting?",
        evidence.overfitting,
        _overfitting,
        "training less test accuracy: on {sizes[0]:,} images {fewest:.0f} points or more with a "
        "pool (median), and with max pooling {max_strided[0][0]:+.1f} to "
        "{max_strided[0][1]:+.1f} against strided convolutions; on {sizes[3]:,} images "
        "{max_none[3][0]:+.1f} to {max_none[3][1]:+.1f} against no halving",
        "Pooled nets overfit too when images are few; against strided convolutions the gap was "
        "smaller, against no halving, which learned less, it was not.",
    ),
    Claim(
        6,
        "Pooling makes a net translation invariant: it finds a feature wherever it is.",
        "08_shift_the_image.ipynb#A-stack-of-strides",
        evidence.invariance,
        lambda f: verdict(
            [
                *(above(f[f"{name}_steady"], 99, 0.5) for name in evidence.WITH),
                below(f["max"] - f["none"], 0, 0.05),
            ]
        ),
        "moved by up to 8 pixels, the averages of an untrained net change by {none:.2f} without "
        "halving and by {max:.2f} with max pooling; at the worst shift, {max_steady:.0f} % (max), "
        "{average_steady:.0f} % (average) and {strided_steady:.0f} % (strided) of the classes stay",
        "Convolution and a global average make a net steady; each halving breaks it, a pool less "
        "than a bare stride.",
    ),
    Claim(
        7,
        "[[1,3,2,4],[5,6,1,2],[0,1,3,1],[2,4,5,2]] pools by 2×2 to [[6,4],[4,5]] (max) and "
        "[[3.75,2.25],[1.75,2.75]] (average).",
        "01_take_the_max.ipynb#By-hand",
        evidence.example,
        _example,
        "{max} and {average}",
        "The same.",
    ),
    Claim(
        8,
        "Max pooling keeps the prominent feature; average pooling smooths and may lose sharp "
        "edges.",
        "01_take_the_max.ipynb#What-is-lost",
        evidence.lines,
        lambda f: verdict(
            [
                *(above(f[f"max_{kind}"], 0.75, 0.15) for kind in ("bright", "dark")),
                *(below(f[f"average_{kind}"], 0.75, 0.15) for kind in ("bright", "dark")),
            ]
        ),
        "contrast kept of a bright line {max_bright:.1f} (max) and {average_bright:.1f} (average), "
        "of a dark line {max_dark:.1f} and {average_dark:.1f}",
        "Max pooling keeps bright lines whole and erases thin dark ones; average pooling weakens "
        "both.",
    ),
    Claim(
        9,
        "Global pooling makes one number of each map, by average or maximum, before the dense "
        "layer.",
        "05_choose_a_pool.ipynb#One-number-for-a-whole-map",
        evidence.global_pooling,
        lambda f: verdict(
            [below(f["average"], 1.5), below(f["max"], 1.5), above(f["average_nets"], 0.5)]
        ),
        "{average:.0f} number per map by average, {max:.0f} by maximum; of eight nets "
        "{average_nets} end in a global average, {max_nets} in a global maximum",
        "The same; and in the nets counted it is the average.",
    ),
    Claim(
        10,
        "Padding only adds borders, to control the size.",
        "02_slide_the_window.ipynb#What-is-an-average-divided-by?",
        evidence.padding,
        lambda f: verdict([above(f["padded"] - f["bare"], 0.5), above(f["corner"], 0.9, 0.05)]),
        "3×3 windows make {padded} of 28 cells with padding, {bare} without; the average in the "
        "corner of a map of ones becomes {corner:.2f}",
        "Padding sets the size, and its values count: 0 darkens the rim of an average, so max "
        "pooling pads with −∞.",
    ),
    Claim(
        11,
        "2×2 windows with stride 2 are the most used.",
        "09_look_inside_real_nets.ipynb#Count-the-poolings",
        evidence.most_used,
        _most_used,
        "2×2 with stride 2: {number[2x2/2]} times in {nets[2x2/2]} of eight nets; 3×3 with stride "
        "2: {number[3x3/2]} times in {nets[3x3/2]}",
        "2×2 and 3×3 windows with stride 2 are both common; more nets have the second.",
    ),
    Claim(
        12,
        "ResNet and GoogLeNet replace pooling by strided convolutions.",
        "09_look_inside_real_nets.ipynb#Count-the-poolings",
        evidence.replaced_by_strides,
        lambda f: verdict(
            above(strides / (pools + strides), 0.5, 0.2) for pools, strides in f.values()
        ),
        "max poolings and strided convolutions: ResNet-18 {resnet18[0]} and {resnet18[1]}, "
        "GoogLeNet {googlenet[0]} and {googlenet[1]}",
        "ResNet does, but for one max pooling; GoogLeNet pools nearly everywhere.",
    ),
    Claim(
        13,
        "A strided convolution learns, so it is more flexible and loses less than a pool; it costs "
        "more parameters.",
        "07_compare_the_downsamplers.ipynb#Is-the-difference-real?",
        evidence.strided,
        lambda f: verdict(
            [
                *(above(f[key], 0, 0.2) for key in ("replaced", "added", "same")),
                *(above(f[f"{key}_parameters"], 1.1, 0.05) for key in ("replaced", "added")),
            ]
        ),
        "in place of convolution and max pool {replaced[0]:+.1f} to {replaced[1]:+.1f} points of "
        "accuracy and {replaced_parameters:.1f} times the parameters, added {added[0]:+.1f} to "
        "{added[1]:+.1f} and {added_parameters:.1f} times; beside the same convolution with a max "
        "pool, which multiplies {same_work:.1f} times as much, {same[0]:+.1f} to {same[1]:+.1f}",
        "An added convolution helped and costs parameters; a stride in place of a pool was worse "
        "here, with it and without.",
    ),
    Claim(
        14,
        "Pooling hurts segmentation, so upsampling, unpooling or transposed convolution is used.",
        "11_segment_the_scene.ipynb#Does-pooling-hurt-segmentation?",
        evidence.segmentation,
        _segmentation,
        "mean IoU beyond resizing the scores by 8: no pooling {dilated_mean[0]:+.1f} to "
        "{dilated_mean[1]:+.1f} points; boundary IoU: no pooling {dilated_boundary[0]:+.1f} to "
        "{dilated_boundary[1]:+.1f}, transposed {transposed_boundary[0]:+.1f} to "
        "{transposed_boundary[1]:+.1f}, unpooling {unpool_boundary[0]:+.1f} to "
        "{unpool_boundary[1]:+.1f}, skip {skip_boundary[0]:+.1f} to {skip_boundary[1]:+.1f}",
        "One large resizing after pooling loses sharp edges; smaller steps bring some back, kept "
        "maps the most. A net without pooling, small enough to train in the time, was no better.",
    ),
    Claim(
        15,
        "Small movements of the input do not change the pooled map much.",
        "08_shift_the_image.ipynb#One-bright-cell",
        evidence.small_moves,
        lambda f: verdict(
            [
                *(below(f[name] / f["input"], 0.9, 0.05) for name in evidence.WITH),
                *(below(f[name], 10, 2) for name in evidence.WITH),
            ]
        ),
        "clothes moved by one pixel change by {input:.0f} %, their max pooled maps by {max:.0f} %, "
        "their average pooled maps by {average:.0f} %",
        "A pooled map changes somewhat less than the image does, and not little.",
    ),
    Claim(
        16,
        "Early layers see detail, deeper layers see abstraction.",
        "06_train_a_cnn.ipynb#From-fine-to-abstract",
        evidence.depth,
        lambda f: verdict(
            [
                *(above(b - a, 0.5) for a, b in pairwise(f["pixels"])),
                *(above(b - a, 0, evidence.CLEAR) for a, b in pairwise(f["right"])),
            ]
        ),
        # The shares themselves differ from one processor to another.
        "after the blocks of SmallCNN a cell sees {pixels[0]}, {pixels[1]} and {pixels[2]} pixels, "
        "and {better} of 2 steps to the next block tell classes apart better by more than 5 points",
        "Deeper cells see more pixels, and in a trained net their maps tell more about the class.",
    ),
    Claim(
        17,
        "LeNet-5 used average pooling, VGG and ResNet max pooling.",
        "06_train_a_cnn.ipynb#LeNet-5,-as-published",
        evidence.which_pools,
        lambda f: verdict(
            [
                below(f["lenet5"], 0.5),
                *(above(f[net][0] / f[net][1], 0.5, 0.2) for net in ("vgg16", "resnet18")),
            ]
        ),
        "LeNet-5's pools train {lenet5} numbers; max pools do {vgg16[0]} of {vgg16[1]} halvings in "
        "VGG16, {resnet18[0]} of {resnet18[1]} in ResNet-18",
        "LeNet-5 scaled and shifted its averages by trained numbers and squashed them, VGG pools "
        "by maximum, ResNet does so once.",
    ),
    Claim(
        18,
        "Without pooling, large inputs are impractical.",
        "09_look_inside_real_nets.ipynb#With-downsampling-and-without",
        evidence.large_inputs,
        # A laptop has 16 GB.
        lambda f: verdict(above(f[name], 16, 4) for name in ("batch", "one", "strides")),
        "to train on 32 images of 224 pixels VGG16 without pooling keeps {batch:.0f} GB, on one of "
        "512 pixels {one:.0f}; MobileNetV2, with {poolings} poolings before its end, keeps "
        "{strides:.1f} for the 32",
        "Without any downsampling, large batches of large images are impractical; strides do as "
        "well as pools.",
    ),
    Claim(
        19,
        "Pooling can itself be learned.",
        "05_choose_a_pool.ipynb#All-in-one-table",
        evidence.learned_pools,
        lambda f: verdict(above(f[f"{name}_learns"], 0.5) for name in ("gem", "mixed", "gated")),
        "numbers with a gradient: GeM {gem_learns}, mixed {mixed_learns}, gated {gated_learns}; "
        "accuracy beyond max {gem[0]:+.1f} to {gem[1]:+.1f}, {mixed[0]:+.1f} to {mixed[1]:+.1f}, "
        "{gated[0]:+.1f} to {gated[1]:+.1f} points",
        "It can, with a few numbers; five seeds could not tell the result from max pooling.",
    ),
    Claim(
        20,
        "Pooling has no weights and is fast.",
        "09_look_inside_real_nets.ipynb#And-the-parameters?",
        evidence.weights_and_work,
        lambda f: verdict(
            [
                below(f["plain"], 0.5),
                below(f["read"], 5, 2),
                *(below(count, 0.5) for count in (*f["learned"], f["lenet5"])),
            ]
        ),
        "max and average pooling train {plain} numbers, mixed, gated and GeM {learned} in "
        "SmallCNN, LeNet-5's {lenet5}; VGG16's pools read {read:.2f} numbers for 100 multiply-adds",
        "Max and average pooling have no weights and little work; learned pools have few weights.",
    ),
)
