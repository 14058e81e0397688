// float, half and bfloat as numbers, by their definition: sign, exponent and fraction. Nothing here is taken
// from the compiler of kernels.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

struct Format {
  const char* name;
  int bytes, fraction_bits, largest_exponent;  // of two, of the largest power
  int smallest_exponent() const { return 1 - largest_exponent; }
  uint32_t sign() const { return 1u << (bytes * 8 - 1); }
  uint32_t infinity() const { return (2u * uint32_t(largest_exponent) + 1) << fraction_bits; }
};
inline constexpr Format kFloat{"float", 4, 23, 127}, kHalf{"half", 2, 10, 15}, kBfloat{"bfloat", 2, 7, 127};

inline bool is_nan(const Format& format, uint32_t bits) {
  return (bits & ~format.sign()) > format.infinity();
}

inline double decode(const Format& format, uint32_t bits) {
  uint32_t size = bits & ~format.sign();
  double value;
  if (size >= format.infinity()) {
    value = size == format.infinity() ? INFINITY : NAN;
  } else {
    int exponent = int(size >> format.fraction_bits);
    uint32_t fraction = size & ((1u << format.fraction_bits) - 1);
    if (exponent) fraction |= 1u << format.fraction_bits;
    value = std::ldexp(double(fraction),
                       (exponent ? exponent : 1) - format.largest_exponent - format.fraction_bits);
  }
  return bits & format.sign() ? -value : value;
}

// The distance between neighbours around `value`.
inline double step_at(const Format& format, double value) {
  int exponent = value == 0 || !std::isfinite(value) ? format.smallest_exponent() : std::ilogb(value);
  if (exponent < format.smallest_exponent()) exponent = format.smallest_exponent();
  return std::ldexp(1.0, exponent - format.fraction_bits);
}

// To nearest, ties to even; too large is infinite.
inline uint32_t encode(const Format& format, double value) {
  uint32_t sign = std::signbit(value) ? format.sign() : 0;
  if (std::isnan(value)) return format.infinity() | 1u << (format.fraction_bits - 1);
  double size = std::fabs(value), step = step_at(format, size);
  if (std::isinf(size)) return sign | format.infinity();
  double steps = std::nearbyint(size / step);  // both exact: a power of two divides
  double rounded = steps * step;
  if (rounded >= std::ldexp(1.0, format.largest_exponent + 1)) return sign | format.infinity();
  int exponent = rounded == 0 ? format.smallest_exponent() : std::ilogb(rounded);
  if (exponent < format.smallest_exponent()) exponent = format.smallest_exponent();
  uint32_t fraction = uint32_t(std::ldexp(rounded, format.fraction_bits - exponent));
  uint32_t hidden = 1u << format.fraction_bits;
  if (fraction < hidden) return sign | fraction;
  return sign | uint32_t(exponent + format.largest_exponent) << format.fraction_bits | (fraction - hidden);
}
