"""PyTorch's scaled_dot_product_attention, which picks its flash kernel on CPUs, and autograd."""

import torch

attend = torch.nn.functional.scaled_dot_product_attention


class Host:
    yardsticks = {}

    def __init__(self, name, threads, sizes):
        torch.set_num_threads(threads)
        self.versions = {"torch": torch.__version__}

    def load(self, problem, inputs):
        return Call(problem, {name: as_tensor(values, problem["dtype"]) for name, values in inputs.items()})


class Call:
    def __init__(self, problem, inputs):
        self.d_out = inputs.pop("dOut")
        self.inputs = list(inputs.values())
        self.leaves = [tensor.clone().requires_grad_() for tensor in self.inputs]
        self.options = {
            # One row of queries sees all keys.
            "is_causal": problem["causal"] and problem["queries"] > 1,
            "enable_gqa": problem.get("kvHeads", problem["heads"]) != problem["heads"],
        }

    def run(self, direction):
        if direction == "forward":
            with torch.no_grad():
                return [attend(*self.inputs, **self.options)]
        out = attend(*self.leaves, **self.options)
        return [out, *torch.autograd.grad(out, self.leaves, self.d_out)]

    def results(self, direction):
        return dict(zip(("out", "dq", "dk", "dv"), (tensor.detach().float().numpy() for tensor in self.run(direction))))


def as_tensor(values, dtype):
    if dtype == "bfloat16":
        return torch.from_numpy(values.view("int16")).view(torch.bfloat16)
    return torch.from_numpy(values)
