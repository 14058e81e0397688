// A core of Apple's GPUs as a set of pipes: how much of it a kernel can use, and what holds it back. The same
// as kernels/report/model.ts. Not measured on Apple hardware.
#pragma once
#include "backend.h"
#include "generated/metal_model.h"

namespace fa::metal {

/// What a kernel takes of a core.
struct Footprint {
  int registers = 0;  ///< of 32 bits, per thread
  int threadgroup_bytes = 0;
  int simdgroups = 1;  ///< per threadgroup
};

struct Prediction {
  double utilisation = 0;  ///< of what the peak of multiply-adds and the memory's speed allow
  CostBound bound = CostBound::issue;
  int simdgroups_per_core = 0;
  double core_cycles = 0;  ///< per unit of work
};

/// Simdgroups that a core holds at once.
int simdgroups_per_core(const Footprint& footprint);

/// How much of a core's speed so many simdgroups can use.
double latency_hiding(int simdgroups);

/// @param memory_bytes that a unit of work has from memory, or brings there; @param products of a unit: 1 or
/// 0
Prediction predict(const MetalProfile& profile, double memory_bytes, const Footprint& footprint,
                   double products);

}  // namespace fa::metal
