// matrix<T, columns, rows>: columns of vectors, as in float4x3 (four columns of float3).
#pragma once
#include "geometric.h"
#include "relational.h"

namespace metal {

template <class T, int C, int R>
struct matrix {
  vec<T, R> columns[C];

  matrix() = default;
  constexpr explicit matrix(T diagonal) {
    for (int c = 0; c < C; c++)
      columns[c] = sm::generate<T, R>([&](int r) { return r == c ? diagonal : T(0); });
  }
  template <class... V>
    requires(sizeof...(V) == C && (__is_same(V, vec<T, R>) && ...))
  constexpr matrix(const V&... each) : columns{each...} {}
  // All elements, column after column.
  template <sm::Scalar... S>
    requires(sizeof...(S) == C * R)
  constexpr matrix(S... elements) {
    const T all[] = {T(elements)...};
    for (int c = 0; c < C; c++) columns[c] = sm::generate<T, R>([&](int r) { return all[c * R + r]; });
  }
  template <class U>
    requires(!is_same_v<U, T>)
  constexpr explicit matrix(const matrix<U, C, R>& m) {
    for (int c = 0; c < C; c++) columns[c] = vec<T, R>(m.columns[c]);
  }

  constexpr vec<T, R>& operator[](int c) { return columns[c]; }
  constexpr const vec<T, R>& operator[](int c) const { return columns[c]; }

  friend constexpr matrix operator+(const matrix& a, const matrix& b) {
    return a.each(b, [](auto x, auto y) { return x + y; });
  }
  friend constexpr matrix operator-(const matrix& a, const matrix& b) {
    return a.each(b, [](auto x, auto y) { return x - y; });
  }
  friend constexpr matrix operator-(const matrix& a) {
    return a.each(a, [](auto x, auto) { return -x; });
  }
  friend constexpr matrix operator*(const matrix& a, T s) {
    return a.each(a, [=](auto x, auto) { return x * s; });
  }
  friend constexpr matrix operator*(T s, const matrix& a) { return a * s; }
  friend constexpr vec<T, R> operator*(const matrix& a, const vec<T, C>& v) {
    vec<T, R> sum = a.columns[0] * v[0];
    for (int c = 1; c < C; c++) sum = fma(a.columns[c], vec<T, R>(v[c]), sum);
    return sum;
  }
  friend constexpr vec<T, C> operator*(const vec<T, R>& v, const matrix& a) {
    return sm::generate<T, C>([&](int c) { return dot(v, a.columns[c]); });
  }
  friend constexpr bool operator==(const matrix& a, const matrix& b) {
    bool same = true;
    for (int c = 0; c < C; c++) same = same && all(a.columns[c] == b.columns[c]);
    return same;
  }
  friend constexpr bool operator!=(const matrix& a, const matrix& b) { return !(a == b); }

  constexpr matrix& operator+=(const matrix& b) { return *this = *this + b; }
  constexpr matrix& operator-=(const matrix& b) { return *this = *this - b; }
  constexpr matrix& operator*=(T s) { return *this = *this * s; }
  constexpr matrix& operator*=(const matrix<T, C, C>& b) { return *this = *this * b; }

 private:
  template <class F>
  constexpr matrix each(const matrix& other, F f) const {
    matrix result;
    for (int c = 0; c < C; c++) result.columns[c] = f(columns[c], other.columns[c]);
    return result;
  }
};

template <class T, int C, int R, int D>
constexpr matrix<T, D, R> operator*(const matrix<T, C, R>& a, const matrix<T, D, C>& b) {
  matrix<T, D, R> product;
  for (int d = 0; d < D; d++) product.columns[d] = a * b.columns[d];
  return product;
}

template <class T, int C, int R>
constexpr matrix<T, R, C> transpose(const matrix<T, C, R>& a) {
  matrix<T, R, C> result;
  for (int r = 0; r < R; r++) result.columns[r] = sm::generate<T, C>([&](int c) { return a.columns[c][r]; });
  return result;
}

template <class T>
constexpr T determinant(const matrix<T, 2, 2>& a) {
  return T(a[0][0] * a[1][1] - a[1][0] * a[0][1]);
}
template <class T>
constexpr T determinant(const matrix<T, 3, 3>& a) {
  return dot(a[0], cross(a[1], a[2]));
}
template <class T>
constexpr T determinant(const matrix<T, 4, 4>& a) {
  // Pairs of rows 0, 1 in two columns times the pairs of rows 2, 3 in the other two.
  auto upper = [&](int i, int j) { return a[i][0] * a[j][1] - a[j][0] * a[i][1]; };
  auto lower = [&](int i, int j) { return a[i][2] * a[j][3] - a[j][2] * a[i][3]; };
  return T(upper(0, 1) * lower(2, 3) - upper(0, 2) * lower(1, 3) + upper(0, 3) * lower(1, 2) +
           upper(1, 2) * lower(0, 3) - upper(1, 3) * lower(0, 2) + upper(2, 3) * lower(0, 1));
}

}  // namespace metal

#define SM_MATRIX_NAMES(t, C)              \
  typedef metal::matrix<t, C, 2> t##C##x2; \
  typedef metal::matrix<t, C, 3> t##C##x3; \
  typedef metal::matrix<t, C, 4> t##C##x4; \
  namespace metal {                        \
  using ::t##C##x2;                        \
  using ::t##C##x3;                        \
  using ::t##C##x4;                        \
  }
SM_MATRIX_NAMES(float, 2)
SM_MATRIX_NAMES(float, 3)
SM_MATRIX_NAMES(float, 4)
SM_MATRIX_NAMES(half, 2)
SM_MATRIX_NAMES(half, 3)
SM_MATRIX_NAMES(half, 4)
SM_MATRIX_NAMES(bfloat, 2)
SM_MATRIX_NAMES(bfloat, 3)
SM_MATRIX_NAMES(bfloat, 4)
#undef SM_MATRIX_NAMES
