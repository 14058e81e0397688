// What one execution of a block counts as.
#include "check.h"
#include "ir_snippet.h"

using namespace softmetal;

namespace {

// "multiply_adds 1 integer 2": what the only block of these instructions counts, without zeros.
std::string counted(const std::string& instructions) {
  std::string body;
  for (size_t start = 0; start < instructions.size();) {
    size_t end = std::min(instructions.find('\n', start), instructions.size());
    body += "  " + instructions.substr(start, end - start) + ", !dbg !20\n";
    start = end + 1;
  }
  Instrumented code = instrument_body(body);
  if (code.blocks.empty()) return "";
  const Block& block = code.blocks[0];
  std::string text;
  auto add = [&](const char* name, uint32_t count) {
    if (count) text += (text.empty() ? "" : " ") + std::string(name) + " " + std::to_string(count);
  };
  add("multiply_adds", block.multiply_adds);
  add("additions", block.additions);
  add("multiplications", block.multiplications);
  add("divisions", block.divisions);
  add("exp2", block.exp2);
  add("other_math", block.other_math);
  add("comparisons", block.comparisons);
  add("integer", block.integer);
  add("conversions", block.conversions);
  return text;
}

}  // namespace

TEST("a product that feeds one addition of its block is a multiply-add, where both may contract") {
  CHECK_EQUAL(counted("%a = fmul contract float %x, %x\n%b = fadd contract float %a, %x"), "multiply_adds 1");
  CHECK_EQUAL(counted("%a = fmul fast float %x, %x\n%b = fsub nnan contract float %x, %a"),
              "multiply_adds 1");
  CHECK_EQUAL(counted("%a = fmul contract <4 x half> zeroinitializer, zeroinitializer\n"
                      "%b = fadd contract <4 x half> zeroinitializer, %a"),
              "multiply_adds 4");
  CHECK_EQUAL(counted("%a = fmul float %x, %x\n%b = fadd contract float %a, %x"),
              "additions 1 multiplications 1");
  CHECK_EQUAL(counted("%a = fmul contract float %x, %x\n%b = fadd float %a, %x"),
              "additions 1 multiplications 1");
}

TEST("a product that is used twice, or in another block, is a multiplication of its own") {
  CHECK_EQUAL(counted("%a = fmul contract float %x, %x\n%b = fadd contract float %a, %a"),
              "additions 1 multiplications 1");
  CHECK_EQUAL(counted("%a = fmul contract float %x, %x\n%b = fadd contract float %a, %x\n%c = fneg float %a"),
              "additions 1 multiplications 1");
  Instrumented code = instrument_body(
      "  %a = fmul contract float %x, %x, !dbg !20\n  br label %next\nnext:\n  %b = fadd contract float %a, "
      "%x, !dbg !20\n");
  CHECK_EQUAL(code.blocks.size(), 2u);
  CHECK_EQUAL(code.blocks[0].multiplications, 1u);
  CHECK_EQUAL(code.blocks[1].additions, 1u);
}

TEST("of two products in a sum one is fused") {
  CHECK_EQUAL(counted("%a = fmul contract float %x, 2.0\n%b = fmul contract float %x, 3.0\n"
                      "%c = fadd contract float %a, %b"),
              "multiply_adds 1 multiplications 1");
}

TEST("intrinsics and functions of the C library") {
  CHECK_EQUAL(counted("%a = call float @llvm.fmuladd.f32(float %x, float %x, float %x)"), "multiply_adds 1");
  CHECK_EQUAL(
      counted(
          "%a = tail call contract <3 x half> @llvm.fma.v3f16(<3 x half> %q, <3 x half> %q, <3 x half> %q)"),
      "multiply_adds 3");
  CHECK_EQUAL(counted("%a = call contract noundef float @llvm.exp2.f32(float %x)"), "exp2 1");
  CHECK_EQUAL(counted("%a = call <4 x float> @llvm.exp2.v4f32(<4 x float> %q)"), "exp2 4");
  CHECK_EQUAL(counted("%a = call float @exp2f(float %x)"), "exp2 1");
  CHECK_EQUAL(counted("%a = call float @llvm.exp.f32(float %x)"), "multiplications 1 exp2 1");
  CHECK_EQUAL(counted("%a = call float @sinf(float %x)\n%b = call bfloat @llvm.sqrt.bf16(bfloat %q)"),
              "other_math 2");
  CHECK_EQUAL(counted("%a = call float @erf(float %x)"), "other_math 1");
  CHECK_EQUAL(counted("%a = call float @llvm.maxnum.f32(float %x, float %x)"), "comparisons 1");
  CHECK_EQUAL(
      counted(
          "%a = call i32 @llvm.umin.i32(i32 %n, i32 3)\n%b = call <2 x i32> @llvm.ctpop.v2i32(<2 x i32> %q)"),
      "integer 3");
  CHECK_EQUAL(counted("%a = call i32 @llvm.fptosi.sat.i32.f32(float %x)"), "conversions 1");
  CHECK_EQUAL(counted("%a = call float @helper(float %x)\n%b = call float @llvm.fabs.f32(float %x)\n"
                      "call void @llvm.lifetime.start.p0(i64 4, ptr %p)"),
              "");
}

TEST("divisions, and the reciprocal of a root as one operation") {
  CHECK_EQUAL(counted("%a = fdiv float %x, 3.0"), "divisions 1");
  CHECK_EQUAL(counted("%a = call float @llvm.sqrt.f32(float %x)\n%b = fdiv float 1.000000e+00, %a"),
              "other_math 1");
  CHECK_EQUAL(counted("%a = call float @llvm.sqrt.f32(float %x)\n%b = fdiv float 2.000000e+00, %a"),
              "divisions 1 other_math 1");
}

TEST("a comparison that only steers a selection is one with it") {
  CHECK_EQUAL(counted("%a = fcmp ogt float %x, 0.0\n%b = select i1 %a, float %x, float 0.0"),
              "comparisons 1");
  CHECK_EQUAL(counted("%a = icmp sgt i32 %n, 0\n%b = select i1 %a, i32 %n, i32 0"), "integer 1");
  CHECK_EQUAL(counted("%a = icmp sgt i32 %n, 0\n%b = select i1 %a, float %x, float 0.0"), "comparisons 1");
  CHECK_EQUAL(
      counted("%a = fcmp ogt float %x, 0.0\n%b = select i1 %a, float %x, float 0.0\n%c = zext i1 %a to i32"),
      "comparisons 2");
  CHECK_EQUAL(counted("%a = fcmp nnan ogt <4 x float> %q, zeroinitializer"), "comparisons 4");
}

TEST("integer work and conversions, by element; what is free is not counted") {
  CHECK_EQUAL(counted("%a = add nuw nsw i32 %n, 1\n%b = mul i64 %m, 3\n%c = shl <2 x i16> %q, %q\n"
                      "%d = or disjoint i32 %n, 1\n%e = udiv i32 %n, 7\n%f = icmp samesign ult i32 %n, 3"),
              "integer 7");
  CHECK_EQUAL(
      counted("%a = fpext half %q to float\n%b = fptrunc <4 x float> %q to <4 x bfloat>\n"
              "%c = sitofp i32 %n to float\n%d = uitofp nneg i32 %n to half\n%e = fptoui float %x to i32"),
      "conversions 8");
  CHECK_EQUAL(counted("%a = zext i32 %n to i64\n%b = trunc i64 %m to i32\n%c = fneg float %x\n"
                      "%d = getelementptr float, ptr %p, i64 %m\n%e = bitcast float %x to i32\n"
                      "%f = shufflevector <2 x float> %q, <2 x float> %q, <2 x i32> zeroinitializer"),
              "");
}

TEST("a block is announced after its phis, and not at all when it counts nothing") {
  Instrumented code = instrument_body(
      "  br label %loop, !dbg !20\nloop:\n  %i = phi i32 [ 0, %0 ], [ %j, %loop ]\n"
      "  %k = phi float [ %x, %0 ], [ %k, %loop ]\n  %j = add i32 %i, 1, !dbg !26\n"
      "  %c = icmp eq i32 %j, %n, !dbg !26\n  br i1 %c, label %end, label %loop, !dbg !26\nend:\n");
  CHECK_EQUAL(code.blocks.size(), 1u);
  CHECK_CONTAINS(code.text, "[ %k, %loop ]\n  call void @sm_block(i32 0)\n  %j = add");
  CHECK_EQUAL(code.blocks[0].location.line, 2);
  CHECK_EQUAL(code.blocks[0].integer, 2u);
}

TEST("moves of elements through an integer are not arithmetic") {
  CHECK_EQUAL(counted("%a = lshr i64 %m, 32\n%b = trunc nuw i64 %a to i32"), "");
  CHECK_EQUAL(counted("%a = lshr i64 %m, %m\n%b = trunc i64 %a to i32"), "integer 1");
  CHECK_EQUAL(counted("%a = lshr i64 %m, 32\n%b = trunc i64 %a to i32\n%c = add i64 %a, 1"), "integer 2");
  CHECK_EQUAL(counted("%a = zext i16 %q to i32\n%b = zext i16 %q to i32\n%c = shl nuw i32 %a, 16\n"
                      "%d = or disjoint i32 %c, %b"),
              "");
  CHECK_EQUAL(counted("%a = shl nuw i32 %n, 16\n%b = or disjoint i32 %a, 3"), "integer 2");
}
