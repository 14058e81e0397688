// Rows of k and v where they are: their addresses, and vectors of them converted in registers.
#pragma once
#include "generated/tiles.h"
#include "load-inl.h"
#include "pack-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// How a row of k or v is stored.
enum class Stored { float32, float16, bfloat16, int8 };

FA_ALWAYS_INLINE Stored stored_as(Element element, const RowScales& scales) {
  if (scales.data) return Stored::int8;
  if (element == Element::float32) return Stored::float32;
  return element == Element::float16 ? Stored::float16 : Stored::bfloat16;
}

constexpr int64_t size_of(Stored stored) {
  return stored == Stored::float32 ? 4 : stored == Stored::int8 ? 1 : 2;
}

FA_ALWAYS_INLINE Vector from_int8(SignedBytes bytes) {
#if FA_LANES == 16 && defined(__AVX512F__)
  return (Vector)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32((__m128i)bytes));
#else
  // In two steps, because GCC takes the direct conversion apart lane by lane.
  return __builtin_convertvector(__builtin_convertvector(__builtin_convertvector(bytes, SignedHalves), Bits),
                                 Vector);
#endif
}

/// A block of rows, in pages or not. Rows past the last one repeat it, so that vectors of rows are whole.
struct StoredRows {
  Stored stored;
  const char* row[kDecodeKeyBlock];
  float scale[kDecodeKeyBlock];  ///< of int8 rows
};

FA_NOINLINE void find_rows(const Attention& a, const Rows& rows, const RowScales& scales, KeyPlace p,
                           StoredRows& found) {
  found.stored = stored_as(a.element, scales);
  const int64_t size = size_of(found.stored);
  int n = 0;
  while (p.count > 0) {
    const KeyRun run = first_run(a, p);
    const char* from = static_cast<const char*>(rows.data) +
                       (run.batch * rows.batch + p.kv_head * rows.head + run.row * rows.row) * size;
    const int64_t scale = run.batch * scales.batch + p.kv_head * scales.head + run.row * scales.row;
    for (int i = 0; i < run.count; ++i, ++n) {
      found.row[n] = from + i * rows.row * size;
      if (scales.data) found.scale[n] = scales.data[scale + i * scales.row];
    }
    p.key += run.count;
    p.count -= run.count;
  }
  for (const int last = n - 1; n < kDecodeKeyBlock; ++n) {
    found.row[n] = found.row[last];
    if (scales.data) found.scale[n] = found.scale[last];
  }
}

/// The same for rows that had to be copied.
FA_ALWAYS_INLINE void point_at(const FloatRows& rows, int count, StoredRows& found) {
  found.stored = Stored::float32;
  for (int n = 0; n < kDecodeKeyBlock; ++n)
    found.row[n] = reinterpret_cast<const char*>(rows.data + smaller(n, count - 1) * rows.stride);
}

/// kLanes columns of row n; of int8 rows without their scale.
template <Stored kStored>
FA_ALWAYS_INLINE Vector load_stored(const StoredRows& rows, int n, int column) {
  const char* p = rows.row[n] + column * size_of(kStored);
  if constexpr (kStored == Stored::float32) return load_as<Element::float32>(p);
  if constexpr (kStored == Stored::float16) return load_as<Element::float16>(p);
  if constexpr (kStored == Stored::bfloat16) return load_as<Element::bfloat16>(p);
  SignedBytes bytes;
  __builtin_memcpy(&bytes, p, sizeof(bytes));
  return from_int8(bytes);
}

/// Calls visit.template operator()<kStored>() for the way in which rows are stored.
template <class Visit>
FA_ALWAYS_INLINE void with_stored(Stored stored, Visit&& visit) {
  if (stored == Stored::float32) return visit.template operator()<Stored::float32>();
  if (stored == Stored::float16) return visit.template operator()<Stored::float16>();
  if (stored == Stored::bfloat16) return visit.template operator()<Stored::bfloat16>();
  visit.template operator()<Stored::int8>();
}

/// Vectors of columns that cover a row: the last one ends where the row ends, and may overlap the one before.
FA_ALWAYS_INLINE int vectors_of(int64_t width) { return static_cast<int>((width + kLanes - 1) / kLanes); }
FA_ALWAYS_INLINE int column_of(int vector, int64_t width) {
  return static_cast<int>(larger<int64_t>(0, smaller<int64_t>(int64_t{vector} * kLanes, width - kLanes)));
}

/// Rows that will be needed next. They are prefetched in the order in which they lie, which is what the
/// hardware's own prefetchers follow, while others are computed with. Into the second level: the first is
/// full.
struct Ahead {
  const char* line;
  int64_t step;  ///< to the next line; 0 when all were prefetched
  int64_t left;  ///< lines of the row
  const char* const* row;
  const char* const* end;
  int64_t lines;  ///< of each row

  template <int kLines>
  FA_ALWAYS_INLINE void fetch() {
    if (step == 0) return;
    FA_FOR (i, kLines) __builtin_prefetch(line + i * step, 0, 2);
    line += kLines * step;
    left -= kLines;
    if (left > 0) return;
    left = lines;
    if (row == end) {
      step = 0;
    } else {
      line = *row++;
    }
  }
};

FA_ALWAYS_INLINE Ahead ahead_of(const StoredRows& rows, int count, int64_t width) {
  const int64_t lines = (width * size_of(rows.stored) + 63) / 64;
  return Ahead{rows.row[0], count > 0 ? 64 : 0, lines, rows.row + 1, rows.row + larger(count, 1), lines};
}

#if FA_LANES == 16 && defined(__AVX512F__)
/// 16 bytes of four rows, four rows apart.
FA_ALWAYS_INLINE Vector load_quarters(const char* a, const char* b, const char* c, const char* d) {
  const auto quarter = [](const char* p)
                           FA_INLINE_LAMBDA { return _mm_loadu_ps(reinterpret_cast<const float*>(p)); };
  __m512 x = _mm512_castps128_ps512(quarter(a));
  x = _mm512_insertf32x4(x, quarter(b), 1);
  x = _mm512_insertf32x4(x, quarter(c), 2);
  return (Vector)_mm512_insertf32x4(x, quarter(d), 3);
}

/// Four bytes of kLanes rows each, transposed: columns[i][lane] = word i of row lane. Vectors are put
/// together from quarters as they are loaded, which leaves half of the shuffles of transpose().
FA_ALWAYS_INLINE void load_columns(const char* const* row, int64_t offset, Vector (&columns)[kLanes]) {
  Vector t[4][4];
  FA_FOR (i, 4) {
    const char *a = row[i] + offset, *b = row[i + 4] + offset, *c = row[i + 8] + offset,
               *d = row[i + 12] + offset;
    FA_FOR (q, 4) t[q][i] = load_quarters(a + q * 16, b + q * 16, c + q * 16, d + q * 16);
  }
  FA_FOR (q, 4) {
    const auto pair = [](__m512 x) FA_INLINE_LAMBDA { return _mm512_castps_pd(x); };
    const __m512 a = (__m512)t[q][0], b = (__m512)t[q][1], c = (__m512)t[q][2], d = (__m512)t[q][3];
    const __m512d low_ab = pair(_mm512_unpacklo_ps(a, b)), low_cd = pair(_mm512_unpacklo_ps(c, d));
    const __m512d high_ab = pair(_mm512_unpackhi_ps(a, b)), high_cd = pair(_mm512_unpackhi_ps(c, d));
    columns[4 * q] = (Vector)_mm512_unpacklo_pd(low_ab, low_cd);
    columns[4 * q + 1] = (Vector)_mm512_unpackhi_pd(low_ab, low_cd);
    columns[4 * q + 2] = (Vector)_mm512_unpacklo_pd(high_ab, high_cd);
    columns[4 * q + 3] = (Vector)_mm512_unpackhi_pd(high_ab, high_cd);
  }
}
#elif FA_LANES == 8 && defined(__AVX2__)
FA_ALWAYS_INLINE void load_columns(const char* const* row, int64_t offset, Vector (&columns)[kLanes]) {
  const auto half = [](const char* p)
                        FA_INLINE_LAMBDA { return _mm_loadu_ps(reinterpret_cast<const float*>(p)); };
  __m256 t[2][4];
  FA_FOR (i, 4) {
    const char *a = row[i] + offset, *b = row[i + 4] + offset;
    FA_FOR (q, 2)
      t[q][i] = _mm256_insertf128_ps(_mm256_castps128_ps256(half(a + q * 16)), half(b + q * 16), 1);
  }
  FA_FOR (q, 2) {
    const auto pair = [](__m256 x) FA_INLINE_LAMBDA { return _mm256_castps_pd(x); };
    const __m256 a = t[q][0], b = t[q][1], c = t[q][2], d = t[q][3];
    const __m256d low_ab = pair(_mm256_unpacklo_ps(a, b)), low_cd = pair(_mm256_unpacklo_ps(c, d));
    const __m256d high_ab = pair(_mm256_unpackhi_ps(a, b)), high_cd = pair(_mm256_unpackhi_ps(c, d));
    columns[4 * q] = (Vector)_mm256_unpacklo_pd(low_ab, low_cd);
    columns[4 * q + 1] = (Vector)_mm256_unpackhi_pd(low_ab, low_cd);
    columns[4 * q + 2] = (Vector)_mm256_unpacklo_pd(high_ab, high_cd);
    columns[4 * q + 3] = (Vector)_mm256_unpackhi_pd(high_ab, high_cd);
  }
}
#else
FA_ALWAYS_INLINE void load_columns(const char* const* row, int64_t offset, Vector (&columns)[kLanes]) {
  FA_FOR (i, kLanes) columns[i] = load(reinterpret_cast<const float*>(row[i] + offset));
  transpose(columns);
}
#endif

/// Element n of those that a word holds, of kLanes rows.
template <Stored kStored>
FA_ALWAYS_INLINE Vector element_of(Bits words, int n, Vector scale) {
  if constexpr (kStored == Stored::float32) return (Vector)words;
  if constexpr (kStored == Stored::bfloat16) return (Vector)(n == 0 ? words << 16 : words & -65536);
  if constexpr (kStored == Stored::float16)
    return from_float16(__builtin_convertvector((UnsignedBits)words >> (16 * n), Halves));
  return __builtin_convertvector(words << (24 - 8 * n) >> 24, Vector) * scale;
}

/// Collects the rows of the first `count` that hold a NaN or an infinity. Returns how many.
template <Stored kStored>
FA_NOINLINE int find_non_finite(const StoredRows& rows, int count, int64_t width, int32_t* found) {
  int total = 0;
  for (int i = 0; i < count; ++i) {
    Vector zero{};  // becomes NaN
    if (kStored == Stored::int8) zero = broadcast(rows.scale[i]) * 0.0f;
    for (int n = 0; n < vectors_of(width) && kStored != Stored::int8; ++n)
      zero += load_stored<kStored>(rows, i, column_of(n, width)) * 0.0f;
    if (any(zero != zero)) found[total++] = i;
  }
  return total;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
