// metal_relational: questions of floating-point values against the definition, all, any and select by truth
// table.
#include "unit/builtins_list.h"
#include "unit/float_builtins.h"

namespace {
bool is_normal(const Arguments& a) {
  return std::isfinite(a.x) && std::fabs(a.x) >= std::ldexp(1.0, a.format.smallest_exponent());
}
bool has_sign(const Arguments& a) { return !std::isnan(a.x) && std::signbit(a.x); }
bool unordered(const Arguments& a) { return std::isnan(a.x) || std::isnan(a.y); }
}  // namespace

FLOAT_TEST(isfinite, "isfinite(x)", kSame, std::isfinite(a.x));
FLOAT_TEST(isinf, "isinf(x)", kSame, std::isinf(a.x));
FLOAT_TEST(isnan, "isnan(x)", kSame, std::isnan(a.x));
FLOAT_TEST(isnormal, "isnormal(x)", kSame, is_normal(a));
FLOAT_TEST(isordered, "isordered(x, y)", kSame, !unordered(a));
FLOAT_TEST(isunordered, "isunordered(x, y)", kSame, unordered(a));
FLOAT_TEST(select, "select(x, y, z > T(0))", kSame, a.z > 0 ? a.y : a.x);
FLOAT_TEST(signbit, "signbit(x)", kSame, has_sign(a));
FLOAT_TEST(comparisons, "x < y", kSame, a.x < a.y);
FLOAT_ASPECT(comparisons, "x <= y", kSame, a.x <= a.y);
FLOAT_ASPECT(comparisons, "x > y", kSame, a.x > a.y);
FLOAT_ASPECT(comparisons, "x >= y", kSame, a.x >= a.y);
FLOAT_ASPECT(comparisons, "x == y", kSame, a.x == a.y);
FLOAT_ASPECT(comparisons, "x != y", kSame, a.x != a.y);
FLOAT_ASPECT(comparisons, "x < y && y < z || !(x == z)", kSame, (a.x < a.y && a.y < a.z) || a.x != a.z);
// Each operation rounds to its own type.
FLOAT_TEST(arithmetic, "x + y", kRounded, a.x + a.y);
FLOAT_ASPECT(arithmetic, "x - y", kRounded, a.x - a.y);
FLOAT_ASPECT(arithmetic, "x * y", kRounded, a.x* a.y);
FLOAT_ASPECT(arithmetic, "x / y", kRounded, a.x / a.y);
FLOAT_ASPECT(arithmetic, "-x", kSame, -a.x);
FLOAT_ASPECT(arithmetic, "(x *= y, x - z)", kRounded, decode(a.format, encode(a.format, a.x* a.y)) - a.z);
FLOAT_ASPECT(arithmetic, "(x--, x += T(3), x)", kRounded, decode(a.format, encode(a.format, a.x - 1)) + 3);

namespace {
// all and any of the low bits of every number up to 2^width.
void check_votes(int width, bool of_all) {
  std::string n = std::to_string(width), type = "bool" + n;
  std::string parts = "i & 1", name = of_all ? "all" : "any";
  for (int l = 1; l < width; l++) parts += ", i >> " + std::to_string(l) + " & 1";
  std::vector<int> got = evaluate<int, int>(
      "int", "int",
      "for (int i = 0; i < (1 << " + n + "); i++) out[i] = " + name + "(" + type + "(" + parts + "));", {0},
      size_t(1) << width);
  for (int i = 0; i < 1 << width; i++) CHECK_EQUAL(got[i], int(of_all ? i == (1 << width) - 1 : i != 0));
}
}  // namespace

TEST("all: of every combination") {
  for (int width = 2; width <= 4; width++) check_votes(width, true);
}
TEST("any: of every combination") {
  for (int width = 2; width <= 4; width++) check_votes(width, false);
}
TEST("all of metal_relational has tests") { check_chapter_is_tested("relational"); }
