// metal_limits.
#pragma once
#include "integer.h"

namespace metal {

enum float_round_style {
  round_indeterminate = -1,
  round_toward_zero = 0,
  round_to_nearest = 1,
  round_toward_infinity = 2,
  round_toward_neg_infinity = 3
};
enum float_denorm_style { denorm_indeterminate = -1, denorm_absent = 0, denorm_present = 1 };

// Apple's headers keep the values in this template; some projects specialise it for their own types.
template <class T>
struct _numeric_limits_impl {
  static constexpr bool is_specialized = is_integral_v<T>;
  static constexpr bool is_signed = is_signed_v<T>, is_integer = true, is_exact = true, is_bounded = true;
  static constexpr bool is_modulo = !is_signed, is_iec559 = false, traps = false, tinyness_before = false;
  static constexpr bool has_infinity = false, has_quiet_NaN = false, has_signaling_NaN = false;
  static constexpr bool has_denorm_loss = false;
  static constexpr float_denorm_style has_denorm = denorm_absent;
  static constexpr float_round_style round_style = round_toward_zero;
  static constexpr int digits = __is_same(T, bool) ? 1 : int(sizeof(T) * 8) - is_signed;
  static constexpr int digits10 = digits * 3 / 10, max_digits10 = 0, radix = 2;
  static constexpr int min_exponent = 0, min_exponent10 = 0, max_exponent = 0, max_exponent10 = 0;
  static constexpr T min() { return least_of(); }
  static constexpr T lowest() { return least_of(); }
  static constexpr T max() { return sm::most<T>; }
  static constexpr T epsilon() { return T(0); }
  static constexpr T round_error() { return T(0); }
  static constexpr T infinity() { return T(0); }
  static constexpr T quiet_NaN() { return T(0); }
  static constexpr T signaling_NaN() { return T(0); }
  static constexpr T denorm_min() { return T(0); }

 private:
  static constexpr T least_of() { return is_signed ? T(1ul << (sizeof(T) * 8 - 1)) : T(0); }
};

#define SM_LIMITS(T, Bits, DIGITS, DIGITS10, MAX_DIGITS10, MIN_EXP, MIN_EXP10, MAX_EXP, MAX_EXP10, smallest, \
                  largest, step, tiniest, nan, signaling)                                                    \
  template <>                                                                                                \
  struct _numeric_limits_impl<T> {                                                                           \
    static constexpr bool is_specialized = true, is_signed = true, is_integer = false, is_exact = false;     \
    static constexpr bool is_bounded = true, is_modulo = false, is_iec559 = true, traps = false;             \
    static constexpr bool has_infinity = true, has_quiet_NaN = true, has_signaling_NaN = true;               \
    static constexpr bool has_denorm_loss = false, tinyness_before = false;                                  \
    static constexpr float_denorm_style has_denorm = denorm_present;                                         \
    static constexpr float_round_style round_style = round_to_nearest;                                       \
    static constexpr int digits = DIGITS, digits10 = DIGITS10, max_digits10 = MAX_DIGITS10, radix = 2;       \
    static constexpr int min_exponent = MIN_EXP, min_exponent10 = MIN_EXP10;                                 \
    static constexpr int max_exponent = MAX_EXP, max_exponent10 = MAX_EXP10;                                 \
    static constexpr T min() { return T(smallest); }                                                         \
    static constexpr T lowest() { return T(-largest); }                                                      \
    static constexpr T max() { return T(largest); }                                                          \
    static constexpr T epsilon() { return T(step); }                                                         \
    static constexpr T round_error() { return T(0.5f); }                                                     \
    static constexpr T infinity() { return T(__builtin_inff()); }                                            \
    static constexpr T quiet_NaN() { return __builtin_bit_cast(T, Bits(nan)); }                              \
    static constexpr T signaling_NaN() { return __builtin_bit_cast(T, Bits(signaling)); }                    \
    static constexpr T denorm_min() { return T(tiniest); }                                                   \
  };
SM_LIMITS(float, uint, 24, 6, 9, -125, -37, 128, 38, 0x1p-126f, 0x1.fffffep127f, 0x1p-23f, 0x1p-149f,
          0x7fc00000, 0x7fa00000)
SM_LIMITS(half, ushort, 11, 3, 5, -13, -4, 16, 4, 0x1p-14f, 65504.0f, 0x1p-10f, 0x1p-24f, 0x7e00, 0x7d00)
SM_LIMITS(bfloat, ushort, 8, 2, 4, -125, -37, 128, 38, 0x1p-126f, 0x1.fep127f, 0x1p-7f, 0x1p-133f, 0x7fc0,
          0x7fa0)
#undef SM_LIMITS

template <class T>
struct numeric_limits : _numeric_limits_impl<__remove_cv(T)> {};

}  // namespace metal
