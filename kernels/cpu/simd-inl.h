// Vectors of kLanes floats on the compilers' vector extensions; intrinsics only where those generate poor
// code.
#pragma once

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push  // GCC 12 warns about its own _mm512_undefined_ps
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#endif
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

#define FA_ALWAYS_INLINE inline __attribute__((always_inline))
#define FA_NOINLINE __attribute__((noinline))
// FA_FOR(i, n): a loop over 0 .. n-1 that is unrolled whole, which keeps arrays of vectors in registers.
#if defined(__clang__)
#define FA_UNROLL _Pragma("unroll")
#else
#define FA_UNROLL _Pragma("GCC unroll 32")
#endif
#define FA_FOR(i, n) FA_UNROLL for (int i = 0; i < (n); ++i)

namespace fa::cpu::FA_TARGET {
namespace {

constexpr int kLanes = FA_LANES;
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kRegisters = 32;
#else
constexpr int kRegisters = 16;
#endif

typedef float Vector __attribute__((vector_size(kLanes * 4)));
typedef int32_t Bits __attribute__((vector_size(kLanes * 4)));
typedef uint32_t UnsignedBits __attribute__((vector_size(kLanes * 4)));
typedef uint16_t Halves __attribute__((vector_size(kLanes * 2)));
typedef uint8_t Bytes __attribute__((vector_size(kLanes)));
typedef int8_t SignedBytes __attribute__((vector_size(kLanes)));
typedef int16_t SignedHalves __attribute__((vector_size(kLanes * 2)));
typedef float UnalignedVector __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

constexpr float kLog2E = 1.4426950408889634f;
constexpr float kLn2 = 0.6931471805599453f;
constexpr float kInfinity = __builtin_inff();
constexpr float kLowest = -3.4028234663852886e38f;

template <class T>
FA_ALWAYS_INLINE T smaller(T a, T b) {
  return a < b ? a : b;
}
template <class T>
FA_ALWAYS_INLINE T larger(T a, T b) {
  return a > b ? a : b;
}
FA_ALWAYS_INLINE int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

FA_ALWAYS_INLINE Vector load(const float* p) { return *reinterpret_cast<const UnalignedVector*>(p); }
FA_ALWAYS_INLINE void store(float* p, Vector x) { *reinterpret_cast<UnalignedVector*>(p) = x; }

FA_ALWAYS_INLINE Vector broadcast(float x) {
#if FA_LANES == 16 && defined(__AVX512F__)
  return (Vector)_mm512_set1_ps(x);
#elif FA_LANES == 8 && defined(__AVX2__)
  return (Vector)_mm256_set1_ps(x);
#else
  Vector v;
  FA_FOR (i, kLanes) v[i] = x;
  return v;
#endif
}

FA_ALWAYS_INLINE Bits broadcast_bits(int32_t x) { return Bits{} + x; }

FA_ALWAYS_INLINE Bits lane_index() {
  Bits v;
  FA_FOR (i, kLanes) v[i] = i;
  return v;
}

/// a > b ? a : b per lane. A NaN in b is kept and a NaN in a is dropped, on every target.
FA_ALWAYS_INLINE Vector maximum(Vector a, Vector b) {
#if FA_LANES == 16 && defined(__AVX512F__)
  return (Vector)_mm512_max_ps((__m512)a, (__m512)b);
#elif FA_LANES == 8 && defined(__AVX2__)
  return (Vector)_mm256_max_ps((__m256)a, (__m256)b);
#else
  return a > b ? a : b;
#endif
}

/// Bytes to integers. Compilers take the direct conversion apart lane by lane, or half by half.
FA_ALWAYS_INLINE Bits widen(Bytes x) {
#if FA_LANES == 16 && defined(__AVX512F__)
  return (Bits)_mm512_cvtepu8_epi32((__m128i)x);
#elif FA_LANES == 8 && defined(__AVX2__)
  __m128i low = _mm_setzero_si128();
  __builtin_memcpy(&low, &x, sizeof(x));
  return (Bits)_mm256_cvtepu8_epi32(low);
#else
  return __builtin_convertvector(__builtin_convertvector(x, Halves), Bits);
#endif
}

FA_ALWAYS_INLINE Vector select(Bits condition, Vector yes, Vector no) { return condition ? yes : no; }

FA_ALWAYS_INLINE bool any(Bits condition) {
#if FA_LANES == 16 && defined(__AVX512DQ__)
  return _mm512_movepi32_mask((__m512i)condition) != 0;
#elif FA_LANES == 8 && defined(__AVX2__)
  return _mm256_movemask_ps((__m256)condition) != 0;
#else
  int32_t set = 0;
  FA_FOR (i, kLanes) set |= condition[i];
  return set != 0;
#endif
}

/// 2^x for x <= 127, relative error below 1e-7 (one rounding and a half), exactly 1 at 0. NaN stays NaN.
/// Below 2^-100 the result is an exact 0: denormal probabilities and products cost a microcode assist each
/// (forward 70 times slower with peaked logits), and nothing that small survives a sum whose largest term
/// is 1.
FA_ALWAYS_INLINE Vector exp2(Vector x) {
#if FA_LANES == 16 && defined(__AVX512DQ__)
  // Minimax polynomial on [0, 1); scalef takes the integer part from x itself.
  const __m512 r = _mm512_reduce_ps((__m512)x, 0x09);  // x - floor(x)
  __m512 p = _mm512_set1_ps(0.00021612917771562934f);
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.0012467845808714628f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.009675451554358006f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.055485282093286514f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.2402293086051941f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.6931470632553101f));
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.0f));
  const __mmask16 keep = _mm512_cmp_ps_mask((__m512)x, _mm512_set1_ps(-100.0f), _CMP_NLT_UQ);
  return (Vector)_mm512_maskz_scalef_ps(keep, p, (__m512)x);
#else
  // Adding 1.5 * 2^23 leaves round(x) in the low bits of the sum. Minimax polynomial on [-0.5, 0.5].
  const Vector magic = broadcast(12582912.0f);
  const Vector shifted = x + magic;
  const Vector r = x - (shifted - magic);
  Vector p = broadcast(0.00015353361959569156f);
  p = p * r + 0.0013398875016719103f;
  p = p * r + 0.00961843691766262f;
  p = p * r + 0.055503323674201965f;
  p = p * r + 0.24022647738456726f;
  p = p * r + 0.6931471824645996f;
  p = p * r + 1.0f;
  // Unsigned, because the sum may wrap where x is below -127; those lanes become 0. A NaN's payload is no
  // exponent.
  const UnsignedBits exponent = ((UnsignedBits)shifted << 23) & (UnsignedBits)(x == x);
  return (Vector)(((UnsignedBits)p + exponent) & (UnsignedBits) ~(x < -100.0f));
#endif
}

constexpr float kTanhNear = 1;

/// tanh(x) / x - 1 where |x| < kTanhNear: a minimax polynomial of x^2.
FA_ALWAYS_INLINE Vector tanh_excess(Vector x) {
  const Vector square = x * x;
  Vector p = broadcast(-0.0003585071847f);
  p = p * square + 0.002301542288f;
  p = p * square - 0.007946328962f;
  p = p * square + 0.02148679381f;
  p = p * square - 0.05387984457f;
  p = p * square + 0.1333234516f;
  p = p * square - 0.3333329546f;
  return square * p;
}

FA_ALWAYS_INLINE Vector absolute(Vector x) { return (Vector)((Bits)x & INT32_MAX); }

/// tanh(x), relative error below 1e-7. NaN stays NaN.
FA_ALWAYS_INLINE Vector tanh(Vector x) {
  const Vector size = absolute(x);
  // Far from 0: 1 - 2 / (e^2x + 1), which is 1 from 9.1 on; near, that would cancel.
  const Vector bounded = select(size > 10.0f, broadcast(10.0f), size);
  const Vector far = 1.0f - 2.0f / (exp2(bounded * (2 * kLog2E)) + 1.0f);
  const Vector near = size + size * tanh_excess(size);
  return (Vector)((Bits)select(size < kTanhNear, near, far) | ((Bits)x & INT32_MIN));
}

template <int... I>
struct Indices {};
template <int N, int... I>
struct MakeIndices : MakeIndices<N - 1, N - 1, I...> {};
template <int... I>
struct MakeIndices<0, I...> {
  typedef Indices<I...> type;
};

template <int... I>
FA_ALWAYS_INLINE Vector interleave_low(Vector a, Vector b, Indices<I...>) {
  return __builtin_shufflevector(a, b, ((I & 1) ? kLanes + I / 2 : I / 2)...);
}
template <int... I>
FA_ALWAYS_INLINE Vector interleave_high(Vector a, Vector b, Indices<I...>) {
  return __builtin_shufflevector(a, b, (kLanes / 2 + ((I & 1) ? kLanes + I / 2 : I / 2))...);
}

/// Transposes kLanes x kLanes in registers: log2(kLanes) rounds of perfect shuffles.
FA_ALWAYS_INLINE void transpose(Vector (&a)[kLanes]) {
  typedef typename MakeIndices<kLanes>::type All;
  FA_UNROLL for (int round = 1; round < kLanes; round *= 2) {
    Vector t[kLanes];
    FA_FOR (i, kLanes / 2) {
      t[2 * i] = interleave_low(a[i], a[i + kLanes / 2], All{});
      t[2 * i + 1] = interleave_high(a[i], a[i + kLanes / 2], All{});
    }
    FA_FOR (i, kLanes) a[i] = t[i];
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
