// Choice of a CPU kernel. Pure: the same problem, kernels and thread count always give the same plan.
#pragma once
#include <variant>

#include "backend.h"
#include "cpu/attention.h"

namespace fa {

std::variant<Plan, Refusal> plan_cpu(const Problem& problem, const cpu::Kernels& kernels, int threads);

/// Whether the plan is for the kernel for few query rows, else for one of the others.
bool is_cpu_decode(const Plan& plan);

/// The problem in the kernels' words, without memory.
cpu::Attention attention_of(const Problem& problem);

}  // namespace fa
