"""The upsampling explorer in a real JupyterLab: what differs there is that Python follows."""

import ast

from browser.explorer_page import Explorer

MAKE = """from poolkit.upsampling_explorer import UpsamplingExplorer
e = UpsamplingExplorer([[6, 4], [4, 5]], "unpool", indices=[[5, 3], [13, 14]])
e"""


def test_python_and_the_page_follow_each_other(lab):
    one = lab(MAKE)
    one.run_all()
    explorer = Explorer(one.page)
    assert explorer.numbers("output")[3].tolist() == [0, 4, 5, 0]
    assert one.page.locator(".poolkit-picture:visible").count() == 0

    explorer.cell("typed indices", 0, 0).fill("0")
    explorer.control("transposed convolution").check()
    explorer.field("kernel_size").fill("3")
    explorer.field("stride").fill("2, 1")
    explorer.cell("kernel", 0, 2).fill("2.5")
    told = ast.literal_eval(one.run("print([e.operation, e.indices, e.weight, e.stride])"))
    kernel = [[1, 1, 2.5], [1, 1, 1], [1, 1, 1]]
    assert told == ["transposed", [[0, 3], [13, 14]], kernel, (2, 1)]
    shown = explorer.numbers("output").tolist()
    assert ast.literal_eval(one.run("print(e.output.tolist())")) == shown

    assert one.run("e.operation, e.view = 'bilinear', 'matrix'") == ""
    one.page.locator(".poolkit-explorer code", has_text="bilinear").wait_for()
    assert explorer.numbers("matrix").shape == (16, 4)
    refused = "try:\n    e.scale_factor = 0\nexcept ValueError as error:\n    print(error)"
    assert one.run(refused) == "scale_factor=0.0 must be above 0 and finite"
    assert explorer.numbers("output").shape == (4, 4)
