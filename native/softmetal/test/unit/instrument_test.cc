// Rewriting of LLVM IR: which accesses are led through the engine, and that the result is valid.
#include "compile/instrument.h"

#include "check.h"
#include "compile/cache.h"
#include "compile/commands.h"
#include "compile/files.h"
#include "compile/instrument_target.h"
#include "compile/process.h"
#include "ir_snippet.h"

using namespace softmetal;

namespace {

// What LLVM says against the text, or nothing.
std::string assembler_errors(const std::string& text) {
  TemporaryFolder folder;
  write_file(folder.path + "/hooked.ll", text);
  ProcessResult run = run_process(find_toolchain().clang + assembly_flags({true, BuildMode::kInstrumented}) +
                                  Words{"-c", folder.path + "/hooked.ll", "-o", folder.path + "/hooked.o"});
  return run.status == 0 ? "" : run.error + "(status " + std::to_string(run.status) + ")";
}

// "access(ptr %p, i32 4, i32 0, i32 0)"
std::string hook(const std::string& pointer, int size, sm_access_kind kind, int site) {
  return "call ptr @sm_access(ptr " + pointer + ", i32 " + std::to_string(size) + ", i32 " +
         std::to_string(kind) + ", i32 " + std::to_string(site) + ")\n";
}

size_t occurrences(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) count++;
  return count;
}

size_t hooks(const Instrumented& code) { return occurrences(code.text, "call ptr @sm_access"); }
// The hooks themselves call one another.
const size_t kOwnHooks = hooks(instrument(""));

}  // namespace

TEST("a load and a store use the address that the engine returns and claim no alignment") {
  Instrumented code = instrument_body(
      "  %v = load float, ptr %p, align 4, !dbg !20\n  store float %v, ptr %q, align 4, !dbg !26\n");
  CHECK_CONTAINS(code.text, "  %softmetal.0 = " + hook("%p", 4, SM_READ, 0) +
                                "  %v = load float, ptr %softmetal.0, align 1, !dbg !20\n" +
                                "  %softmetal.1 = " + hook("%q", 4, SM_WRITE, 1) +
                                "  store float %v, ptr %softmetal.1, align 1, !dbg !26\n");
  CHECK_EQUAL(code.sites.size(), 2u);
  CHECK_EQUAL(code.sites[0].alignment, 4u);
  CHECK(!code.sites[0].copy);
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("copies of whole objects are told apart: integers may be structs") {
  Instrumented code = instrument_body(
      "  %v = load i64, ptr %p, align 4, !dbg !20\n  %w = load i8, ptr %p, align 1, !dbg !20\n"
      "  %x1 = load <2 x i32>, ptr %p, align 8, !dbg !20\n");
  CHECK(code.sites[0].copy && !code.sites[1].copy && !code.sites[2].copy);
}

TEST("sizes come from the types") {
  const struct {
    const char* type;
    int size;
  } types[] = {{"i1", 1},           {"i8", 1},           {"i16", 2},        {"i64", 8},
               {"half", 2},         {"bfloat", 2},       {"float", 4},      {"double", 8},
               {"ptr", 8},          {"<4 x float>", 16}, {"<3 x half>", 6}, {"<3 x float>", 12},
               {"<2 x bfloat>", 4}, {"[3 x i16]", 6},    {"%packed", 7},    {"%nested", 20},
               {"{ i8, i64 }", 16}, {"<{ i8, i32 }>", 5}};
  std::string body;
  int number = 0;
  for (const auto& type : types) {
    std::string value = "%v" + std::to_string(number++);
    body += "  " + value + " = load " + type.type + ", ptr %p, align 1, !dbg !20\n  store " + type.type +
            " " + value + ", ptr %q, align 1, !dbg !20\n";
  }
  Instrumented code = instrument_body(
      body, "%packed = type <{ i8, i16, i32 }>\n%nested = type { i8, %packed, [2 x i32], i32 }\n");
  int site = 0;
  for (const auto& type : types) {
    CHECK_CONTAINS(code.text, hook("%p", type.size, SM_READ, site++));
    CHECK_CONTAINS(code.text, hook("%q", type.size, SM_WRITE, site++));
  }
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("constants of any shape are stored; pointers may be expressions") {
  Instrumented code = instrument_body(
      "  store <4 x float> <float 1.000000e+00, float 0.000000e+00, float 2.0, float 3.0>, ptr %p, align 16, "
      "!dbg !20\n"
      "  store { i32, [2 x i8] } { i32 1, [2 x i8] c\"a,\" }, ptr %p, align 4, !dbg !20\n"
      "  store ptr getelementptr inbounds (i8, ptr @table, i64 4), ptr getelementptr inbounds (i8, ptr "
      "@table, i64 "
      "8), align 8, !dbg !20\n"
      "  %v = load float, ptr getelementptr inbounds ([4 x float], ptr @\"a table, of floats\", i64 0, i64 "
      "2), align 8, !dbg !20\n",
      "@table = global [64 x i8] zeroinitializer\n@\"a table, of floats\" = constant [4 x float] "
      "zeroinitializer\n");
  CHECK_CONTAINS(code.text, hook("%p", 16, SM_WRITE, 0));
  CHECK_CONTAINS(code.text, hook("%p", 8, SM_WRITE, 1));
  CHECK_CONTAINS(code.text, hook("getelementptr inbounds (i8, ptr @table, i64 8)", 8, SM_WRITE, 2));
  CHECK_CONTAINS(
      code.text,
      hook("getelementptr inbounds ([4 x float], ptr @\"a table, of floats\", i64 0, i64 2)", 4, SM_READ, 3));
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("volatile and atomic accesses keep what they are") {
  Instrumented code = instrument_body(
      "  %a = load volatile i32, ptr %p, align 4, !dbg !20\n"
      "  store volatile i32 %n, ptr %p, align 4, !dbg !20\n"
      "  %b = load atomic i32, ptr %p monotonic, align 4, !dbg !20\n"
      "  store atomic volatile i32 %n, ptr %p syncscope(\"singlethread\") release, align 4, !dbg !20\n"
      "  %c = atomicrmw volatile add ptr %p, i32 1 seq_cst, align 4, !dbg !20\n"
      "  %d = atomicrmw fadd ptr %p, float %x monotonic, align 4, !dbg !20\n"
      "  %e = cmpxchg weak ptr %p, i64 %m, i64 3 acq_rel monotonic, align 8, !dbg !20\n");
  CHECK_CONTAINS(code.text, "load volatile i32, ptr %softmetal.0, align 1,");
  CHECK_CONTAINS(code.text, "store volatile i32 %n, ptr %softmetal.1, align 1,");
  CHECK_CONTAINS(code.text, hook("%p", 4, SM_ATOMIC_READ, 2) +
                                "  %b = load atomic i32, ptr %softmetal.2 monotonic, align 4,");
  CHECK_CONTAINS(code.text, hook("%p", 4, SM_ATOMIC_WRITE, 3));
  CHECK_CONTAINS(code.text, "ptr %softmetal.3 syncscope(\"singlethread\") release, align 4,");
  CHECK_CONTAINS(code.text, hook("%p", 4, SM_ATOMIC, 4) +
                                "  %c = atomicrmw volatile add ptr %softmetal.4, i32 1 seq_cst, align 4,");
  CHECK_CONTAINS(code.text, hook("%p", 4, SM_ATOMIC, 5) + "  %d = atomicrmw fadd ptr %softmetal.5,");
  CHECK_CONTAINS(code.text, hook("%p", 8, SM_ATOMIC, 6) + "  %e = cmpxchg weak ptr %softmetal.6, i64 %m,");
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("copies read and write, sets write; lengths may be known at run time only") {
  Instrumented code = instrument_body(
      "  call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 4 dereferenceable(12) %p, ptr align 8 "
      "%q, i64 12, i1 false), !dbg !20\n"
      "  tail call void @llvm.memmove.p0.p0.i64(ptr %p, ptr %q, i64 %m, i1 true), !dbg !20\n"
      "  call void @llvm.memset.p0.i32(ptr align 2 %p, i8 0, i32 %n, i1 false), !dbg !20\n"
      "  call void @llvm.memcpy.inline.p0.p0.i64(ptr %p, ptr %q, i64 0, i1 false), !dbg !20\n",
      "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\ndeclare void @llvm.memmove.p0.p0.i64(ptr, "
      "ptr, i64, i1)\n"
      "declare void @llvm.memset.p0.i32(ptr, i8, i32, i1)\ndeclare void @llvm.memcpy.inline.p0.p0.i64(ptr, "
      "ptr, i64, i1)\n");
  CHECK_CONTAINS(code.text, "%softmetal.0 = " + hook("%q", 12, SM_READ, 0) +
                                "  %softmetal.1 = " + hook("%p", 12, SM_WRITE, 1));
  CHECK_CONTAINS(
      code.text,
      "(ptr noundef nonnull align 1 dereferenceable(12) %softmetal.1, ptr align 1 %softmetal.0, i64 12,");
  CHECK_CONTAINS(code.text, "@sm_access_range(ptr %q, i64 %m, i32 0, i32 2)");
  CHECK_CONTAINS(code.text, "@sm_access_range(ptr %p, i64 %m, i32 1, i32 3)");
  CHECK_CONTAINS(code.text, "zext i32 %n to i64\n");
  CHECK_EQUAL(code.sites.size(), 5u);
  CHECK(code.sites[0].copy && code.sites[1].copy && code.sites[3].copy && !code.sites[4].copy);
  CHECK_EQUAL(code.sites[0].alignment, 8u);
  CHECK_EQUAL(code.sites[1].alignment, 4u);
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("private memory stays private: allocas and what is made of nothing else") {
  Instrumented code = instrument_body(
      "  %a = alloca [8 x float], align 16\n  %b = alloca float, align 4\n"
      "  %c = getelementptr inbounds nuw [8 x float], ptr %a, i64 0, i64 %m\n"
      "  %d = icmp eq i32 %n, 0\n  %e = select i1 %d, ptr %c, ptr %b\n"
      "  store float %x, ptr %e, align 4, !dbg !20\n  br label %loop\n"
      "loop:\n  %f = phi ptr [ %a, %0 ], [ %g, %loop ]\n"
      "  %v = load float, ptr %f, align 4, !dbg !20\n  %g = getelementptr i8, ptr %f, i64 4\n"
      "  br i1 %d, label %loop, label %end\n"
      "end:\n  call void @llvm.memset.p0.i64(ptr %c, i8 0, i64 8, i1 false), !dbg !20\n",
      "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)\n");
  CHECK_EQUAL(hooks(code), kOwnHooks);
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("what may be private or not is told to the engine") {
  Instrumented code = instrument_body(
      "  %a = alloca [8 x float], align 16\n  %d = icmp eq i32 %n, 0, !dbg !20\n"
      "  %e = select i1 %d, ptr %a, ptr %p\n  store float %x, ptr %e, align 4, !dbg !20\n  br label %loop\n"
      "loop:\n  %f = phi ptr [ %a, %0 ], [ %g, %loop ]\n  %v = load float, ptr %f, align 4, !dbg !20\n"
      "  %h = load ptr, ptr %a, align 8\n  %g = getelementptr i8, ptr %h, i64 4\n"
      "  br i1 %d, label %loop, label %end\n"
      "end:\n  call void @llvm.memcpy.p0.p0.i64(ptr %a, ptr %q, i64 8, i1 false), !dbg !20\n",
      "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)\n");
  CHECK_EQUAL(hooks(code), kOwnHooks + 3);
  CHECK_CONTAINS(code.text, hook("%e", 4, SM_WRITE, 0));
  CHECK_CONTAINS(code.text, hook("%f", 4, SM_READ, 1));
  CHECK_CONTAINS(code.text, hook("%q", 8, SM_READ, 2));
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("initialisers, declarations and functions without debug information stay as they are") {
  const std::string untouched =
      "declare void @other(ptr)\n"
      "define internal void @__cxx_global_var_init() section \".text.startup\" !dbg !13 {\n"
      "  store i32 1, ptr @counter, align 4, !dbg !23\n  ret void\n}\n"
      "define internal void @_GLOBAL__sub_I_kernel.cc() !dbg !13 {\n  store i32 1, ptr @counter, align 4, "
      "!dbg !20\n"
      "  ret void\n}\n"
      "define void @made_by_the_compiler(ptr %p) {\n  store i32 1, ptr %p, align 4\n  ret void\n}\n";
  Instrumented code = instrument_module("@counter = global i32 0\n" + untouched);
  CHECK_CONTAINS(code.text, untouched);
  CHECK(code.sites.empty());
  CHECK(code.blocks.empty());
}

TEST("calls through pointers, switches and lines that nobody knows survive") {
  const std::string strange =
      "  switch i32 %n, label %end [\n    i32 1, label %one\n    i32 -2, label %end\n  ], !dbg !20\n\n"
      "one:                                              ; preds = %0\n"
      "  %r = call float %q(float %x, ptr nonnull %p) #3, !dbg !20\n  some future instruction, ptr %p, !dbg "
      "!20\n"
      "    #dbg_value(i32 %n, !7, !DIExpression(), !20)\n  br label %end, !dbg !20\n"
      "\"a label, quoted\":\n  unreachable\nend:\n";
  CHECK_CONTAINS(instrument_body(strange).text, strange);
}

TEST("hooks find the engine through sm_kernel_table, which the module may define itself") {
  Instrumented foreign = instrument_body("");
  CHECK_CONTAINS(foreign.text, "@sm_kernel_table = external global i8");
  CHECK_EQUAL(assembler_errors(foreign.text), "");
  Instrumented own = instrument_body("", "@sm_kernel_table = constant { i32 } zeroinitializer\n");
  CHECK_EQUAL(occurrences(own.text, "@sm_kernel_table ="), 1u);
  CHECK_EQUAL(assembler_errors(own.text), "");
}

TEST("a division is told when its divisor is zero, and made by one then") {
  Instrumented code = instrument_body(
      "  %a = sdiv i32 7, %n, !dbg !20\n  %b = urem i64 %m, %m, !dbg !26\n  %c = udiv i32 %n, 10, !dbg !20\n"
      "  %d = load <3 x i16>, ptr %p, align 2, !dbg !20\n"
      "  %e = srem <3 x i16> <i16 1, i16 2, i16 3>, %d, !dbg !20\n  %f = sdiv exact i32 %n, %a, !dbg !20\n");
  CHECK_EQUAL(occurrences(code.text, "call void @sm_divisor("), 4u);
  CHECK_CONTAINS(code.text, "icmp eq i32 7, -2147483648");
  CHECK_CONTAINS(code.text, "%c = udiv i32 %n, 10, !dbg !20\n");
  CHECK_CONTAINS(code.text, "icmp eq <3 x i16> %d, <i16 -1, i16 -1, i16 -1>");
  CHECK_EQUAL(code.sites[1].location.function, "helper<float>");
  CHECK_EQUAL(assembler_errors(code.text), "");
}

TEST("a text for another processor loses what names that one") {
  CHECK_EQUAL(without_target("target datalayout = \"e\"\ntarget triple = \"x\"\ndefine void @f() #0 {\n"
                             "  ret void\n}\nattributes #0 = { nounwind \"target-cpu\"=\"a\" "
                             "\"target-features\"=\"+b,+c\" \"tune-cpu\"=\"d\" }"),
              "define void @f() #0 {\n  ret void\n}\nattributes #0 = { nounwind    }");
}
