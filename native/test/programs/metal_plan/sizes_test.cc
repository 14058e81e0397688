// Threadgroups, splits and scratch.
#include <array>
#include <initializer_list>
#include <limits>

#include "generated/limits.h"
#include "harness.h"

using namespace test;
using fa::metal::all_heads;
using fa::metal::tasks_of;

namespace {

/// Every visible key block belongs to exactly one split, whatever their number.
void splits_cover_the_keys() {
  for (const int64_t keys : {1, 7, 31, 32, 33, 127, 128, 129, 4096}) {
    for (int64_t count = 1; count <= fa::kMaxMetalSplits; count = count < 10 ? count + 1 : count * 3) {
      for (const int64_t first : {int64_t{0}, keys / 2}) {
        Problem asked = problem(Direction::forward, DType::float16, {.queries = 2, .keys = keys},
                                "metal-decode@" + std::to_string(count));
        asked.band.lo = static_cast<int>(first);
        const MetalPlan made = plan(asked, device());
        const int block = made.variants.front()->block;
        const auto seen = fa::visible_blocks(asked.band, 0, 2, block);
        expect(made.splits.count == count, "as many splits as were asked for");
        expect(made.splits.keys % block == 0 && made.splits.keys > 0, "whole blocks");
        expect(made.splits.keys * count >= int64_t{seen.end - seen.begin} * block,
               "all blocks are dealt out");
        expect(made.variants.size() == (count == 1 ? 1u : 2u), "one split needs no merging");
        expect((made.scratch.total() == 0) == (count == 1), "nor scratch");
      }
    }
  }
}

void chosen_splits_fit_the_device() {
  Capabilities unlimited = device();
  unlimited.max_buffer_bytes = 0;
  for (const int64_t batch : {1, 16, 1024}) {
    for (const int64_t keys : {1, 1000, 10000}) {
      const Shape shape{batch, 32, 8, 1, keys, 128, 128};
      const MetalPlan made = plan(problem(Direction::forward, DType::float16, shape), unlimited);
      expect(made.splits.count >= 1 && made.splits.count <= fa::kMaxMetalSplits, "a count within its limit");
      expect(made.scratch.total() <= fa::kMaxMetalScratch, "scratch within its limit");
      expect(keys > 128 || made.splits.count == 1, "few keys are not split");
      expect(batch < 1024 || made.splits.count == 1, "nor are the keys of many heads");
    }
  }
}

/// Rather fewer splits than results that do not fit.
void scratch_limits_the_splits() {
  const Shape shape{1, 64, 1, 8, 1024, 8, 256};
  const Problem asked = problem(Direction::forward, DType::float16, shape, "metal-decode");
  Capabilities small = device();
  small.max_buffer_bytes = 1 << 20;
  expect(plan(asked, device()).splits.count > 1, "split where there is room");
  expect(plan(asked, small).scratch.total() <= small.max_buffer_bytes, "not where there is none");
}

/// Chunks consist of whole groups, all heads are in one, and none is larger than the scratch.
void kept_scores_are_bounded() {
  for (const int64_t group : {1, 2, 8}) {
    for (const int64_t limit : {1 << 20, 1 << 22, 1 << 28}) {
      Capabilities small = device();
      small.max_buffer_bytes = limit;
      const Shape shape{3, 4 * group, 4, 96, 205, 16, 16};
      const Problem asked = problem(Direction::backward, DType::float16, shape, "metal-backward-stored");
      const MetalPlan made = plan(asked, small);
      const int64_t head_bytes = 96 * 208 * 2;
      expect(made.heads_at_once > 0 && made.heads_at_once % group == 0, "whole groups");
      expect(made.scratch.d_scores == made.heads_at_once * head_bytes, "dS of the heads of a chunk");
      expect(made.scratch.d_scores <= limit, "within the limit");
      expect(limit < 1 << 28 || made.heads_at_once == 12 * group, "one chunk where everything fits");
      for (const MetalVariant* variant : made.variants) {
        int64_t sum = 0;
        for (int64_t first = 0; first < 12 * group; first += made.heads_at_once) {
          sum += tasks_of(*variant, asked, std::min(made.heads_at_once, 12 * group - first), 1);
        }
        expect(sum == tasks_of(*variant, asked, all_heads(asked), 1), "chunks add up");
      }
    }
  }
}

void scratch_grows_with_the_length() {
  const auto scratch = [](int64_t length) {
    const Shape shape{1, 8, 8, length, length, 128, 128};
    return plan(problem(Direction::backward, DType::float16, shape), device()).scratch.total();
  };
  expect(scratch(4096) <= fa::kMaxMetalScratch + 3 * 8 * 4096 * 4, "dS within its bound, and row terms");
  expect(scratch(65536) == 4 * scratch(16384), "row terms alone where dS would not fit");
}

/// Tasks of packed sequences are bounded before their lengths are known.
void packed_sequences_are_bounded() {
  Problem packed = problem(Direction::forward, DType::float16, {.batch = 5, .queries = 1000});
  packed.features = feature_bit(fa::Feature::cu_seqlens_q) | feature_bit(fa::Feature::cu_seqlens_k);
  expect(all_heads(packed) == 2, "heads of all sequences together");
  const MetalPlan made = plan(packed, device());
  const MetalVariant& forward = *made.variants.front();
  const int64_t rows = int64_t{forward.rows} * forward.simdgroups;
  expect(tasks_of(forward, packed, 2, 1) == 2 * ((1000 + rows - 1) / rows + 5), "an end for each sequence");
}

/// Steps of dBias are all dealt out, to few parts, whose scratch does not grow with the lengths.
void sums_of_bias_are_bounded() {
  for (const int64_t length : {0, 1, 77, 4096}) {
    for (const std::array<int64_t, 4>& shape : std::initializer_list<std::array<int64_t, 4>>{
             {1, 1, 1, length}, {1, 8, length, length}, {3, 1, 1, length}, {3, 8, length, length}}) {
      Problem asked =
          problem(Direction::backward, DType::float16, {.batch = 3, .query_heads = 8, .queries = length});
      asked.key_length = length;
      asked.features = asked.gradients = feature_bit(fa::Feature::bias);
      asked.bias_shape = shape;
      const fa::metal::BiasSums sums = plan(asked, device()).bias;
      expect(sums.parts >= 1 && sums.parts <= fa::kMaxMetalSplits, "some parts");
      expect(sums.steps_per_part() * sums.parts >= sums.steps, "all steps");
      expect(sums.scratch() <= 2 << 20, "bounded scratch");
      expect(sums.elements == shape[0] * shape[1] * shape[2] * shape[3], "all elements");
      expect((sums.tasks == 0) == (sums.elements == 0), "tasks where there are elements");
    }
  }
}

void empty_problems_have_plans() {
  const int64_t huge = std::numeric_limits<int64_t>::max() / 4;
  const Shape shapes[] = {{.batch = 0}, {.queries = 0}, {.keys = 0}, {.batch = 0, .keys = huge}};
  for (const Shape& shape : shapes) {
    for (const fa::MetalRouteRow& row : fa::metal_routes()) {
      const Direction direction = row.backward ? Direction::backward : Direction::forward;
      Shape few = shape;
      few.queries = std::min<int64_t>(few.queries, 4);
      const Problem asked = problem(direction, DType::float32, few, row.name);
      const MetalPlan made = plan(asked, device());
      expect(made.scratch.d_scores == 0, "nothing to keep");
      expect(shape.batch > 0 || printed(made, asked).tasks == 0, "nothing to do");
    }
  }
}

}  // namespace

void test_sizes() {
  splits_cover_the_keys();
  chosen_splits_fit_the_device();
  scratch_limits_the_splits();
  kept_scores_are_bounded();
  scratch_grows_with_the_length();
  packed_sequences_are_bounded();
  sums_of_bias_are_bounded();
  empty_problems_have_plans();
}
