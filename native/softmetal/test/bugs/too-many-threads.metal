// The kernel says how many threads it can have at most; the host asks for more.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

#ifdef MENDED
#define MOST 64
#else
#define MOST 32
#endif

[[kernel, max_total_threads_per_threadgroup(MOST)]]
void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {  // expect: thread-count
  out[i] = float(i);
}
