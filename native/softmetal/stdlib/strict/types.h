// Scalars, vectors, packed vectors and matrices. Vectors are the compiler's own: they have swizzles,
// operators and no implicit conversion among themselves.
#pragma once

#pragma OPENCL EXTENSION cl_khr_fp16 : enable
// As template arguments MSL has them; variables of such types are found by their words (strict_rules.cc).
#pragma OPENCL EXTENSION __cl_clang_function_pointers : enable

typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef signed char int8_t;
typedef short int16_t;
typedef int int32_t;
typedef long int64_t;
typedef uchar uint8_t;
typedef ushort uint16_t;
typedef uint uint32_t;
typedef ulong uint64_t;
typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __bf16 bfloat;
typedef half float16_t;
typedef bfloat bfloat16_t;
typedef float float32_t;

namespace metal {

using ::bfloat;
using ::bfloat16_t;
using ::float16_t;
using ::float32_t;
using ::int16_t;
using ::int32_t;
using ::int64_t;
using ::int8_t;
using ::intptr_t;
using ::ptrdiff_t;
using ::size_t;
using ::uchar;
using ::uint;
using ::uint16_t;
using ::uint32_t;
using ::uint64_t;
using ::uint8_t;
using ::uintptr_t;
using ::ulong;
using ::ushort;

template <class T, int N>
using vec = T __attribute__((ext_vector_type(N)));
template <class T>
using uniform = T;
template <class T>
constexpr uniform<T> make_uniform(T value) {
  return value;
}
template <class T>
using sm_same = T;

#define SM_VECTORS(type)        \
  typedef vec<type, 2> type##2; \
  typedef vec<type, 3> type##3; \
  typedef vec<type, 4> type##4;
SM_VECTORS(char)
SM_VECTORS(uchar)
SM_VECTORS(short)
SM_VECTORS(ushort)
SM_VECTORS(int)
SM_VECTORS(uint)
SM_VECTORS(long)
SM_VECTORS(ulong)
SM_VECTORS(half)
SM_VECTORS(bfloat)
SM_VECTORS(float)
#undef SM_VECTORS
// The compiler has no vectors of bool; comparisons of float vectors give these.
typedef int2 bool2;
typedef int3 bool3;
typedef int4 bool4;

template <class T>
struct sm_element {
  typedef T type;
  static constexpr __constant int width = 1;
};
template <class T, int N>
struct sm_element<vec<T, N>> {
  typedef T type;
  static constexpr __constant int width = N;
};

// float4(a, b.xy, 1): as many elements as the vector has, or one.
template <class V, class... A>
constexpr V sm_make(A...) {
  constexpr int given = (0 + ... + sm_element<A>::width);
  constexpr int wanted = sm_element<V>::width;
  static_assert(given == wanted || (given == 1 && sizeof...(A) == 1) || given == 0,
                "a vector is built from as many elements as it has, or from one");
  return V(0);
}

__local void* sm_threadgroup_memory();

// Four address spaces, for members of classes and parameters.
#define SM_EACH_SPACE(M) M(__private) M(__global) M(__local) M(__constant)
#define SM_EACH_WRITABLE_SPACE(M) M(__private) M(__global) M(__local)

template <class T, int N>
struct sm_packed;
template <class T>
struct sm_packed<T, 2> {
  T x, y;
};
template <class T>
struct sm_packed<T, 3> {
  T x, y, z;
};
template <class T>
struct sm_packed<T, 4> {
  T x, y, z, w;
};
template <class T, int N>
struct packed_vec : sm_packed<T, N> {
  packed_vec() = default;
  packed_vec(vec<T, N>);
  packed_vec(vec<T, N>) __global;
  packed_vec(vec<T, N>) __local;
  template <class... A>
  explicit packed_vec(A...);
#define SM_MEMBERS(space)           \
  operator vec<T, N>() const space; \
  const space T& operator[](int) const space;
  SM_EACH_SPACE(SM_MEMBERS)
#undef SM_MEMBERS
#define SM_MEMBERS(space)         \
  space T& operator[](int) space; \
  space packed_vec& operator=(vec<T, N>) space;
  SM_EACH_WRITABLE_SPACE(SM_MEMBERS)
#undef SM_MEMBERS
};

template <class T, int C, int R>
struct matrix {
  vec<T, R> columns[C];
  constexpr matrix() : columns{} {}
  constexpr explicit matrix(T) : columns{} {}
  constexpr explicit matrix(T) __constant : columns{} {}
  template <class A, class B, class... More>
  constexpr matrix(A, B, More...) : columns{} {
    check<A, B, More...>();
  }
  template <class A, class B, class... More>
  constexpr matrix(A, B, More...) __constant : columns{} {
    check<A, B, More...>();
  }
#define SM_MEMBERS(space)                                                \
  constexpr matrix(const space matrix&) : columns{} {}                   \
  template <class U>                                                     \
  constexpr explicit matrix(const space matrix<U, C, R>&) : columns{} {} \
  const space vec<T, R>& operator[](int) const space;
  SM_EACH_SPACE(SM_MEMBERS)
#undef SM_MEMBERS
#define SM_MEMBERS(space)                 \
  space vec<T, R>& operator[](int) space; \
  space matrix& operator=(matrix) space;
  SM_EACH_WRITABLE_SPACE(SM_MEMBERS)
#undef SM_MEMBERS

 private:
  // All columns, or all elements.
  template <class... A>
  static constexpr void check() {
    static_assert(
        (sizeof...(A) == C && (true && ... && (sm_element<A>::width == R))) || sizeof...(A) == C * R,
        "a matrix is built from its columns, or from all its elements");
  }
};
template <class T, int C, int R>
matrix<T, C, R> operator+(matrix<T, C, R>, matrix<T, C, R>);
template <class T, int C, int R>
matrix<T, C, R> operator-(matrix<T, C, R>, matrix<T, C, R>);
template <class T, int C, int R, int K>
matrix<T, K, R> operator*(matrix<T, C, R>, matrix<T, K, C>);
template <class T, int C, int R>
matrix<T, C, R> operator*(matrix<T, C, R>, T);
template <class T, int C, int R>
matrix<T, C, R> operator*(T, matrix<T, C, R>);
template <class T, int C, int R>
vec<T, R> operator*(matrix<T, C, R>, vec<T, C>);
template <class T, int C, int R>
vec<T, C> operator*(vec<T, R>, matrix<T, C, R>);

#define SM_MATRIX(type, columns, rows) typedef matrix<type, columns, rows> type##columns##x##rows;
#define SM_MATRICES(type) \
  SM_MATRIX(type, 2, 2)   \
  SM_MATRIX(type, 2, 3)   \
  SM_MATRIX(type, 2, 4)   \
  SM_MATRIX(type, 3, 2)   \
  SM_MATRIX(type, 3, 3)   \
  SM_MATRIX(type, 3, 4) SM_MATRIX(type, 4, 2) SM_MATRIX(type, 4, 3) SM_MATRIX(type, 4, 4)
SM_MATRICES(float)
SM_MATRICES(half)
#undef SM_MATRICES
#undef SM_MATRIX

template <class T, size_t N>
struct array {
  T elements[N];
#define SM_MEMBERS(space)                        \
  const space T& operator[](size_t) const space; \
  constexpr size_t size() const space { return N; }
  SM_EACH_SPACE(SM_MEMBERS)
#undef SM_MEMBERS
#define SM_MEMBERS(space) space T& operator[](size_t) space;
  SM_EACH_WRITABLE_SPACE(SM_MEMBERS)
#undef SM_MEMBERS
};

}  // namespace metal

#define SM_PACKED(type)                                \
  typedef metal::packed_vec<type, 2> packed_##type##2; \
  typedef metal::packed_vec<type, 3> packed_##type##3; \
  typedef metal::packed_vec<type, 4> packed_##type##4;
SM_PACKED(char)
SM_PACKED(uchar)
SM_PACKED(short)
SM_PACKED(ushort)
SM_PACKED(int)
SM_PACKED(uint)
SM_PACKED(long)
SM_PACKED(ulong)
SM_PACKED(half)
SM_PACKED(bfloat)
SM_PACKED(float)
#undef SM_PACKED

namespace metal {
#define SM_USING(type)      \
  using ::packed_##type##2; \
  using ::packed_##type##3; \
  using ::packed_##type##4;
SM_USING(char)
SM_USING(uchar)
SM_USING(short)
SM_USING(ushort)
SM_USING(int)
SM_USING(uint)
SM_USING(half)
SM_USING(float)
#undef SM_USING
}  // namespace metal

#define SM_GLOBAL(type) \
  using metal::type##2; \
  using metal::type##3; \
  using metal::type##4;
SM_GLOBAL(char)
SM_GLOBAL(uchar)
SM_GLOBAL(short)
SM_GLOBAL(ushort)
SM_GLOBAL(int)
SM_GLOBAL(uint)
SM_GLOBAL(long)
SM_GLOBAL(ulong)
SM_GLOBAL(half)
SM_GLOBAL(bfloat)
SM_GLOBAL(float)
SM_GLOBAL(bool)
#undef SM_GLOBAL
