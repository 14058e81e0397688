// From MSL text to a kernel in memory: what is said about bad text.
#include "compiler_kit.h"

using namespace kit;

TEST("errors of types show when the library is made, at the author's line and column") {
  CHECK_EQUAL(errors_of(msl("kernel void f(device float *o [[buffer(0)]]) {\n  o[0] = missing;\n}\n")),
              "program_source:4:10: error: use of undeclared identifier 'missing'\n");
}

TEST("several errors are all reported, in order") {
  std::string text = errors_of(msl("int a = b;\nint c = d;\nkernel void f() {}\n"));
  CHECK_CONTAINS(text, "program_source:3:9: error: use of undeclared identifier 'b'\n");
  CHECK_CONTAINS(text, "program_source:4:9: error: use of undeclared identifier 'd'\n");
}

TEST("a syntax error has its line") {
  CHECK_CONTAINS(errors_of(msl("kernel void f() {\n  float x = 1.0f\n}\n")), "program_source:4:");
}

TEST("an include that does not exist is an error at its line") {
  CHECK_EQUAL(errors_of("\n#include \"nowhere.h\"\n"),
              "program_source:2:10: error: 'nowhere.h' file not found\n");
}

TEST("headers of C++ and of the machine are not there") {
  for (const char* name : {"vector", "stdio.h", "stddef.h", "cmath"}) {
    CHECK_CONTAINS(errors_of("#include <" + std::string(name) + ">\n"), "file not found");
  }
}

TEST("#error stops, #warning does not") {
  CHECK_EQUAL(errors_of("#error no way\n"), "program_source:1:2: error: no way\n");
  Built built = build(msl("#warning careful\nkernel void f() {}\n"), "f");
  CHECK(built.kernel != nullptr);
  CHECK_CONTAINS(built.text, "program_source:3:2: warning: careful");
}

TEST("a file name of the caller's, and #line") {
  LibraryOptions options;
  options.file_name = "shaders/my kernel.metal";
  CHECK_CONTAINS(errors_of("int a = b;\n", options), "shaders/my kernel.metal:1:9: error: ");
  CHECK_CONTAINS(errors_of("#line 7 \"other.metal\"\nint a = b;\n", options), "other.metal:7:9: error: ");
}

TEST("an error in an included file names that file") {
  FolderForTest folder;
  write_file(folder.path + "/part.h", "\nint a = b;\n");
  LibraryOptions options;
  options.include_folders = {folder.path};
  CHECK_EQUAL(errors_of("#include \"part.h\"\n", options),
              folder.path + "/part.h:2:9: error: use of undeclared identifier 'b'\n");
}

TEST("an error inside the device's headers is told at the line that led there") {
  std::string text =
      errors_of(msl("struct S {};\nkernel void f(device float *o [[buffer(0)]]) {\n"
                    "  o[0] = max(S{}, S{});\n  o[1] = vec<S, 3>(1).x;\n}\n"));
  CHECK_CONTAINS(text, "program_source:5:");
  CHECK_CONTAINS(text, "program_source:6:");
}

TEST("no message shows a temporary file, the cache or the device's own headers") {
  TestCache cache;
  std::string text =
      errors_of(msl("struct S {};\nkernel void f(device float *o [[buffer(0)]]) {\n  o[0] = max(S{}, 1);\n"
                    "  float4 v = float4(S{});\n  simd_sum(S{});\n  as_type<float3>(1.0f);\n}\n"));
  CHECK_CONTAINS(text, "error: ");
  for (const std::string& hidden :
       {cache.path, softmetal_folder(), std::string("stdlib"), std::string("/tmp")}) {
    CHECK(text.find(hidden) == std::string::npos);
  }
}

TEST("macros of the options and of Metal") {
  LibraryOptions options;
  options.macros = {{"VALUE", "2.5f"}, {"TEXT", "\"a b\""}, {"EMPTY", ""}};
  options.language_version = 0x30002;
  std::string source = msl(R"(
#if __METAL_VERSION__ != 320 || !defined(__METAL__) || !defined(__METAL_MACOS__) || !defined(EMPTY)
#error wrong
#endif
#if defined(__x86_64__) || defined(__aarch64__) || defined(__linux__)
#error the host shows
#endif
kernel void f(device float *o [[buffer(0)]]) { o[0] = VALUE EMPTY; o[1] = sizeof(TEXT); }
)");
  std::vector<float> out = run(build(source, "f", BuildMode::kFast, {}, options), {0, 0});
  CHECK_EQUAL(out[0], 2.5f);
  CHECK_EQUAL(out[1], 4.0f);
}

TEST("a function constant without a value is named when the kernel needs it") {
  std::string source =
      msl("constant int n [[function_constant(3)]];\n"
          "kernel void f(device float *o [[buffer(0)]]) { o[0] = n; }\n"
          "kernel void g(device float *o [[buffer(0)]]) { o[0] = 1; }\n");
  CHECK_CONTAINS(build(source, "f").text, "function constant 'n' is not set");
  CHECK_EQUAL(run(build(source, "f", BuildMode::kFast, {{3, "7"}}), {0})[0], 7.0f);
  CHECK_EQUAL(run(build(source, "g"), {0})[0], 1.0f);
}

TEST("a function that is declared and never defined is named") {
  std::string source =
      msl("namespace n { float h(float x); }\n"
          "kernel void f(device float *o [[buffer(0)]]) { o[0] = n::h(o[0]); }\n");
  CHECK_CONTAINS(build(source, "f").text, "'n::h(float)' is declared but not defined");
}

TEST("fast math contracts across statements, other math does not") {
  std::string source =
      msl("kernel void f(device float *o [[buffer(0)]]) {\n"
          "  float product = o[0] * o[1];\n  o[2] = product - o[3];\n}\n");
  const float x = 1.0f + 0x1p-12f, square = x * x;
  LibraryOptions exact;
  exact.fast_math = false;
  CHECK_EQUAL(run(build(source, "f"), {x, x, 0, square})[2], 0x1p-24f);
  CHECK_EQUAL(run(build(source, "f", BuildMode::kFast, {}, exact), {x, x, 0, square})[2], 0.0f);
}

TEST("fast math keeps NaN and infinity") {
  std::string source =
      msl("kernel void f(device float *o [[buffer(0)]]) {\n"
          "  o[2] = isnan(o[0]); o[3] = o[1] == -INFINITY; o[4] = o[0] != o[0];\n}\n");
  std::vector<float> out = run(build(source, "f"), {__builtin_nanf(""), -__builtin_inff(), 0, 0, 0});
  for (int i = 2; i < 5; ++i) CHECK_EQUAL(out[i], 1.0f);
}

TEST("kernels find libm's functions, whoever loaded this library") {
  std::string source =
      msl("kernel void f(device float *o [[buffer(0)]]) {\n"
          "  o[0] = exp(o[0]); o[1] = precise::sin(o[1]); o[2] = pow(o[2], 3.0f); o[3] = tanh(o[3]);\n}\n");
  std::vector<float> out = run(build(source, "f"), {0, 0, 2, 0});
  CHECK_EQUAL(out[0], 1.0f);
  CHECK_EQUAL(out[1], 0.0f);
  CHECK_EQUAL(out[2], 8.0f);
  CHECK_EQUAL(out[3], 0.0f);
}

TEST("half and bfloat convert with ties to even, and a long loop of them links") {
  std::string source = msl(
      "kernel void f(device float *o [[buffer(0)]]) {\n"
      "  for (int i = 0; i < 4; ++i) { o[i + 4] = float(bfloat(o[i])); o[i + 8] = float(half(o[i])); }\n}\n");
  std::vector<float> data = {1.00390625f, 1.01171875f, 65520.0f, 0x1.8p-25f, 0, 0, 0, 0, 0, 0, 0, 0};
  data = run(build(source, "f"), data);
  CHECK_EQUAL(data[4], 1.0f);
  CHECK_EQUAL(data[5], 1.015625f);
  CHECK_EQUAL(data[8], 1.00390625f);
  CHECK_EQUAL(data[10], __builtin_inff());
  CHECK_EQUAL(data[11], 0x1p-24f);
}

TEST("a kernel tells its arguments and where it is in memory") {
  Built built =
      build(msl("constant float table[4] = {1, 2, 3, 4};\n"
                "kernel void f(device float *o [[buffer(0)]], constant int &count [[buffer(5)]]) {\n"
                "  o[0] = table[count];\n}\n"),
            "f");
  CHECK(built.kernel != nullptr);
  if (!built.kernel) return;
  CHECK_EQUAL(built.kernel->name, "f");
  CHECK_EQUAL(built.kernel->declared.file, "program_source");
  CHECK_EQUAL(built.kernel->declared.line, 4);
  CHECK_EQUAL(built.kernel->argument_names.size(), 2u);
  CHECK_EQUAL(built.kernel->argument_names.back(), "count");
  const void* entry = reinterpret_cast<const void*>(built.kernel->table->entry);
  CHECK(built.kernel->image_begin <= entry && entry < built.kernel->image_end);
}
