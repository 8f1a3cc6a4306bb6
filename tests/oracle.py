"""torch as the oracle: the same call, arrays in and arrays out."""

import numpy as np
import torch
import torch.nn.functional

import poolkit.functional
import poolkit.gradients


def public(module):
    """Return the names that a module defines, and does not import, without an underscore."""
    return {
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
    }


def to_torch(value, *, requires_grad=False):
    """Copy an array to a tensor; everything else, and an integer array, stays what it is."""
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.tensor(np.ascontiguousarray(value))
    return tensor.requires_grad_(requires_grad and tensor.is_floating_point())


def to_numpy(result):
    if isinstance(result, tuple):
        return tuple(to_numpy(part) for part in result)
    return result.detach().numpy()


def torch_forward(name, *args, **kwargs):
    kwargs = {key: to_torch(value) for key, value in kwargs.items()}
    return to_numpy(getattr(torch.nn.functional, name)(*map(to_torch, args), **kwargs))


def torch_backward(name, grad_output, *args, **kwargs):
    """Return the gradients of all the floating-point arrays among args."""
    tensors = [to_torch(value, requires_grad=True) for value in args]
    output = getattr(torch.nn.functional, name)(*tensors, **kwargs)
    output.backward(to_torch(grad_output))
    found = tuple(
        t.grad.numpy() for t in tensors if isinstance(t, torch.Tensor) and t.requires_grad
    )
    return found[0] if len(found) == 1 else found


def pool(name, *args, **kwargs):
    return getattr(poolkit.functional, name)(*args, **kwargs)


def pool_backward(name, grad_output, *args, **kwargs):
    return getattr(poolkit.gradients, f"{name}_backward")(grad_output, *args, **kwargs)


def torch_raises(name, *args, **kwargs):
    try:
        torch_forward(name, *args, **kwargs)
    except Exception:  # torch raises whatever comes to hand, AttributeError too
        return True
    return False


def poolkit_raises(name, *args, **kwargs):
    """Only the two exceptions that poolkit promises count."""
    try:
        pool(name, *args, **kwargs)
    except (ValueError, TypeError):
        return True
    return False


def assert_same(mine, theirs, rtol=0.0, atol=0.0):
    """Equal in dtype, shape and value; with rtol or atol 0, exactly. NaN equals NaN."""
    assert isinstance(mine, np.ndarray)
    assert mine.dtype == theirs.dtype
    assert mine.shape == theirs.shape
    if rtol or atol:
        np.testing.assert_allclose(mine, theirs, rtol=rtol, atol=atol)
    else:
        np.testing.assert_array_equal(mine, theirs)
