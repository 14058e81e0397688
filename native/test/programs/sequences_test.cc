// Sequences of every pair of lengths up to 70, packed or with kvLengths: offset, band and place of each are
// what fold_band makes of its own lengths (band_enumeration_test.cc holds fold_band to the contract).
#include "sequences.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "fa/key_band.h"

namespace {

using namespace fa;

constexpr int kCount = 71;
long checks = 0;

void expect(bool truth, const char* what, int sequence, int64_t expected, int64_t got) {
  ++checks;
  if (truth) return;
  std::printf("%s of sequence %d: expected %lld, got %lld\n", what, sequence,
              static_cast<long long>(expected), static_cast<long long>(got));
  std::exit(1);
}

void expect_equal(const char* what, int sequence, int64_t expected, int64_t got) {
  expect(expected == got, what, sequence, expected, got);
}

Tensor index_tensor(const std::vector<int>& values) {
  Tensor tensor = packed_tensor(std::array{static_cast<int64_t>(values.size())}, DType::int32);
  tensor.data = reinterpret_cast<std::byte*>(const_cast<int*>(values.data()));
  tensor.bytes = values.size() * sizeof(int);
  return tensor;
}

template <typename... Size>
Tensor floats(Size... sizes) {
  return packed_tensor(std::array{static_cast<int64_t>(sizes)...}, DType::float32);
}

/// Options of a call, and the same as fold_band takes them.
struct Rule {
  AttentionOptions options;
  BandRule band;
};

int64_t reach(int side) { return side < 0 ? kFar : side; }

Rule rule_of(Diagonal diagonal, int offset, bool causal, int left, int right) {
  Rule rule;
  const Alignment alignment{diagonal, offset};
  if (causal) {
    rule.options.causal = alignment;
  } else {
    rule.options.align = alignment;
  }
  rule.options.window = Window{left, right};
  rule.band = BandRule{diagonal == Diagonal::offset ? offset : 0, diagonal == Diagonal::bottomRight, causal,
                       reach(left), reach(right)};
  return rule;
}

std::vector<Rule> rules() {
  std::vector<Rule> all;
  for (int left = -1; left <= 8; ++left) {
    for (int right = -1; right <= 8; ++right) {
      for (const bool causal : {false, true}) {
        all.push_back(rule_of(Diagonal::topLeft, 0, causal, left, right));
        all.push_back(rule_of(Diagonal::bottomRight, 0, causal, left, right));
        all.push_back(rule_of(Diagonal::offset, -5, causal, left, right));
        all.push_back(rule_of(Diagonal::offset, 9, causal, left, right));
      }
    }
  }
  return all;
}

void check(const Sequence& sequence, int index, const Rule& rule, int queries, int keys) {
  const KeyBand band = fold_band(rule.band, queries, keys);
  expect_equal("queries", index, queries, sequence.queries);
  expect_equal("offset", index, diagonal_offset(rule.band, queries, keys), sequence.offset);
  expect_equal("band.lo", index, band.lo, sequence.band.lo);
  expect_equal("band.hi", index, band.hi, sequence.band.hi);
  expect_equal("band.keys", index, keys, sequence.band.keys);
}

/// Sequence b has b queries and (b + shift) % 71 keys, so that over all shifts every pair of lengths comes.
void check_packed(const std::vector<Rule>& all, int shift, bool cut) {
  std::vector<int> starts_q{0}, starts_k{0}, lengths;
  for (int b = 0; b < kCount; ++b) {
    const int keys = (b + shift) % kCount;
    starts_q.push_back(starts_q.back() + b);
    starts_k.push_back(starts_k.back() + keys);
    lengths.push_back(cut ? keys * 2 / 3 : keys);
  }
  AttentionInputs inputs;
  inputs.q = floats(starts_q.back(), 2, 4);
  inputs.k = inputs.v = floats(starts_k.back(), 2, 4);
  inputs.cu_seqlens_q = index_tensor(starts_q);
  inputs.cu_seqlens_k = index_tensor(starts_k);
  if (cut) inputs.kv_lengths = index_tensor(lengths);
  for (const Rule& rule : all) {
    const auto sequences = sequences_of(describe(inputs, rule.options, Direction::forward), inputs);
    expect_equal("count", 0, kCount, static_cast<int64_t>(sequences.size()));
    for (int b = 0; b < kCount; ++b) {
      const Sequence& sequence = sequences[static_cast<size_t>(b)];
      check(sequence, b, rule, b, lengths[static_cast<size_t>(b)]);
      expect_equal("first_query", b, starts_q[static_cast<size_t>(b)], sequence.first_query);
      expect_equal("first_key", b, starts_k[static_cast<size_t>(b)], sequence.first_key);
      expect_equal("stored_keys", b, (b + shift) % kCount, sequence.stored_keys);
    }
  }
}

/// Batch entries of one Lq, with a length each from 0 to the capacity.
void check_dense(const std::vector<Rule>& all, int queries) {
  std::vector<int> lengths;
  for (int b = 0; b < kCount; ++b) lengths.push_back(b);
  AttentionInputs inputs;
  inputs.q = floats(kCount, 2, queries, 4);
  inputs.k = inputs.v = floats(kCount, 2, kCount - 1, 4);
  inputs.kv_lengths = index_tensor(lengths);
  for (const Rule& rule : all) {
    const auto sequences = sequences_of(describe(inputs, rule.options, Direction::forward), inputs);
    for (int b = 0; b < kCount; ++b) {
      const Sequence& sequence = sequences[static_cast<size_t>(b)];
      check(sequence, b, rule, queries, b);
      expect_equal("first", b, 0, sequence.first_query + sequence.first_key);
      expect_equal("stored_keys", b, kCount - 1, sequence.stored_keys);
    }
  }
}

}  // namespace

int main() {
  const std::vector<Rule> all = rules();
  for (int shift = 0; shift < kCount; ++shift) {
    check_packed(all, shift, false);
    check_packed(all, shift, true);
  }
  for (int queries = 0; queries < kCount; ++queries) check_dense(all, queries);
  std::printf("%ld checks\n", checks);
}
