"""Times one square float32 product for each line on standard input; answers with seconds. OpenBLAS reads its own thread variable."""

import sys
import time

import numpy

size = int(sys.argv[1])
generator = numpy.random.default_rng(0)
a = generator.standard_normal((size, size), dtype=numpy.float32)
b = generator.standard_normal((size, size), dtype=numpy.float32)
out = numpy.empty((size, size), dtype=numpy.float32)

for _ in sys.stdin:
    begin = time.perf_counter()
    numpy.matmul(a, b, out=out)
    print(time.perf_counter() - begin, flush=True)
