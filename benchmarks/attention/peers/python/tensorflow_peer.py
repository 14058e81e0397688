"""TensorFlow's own ops, eagerly, as attention is written without a fused one, and GradientTape."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import tensorflow  # noqa: E402


class Host:
    yardsticks = {}

    def __init__(self, name, threads, sizes):
        tensorflow.config.threading.set_intra_op_parallelism_threads(threads)
        tensorflow.config.threading.set_inter_op_parallelism_threads(1)
        self.versions = {"tensorflow": tensorflow.__version__}

    def load(self, problem, inputs):
        return Call(problem, {name: tensorflow.constant(values) for name, values in inputs.items()})


class Call:
    def __init__(self, problem, inputs):
        self.d_out = inputs.pop("dOut")
        self.inputs = list(inputs.values())
        self.scale = problem["headDim"] ** -0.5
        self.future = None
        if problem["causal"] and problem["queries"] > 1:
            seen = tensorflow.linalg.band_part(tensorflow.ones((problem["queries"], problem["keys"])), -1, 0)
            self.future = (1 - seen) * -1e9

    def attend(self, q, k, v):
        scores = tensorflow.matmul(q, k, transpose_b=True) * self.scale
        if self.future is not None:
            scores += self.future
        return tensorflow.matmul(tensorflow.nn.softmax(scores), v)

    def run(self, direction):
        if direction == "forward":
            return [self.attend(*self.inputs)]
        with tensorflow.GradientTape() as tape:
            tape.watch(self.inputs)
            out = self.attend(*self.inputs)
        return [out, *tape.gradient(out, self.inputs, output_gradients=self.d_out)]

    def results(self, direction):
        return dict(zip(("out", "dq", "dk", "dv"), (tensor.numpy() for tensor in self.run(direction))))
