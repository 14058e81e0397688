// What is refused, with which code, argument, limit and value.
#include "harness.h"

using namespace test;
using fa::ErrorCode;
using fa::Feature;

namespace {

constexpr int64_t kMany = 1 << 14;

struct Row {
  const char* says;
  Problem problem;
  Capabilities device;
  ErrorCode code;
  const char* argument;
  const char* limit;
  const char* value;
};

Capabilities old_device() {
  Capabilities old = device();
  old.bfloat = false;
  return old;
}

Capabilities small_device(int64_t bytes) {
  Capabilities small = device();
  small.max_buffer_bytes = bytes;
  return small;
}

Problem with(Feature feature, Problem problem) {
  problem.features |= feature_bit(feature);
  return problem;
}

void check(const Row& row) {
  const Refusal refused = refusal(row.problem, row.device);
  const std::string text = std::string(row.says) + ": " + refused.reason;
  expect(refused.code == row.code, text);
  expect(refused.argument == row.argument, text + " [" + refused.argument + "]");
  expect(refused.reason.rfind("expected ", 0) == 0, text);
  expect(refused.reason.find(row.limit) < refused.reason.find(", got "), text);
  const size_t got = refused.reason.find(", got ");
  expect(got != std::string::npos && refused.reason.find(row.value, got) != std::string::npos, text);
}

constexpr Direction kForward = Direction::forward;
constexpr Direction kBackward = Direction::backward;
constexpr DType kHalf = DType::float16;

void shapes() {
  const Shape wide{.width = 257, .value_width = 8};
  const Shape wide_values{.width = 8, .value_width = 300};
  const Shape widest{.queries = 1, .width = 577, .value_width = 8};
  const Shape many_heads{
      .batch = 1 << 20, .query_heads = 1 << 12, .queries = 9, .width = 1, .value_width = 1};
  const Shape many_blocks{
      .batch = 1 << 12, .query_heads = 1 << 10, .queries = 1 << 17, .keys = 1, .width = 1, .value_width = 1};
  const Problem packed = with(Feature::cu_seqlens_q, problem(kForward, kHalf, wide));
  const Problem packed_values = with(Feature::cu_seqlens_q, problem(kForward, kHalf, wide_values));
  check({"D", packed, device(), ErrorCode::UNSUPPORTED, "q", "at most 256", "257"});
  check({"Dv", packed_values, device(), ErrorCode::UNSUPPORTED, "v", "at most 256", "300"});
  check(
      {"D, backward", problem(kBackward, kHalf, wide), device(), ErrorCode::UNSUPPORTED, "q", "256", "257"});
  check({"D, decode", problem(kForward, kHalf, widest), device(), ErrorCode::UNSUPPORTED, "q", "576", "577"});
  check({"heads", problem(kForward, kHalf, many_heads), small_device(0), ErrorCode::UNSUPPORTED, "q",
         "B * Hq of at most 2147483647", "4294967296"});
  check({"threadgroups", problem(kForward, kHalf, many_blocks), small_device(0), ErrorCode::UNSUPPORTED, "q",
         "2147483647 threadgroups", "17179869184"});
}

void devices() {
  const Problem bfloat = problem(kForward, DType::bfloat16, {});
  check({"bfloat16", bfloat, old_device(), ErrorCode::UNSUPPORTED, "q", "float32 or float16", "bfloat16"});
  const Problem plain = problem(kForward, kHalf, {});
  check({"buffer of q", plain, small_device(10000), ErrorCode::UNSUPPORTED, "q", "10000 bytes", "16384"});
  const Problem long_keys = problem(kForward, kHalf, {.keys = kMany});
  check(
      {"buffer of k", long_keys, small_device(20000), ErrorCode::UNSUPPORTED, "k", "20000 bytes", "2097152"});
  const Problem no_values = problem(kForward, kHalf, {.keys = 1, .width = 1, .value_width = 200});
  check({"buffer of out", no_values, small_device(40000), ErrorCode::UNSUPPORTED, "out", "40000 bytes",
         "51200"});
}

void options() {
  const Problem plain = problem(kBackward, kHalf, {});
  check({"option", with(Feature::block_table, plain), device(), ErrorCode::UNSUPPORTED, "blockTable",
         "metal backend", "blockTable"});
}

/// What only the general routes do.
void options_of_routes() {
  const struct {
    const char* kernel;
    Direction direction;
  } routes[] = {
      {"metal-decode", kForward}, {"metal-backward-stored", kBackward}, {"metal-backward-short", kBackward}};
  for (const auto& [kernel, direction] : routes) {
    const Problem few = problem(direction, kHalf, {.queries = 4}, kernel);
    check({"packed", with(Feature::cu_seqlens_q, few), device(), ErrorCode::UNSUPPORTED, "cuSeqlensQ", kernel,
           "cuSeqlensQ"});
    if (direction == kForward) continue;
    Problem gradient = with(Feature::alibi_slopes, few);
    gradient.gradients = feature_bit(Feature::alibi_slopes);
    check({"gradient", gradient, device(), ErrorCode::UNSUPPORTED_GRADIENT, "alibiSlopes", kernel,
           "alibiSlopes"});
  }
}

/// Rows that RoPE changes are computed in float32, whose scratch has to fit.
void prepared_rows() {
  Problem rotated = with(Feature::rope, problem(kForward, kHalf, {}));
  rotated.rotary_pairs = 8;
  check(
      {"rows in scratch", rotated, small_device(20000), ErrorCode::UNSUPPORTED, "q", "20000 bytes", "32768"});
}

void forced() {
  const auto force = [](const char* kernel, Direction direction, const Shape& shape) {
    return problem(direction, kHalf, shape, kernel);
  };
  const Shape few{.queries = 4};
  check({"other backend", force("cpu-flash-forward", kForward, few), device(), ErrorCode::UNSUPPORTED,
         "kernel", "metal-forward, metal-decode", "cpu-flash-forward"});
  check({"other direction", force("metal-forward", kBackward, few), device(), ErrorCode::UNSUPPORTED,
         "kernel", "metal-backward-stored", "metal-forward"});
  for (const char* kernel : {"metal-decode@0", "metal-decode@257", "metal-decode@-1", "metal-decode@",
                             "metal-decode@2x", "metal-decode@99999999999999999999", "metal-forward@2"}) {
    check({"splits", force(kernel, kForward, few), device(), ErrorCode::INVALID_ARGUMENT, "kernel",
           "1 to 256", kernel});
  }
  check({"rows of decode", force("metal-decode", kForward, {.queries = 9}), device(), ErrorCode::UNSUPPORTED,
         "q", "Lq of at most 8 in metal-decode", "9"});
  check({"rows of short", force("metal-backward-short", kBackward, {.queries = 9}), device(),
         ErrorCode::UNSUPPORTED, "q", "Lq of at most 8 in metal-backward-short", "9"});
  check({"rows of a kv head", force("metal-backward-short", kBackward, {.query_heads = 100, .queries = 8}),
         device(), ErrorCode::UNSUPPORTED, "q", "Lq * Hq / Hkv of at most ", "800"});
  const Shape kept{.queries = kMany, .keys = kMany};
  check({"dS", force("metal-backward-stored", kBackward, kept), device(), ErrorCode::UNSUPPORTED, "kernel",
         "268435456 bytes of scratch", std::to_string(2 * kMany * kMany * 2).c_str()});
  const Shape many{.batch = 1 << 12, .query_heads = 64, .queries = 1};
  check({"partial results", force("metal-decode@256", kForward, many), device(), ErrorCode::UNSUPPORTED,
         "kernel", "268435456 bytes of scratch",
         std::to_string(int64_t{256} * (1 << 12) * 64 * 64 * 4).c_str()});
}

}  // namespace

void test_refusals() {
  shapes();
  devices();
  options();
  options_of_routes();
  prepared_rows();
  forced();
}
