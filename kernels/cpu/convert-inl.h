// Rows of float32, float16 or bfloat16 tensors to float32 and back.
#pragma once
#include "simd-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

FA_ALWAYS_INLINE int64_t size_of(Element element) { return element == Element::float32 ? 4 : 2; }

/// Address of element (b, h, i, 0).
FA_ALWAYS_INLINE char* row_address(const Rows& rows, Element element, int64_t b, int64_t h, int64_t i) {
  return static_cast<char*>(rows.data) + (b * rows.batch + h * rows.head + i * rows.row) * size_of(element);
}

FA_ALWAYS_INLINE Vector from_bfloat16(Halves h) { return (Vector)(__builtin_convertvector(h, Bits) << 16); }

/// Round to nearest even; a NaN keeps its sign and gets its quiet bit, so that rounding cannot turn it into
/// Inf.
FA_ALWAYS_INLINE Halves to_bfloat16(Vector x) {
#if FA_LANES == 16 && defined(__AVX512BF16__)
  return (Halves)_mm512_cvtneps_pbh((__m512)x);
#else
  const Bits bits = (Bits)x;
  const Bits rounded = (Bits)((UnsignedBits)bits + 0x7fff + ((UnsignedBits)bits >> 16 & 1));  // NaNs may wrap
  const Bits result = (x == x) ? rounded : (bits | 0x400000);
  return __builtin_convertvector((result >> 16) & 0xffff, Halves);
#endif
}

FA_ALWAYS_INLINE Vector from_float16(Halves h) {
#if FA_LANES == 16 && defined(__AVX512F__)
  return (Vector)_mm512_cvtph_ps((__m256i)h);
#elif FA_LANES == 8 && defined(__F16C__)
  return (Vector)_mm256_cvtph_ps((__m128i)h);
#elif FA_LANES == 4 && defined(__aarch64__)
  return (Vector)vcvt_f32_f16(vreinterpret_f16_u16((uint16x4_t)h));
#else
  // The half's exponent and fraction at float's place are 2^112 too small; the product is exact, denormals
  // included.
  const Bits bits = __builtin_convertvector(h, Bits);
  const Bits magnitude = bits & 0x7fff;
  const Bits scaled = (Bits)((Vector)(magnitude << 13) * 0x1p112f);
  const Bits special = (magnitude > 0x7bff) & 0x7f800000;
  return (Vector)(scaled | special | ((bits & 0x8000) << 16));
#endif
}

/// Round to nearest even, NaN quiet.
FA_ALWAYS_INLINE Halves to_float16(Vector x) {
#if FA_LANES == 16 && defined(__AVX512F__)
  return (Halves)_mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT);
#elif FA_LANES == 8 && defined(__F16C__)
  return (Halves)_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT);
#elif FA_LANES == 4 && defined(__aarch64__)
  return (Halves)vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)x));
#else
  const Bits bits = (Bits)x;
  const Bits magnitude = bits & 0x7fffffff;
  const Bits normal = (magnitude - (112 << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
  // One half has an ulp of 2^-24, the spacing of denormal halves: the addition rounds as wanted.
  const Bits denormal = (Bits)((Vector)magnitude + 0.5f) - 0x3f000000;
  Bits result = (magnitude < 0x38800000) ? denormal : normal;
  result = (magnitude >= 0x477ff000) ? broadcast_bits(0x7c00) : result;
  result = (magnitude > 0x7f800000) ? (0x7e00 | ((magnitude >> 13) & 0x3ff)) : result;
  return __builtin_convertvector(result | ((bits >> 16) & 0x8000), Halves);
#endif
}

template <Element kElement>
FA_ALWAYS_INLINE Vector load_as(const void* p) {
  if constexpr (kElement == Element::float32) {
    return load(static_cast<const float*>(p));
  } else {
    Halves h;
    __builtin_memcpy(&h, p, sizeof(h));
    return kElement == Element::float16 ? from_float16(h) : from_bfloat16(h);
  }
}

template <Element kElement>
FA_ALWAYS_INLINE void store_as(void* p, Vector x) {
  if constexpr (kElement == Element::float32) {
    store(static_cast<float*>(p), x);
  } else {
    const Halves h = kElement == Element::float16 ? to_float16(x) : to_bfloat16(x);
    __builtin_memcpy(p, &h, sizeof(h));
  }
}

/// Rows that are prefetched ahead of copies: hardware prefetchers lose the thread where rows lie far apart.
constexpr int kAhead = 8;

/// `rows` rows of `width` elements, `stride` elements apart, to float rows of `out_stride`; the gap is filled
/// with 0.
template <Element kElement>
FA_NOINLINE void read_rows(const char* in, int64_t stride, int rows, int width, float* out,
                           int64_t out_stride) {
  constexpr int64_t kSize = kElement == Element::float32 ? 4 : 2;
  const int whole = width / kLanes * kLanes;
  for (int i = 0; i < rows; ++i) {
    const char* from = in + i * stride * kSize;
    float* to = out + i * out_stride;
    for (int64_t line = 0; line < smaller<int64_t>(width * kSize, 512); line += 64)
      __builtin_prefetch(from + kAhead * stride * kSize + line);
    for (int d = 0; d < whole; d += kLanes) store(to + d, load_as<kElement>(from + d * kSize));
    if (whole < width) {
      Vector last{};
      __builtin_memcpy(&last, from + whole * kSize, static_cast<size_t>((width - whole) * kSize));
      last = load_as<kElement>(&last);
      __builtin_memcpy(to + whole, &last, static_cast<size_t>(width - whole) * 4);
    }
    for (int64_t d = width; d < out_stride; ++d) to[d] = 0;
  }
}

template <Element kElement>
FA_NOINLINE void write_rows(const float* in, int64_t stride, int rows, int width, char* out,
                            int64_t out_stride) {
  constexpr int64_t kSize = kElement == Element::float32 ? 4 : 2;
  const int whole = width / kLanes * kLanes;
  for (int i = 0; i < rows; ++i) {
    const float* from = in + i * stride;
    char* to = out + i * out_stride * kSize;
    for (int d = 0; d < whole; d += kLanes) store_as<kElement>(to + d * kSize, load(from + d));
    if (whole < width) {
      Vector last{};
      __builtin_memcpy(&last, from + whole, static_cast<size_t>(width - whole) * 4);
      store_as<kElement>(&last, last);
      __builtin_memcpy(to + whole * kSize, &last, static_cast<size_t>((width - whole) * kSize));
    }
  }
}

FA_ALWAYS_INLINE void read_rows(Element element, const char* in, int64_t stride, int rows, int width,
                                float* out, int64_t out_stride) {
  if (element == Element::float32)
    return read_rows<Element::float32>(in, stride, rows, width, out, out_stride);
  if (element == Element::float16)
    return read_rows<Element::float16>(in, stride, rows, width, out, out_stride);
  read_rows<Element::bfloat16>(in, stride, rows, width, out, out_stride);
}

FA_ALWAYS_INLINE void write_rows(Element element, const float* in, int64_t stride, int rows, int width,
                                 char* out, int64_t out_stride) {
  if (element == Element::float32)
    return write_rows<Element::float32>(in, stride, rows, width, out, out_stride);
  if (element == Element::float16)
    return write_rows<Element::float16>(in, stride, rows, width, out, out_stride);
  write_rows<Element::bfloat16>(in, stride, rows, width, out, out_stride);
}

/// Float rows somewhere in memory.
struct FloatRows {
  const float* data;
  int64_t stride;
};

/// Rows as float32 with `stride` floats between them: in place if the tensor has them so, else copied into
/// `buffer`. (Rows far apart, as in blhd, are copied too: at strides of 2 KB a tile's lines fall into a few
/// sets of the L1 cache.)
FA_ALWAYS_INLINE FloatRows float_rows(Element element, const char* in, int64_t row_stride, int rows,
                                      int width, int64_t stride, float* buffer) {
  if (element == Element::float32 && row_stride == width && stride == width)
    return FloatRows{reinterpret_cast<const float*>(in), stride};
  read_rows(element, in, row_stride, rows, width, buffer, stride);
  return FloatRows{buffer, stride};
}

/// Collects the rows that hold a NaN or an infinity; `found` has room for all. Returns how many.
FA_NOINLINE int find_non_finite(FloatRows rows, int count, int width, int32_t* found) {
  const int whole = width / kLanes * kLanes;
  int total = 0;
  for (int i = 0; i < count; ++i) {
    const float* row = rows.data + i * rows.stride;
    Vector zero{};
    for (int d = 0; d < whole; d += kLanes) zero += load(row + d) * 0.0f;  // NaN unless finite
    float rest = 0;
    for (int d = whole; d < width; ++d) rest += row[d] * 0.0f;
    if (rest != rest || any(zero != zero)) found[total++] = i;
  }
  return total;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
