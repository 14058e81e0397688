// What kernels of other projects rely on, each in a few lines of our own: compiled and run.
#include "check.h"
#include "kernel_run.h"

namespace {

// Runs f over eight floats 0, 1, 2, ... and returns what it leaves.
std::vector<float> floats_of(const std::string& source, const KernelRun& run = {}) {
  std::vector<Memory> buffers = {memory_of(std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7})};
  run_kernel("#include <metal_stdlib>\nusing namespace metal;\n" + source, run, buffers);
  std::vector<float> values;
  for (size_t i = 0; i < 8; i++) values.push_back(element<float>(buffers[0], i));
  return values;
}

}  // namespace

TEST("#pragma unroll with a count that only the preprocessor knows") {
  auto values = floats_of(
      "#define TILE 8\n"
      "kernel void f(device float *x [[buffer(0)]]) {\n"
      "#pragma unroll(TILE / 2)\n"
      "  for (int i = 0; i < TILE; i++) x[i] += 1;\n"
      "  _Pragma(\"clang loop unroll(full)\") for (int i = 0; i < 4; i++) x[i] *= 2;\n"
      "#pragma unroll (TILE)\n"
      "  for (int i = 0; i < TILE; i++) x[i] -= 1;\n}");
  CHECK_EQUAL(values[1], 3.0f);
  CHECK_EQUAL(values[7], 7.0f);
}
TEST("#pragma unroll with a count that the text knows stands in the C++") {
  softmetal::LibraryResult result = softmetal::compile_library(
      "template <int tile> kernel void f(device float *x [[buffer(0)]]) {\n"
      "#pragma unroll(tile / 2)\n"
      "  for (int i = 0; i < tile; i++) x[i] += 1;\n}\n"
      "template [[host_name(\"f\")]] kernel decltype(f<8>) f<8>;\n",
      {});
  CHECK(result.library != nullptr);
  CHECK_CONTAINS(result.library->program.text, "#pragma unroll(tile / 2)");
}
TEST("half and bfloat convert to each other by static_cast, in a template and outside") {
  auto values = floats_of(
      "template <class T, class U> T to(U x) { return static_cast<T>(x); }\n"
      "kernel void f(device float *x [[buffer(0)]]) {\n"
      "  x[0] = to<bfloat>(half(1.00390625h)); x[1] = to<half>(bfloat(3.0f));\n"
      "  x[2] = static_cast<bfloat>(half(5.0h)); x[3] = to<int>(7.9f);\n"
      "  x[4] = *to<device float *>(x + 3); }");
  CHECK_EQUAL(values[0], 1.0f);
  CHECK_EQUAL(values[1], 3.0f);
  CHECK_EQUAL(values[2], 5.0f);
  CHECK_EQUAL(values[3], 7.0f);
  CHECK_EQUAL(values[4], 7.0f);
}
TEST("a class whose constructors are all defaulted is an aggregate") {
  auto values = floats_of(
      "template <class T> struct Pair { uint n; T v; constexpr Pair() = default;\n"
      "  constexpr Pair() threadgroup = default; };\n"
      "Pair<float> make() { return {3, 4}; }\n"
      "struct Two { float a; Two() = default; Two(float v) : a(v * 2) {} };\n"
      "kernel void f(device float *x [[buffer(0)]]) { x[0] = make().n + make().v; x[1] = Two(4).a; }");
  CHECK_EQUAL(values[0], 7.0f);
  CHECK_EQUAL(values[1], 8.0f);
}
TEST("components are assigned in templates of a program with operators of its own") {
  auto values = floats_of(
      "struct C { float re; };\n"
      "template <class T> thread T &operator+=(thread T &a, C b) { a.re += b.re; return a; }\n"
      "struct Plain { float x; float4 v; };\n"
      "template <class I> vec<I, 2> walk(vec<I, 2> p, thread Plain *s, int n) {\n"
      "  vec<I, 2> list[2] = {p, p};\n"
      "  for (int i = 0; i < n; i++) { p.x += I(i); list[i % 2].y += p.x; s->x += I(2); s->v.w += I(1); }\n"
      "  C c = {p.y}; c += C{10}; p.y = list[1].y; p.x += I(c.re); return p; }\n"
      "kernel void f(device float *x [[buffer(0)]]) {\n"
      "  Plain s = {100, 0}; long2 r = walk(long2(1, 2), &s, 4);\n"
      "  x[0] = r.x; x[1] = r.y; x[2] = s.x; x[3] = s.v.w; }");
  CHECK_EQUAL(values[0], 1.0f + 6 + 12);
  CHECK_EQUAL(values[1], 2.0f + 2 + 7);
  CHECK_EQUAL(values[2], 108.0f);
  CHECK_EQUAL(values[3], 4.0f);
}
TEST("names of Apple's own headers: limits for one's own type, vec_elements, uniform") {
  auto values = floats_of(
      "struct Big { float v; };\n"
      "namespace metal { template <> struct _numeric_limits_impl<Big> {\n"
      "  static constexpr Big max() { return Big{42}; } };\n"
      "template <class T> struct is_empty : bool_constant<__is_empty(T)> {};\n"
      "template <class... T> using void_t = void; }\n"
      "template <class T> constexpr constant bool sums = __is_valid_simdgroup_type<T>::value;\n"
      "kernel void f(device float *x [[buffer(0)]]) {\n"
      "  x[0] = numeric_limits<Big>::max().v; x[1] = vec_elements<half3>::value;\n"
      "  x[2] = sums<float> + 2 * sums<long>; x[3] = make_uniform(9) / make_uniform(2);\n"
      "  x[4] = metal::_disjunction<is_same<int, uint>, is_same<int, int>>::value;\n"
      "  x[5] = __metal_simd_xor(x[5]); }");
  CHECK_EQUAL(values[0], 42.0f);
  CHECK_EQUAL(values[1], 3.0f);
  CHECK_EQUAL(values[2], 1.0f);
  CHECK_EQUAL(values[3], 4.0f);
  CHECK_EQUAL(values[4], 1.0f);
  CHECK_EQUAL(values[5], 5.0f);
}
