import torch
from hypothesis import settings

torch.set_num_threads(1)
settings.register_profile("poolkit", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("poolkit")

pytest_plugins = ["pytester"]
