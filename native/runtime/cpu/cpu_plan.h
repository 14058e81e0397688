// Choice of a CPU kernel. Pure: the same problem, kernels and thread count always give the same plan.
#pragma once
#include <variant>

#include "backend.h"
#include "cpu/attention.h"

namespace fa {

std::variant<Plan, Refusal> plan_cpu(const Problem& problem, const cpu::Kernels& kernels, int threads);

/// The problem in the kernels' words, without memory.
cpu::Attention attention_of(const Problem& problem);

}  // namespace fa
