// metal_math and metal_common against their definitions in double.
#include "unit/builtins_list.h"
#include "unit/float_builtins.h"

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr Bound kLibrary{2};  // what C libraries keep for single precision, and more than MSL asks for

double larger(double x, double y) { return std::isnan(x) ? y : std::isnan(y) ? x : x < y ? y : x; }
double smaller(double x, double y) { return std::isnan(x) ? y : std::isnan(y) ? x : y < x ? y : x; }
double middle(double x, double y, double z) { return larger(smaller(x, y), smaller(larger(x, y), z)); }
double limited(double x, double low, double high) { return smaller(larger(x, low), high); }
// Exact at multiples of a half; infinities have no place on the circle.
double sine_of_pi(double x) {
  if (!std::isfinite(x)) return NAN;
  double r = std::remainder(x, 2);
  if (r == 0 || std::fabs(r) == 1) return std::copysign(0, x);
  if (std::fabs(r) > 0.5) r = std::copysign(1, r) - r;
  return std::fabs(r) == 0.5 ? 2 * r : std::sin(r * kPi);
}
double cosine_of_pi(double x) {
  return std::isfinite(x) ? sine_of_pi(0.5 - std::fabs(std::remainder(x, 2))) : NAN;
}
double even(double x) { return std::nearbyint(x); }
double mixed(const Arguments& a) { return a.x + (a.y - a.x) * a.z; }
double mixed_parts(const Arguments& a) {
  return std::fabs(a.x) + std::fabs((a.y - a.x) * a.z) + std::fabs(a.y * a.z);
}
double smooth(const Arguments& a) {
  double t = limited((a.z - a.x) / (a.y - a.x), 0, 1);
  return t * t * (3 - 2 * t);
}
double fraction(const Arguments& a) {
  double part = a.x - std::floor(a.x);
  double below_one = decode(a.format, encode(a.format, 1) - 1);
  return decode(a.format, encode(a.format, part)) >= 1 ? below_one : part;
}
double neighbour(const Arguments& a) {
  if (std::isnan(a.x) || std::isnan(a.y)) return NAN;
  if (a.x == a.y) return a.y;
  if (a.x == 0) return std::copysign(decode(a.format, 1), a.y);
  bool away = (a.x < a.y) == (a.x > 0);
  return decode(a.format, encode(a.format, a.x) + (away ? 1 : -1));
}
// 0 and infinite or invalid arguments apart, which the exponent's own test covers.
double exponent(double x) { return x == 0 || !std::isfinite(x) ? 0 : std::ilogb(x); }
double mantissa(double x) {
  int ignored;
  return std::frexp(x, &ignored);
}
double scaled(const Arguments& a) { return std::ldexp(a.x, int(limited(std::trunc(a.y), -300, 300))); }
// pow as C defines it, but not a number for a negative base.
double power_of_positive(double x, double y) { return x < 0 ? NAN : std::pow(x, y); }

bool prelude_is_set = [] {
  float_prelude() = R"(
#define HELPERS(T, I)                                                                  \
  inline I integer(T x) { return I(clamp(T(trunc(x)), T(-300), T(300))); }             \
  inline T first_of_frexp(T x) { I e; return frexp(x, e); }                            \
  inline T second_of_frexp(T x) { I e; frexp(x, e); return T(e); }                     \
  inline T first_of_modf(T x) { T w; return modf(x, w); }                              \
  inline T second_of_modf(T x) { T w; modf(x, w); return w; }                          \
  inline T first_of_sincos(T x) { T c; return sincos(x, c); }                          \
  inline T second_of_sincos(T x) { T c; sincos(x, c); return c; }                      \
  inline T finite_ilogb(T x) { return select(T(ilogb(x)), T(0), x == T(0) || !isfinite(x)); }
#define ALL(T) HELPERS(T, int) HELPERS(T##2, int2) HELPERS(T##3, int3) HELPERS(T##4, int4)
ALL(float) ALL(half) ALL(bfloat)
)";
  return true;
}();

}  // namespace

FLOAT_TEST(acos, "acos(x)", kLibrary, std::acos(a.x));
FLOAT_TEST(acosh, "acosh(x)", kLibrary, std::acosh(a.x));
FLOAT_TEST(asin, "asin(x)", kLibrary, std::asin(a.x));
FLOAT_TEST(asinh, "asinh(x)", kLibrary, std::asinh(a.x));
FLOAT_TEST(atan, "atan(x)", kLibrary, std::atan(a.x));
FLOAT_TEST(atan2, "atan2(x, y)", kLibrary, std::atan2(a.x, a.y));
FLOAT_TEST(atanh, "atanh(x)", kLibrary, std::atanh(a.x));
FLOAT_TEST(ceil, "ceil(x)", kSame, std::ceil(a.x));
FLOAT_TEST(copysign, "copysign(x, y)", kSame, std::copysign(a.x, a.y));
FLOAT_TEST(cos, "cos(x)", kLibrary, std::cos(a.x));
FLOAT_TEST(cosh, "cosh(x)", kLibrary, std::cosh(a.x));
FLOAT_TEST(cospi, "cospi(x)", kLibrary, cosine_of_pi(a.x));
FLOAT_TEST(divide, "divide(x, y)", kRounded, a.x / a.y);
FLOAT_TEST(exp, "exp(x)", kLibrary, std::exp(a.x));
FLOAT_ASPECT(exp, "fast::exp(x)", kLibrary, std::exp(a.x));
FLOAT_ASPECT(exp, "precise::exp(x)", kLibrary, std::exp(a.x));
FLOAT_TEST(exp10, "exp10(x)", kLibrary, std::pow(10, a.x));
FLOAT_TEST(exp2, "exp2(x)", kLibrary, std::exp2(a.x));
FLOAT_TEST(fabs, "fabs(x)", kSame, std::fabs(a.x));
FLOAT_ASPECT(fabs, "abs(x)", kSame, std::fabs(a.x));
FLOAT_TEST(fdim, "fdim(x, y)", kRounded, std::fdim(a.x, a.y));
FLOAT_TEST(floor, "floor(x)", kSame, std::floor(a.x));
FLOAT_TEST(fma, "fma(x, y, z)", kRounded,
           double(std::fma((long double)a.x, (long double)a.y, (long double)a.z)));
FLOAT_TEST(fmax, "fmax(x, y)", kRounded, larger(a.x, a.y));
FLOAT_TEST(fmax3, "fmax3(x, y, z)", kRounded, larger(a.x, larger(a.y, a.z)));
FLOAT_TEST(fmedian3, "fmedian3(x, y, z)", kRounded, middle(a.x, a.y, a.z));
FLOAT_TEST(fmin, "fmin(x, y)", kRounded, smaller(a.x, a.y));
FLOAT_TEST(fmin3, "fmin3(x, y, z)", kRounded, smaller(a.x, smaller(a.y, a.z)));
FLOAT_TEST(fmod, "fmod(x, y)", kSame, std::fmod(a.x, a.y));
FLOAT_TEST(fract, "fract(x)", kRounded, fraction(a));
FLOAT_TEST(frexp, "first_of_frexp(x)", kSame, mantissa(a.x));
FLOAT_ASPECT(frexp, "second_of_frexp(x)", kSame, a.x == 0 || !std::isfinite(a.x) ? 0 : std::ilogb(a.x) + 1.0);
FLOAT_TEST(ilogb, "finite_ilogb(x)", kSame, exponent(a.x));
FLOAT_TEST(ldexp, "ldexp(x, integer(y))", kRounded, scaled(a));
FLOAT_TEST(log, "log(x)", kLibrary, std::log(a.x));
FLOAT_TEST(log10, "log10(x)", kLibrary, std::log10(a.x));
FLOAT_TEST(log2, "log2(x)", kLibrary, std::log2(a.x));
FLOAT_TEST(max, "max(x, y)", kRounded, larger(a.x, a.y));
FLOAT_TEST(max3, "max3(x, y, z)", kRounded, larger(a.x, larger(a.y, a.z)));
FLOAT_TEST(median3, "median3(x, y, z)", kRounded, middle(a.x, a.y, a.z));
FLOAT_TEST(min, "min(x, y)", kRounded, smaller(a.x, a.y));
FLOAT_TEST(min3, "min3(x, y, z)", kRounded, smaller(a.x, smaller(a.y, a.z)));
FLOAT_TEST(modf, "first_of_modf(x)", kSame,
           std::isinf(a.x) ? std::copysign(0, a.x) : std::copysign(a.x - std::trunc(a.x), a.x));
FLOAT_ASPECT(modf, "second_of_modf(x)", kSame, std::trunc(a.x));
FLOAT_TEST(nextafter, "nextafter(x, y)", kSame, neighbour(a));
FLOAT_TEST(pow, "pow(x, y)", kLibrary, std::pow(a.x, a.y));
FLOAT_TEST(powr, "powr(x, y)", kLibrary, power_of_positive(a.x, a.y));
FLOAT_TEST(rint, "rint(x)", kSame, even(a.x));
FLOAT_TEST(round, "round(x)", kSame, std::round(a.x));
FLOAT_TEST(rsqrt, "rsqrt(x)", kLibrary, 1 / std::sqrt(a.x));
FLOAT_TEST(sin, "sin(x)", kLibrary, std::sin(a.x));
FLOAT_TEST(sincos, "first_of_sincos(x)", kLibrary, std::sin(a.x));
FLOAT_ASPECT(sincos, "second_of_sincos(x)", kLibrary, std::cos(a.x));
FLOAT_TEST(sinh, "sinh(x)", kLibrary, std::sinh(a.x));
FLOAT_TEST(sinpi, "sinpi(x)", kLibrary, sine_of_pi(a.x));
FLOAT_TEST(sqrt, "sqrt(x)", kRounded, std::sqrt(a.x));
FLOAT_TEST(tan, "tan(x)", kLibrary, std::tan(a.x));
FLOAT_TEST(tanh, "tanh(x)", kLibrary, std::tanh(a.x));
FLOAT_TEST(tanpi, "tanpi(x)", kLibrary, sine_of_pi(a.x) / cosine_of_pi(a.x));
FLOAT_TEST(trunc, "trunc(x)", kSame, std::trunc(a.x));

FLOAT_TEST(clamp, "clamp(x, min(y, z), max(y, z))", kRounded,
           limited(a.x, smaller(a.y, a.z), larger(a.y, a.z)));
FLOAT_TEST(mix, "mix(x, y, z)", (Bound{1.5, 0.51, mixed_parts}), mixed(a));
FLOAT_TEST(saturate, "saturate(x)", kRounded, limited(a.x, 0, 1));
FLOAT_TEST(sign, "sign(x)", kSame, std::isnan(a.x) ? 0 : a.x == 0 ? a.x : std::copysign(1, a.x));
FLOAT_TEST(smoothstep, "smoothstep(x, y, z)", Bound{8}, smooth(a));
FLOAT_TEST(step, "step(x, y)", kSame, a.y < a.x ? 0 : 1);

TEST("all of metal_math has tests") { check_chapter_is_tested("math"); }
TEST("all of metal_common has tests") { check_chapter_is_tested("common"); }
