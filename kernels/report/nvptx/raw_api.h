// There is no engine: what simdgroups do together is an instruction (raw_exchange.h).
#pragma once
#include "kernel_abi.h"

// Single instructions, as on Apple's GPUs; the compiler's own lowering would call a library.
namespace sm {
inline float fast_exp2(float x) {
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
inline float fast_log2(float x) {
  float result;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
inline float fast_tanh(float x) {
  float result;
  asm("tanh.approx.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
}
template <class V>
inline V fast_exp2(V x) {
  for (unsigned long i = 0; i < sizeof x / sizeof(float); i++) x[i] = fast_exp2(float(x[i]));
  return x;
}
template <class V>
inline V fast_log2(V x) {
  for (unsigned long i = 0; i < sizeof x / sizeof(float); i++) x[i] = fast_log2(float(x[i]));
  return x;
}
template <class V>
inline V fast_tanh(V x) {
  for (unsigned long i = 0; i < sizeof x / sizeof(float); i++) x[i] = fast_tanh(float(x[i]));
  return x;
}
}  // namespace sm
#define __builtin_elementwise_exp2(x) sm::fast_exp2(x)
#define __builtin_elementwise_log2(x) sm::fast_log2(x)
#define __builtin_elementwise_exp(x) sm::fast_exp2((x) * 1.44269504f)
#define __builtin_elementwise_log(x) (sm::fast_log2(x) * 0.69314718f)
#define __builtin_elementwise_tanh(x) sm::fast_tanh(x)
