// dBias of any broadcast shape, summed where dS is made. Every element belongs to one task of the backward,
// or to as many as there are parts; each sums its own in the order in which it goes through batches, heads
// and rows.
#pragma once
#include "backward_plan-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Of element (b, h, row, key) of the scores in dBias.
FA_ALWAYS_INLINE int64_t bias_index(const QueryBlock& q, int64_t row, int64_t key) {
  const int64_t* shape = q.plan.g.bias_shape;
  const int64_t b = shape[0] > 1 ? q.chunk.b : 0, h = shape[1] > 1 ? q.h : 0, i = shape[2] > 1 ? row : 0;
  return ((b * shape[1] + h) * shape[2] + i) * shape[3] + key;
}

/// Where rows of dBias are written: dBias itself, or a part of it.
FA_ALWAYS_INLINE float* bias_rows(const QueryBlock& q, int64_t row, int64_t key) {
  const BackwardPlan& plan = q.plan;
  float* all =
      q.chunk.part == 0 ? plan.g.d_bias : plan.bias_parts + (q.chunk.part - 1) * plan.bias_elements();
  return all + bias_index(q, row, key);
}

/// Rows [row, row + rows) of the query block do not see keys [key, key + keys).
FA_NOINLINE void clear_bias(const QueryBlock& q, int row, int rows, int64_t key, int64_t keys) {
  if (keys <= 0) return;
  for (int i = row; i < row + rows; ++i)
    __builtin_memset(bias_rows(q, q.row + i, key), 0, static_cast<size_t>(keys) * 4);
}

/// dS of a panel, [key][row].
struct ScorePanel {
  const float* data;
  int64_t stride;
};

/// kLanes keys of `rows` rows. With kOnce it replaces what is there: elements that are written once need not
/// be cleared before.
template <bool kOnce>
FA_ALWAYS_INLINE void write_bias_tile(const Vector (&tile)[kLanes], int rows, int keys, float* to,
                                      int64_t stride) {
  for (int i = 0; i < rows; ++i, to += stride) {
    if (keys == kLanes) {
      store(to, kOnce ? tile[i] : load(to) + tile[i]);
    } else {
      for (int k = 0; k < keys; ++k) to[k] = kOnce ? tile[i][k] : to[k] + tile[i][k];
    }
  }
}

/// Brings dS of a panel to rows of dBias.
template <bool kOnce>
FA_NOINLINE void write_bias_rows(const PanelBand& cut, const ScorePanel& panel, int rows, float* to,
                                 int64_t stride) {
  for (int v = 0; v < cut.vectors; ++v, to += kLanes * stride) {
    const int own_rows = smaller(kLanes, rows - v * kLanes);
    for (int key = 0; key < cut.keys; key += kLanes) {
      const int keys = smaller(kLanes, cut.keys - key);
      const bool seen = cut.first[v] < key + keys && key < cut.last[v];
      if (!kOnce && !seen) continue;
      Vector tile[kLanes] = {};
      if (seen) {
        FA_FOR (i, kLanes) {
          const bool own = key + i >= cut.first[v] && key + i < cut.last[v];
          tile[i] = own ? load(panel.data + (key + i) * panel.stride + v * kLanes) : Vector{};
        }
        transpose(tile);
      }
      write_bias_tile<kOnce>(tile, own_rows, keys, to + key, stride);
    }
  }
}

/// Sum of all lanes, pair by pair.
FA_ALWAYS_INLINE float sum_lanes(Vector x) {
  float part[kLanes];
  store(part, x);
  FA_UNROLL for (int half = kLanes / 2; half > 0; half /= 2) FA_FOR (i, half) part[i] += part[i + half];
  return part[0];
}

/// Adds dS of a panel, summed over its rows, to the only row of dBias.
FA_NOINLINE void sum_bias_row(const PanelBand& cut, const ScorePanel& panel, int rows, double* to) {
  for (int key = cut.first[0]; key < cut.last[cut.vectors - 1]; ++key) {
    Vector sum{};
    for (int v = 0; v < cut.vectors; ++v) {
      if (key < cut.first[v] || key >= cut.last[v]) continue;
      // Lanes without a row may hold a NaN
      const Vector d = load(panel.data + key * panel.stride + v * kLanes);
      sum += select(lane_index() + v * kLanes < rows, d, Vector{});
    }
    to[key] += sum_lanes(sum);
  }
}

/// Adds dS of panel p of the query block, keys from `key` on.
FA_NOINLINE void sum_into_bias(const QueryBlock& q, int p, int64_t key, const GradientPanel& panel) {
  const BackwardPlan& plan = q.plan;
  const int64_t* shape = plan.g.bias_shape;
  const int64_t row = q.row + p * kPanelRows;
  const int rows = q.panel_rows(p);
  ScorePanel from{panel.d_scores, panel.stride};
  if (panel.options.derivatives) from = {panel.options.derivatives, kPanelRows};
  if (shape[2] == 1) {
    double* to = plan.bias_rows + q.chunk.part * plan.bias_elements() + bias_index(q, 0, key);
    return sum_bias_row(panel.cut, from, rows, to);
  }
  if (plan.bias_written_once())
    return write_bias_rows<true>(panel.cut, from, rows, bias_rows(q, row, key), shape[3]);
  write_bias_rows<false>(panel.cut, from, rows, bias_rows(q, row, key), shape[3]);
}

constexpr int64_t kBiasRange = 1 << 14;  // elements of a task

struct BiasRange {
  int64_t begin, end;
};

FA_ALWAYS_INLINE BiasRange bias_range(const BackwardPlan& plan, int64_t index) {
  return {index * kBiasRange, smaller((index + 1) * kBiasRange, plan.bias_elements())};
}

FA_NOINLINE void clear_bias_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const BiasRange range = bias_range(plan, index);
  const bool rows = plan.g.bias_shape[2] == 1;
  for (int64_t part = 0; part < plan.parts; ++part) {
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (rows) {
        plan.bias_rows[part * plan.bias_elements() + i] = 0;
      } else if (part == 0) {
        plan.g.d_bias[i] = 0;
      } else {
        plan.bias_parts[(part - 1) * plan.bias_elements() + i] = 0;
      }
    }
  }
}

FA_NOINLINE void sum_bias_parts_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const BiasRange range = bias_range(plan, index);
  const int64_t elements = plan.bias_elements();
  for (int64_t i = range.begin; i < range.end; ++i) {
    if (plan.g.bias_shape[2] == 1) {
      double sum = 0;
      for (int64_t part = 0; part < plan.parts; ++part) sum += plan.bias_rows[part * elements + i];
      plan.g.d_bias[i] = static_cast<float>(sum);
    } else {
      for (int64_t part = 1; part < plan.parts; ++part)
        plan.g.d_bias[i] += plan.bias_parts[(part - 1) * elements + i];
    }
  }
}

FA_ALWAYS_INLINE int64_t bias_ranges(const BackwardPlan& plan) {
  return (plan.bias_elements() + kBiasRange - 1) / kBiasRange;
}

/// Before the first task of the backward.
FA_NOINLINE void clear_bias_sums(BackwardPlan& plan, const Executor& executor) {
  if (!plan.g.d_bias || plan.bias_written_once()) return;
  executor.run(executor.self, bias_ranges(plan), clear_bias_task, &plan);
}

/// After the last one.
FA_NOINLINE void finish_bias(BackwardPlan& plan, const Executor& executor) {
  if (!plan.g.d_bias || (plan.parts == 1 && plan.g.bias_shape[2] != 1)) return;
  executor.run(executor.self, bias_ranges(plan), sum_bias_parts_task, &plan);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
