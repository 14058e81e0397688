// Problems and plans for the programs in this folder.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string>

#include "metal/metal_plan.h"

void test_choice();
void test_refusals();
void test_sizes();

namespace test {

using fa::Direction;
using fa::DType;
using fa::MetalKernel;
using fa::MetalRoute;
using fa::MetalVariant;
using fa::Problem;
using fa::Refusal;
using fa::metal::Capabilities;
using fa::metal::MetalPlan;
using fa::metal::plan_metal;

inline int checks = 0;

inline void expect(bool truth, const std::string& what) {
  ++checks;
  if (truth) return;
  std::printf("failed: %s\n", what.c_str());
  std::exit(1);
}

inline constexpr DType kDTypes[] = {DType::float32, DType::float16, DType::bfloat16};

inline Capabilities device(int family = 7) {
  Capabilities device;
  device.name = "Apple test";
  device.family = family;
  device.bfloat = true;
  device.max_buffer_bytes = int64_t{8} << 30;
  return device;
}

struct Shape {
  int64_t batch = 1, query_heads = 2, kv_heads = 1, queries = 64, keys = 64, width = 64, value_width = 64;
};

inline Problem problem(Direction direction, DType dtype, const Shape& shape, const std::string& kernel = "") {
  Problem problem;
  problem.direction = direction;
  problem.dtype = dtype;
  problem.batch = shape.batch;
  problem.query_heads = shape.query_heads;
  problem.kv_heads = shape.kv_heads;
  problem.query_length = shape.queries;
  problem.key_length = shape.keys;
  problem.head_dim = shape.width;
  problem.value_dim = shape.value_width;
  problem.scale = 1;
  problem.band = {-fa::kUnbounded, fa::kUnbounded, static_cast<int>(shape.keys)};
  problem.kernel = kernel;
  return problem;
}

inline MetalPlan plan(const Problem& problem, const Capabilities& device) {
  auto outcome = plan_metal(problem, device);
  if (const auto* refused = std::get_if<Refusal>(&outcome)) expect(false, "not refused: " + refused->reason);
  return std::get<MetalPlan>(std::move(outcome));
}

inline Refusal refusal(const Problem& problem, const Capabilities& device) {
  auto outcome = plan_metal(problem, device);
  expect(std::holds_alternative<Refusal>(outcome), "a refusal of kernel '" + problem.kernel + "'");
  return std::get<Refusal>(std::move(outcome));
}

}  // namespace test
