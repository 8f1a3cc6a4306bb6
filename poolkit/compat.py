"""Make ``import torchvision`` work with every build of torch.

torchvision's wheels for Linux are linked to CUDA. Beside a torch built for the CPU their compiled
part cannot load, and then ``import torchvision`` stops with "operator torchvision::nms does not
exist", although nothing that this course uses needs that part. poolkit's modules therefore import
torchvision from here::

    from poolkit.compat import torchvision

Where the compiled part loads, this is a plain import. Where it does not, models, datasets and
transforms work; ``torchvision.ops.nms`` and ``roi_pool`` do not, and raise when they are called.
"""

import torch

__all__ = ["torchvision"]

# torchvision describes the result shape of these two operators to torch while it is imported, and
# that fails when nobody has declared them.
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)

try:
    import torchvision
except RuntimeError as error:
    if "torchvision::nms" not in str(error):
        raise
    # torch forgets the declarations when this object is collected, so the module keeps it.
    _library = torch.library.Library("torchvision", "DEF")
    for _schema in _SCHEMAS:
        _library.define(_schema)
    import torchvision
