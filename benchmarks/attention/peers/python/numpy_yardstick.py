"""The same with numpy: OpenBLAS's SGEMM, and its dot product of a large array with itself."""

import numpy


class Host:
    def __init__(self, name, threads, sizes):
        size = sizes["size"]
        generator = numpy.random.default_rng(0)
        a, b = (generator.standard_normal((size, size), dtype=numpy.float32) for _ in range(2))
        out = numpy.empty((size, size), dtype=numpy.float32)
        values = numpy.ones(sizes["bytes"] // 4, dtype=numpy.float32)
        self.yardsticks = {
            "product": lambda: numpy.matmul(a, b, out=out),
            "reading": lambda: numpy.dot(values, values),
        }
        self.versions = {"product": "numpy.matmul (OpenBLAS)", "numpy": numpy.__version__}
