#include "sample.h"

kernel void bands(device const int* in [[buffer(0)]], device int* result [[buffer(1)]],
                  uint n [[thread_position_in_grid]]) {
  sample::fold_and_cut(in + int(n) * sample::kBandInputs, result + int(n) * sample::kBandResults);
}

kernel void philox(device const int* in [[buffer(0)]], device int* result [[buffer(1)]],
                   uint n [[thread_position_in_grid]]) {
  sample::random_words(in + int(n) * sample::kPhiloxInputs, result + int(n) * sample::kPhiloxResults);
}
