// The translator on small texts: what it reads, and what it writes.
#include "check.h"
#include "translate/program.h"

using namespace softmetal;

namespace {

Program run(const std::string& text) { return translate("# 1 \"shader.metal\"\n" + text, Dialect::kRun); }

std::string errors(const Program& program) {
  std::string text;
  for (const Diagnostic& diagnostic : program.diagnostics) {
    text += diagnostic.file + ":" + std::to_string(diagnostic.line) + ":" +
            std::to_string(diagnostic.column) + ": " + diagnostic.message + "\n";
  }
  return text;
}

// name:kind:index of each parameter
std::string parameters(const Kernel& kernel) {
  std::string text;
  for (const Parameter& parameter : kernel.parameters) {
    if (!text.empty()) text += ' ';
    text += parameter.name + ":" + std::to_string(parameter.kind) + ":" + std::to_string(parameter.index);
  }
  return text;
}

std::string squeezed(const std::string& text) {
  std::string result;
  for (char c : text) {
    bool space = c == ' ' || c == '\n';
    if (!space) result += c;
    if (space && !result.empty() && result.back() != ' ') result += ' ';
  }
  return result;
}

}  // namespace

TEST("a text that is nested without end does not exhaust the stack") {
  std::string namespaces, structs;
  for (int i = 0; i < 50000; ++i) {
    namespaces += "namespace a {";
    structs += "struct a {";
  }
  for (const std::string& text : {namespaces, structs}) translate(text, Dialect::kRun);
}

TEST("a kernel, its parameters and its entry point") {
  Program program =
      run("kernel void f(device float* out [[buffer(2)]], constant int& n [[buffer(0)]],\n"
          "              threadgroup half* t [[threadgroup(1)]], uint3 g [[thread_position_in_grid]]) {}");
  CHECK_EQUAL(errors(program), "");
  CHECK_EQUAL(program.kernels.size(), 1u);
  CHECK_EQUAL(parameters(program.kernels[0]), "out:0:2 n:0:0 t:1:1 g:2:0");
  CHECK_EQUAL(program.kernels[0].parameters[0].type, "device float*");
  CHECK_EQUAL(program.entry_points.size(), 1u);
  CHECK_EQUAL(program.entry_points[0].host_name, "f");
  CHECK_EQUAL(program.entry_points[0].arguments, "");
}
TEST("lines and columns of the author stay") {
  Program program = run("kernel void f(device float* out [[buffer(0)]]) {\n  out[0] = 1; }");
  CHECK_CONTAINS(program.text, "\ninline void f(       float* out              ) {\n  out[0] = 1; }");
}
TEST("[[kernel]] with a limit of threads, split over lines, several attributes in one") {
  Program program =
      run("[[kernel,\n max_total_threads_per_threadgroup(8 * 32)]] void f(device int* a [[\n buffer\n(1 + "
          "2)]]) {}");
  CHECK_EQUAL(errors(program), "");
  CHECK_EQUAL(program.kernels[0].max_threads, 256);
  CHECK_EQUAL(program.kernels[0].parameters[0].index, 3);
  CHECK_EQUAL(program.kernels[0].line, 2);
}
TEST("indices by enumerators and constants") {
  Program program =
      run("enum Index { kA, kB = 4, kC };\nconstant constexpr int kBase = 0x10;\n"
          "kernel void f(device int* a [[buffer(kC)]], device int* b [[buffer(kBase + Index::kA)]]) {}");
  CHECK_EQUAL(errors(program), "");
  CHECK_EQUAL(parameters(program.kernels[0]), "a:0:5 b:0:16");
}
TEST("parameters without an index get the lowest that is free") {
  Program program =
      run("kernel void f(device int* a, constant int& b [[buffer(0)]], threadgroup int* c, const device int* "
          "d) {}");
  CHECK_EQUAL(errors(program), "");
  CHECK_EQUAL(parameters(program.kernels[0]), "a:0:1 b:0:0 c:1:0 d:0:2");
}
TEST("a parameter without a binding is an error in its line") {
  CHECK_CONTAINS(errors(run("kernel void f(device int* a,\n              uint i) {}")),
                 "shader.metal:2:15: ");
}
TEST("template kernels: the three forms of instantiation") {
  Program program =
      run("template <typename T, int N> kernel void f(device T* p [[buffer(0)]]) {}\n"
          "template [[host_name(\"a_\" \"1\")]] kernel void f<float, 1>(device float* p [[buffer(0)]]);\n"
          "template [[host_name(\"b\")]] [[kernel]] decltype(f<half, (2 > 1)>) f<half, (2 > 1)>;\n"
          "typedef decltype(f<int, 3>) type;\ntemplate [[host_name(\"c\")]] kernel type f<int, 3>;\n");
  CHECK_EQUAL(errors(program), "");
  CHECK_EQUAL(program.entry_points.size(), 3u);
  CHECK_EQUAL(program.entry_points[0].host_name, "a_1");
  CHECK_EQUAL(program.entry_points[0].arguments, "<float, 1>");
  CHECK_EQUAL(program.entry_points[0].types, "float* p");
  CHECK_CONTAINS(entry_text(program, program.entry_points[0], {}),
                 "static_cast<void (*)(float* p)>(&::f<float, 1>)");
  CHECK_EQUAL(program.entry_points[1].arguments, "<half, (2 > 1)>");
  CHECK_EQUAL(program.entry_points[2].arguments, "<int, 3>");
  CHECK(program.text.find("host_name") == std::string::npos);
}
TEST("host_name on something that is no kernel is an error") {
  CHECK_CONTAINS(
      errors(run("template <int N> void f() {}\ntemplate [[host_name(\"x\")]] kernel void f<1>();")),
      "not a kernel");
}
TEST("kernels in namespaces") {
  Program program = run("namespace a { namespace b { kernel void f(device int* p [[buffer(0)]]) {} } }");
  CHECK_EQUAL(program.entry_points[0].host_name, "a::b::f");
  CHECK_CONTAINS(entry_text(program, program.entry_points[0], {}), "namespace a::b { static constexpr auto");
}
TEST("function constants: declared, defined where they are set") {
  Program program = run(
      "constant bool c [[function_constant(3)]];\nconstant bool d = is_function_constant_defined(c) && c;\n"
      "kernel void f(device int* p [[buffer(0), function_constant(c)]]) {}");
  CHECK_EQUAL(errors(program), "");
  CHECK_EQUAL(program.constants.size(), 1u);
  CHECK_EQUAL(program.constants[0].index, 3);
  CHECK_EQUAL(program.constants[0].type, "bool");
  CHECK_EQUAL(program.kernels[0].parameters[0].condition, "c");
  std::string set = entry_text(program, program.entry_points[0], {{3, "true"}});
  CHECK_CONTAINS(set, "const bool sm_is_set_c = true;");
  CHECK_CONTAINS(set, "= true; }");
  std::string unset = entry_text(program, program.entry_points[0], {});
  CHECK_CONTAINS(unset, "const bool sm_is_set_c = false;");
  CHECK(unset.find("const bool c = ") == std::string::npos);
}
TEST("threadgroup variables: arrays, several in one statement, pointers stay") {
  Program program =
      run("struct S { int a; };\nkernel void f(device int* p [[buffer(0)]]) {\n"
          "  alignas(16) threadgroup float a[4][8], b; threadgroup float *q = a[0], c[2];\n  { threadgroup S "
          "s; s.a = 1; } }");
  CHECK_EQUAL(errors(program), "");
  CHECK_CONTAINS(program.text,
                 "alignas(16) SM_THREADGROUP(a, float[4][8]); alignas(16) SM_THREADGROUP(b, float)");
  CHECK_CONTAINS(program.text, "float *q = a[0]; SM_THREADGROUP(c, float[2])");
  CHECK_CONTAINS(program.text, "SM_THREADGROUP(s, S)");
}
TEST("a threadgroup variable with an initialiser, or outside a function, is an error") {
  CHECK_CONTAINS(errors(run("kernel void f() {\n threadgroup int a = 1; }")), "shader.metal:2:18: ");
  CHECK_CONTAINS(errors(run("threadgroup int a[2];")), "inside a kernel");
}
TEST("literals: float without suffix, half and bfloat with theirs") {
  Program program =
      run("constant float a = 0.5 + 1e3 + 1.f + 0x1p3; half b = 1e-3h; bfloat c = 2.0bf; int d = 0x1e5;");
  CHECK_CONTAINS(program.text, "0.5f + 1e3f + 1.f + 0x1p3f");
  CHECK_CONTAINS(program.text, "1e-3f16");
  CHECK_CONTAINS(program.text, "bfloat(2.0f)");
  CHECK_CONTAINS(program.text, "0x1e5;");
}
TEST("overloads and specialisations by address space become one") {
  Program program =
      run("template <typename T> int f(device T* p) { return 1; }\ntemplate <typename U> int f(threadgroup "
          "U* q) { return 1; }\n"
          "template <class T> struct A { int x; };\ntemplate <class T> struct A<device T> { int y; };\n"
          "template <class T> struct B;\ntemplate <class T> struct B<device T*> {};\ntemplate <class T> "
          "struct B<threadgroup T*> {};\n"
          "struct C { int g() const device { return 1; } int g() const thread { return 1; } int g() { return "
          "2; } };\n");
  CHECK_EQUAL(errors(program), "");
  CHECK_CONTAINS(
      squeezed(program.text),
      "int f( T* p) { return 1; } template <class T> struct A { int x; }; template <class T> struct B; "
      "template <class T> struct B< T*> {}; struct C { int g() const { return 1; } int g() { return 2; } };");
}
TEST("overloads by address space that differ in more give a warning") {
  Program program = run("int f(device int* p) { return 1; }\nint f(threadgroup int* p) { return 2; }\n");
  CHECK_EQUAL(program.diagnostics.size(), 1u);
  CHECK_EQUAL(program.diagnostics[0].severity, "warning");
  CHECK_EQUAL(program.diagnostics[0].line, 2);
}
TEST("a texture is refused when its kernel is built, in its line") {
  Program program =
      run("kernel void f(\n texture2d<float> t [[texture(0)]], uint2 g [[thread_position_in_grid]]) {}");
  CHECK_EQUAL(errors(program), "");
  std::string text = entry_text(program, program.entry_points[0], {});
  CHECK_CONTAINS(text, "# 2 \"shader.metal\"");
  CHECK_CONTAINS(text, "static_assert(false");
}
TEST("duplicate and too large indices are errors") {
  CHECK_CONTAINS(errors(run("kernel void f(device int* a [[buffer(1)]], device int* b [[buffer(1)]]) {}")),
                 "bound twice");
  CHECK_CONTAINS(errors(run("kernel void f(device int* a [[buffer(31)]]) {}")), "between 0 and 30");
}
TEST("reads of swizzles in templates are calls, writes are not") {
  Program program = run("template <class V> void f(V v, V w) { v.xy = w.zw * 2; v.x = w.rgb.x; }");
  CHECK_CONTAINS(program.text, "v.xy = w.get_zw() * 2;");
}
TEST("constructors by address space become one, and none is const") {
  Program program = run("struct C { float a; C(float x) thread : a(x) {} C(float y) constant : a(y) {} };");
  CHECK_CONTAINS(squeezed(program.text), "C(float x) : a(x) {} };");
  CHECK(program.text.find("const") == std::string::npos);
}
TEST("a kernel named like a built-in function is called by its full name") {
  Program program = run("namespace n { kernel void transpose(device int* p [[buffer(0)]]) {} }");
  CHECK_CONTAINS(entry_text(program, program.entry_points[0], {}), "&::n::transpose;");
}
