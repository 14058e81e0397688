// Everything that the AMX build holds, as kernels-inl.h for the others. It computes 16-bit calls; what it
// does not take runs in the AVX-512 build, which every processor with AMX can execute.
#pragma once
#include <cstddef>
#include <cstdint>

#include "attention.h"
// In this order
#include "amx_backward-inl.h"
#include "amx_forward-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Whether products of bricks are exact for the call, in both directions alike: the backward expects the
/// scores of the forward, to the bit. Rows that are turned or scaled are no longer 16-bit, nor is Q times a
/// factor.
FA_ALWAYS_INLINE bool takes(const Attention& a) {
  return a.element != Element::float32 && a.rotation.pairs == 0 && !a.k_scale.data && !a.v_scale.data &&
         score_units(a).query == 1;
}

void forward_in_bricks(const Attention& a, const Executor& executor) {
  if (!takes(a) || !brick_forward(a, executor)) avx512_kernels()->forward(a, executor);
}

void backward_in_bricks(const AttentionGradients& g, const Executor& executor) {
  if (!takes(g.forward) || !brick_backward(g, executor)) avx512_kernels()->backward(g, executor);
}

/// A call that is computed twice, because a result is not finite, needs the larger of both.
int64_t forward_brick_scratch(const Attention& a, int threads) {
  const int64_t other = avx512_kernels()->forward_scratch(a, threads);
  return takes(a) ? larger(other, brick_forward_scratch(a, threads)) : other;
}

int64_t backward_brick_scratch(const AttentionGradients& g, int threads) {
  const int64_t other = avx512_kernels()->backward_scratch(g, threads);
  return takes(g.forward) ? larger(other, brick_backward_scratch(g, threads)) : other;
}

Blocks forward_brick_blocks(const Attention& a) {
  if (!takes(a)) return avx512_kernels()->forward_blocks(a);
  const ForwardPlan plan = plan_brick_forward(a);
  return {plan.query_block, plan.key_block, plan.most_tasks()};
}

Blocks backward_brick_blocks(const AttentionGradients& g) {
  if (!takes(g.forward)) return avx512_kernels()->backward_blocks(g);
  const BackwardPlan plan = plan_brick_backward(g);
  return {plan.query_block, plan.key_block, plan.tasks()};
}

Kernels brick_kernels() {
  Kernels kernels = *avx512_kernels();
  kernels.isa = "amx";
  kernels.forward = forward_in_bricks;
  kernels.backward = backward_in_bricks;
  kernels.forward_scratch = forward_brick_scratch;
  kernels.backward_scratch = backward_brick_scratch;
  kernels.forward_blocks = forward_brick_blocks;
  kernels.backward_blocks = backward_brick_blocks;
  return kernels;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
