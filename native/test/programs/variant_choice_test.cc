// The choice of variants from a table of its own: families, widths out of order, tiles of several sizes.
#include "metal/variant_choice.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace fa {

namespace {

MetalVariant row(const char* name, MetalKernel kernel, int family, int width, int rows, int pass = 3) {
  MetalVariant variant{};
  variant.kernel = kernel;
  variant.family = family;
  variant.dtype = DType::float16;
  variant.width = variant.value_width = width;
  variant.rows = rows;
  variant.pass = pass;
  variant.host_name = name;
  return variant;
}

const MetalVariant kTable[] = {
    row("wide", MetalKernel::forward, 7, 128, 8),
    row("narrow", MetalKernel::forward, 7, 64, 8),
    row("narrow apple9", MetalKernel::forward, 9, 64, 8),
    row("decode 32", MetalKernel::decode, 7, 64, 32),
    row("decode 8", MetalKernel::decode, 7, 64, 8),
    row("decode 16 apple8", MetalKernel::decode, 8, 128, 16),
    row("decode 64", MetalKernel::decode, 7, 128, 64),
    row("reduce", MetalKernel::decodeReduce, 7, 128, 8),
    row("dv", MetalKernel::dkv, 7, 64, 8, 1),
    row("dk", MetalKernel::dkv, 7, 64, 8, 2),
    row("both apple9", MetalKernel::dkv, 9, 64, 8, 3),
};

constexpr MetalKernel kForward[] = {MetalKernel::forward};
constexpr MetalKernel kDecode[] = {MetalKernel::decode};
constexpr MetalKernel kSplit[] = {MetalKernel::decode, MetalKernel::decodeReduce};
constexpr MetalKernel kDkv[] = {MetalKernel::dkv};

int checks = 0;

/// Names of the variants that a problem of that width and count of query rows gets.
void expect(std::span<const MetalKernel> kernels, int width, int rows, int family, const std::string& names) {
  Problem problem;
  problem.dtype = DType::float16;
  problem.query_heads = problem.kv_heads = 1;
  problem.query_length = rows;
  problem.head_dim = problem.value_dim = width;
  const MetalRouteRow route{MetalRoute::forward, "route", false, kernels, ""};
  std::string chosen;
  for (const MetalVariant* variant : metal::choose_variants(route, problem, family)) {
    chosen += (chosen.empty() ? "" : ", ") + std::string(variant->host_name);
  }
  ++checks;
  if (chosen == names) return;
  std::printf("failed: expected '%s', got '%s'\n", names.c_str(), chosen.c_str());
  std::exit(1);
}

}  // namespace

std::span<const MetalVariant> metal_variants() { return kTable; }

}  // namespace fa

int main() {
  using namespace fa;
  expect(kForward, 1, 9, 7, "narrow");
  expect(kForward, 64, 9, 8, "narrow");
  expect(kForward, 64, 9, 9, "narrow apple9");
  expect(kForward, 64, 9, 10, "narrow apple9");
  expect(kForward, 65, 9, 9, "wide");
  expect(kForward, 129, 9, 9, "");
  expect(kDecode, 64, 8, 9, "decode 8");
  expect(kDecode, 64, 9, 9, "decode 32");
  expect(kDecode, 64, 33, 9, "decode 32");
  expect(kDecode, 65, 1, 7, "decode 64");
  expect(kDecode, 65, 1, 8, "decode 16 apple8");
  expect(kSplit, 64, 1, 7, "decode 64, reduce");
  expect(kDkv, 64, 9, 8, "dv, dk");
  expect(kDkv, 64, 9, 9, "both apple9");
  std::printf("%d checks\n", checks);
}
