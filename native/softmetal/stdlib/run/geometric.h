// metal_geometric. Sums are taken in float and rounded once to the element type.
#pragma once
#include "math.h"

namespace sm {
template <class A, class B>
constexpr float float_dot(const A& a, const B& b) {
  float sum = float(a[0]) * float(b[0]);
  sum = __builtin_fmaf(float(a[1]), float(b[1]), sum);
  if constexpr (width<A> > 2) sum = __builtin_fmaf(float(a[2]), float(b[2]), sum);
  if constexpr (width<A> > 3) sum = __builtin_fmaf(float(a[3]), float(b[3]), sum);
  return sum;
}
template <class A, class B>
constexpr auto integer_dot(const A& a, const B& b) {
  using T = element_of<A, B>;
  T sum = T(T(a[0]) * T(b[0]) + T(a[1]) * T(b[1]));
  if constexpr (width<A> > 2) sum = T(sum + T(a[2]) * T(b[2]));
  if constexpr (width<A> > 3) sum = T(sum + T(a[3]) * T(b[3]));
  return sum;
}
}  // namespace sm

namespace metal {

template <sm::Vector A, sm::Vector B>
  requires(sm::width<A> == sm::width<B>)
constexpr auto dot(const A& a, const B& b) {
  using T = sm::element_of<A, B>;
  if constexpr (is_integral_v<T>)
    return sm::integer_dot(a, b);
  else
    return T(sm::float_dot(a, b));
}
template <sm::Vector A, sm::Vector B>
  requires(sm::width<A> == 3 && sm::width<B> == 3)
constexpr auto cross(const A& a, const B& b) {
  using T = sm::element_of<A, B>;
  const vec<T, 3> x = sm::value(a), y = sm::value(b);
  return x.get_yzx() * y.get_zxy() - x.get_zxy() * y.get_yzx();
}
template <sm::Vector A>
constexpr auto length_squared(const A& a) {
  return dot(a, a);
}
template <sm::Vector A>
constexpr auto length(const A& a) {
  return sm::element_of<A>(__builtin_sqrtf(sm::float_dot(a, a)));
}
template <sm::Vector A, sm::Vector B>
constexpr auto distance_squared(const A& a, const B& b) {
  return length_squared(sm::value(a) - sm::value(b));
}
template <sm::Vector A, sm::Vector B>
constexpr auto distance(const A& a, const B& b) {
  return length(sm::value(a) - sm::value(b));
}
template <sm::Vector A>
constexpr auto normalize(const A& a) {
  float size = __builtin_sqrtf(sm::float_dot(a, a));
  return sm::each_float([=](float x) { return x / size; }, a);
}
template <sm::Vector A, sm::Vector B, sm::Vector C>
constexpr auto faceforward(const A& normal, const B& incident, const C& reference) {
  auto n = sm::value(normal);
  return sm::float_dot(incident, reference) < 0 ? n : -n;
}
template <sm::Vector A, sm::Vector B>
constexpr auto reflect(const A& incident, const B& normal) {
  float twice = 2 * sm::float_dot(normal, incident);
  return sm::each_float([=](float i, float n) { return i - twice * n; }, incident, normal);
}
// `ratio` is that of the indices of refraction; total reflection gives zero.
template <sm::Vector A, sm::Vector B, sm::Scalar C>
constexpr auto refract(const A& incident, const B& normal, C ratio) {
  float eta = float(ratio), cosine = sm::float_dot(normal, incident);
  float k = 1 - eta * eta * (1 - cosine * cosine);
  float along = k < 0 ? 0 : eta * cosine + __builtin_sqrtf(k);
  if (k < 0) eta = 0;
  return sm::each_float([=](float i, float n) { return eta * i - along * n; }, incident, normal);
}

}  // namespace metal
