// The strict check: one case per kind of illegal shader, and legal texts that use every feature.
#include "check.h"
#include "compile/compiler.h"

using softmetal::Diagnostic;

namespace {

constexpr const char* kHead = "#include <metal_stdlib>\nusing namespace metal;\n";
constexpr int kHeadLines = 2;

std::vector<Diagnostic> complaints(const std::string& text) {
  softmetal::LibraryOptions options;
  options.file_name = "shader.metal";
  return softmetal::strict_check(kHead + text, options);
}

// The first error is in this line of the text and says this.
void refused(const std::string& text, int line, const std::string& words) {
  std::vector<Diagnostic> found = complaints(text);
  CHECK(!found.empty());
  if (found.empty()) return;
  CHECK_EQUAL(found[0].file, "shader.metal");
  CHECK_EQUAL(found[0].line, line + kHeadLines);
  CHECK(found[0].column > 0);
  CHECK_CONTAINS(softmetal::to_text(found), words);
}

void accepted(const std::string& text) { CHECK_EQUAL(softmetal::to_text(complaints(text)), ""); }

std::string kernel(const std::string& body) {
  return "kernel void k(device float* p [[buffer(0)]], constant float* c [[buffer(1)]],\n"
         "              threadgroup float* t [[threadgroup(0)]], uint i [[thread_position_in_grid]]) {\n" +
         body + "\n}\n";
}

}  // namespace

TEST("refused: a device pointer where a threadgroup pointer is expected") {
  refused("void f(threadgroup float* p) { p[0] = 1; }\n" + kernel("f(p);"), 4, "no matching function");
}
TEST("refused: a threadgroup pointer assigned to a device pointer") {
  refused(kernel("device float* q = t;"), 3, "'device float *' with an lvalue of type 'threadgroup float *'");
}
TEST("refused: a constant pointer assigned to a device pointer") {
  refused(kernel("const device float* q = c;"), 3, "constant");
}
TEST("refused: an unqualified pointer parameter given a device pointer") {
  refused("void f(float* p) { p[0] = 1; }\n" + kernel("f(p);"), 4, "no matching function");
}
TEST("refused: an unqualified reference given device memory") {
  refused("void f(float& x) { x = 1; }\n" + kernel("f(p[0]);"), 4, "no matching function");
}
TEST("refused: a cast that drops the address space") {
  refused(kernel("float4* q = (float4*)p;"), 3, "address space");
}
TEST("refused: a cast from device to threadgroup") {
  refused(kernel("threadgroup float4* q = (threadgroup float4*)p;"), 3, "address space");
}
TEST("refused: reinterpret_cast to another address space") {
  refused(kernel("thread float* q = reinterpret_cast<thread float*>(p);"), 3, "reinterpret_cast");
}
TEST("refused: a kernel's pointer without an address space") {
  refused("kernel void k(float* p [[buffer(0)]]) { p[0] = 1; }", 1, "needs an address space");
}
TEST("refused: a threadgroup pointer bound to a buffer") {
  refused("kernel void k(threadgroup float* p [[buffer(0)]]) { p[0] = 1; }", 1, "[[threadgroup(n)]]");
}
TEST("refused: a value bound to a buffer") {
  refused("kernel void k(float x [[buffer(0)]]) {}", 1, "must be a pointer or a reference");
}
TEST("refused: a write through constant") {
  refused(kernel("c[0] = 1;"), 3, "read-only variable is not assignable");
}
TEST("refused: double") { refused(kernel("double d = 1;"), 3, "MSL has no double"); }
TEST("refused: recursion") {
  refused("int f(int a) { return a ? f(a - 1) : 0; }\n" + kernel("p[0] = f(3);"), 1, "recursion");
}
TEST("refused: recursion through another function") {
  refused("int g(int a);\nint f(int a) { return a ? g(a - 1) : 0; }\nint g(int a) { return f(a); }\n" +
              kernel("p[0] = f(3);"),
          2, "recursion");
}
TEST("refused: a pointer to a function") {
  refused("float g(float x) { return x; }\n" + kernel("float (*h)(float) = g; p[0] = h(1);"), 4,
          "pointers to functions");
}
TEST("refused: a virtual function") { refused("struct S { virtual int f(); };\n", 1, "virtual"); }
TEST("refused: exceptions") { refused(kernel("throw 1;"), 3, "exceptions"); }
TEST("refused: new") { refused(kernel("thread int* a = new int;"), 3, "new and delete"); }
TEST("refused: dynamic_cast") {
  refused("struct S { int a; };\n" + kernel("S s; thread S* q = dynamic_cast<thread S*>(&s);"), 4,
          "dynamic_cast");
}
TEST("refused: typeid") { refused(kernel("auto& x = typeid(int);"), 3, "type information"); }
TEST("refused: goto") { refused(kernel("again: goto again;"), 3, "goto"); }
TEST("refused: keywords of functions as names") {
  refused(kernel("int vertex = 1; p[0] = vertex;"), 3, "'vertex' is a keyword of MSL");
  refused("float f(float fragment) { return 1; }\n", 1, "'fragment' is a keyword of MSL");
  refused("struct S { int kernel; };\n", 1, "'kernel' is a keyword of MSL");
  refused("struct vertex { int a; };\n", 1, "'vertex' is a keyword of MSL");
  refused("template <int fragment> int f() { return 1; }\n", 1, "'fragment' is a keyword of MSL");
}
TEST("refused: half4 assigned to float4") {
  refused(kernel("half4 h = half4(1.0h); float4 v = h;"), 3, "half4");
}
TEST("refused: float4 assigned to half4") {
  refused(kernel("float4 v = float4(1); half4 h; h = v;"), 3, "half4");
}
TEST("refused: a vector built from too many elements") {
  refused(kernel("float2 v = float2(1, 2, 3); p[0] = v.x;"), 3, "as many elements");
}
TEST("refused: a method on a threadgroup object that is not qualified so") {
  refused(
      "struct S { int a; int get() { return a; } };\nkernel void k(threadgroup S* s [[threadgroup(0)]]) {\n"
      "s->get(); }",
      3, "type 'threadgroup S'");
}
TEST("refused: a method on a device object that is not qualified so") {
  refused(
      "struct S { int a; int get() { return a; } };\nkernel void k(device S* s [[buffer(0)]]) {\ns->get(); }",
      3, "type 'device S'");
}
TEST("refused: a parameter without a binding attribute") {
  refused("kernel void k(device float* p [[buffer(0)]],\nuint i) { p[i] = 1; }", 2, "no binding attribute");
}
TEST("refused: one buffer index twice") {
  refused("kernel void k(device float* p [[buffer(0)]],\ndevice float* q [[buffer(0)]]) {}", 2,
          "bound twice");
}
TEST("refused: a buffer index above 30") {
  refused("kernel void k(device float* p [[buffer(31)]]) {}", 1, "between 0 and 30");
}
TEST("refused: a kernel that returns a value") {
  refused("kernel int k(device float* p [[buffer(0)]]) { return 1; }", 1, "must return void");
}
TEST("refused: a threadgroup variable with an initialiser") {
  refused(kernel("threadgroup float x = 1;"), 3, "initialiser");
}
TEST("refused: a threadgroup variable outside a function") {
  refused("threadgroup float x[4];\n" + kernel(""), 1, "inside a kernel");
}
TEST("refused: a threadgroup variable in a function that a kernel calls") {
  refused("void f() {\nthreadgroup float x[4]; x[0] = 1; }\n" + kernel("f();"), 2,
          "must be declared in a kernel");
}
TEST("refused: a variable of the program outside constant memory") {
  refused("int counter = 0;\n" + kernel("p[0] = counter;"), 1, "constant address space");
}
TEST("refused: a static variable in a function") {
  refused(kernel("static int n = 0; n = 1;"), 3, "constant");
}
TEST("refused: thread_local") { refused("thread_local int n;\n", 1, "thread_local"); }
TEST("refused: a position of type float3") {
  refused("kernel void k(device float* p [[buffer(0)]],\nfloat3 i [[thread_position_in_grid]]) {}", 2,
          "uint");
}
TEST("refused: an index of type uint2") {
  refused("kernel void k(device float* p [[buffer(0)]],\nuint2 i [[thread_index_in_simdgroup]]) {}", 2,
          "uint or ushort");
}
TEST("refused: C++'s standard library") { refused("#include <vector>\n", 1, "vector"); }
TEST("refused: a function that MSL does not have") { refused(kernel("p[0] = sqrtf(2.0f);"), 3, "sqrtf"); }
TEST("refused: a call that is ambiguous in MSL") { refused(kernel("p[0] = max(1.0f, 2);"), 3, "ambiguous"); }
TEST("refused: an error in a template, where it is instantiated") {
  refused(
      "template <typename T> kernel void f(device T* p [[buffer(0)]]) {\nthreadgroup T* q = p;\n}\n"
      "template [[host_name(\"f\")]] kernel void f<float>(device float*);",
      2, "'threadgroup float *' with an lvalue of type 'device float *'");
}

TEST("refused: a call through a variable that holds a function") {
  refused("float g(float x) { return x; }\n" + kernel("auto h = i ? g : g; p[0] = h(1);"), 4,
          "pointers to functions");
}
TEST("refused: recursion, beside other mistakes") {
  std::vector<Diagnostic> found =
      complaints("int f(int a) { return a ? f(a - 1) : 0; }\n" + kernel("p[0] = f(3); device float* q = t;"));
  CHECK_CONTAINS(softmetal::to_text(found), "threadgroup float *");
}
TEST("refused: a function as template argument whose parameters are in another address space") {
  refused(
      "void twice(threadgroup float* p) { p[0] *= 2; }\n"
      "template <void (*f)(device float*)> void apply(device float* p) { f(p); }\n" +
          kernel("apply<twice>(p);"),
      5, "no matching function");
}
TEST("refused: wrong types in what only the program as it runs can judge") {
  refused(kernel("using V = float4; V v = V(1, 2, 3); p[0] = v.x;"), 3, "as many elements");
  refused("template <typename T> T f(float a) { return T(a, a); }\n" + kernel("p[0] = f<float3>(1).x;"), 1,
          "");
  refused("struct C { float a; C(float x, float y) : a(x + y) {} };\nC f() { return {1, 2, 3}; }\n", 2, "");
  refused(kernel("half4 h = half4(1); float2 v = (float2)h; p[0] = v.x;"), 3, "");
  refused(kernel("bool2 b = bool3(true); p[0] = b.x;"), 3, "");
}
TEST("refused: a matrix built from too few columns") {
  refused(kernel("float2x2 m = float2x2(float2(1), float2(2), float2(3)); p[0] = m[0].x;"), 3, "columns");
}
TEST("a warning says what is not checked") {
  std::vector<Diagnostic> found = complaints(
      "kernel void k(texture2d<float> image [[texture(0)]], device float* p [[buffer(0)]]) { p[0] = 1; }\n"
      "float f(sampler s) { return 1; }\n");
  CHECK_EQUAL(found.size(), size_t{2});
  for (const Diagnostic& each : found) {
    CHECK_EQUAL(each.severity, "warning");
    CHECK_CONTAINS(each.message, "not checked");
  }
}

TEST("a warning about a derived class, which Apple's compiler may take") {
  std::vector<Diagnostic> found = complaints(
      "struct A { int a; };\nstruct B : A { int b; };\ntemplate <typename T> struct C\n"
      ": public A {};\nenum class E : uint { one };\n" +
      kernel("B b; b.a = 1; p[0] = b.a;"));
  CHECK_EQUAL(found.size(), size_t{2});
  for (const Diagnostic& each : found) {
    CHECK_EQUAL(each.severity, "warning");
    CHECK_CONTAINS(each.message, "no derived classes");
  }
  if (found.size() != 2) return;
  CHECK_EQUAL(found[0].line, 2 + kHeadLines);
  CHECK_EQUAL(found[1].line, 4 + kHeadLines);
}

TEST("accepted: kernels by keyword and by attribute, vertex_id") {
  accepted(
      "kernel [[max_total_threads_per_threadgroup(64)]] void a(device float* p [[buffer(0)]]) { p[0] = 1; }\n"
      "[[kernel]] void b(device float* p [[buffer(0)]]) { int vertex_id = 1; p[0] = vertex_id; }\n"
      "namespace n { kernel void c(device float* p [[buffer(0)]]) { p[0] = 1; } }");
}
TEST("accepted: pointers, vectors, swizzles and conversions") {
  accepted(kernel(
      "auto q = p + 1; q[0] = c[1]; t[i] = q[0];\n"
      "device float4* v = (device float4*)p; float4 a = float4(v[0].xy, 1.0f, 2.0f); a.zw = a.xy;\n"
      "half4 h = half4(a); h += half4(1.0h); v[1] = float4(h) * 2; using V = float4; V w = V(1, 2, 3, 4);\n"
      "w = static_cast<V>(h); w[i & 3] = i; v[2] = w; float3 z = float3(0.5); p[3] = dot(z, z.bgr);\n"
      "int2 n = int2(a.xy); uint bits = as_type<uint>(a.x); p[4] = n.x + bits; bfloat b = 1.5bf; p[5] = b;"));
}
TEST("accepted: threadgroup variables, barriers, reductions") {
  accepted(
      kernel("threadgroup float a[32], b[2][8]; threadgroup int n; threadgroup float* q = a;\n"
             "a[i] = p[i]; b[1][2] = 1; n = 2; threadgroup_barrier(mem_flags::mem_threadgroup);\n"
             "p[i] = simd_sum(q[31 - i]) + b[1][2] + n + simd_shuffle_xor(p[i], 1) + simd_max(i);"));
}
TEST("accepted: simdgroup matrices") {
  accepted(kernel(
      "simdgroup_float8x8 a(0.0f), b, r; simdgroup_half8x8 h; simdgroup_load(a, p, 8);\n"
      "simdgroup_load(b, t, 8, ulong2(0, 1), true); b = make_filled_simdgroup_matrix<float, 8>(0.f);\n"
      "simdgroup_multiply_accumulate(r, a, b, r); r.thread_elements()[0] = 1; simdgroup_store(r, p, 8);"));
}
TEST("accepted: atomics and a variable called local") {
  accepted(
      "kernel void k(device atomic_uint* p [[buffer(0)]], uint i [[thread_position_in_grid]]) {\n"
      "threadgroup atomic_uint local[4]; atomic_store_explicit(&local[i], 0, memory_order_relaxed);\n"
      "atomic_fetch_add_explicit(&local[i], 1, memory_order_relaxed);\n"
      "atomic_fetch_max_explicit(p, atomic_load_explicit(&local[i], memory_order_relaxed), "
      "memory_order_relaxed); }");
}
TEST("accepted: whole structs copied between address spaces") {
  accepted(
      "struct P { int n; float s; };\nkernel void k(constant P& c [[buffer(0)]], device P* d [[buffer(1)]],\n"
      "threadgroup P* t [[threadgroup(0)]]) {\nP a = c; P b = d[1]; d[0] = a; t[0] = b; b = c; d[2] = t[0]; "
      "}");
}
TEST("accepted: function constants and arguments that depend on them") {
  accepted(
      "constant bool causal [[function_constant(0)]];\nconstant int n [[function_constant(1)]];\n"
      "constant int twice = is_function_constant_defined(n) ? n : 1;\n"
      "kernel void k(device float* p [[buffer(0)]], device float* m [[buffer(1), "
      "function_constant(causal)]]) {\n"
      "if (causal) p[0] = m[0] + twice; }");
}
TEST("accepted: templates over address spaces, all forms of instantiation") {
  accepted(
      "template <typename P> float first(P p) { return p[0]; }\n"
      "template <typename T, int N> kernel void f(device T* p [[buffer(0)]]) {\n"
      "threadgroup T s[N]; s[0] = p[0]; p[1] = T(first(s) + first(p)); }\n"
      "template [[host_name(\"a\")]] kernel void f<float, 4>(device float*);\n"
      "template [[host_name(\"b\")]] [[kernel]] decltype(f<half, 4>) f<half, 4>;\n"
      "typedef decltype(f<float, 8>) type;\ntemplate [[host_name(\"c\")]] kernel type f<float, 8>;");
}
TEST("accepted: methods and overloads by address space, tables in constant memory") {
  accepted(
      "struct S { float a; float get() const device { return a; } float get() const thread { return a; } };\n"
      "float get(device const float* p) { return p[0]; }\nfloat get(constant float* p) { return p[1]; }\n"
      "constant float table[3] = {1, 2.5, 3};\nconstexpr constant int kSize = 3;\n"
      "static constant int offsets[2] = {1, 2};\n"
      "kernel void k(device S* s [[buffer(0)]], device float* p [[buffer(1)]]) {\nS q = {1.0f};\n"
      "p[0] = s->get() + q.get() + get(p) + get(table) + kSize + offsets[1]; }");
}
TEST("accepted: a function as template argument, a pointer moved by an integral constant") {
  accepted(
      "template <int N> struct Int { constexpr operator int() const { return N; } };\n"
      "void twice(device float* p) { p[0] *= 2; }\ntemplate <void (*f)(device float*)> void apply(device "
      "float* p) { f(p); }\n" +
      kernel("apply<twice>(p); p += Int<1>{}; p[0] = 1;"));
}
TEST("accepted: functions of one name for several types that call one another") {
  accepted(
      "float f(float x) { return x; }\nfloat f(float2 v) { return f(v.x) + f(v.y); }\n"
      "template <int N> float down(float x) { return down<N - 1>(x); }\ntemplate <> float down<0>(float x) { "
      "return x; }\n" +
      kernel("p[0] = f(float2(1, 2)) + down<3>(1);"));
}
TEST("accepted: a kernel named like a built-in function, float times half4") {
  accepted(
      "template <typename T> kernel void transpose(device T* o [[buffer(0)]]) { o[0] = o[1] * 2.0f; }\n"
      "template [[host_name(\"t\")]] kernel void transpose<half4>(device half4*);");
}
TEST("accepted: function templates as template arguments of kernels") {
  accepted(
      "struct Block { half scale; };\n"
      "template <typename T> void unpack(device const Block* b, short n, thread T& r) { r = T(b->scale); }\n"
      "template <typename T> using Unpack = void (*)(device const Block*, short, thread T&);\n"
      "template <typename T, void (*f)(device const Block*, short, thread T&)> kernel void a(\n"
      "device const Block* b [[buffer(0)]], device T* o [[buffer(1)]]) { T t; f(b, 0, t); o[0] = t; }\n"
      "template <typename T, Unpack<T> f> void g(device const Block* b, thread T& t) { f(b, 0, t); }\n"
      "typedef decltype(a<float, unpack<float>>) type;\n"
      "template [[host_name(\"a\")]] kernel type a<float, unpack>;\n"
      "template [[host_name(\"b\")]] kernel void a<half, unpack>(device const Block*, device half*);\n"
      "kernel void c(device const Block* b [[buffer(0)]], device float* o [[buffer(1)]]) { float t;\n"
      "g<float, unpack<float>>(b, t); o[0] = t; }");
}
TEST("accepted: a class with constructors for address spaces, returned in braces, cast, as a member") {
  accepted(
      "template <typename T> struct Pair { T a, b;\n"
      "constexpr Pair(T x, T y) thread : a(x), b(y) {}\nconstexpr Pair(T x, T y) constant : a(x), b(y) {}\n"
      "constexpr Pair() thread : a(0), b(0) {}\nconstexpr Pair(T x) thread : a(x), b(0) {}\n"
      "operator vec<T, 2>() const thread { return vec<T, 2>(a, b); } };\n"
      "template <typename T> Pair<T> swapped(Pair<T> p) { return {p.b, p.a}; }\n"
      "struct Holder { Pair<float> p; int n; Holder(int m) thread : n(m) {} };\n"
      "constant Pair<float> kOne = Pair<float>(1, 0);\n" +
      kernel("Holder h(2); h.p = swapped(Pair<float>(1, 2)); p[0] = h.p.a + h.n + "
             "static_cast<Pair<float>>(1.0f).a;"));
}
TEST("accepted: matrices of other types and in other address spaces") {
  accepted(
      "kernel void k(device float4x4* d [[buffer(0)]], device half4x4* h [[buffer(1)]],\n"
      "threadgroup half4x4* t [[threadgroup(0)]]) {\nhalf4x4 m = (half4x4)(d[0]); h[0] = m; t[0] = m; m = "
      "h[1];\n"
      "float4x4 n = float4x4(m); d[1] = n; d[2] = n * d[1]; d[0][1] = n[2]; }");
}
TEST("accepted: vectors in braces, under other names, of bool") {
  accepted(
      "float f(uint3 v) { return v.x; }\nstruct P { float a, b; };\n"
      "template <typename T> struct Frag { typedef vec<T, 2> type; using same = type;\n"
      "static type make(T a) { return type(a, a); } static same other(T a) { return same(a, a); } };\n"
      "template <typename T> struct Tile { vec<T, 2> v[2] = {vec<T, 2>(0)}; Tile() thread {} };\n" +
      kernel(
          "p[0] = f({i, 1, 2}) + Frag<half>::make(1).x + Frag<float>::other(2).y; P s[2]; s[1] = {1, 2};\n"
          "Tile<bool> b; Tile<float> q; p[1] = b.v[0][1] ? q.v[0].x : s[1].a; p[2] = fmin(1, p[1] + 0.5);\n"
          "bfloat z = static_cast<bfloat>(half(1)); p[3] = z;"));
}
TEST("accepted: a temporary bound to a reference to const") {
  accepted("float f(thread const short& n) { return n; }\n" + kernel("int n = 3; p[0] = f(n * 2);"));
}
TEST("accepted: literals without a suffix in templates, elements of packed vectors") {
  accepted(
      "template <typename T> T f(T x) { return fmin(1, x / 6 + 0.5); }\n" +
      kernel("device packed_int3* n = (device packed_int3*)p; n[0].x = n[1].z; p[8] = f<float>(n[0].y);"));
}
