// Conversions that clang calls by name where the processor has no instruction for them. Linked into a kernel
// only when it needs them. Round to nearest, ties to even, in one step.

using U16 = unsigned short;
using U32 = unsigned int;
using U64 = unsigned long;

// A narrow format with `kExponent` and `kMantissa` bits, from a wide one that holds all its values.
template <class Wide, int kWideMantissa, int kWideBias, int kExponent, int kMantissa>
static inline U16 narrow(Wide bits) {
  constexpr int kWidth = sizeof(Wide) * 8, kShift = kWideMantissa - kMantissa;
  constexpr int kBias = (1 << (kExponent - 1)) - 1, kLargest = (1 << kExponent) - 1;
  constexpr Wide kOne = 1, kFraction = (kOne << kWideMantissa) - 1;
  constexpr int kWideLargest = 2 * kWideBias + 1;
  U16 sign = static_cast<U16>((bits >> (kWidth - 1)) << 15);
  int exponent = static_cast<int>(bits >> kWideMantissa) & kWideLargest;
  Wide fraction = bits & kFraction;
  constexpr U16 kInfinity = static_cast<U16>(kLargest << kMantissa);
  if (exponent == kWideLargest) {
    // A NaN stays one, and becomes quiet.
    U16 payload = static_cast<U16>(fraction >> kShift);
    return fraction ? sign | kInfinity | static_cast<U16>(1 << (kMantissa - 1)) | payload : sign | kInfinity;
  }
  int target = exponent - kWideBias + kBias;
  if (target >= kLargest) return sign | kInfinity;
  int shift = kShift;
  Wide value = fraction | (exponent ? kOne << kWideMantissa : 0);
  if (exponent == 0) ++target;
  // Subnormal results lose more bits; below half of the smallest one nothing is left.
  if (target <= 0) {
    shift += 1 - target;
    if (shift > kWideMantissa + 1) return sign;
    target = 0;
  }
  Wide kept = value >> shift, lost = value & ((kOne << shift) - 1), half = kOne << (shift - 1);
  if (lost > half || (lost == half && (kept & 1))) ++kept;
  // The implicit bit of a normal number adds one to its exponent field, as does a carry out of the fraction.
  return static_cast<U16>(sign | (kept + (static_cast<Wide>(target > 0 ? target - 1 : 0) << kMantissa)));
}

static inline U32 bits_of(float value) { return __builtin_bit_cast(U32, value); }
static inline U64 bits_of(double value) { return __builtin_bit_cast(U64, value); }

extern "C" {

__bf16 __truncsfbf2(float value) {
  return __builtin_bit_cast(__bf16, narrow<U32, 23, 127, 8, 7>(bits_of(value)));
}
__bf16 __truncdfbf2(double value) {
  return __builtin_bit_cast(__bf16, narrow<U64, 52, 1023, 8, 7>(bits_of(value)));
}
_Float16 __truncsfhf2(float value) {
  return __builtin_bit_cast(_Float16, narrow<U32, 23, 127, 5, 10>(bits_of(value)));
}
_Float16 __truncdfhf2(double value) {
  return __builtin_bit_cast(_Float16, narrow<U64, 52, 1023, 5, 10>(bits_of(value)));
}
}
