"""Wrong answers to the exercises of lesson 09."""

MISTAKES = {
    "changed_pixels": {
        "what leaves comes in again": {"np.zeros_like(x)": "np.roll(x, 1, axis=1)"},
        "moved to the left": {"moved[:, 1:] = x[:, :-1]": "moved[:, :-1] = x[:, 1:]"},
        "moved down": {"moved[:, 1:] = x[:, :-1]": "moved[1:] = x[:-1]"},
        "the pooled map moved": {
            "after = moved.reshape(height, 2, width, 2).max(axis=(1, 3))": (
                "after = np.zeros_like(before)\n    after[:, 1:] = before[:, :-1]"
            )
        },
        "counted before pooling": {"before != after": "x != moved"},
        "pixels that stay": {"!=": "=="},
    },
    "exact_shifts": {
        "strides added": {"total = 1": "total = 0", "total * stride": "total + stride"},
        "the longest left out": {"longest + 1": "longest"},
        "no shift counted as one": {"range(total,": "range(0,"},
        "the largest stride only": {"total * stride": "max(total, stride)"},
        "the product itself only": {
            "list(range(total, longest + 1, total))": "[total] if total <= longest else []"
        },
        "powers instead of multiples": {
            "list(range(total, longest + 1, total))": (
                "[total**n for n in range(1, 99) if total > 1 and total**n <= longest]"
            )
        },
    },
    "blur_row": {
        "zeros beyond the ends": {', mode="reflect"': ""},
        "the end pixels repeated": {"reflect": "edge"},
        "from the second pixel on": {"[::2]": "[1::2]"},
        "dropped before the blur": {
            'np.pad(x, 1, mode="reflect")': 'np.pad(x[::2], 1, mode="edge")',
            "smooth[::2]": "smooth",
        },
        "three alike": {"2 * padded[1:-1]": "padded[1:-1]", "/ 4": "/ 3"},
        "not divided": {" / 4": ""},
        "nothing dropped": {"smooth[::2]": "smooth"},
    },
    "consistency": {
        "only if it holds for all moves": {".mean()": ".all(axis=0).mean()"},
        "if it holds for one move": {".mean()": ".any(axis=0).mean()"},
        "a count": {".mean()": ".sum()"},
        "the share that changed": {"==": "!="},
        "the first move only": {"after ==": "after[0] =="},
        "the moves among each other": {"== before": "== after[0]"},
    },
}
