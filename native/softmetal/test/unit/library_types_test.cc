// numeric_limits, constants, type traits, metal::array, uniform and what is accepted and ignored.
#include "check.h"
#include "unit/kernel_run.h"

namespace {
// Every line is an expression that must hold, at compile time or in the kernel.
void check_all(const std::vector<std::string>& claims, const std::string& helpers = "") {
  std::string body;
  for (size_t i = 0; i < claims.size(); i++)
    body += "out[" + std::to_string(i) + "] = (" + claims[i] + ");\n";
  std::vector<int> got = evaluate<int>("int", "int", body, std::vector<int>{0}, claims.size(), helpers);
  for (size_t i = 0; i < claims.size(); i++)
    if (!got[i]) check::fail(__FILE__, __LINE__, claims[i] + " does not hold");
}
}  // namespace

TEST("numeric_limits of every type") {
  check_all({"numeric_limits<float>::max() == as_type<float>(0x7f7fffffu)",
             "numeric_limits<float>::lowest() == -FLT_MAX",
             "numeric_limits<float>::min() == as_type<float>(0x00800000u)",
             "isinf(numeric_limits<float>::infinity())",
             "isnan(numeric_limits<float>::quiet_NaN())",
             "numeric_limits<float>::epsilon() == FLT_EPSILON",
             "numeric_limits<float>::denorm_min() == as_type<float>(1u)",
             "numeric_limits<float>::digits == 24",
             "numeric_limits<half>::max() == 65504.0h",
             "as_type<ushort>(numeric_limits<half>::max()) == 0x7bff",
             "as_type<ushort>(numeric_limits<half>::min()) == 0x0400",
             "numeric_limits<half>::digits10 == 3",
             "as_type<ushort>(numeric_limits<bfloat>::max()) == 0x7f7f",
             "numeric_limits<bfloat>::digits == 8",
             "as_type<ushort>(numeric_limits<bfloat>::infinity()) == 0x7f80",
             "numeric_limits<char>::min() == -128",
             "numeric_limits<uchar>::max() == 255",
             "numeric_limits<short>::lowest() == -32768",
             "numeric_limits<ushort>::max() == 65535",
             "numeric_limits<int>::min() == INT_MIN",
             "numeric_limits<uint>::max() == UINT_MAX",
             "numeric_limits<long>::max() == LONG_MAX",
             "numeric_limits<ulong>::max() == ULONG_MAX",
             "numeric_limits<bool>::max()",
             "numeric_limits<int>::digits == 31",
             "!numeric_limits<uint>::is_signed && numeric_limits<int>::is_integer"});
}
TEST("constants") {
  check_all({"M_PI_F == 3.14159265f", "M_PI_H == 3.14159h", "M_E_F == 2.71828182f", "M_LN2_F == 0.69314718f",
             "M_SQRT1_2_F == 0.70710678f", "as_type<ushort>(M_PI_BF) == 0x4049",
             "isinf(INFINITY) && isnan(NAN)", "MAXFLOAT == FLT_MAX",
             "HALF_MAX == 65504.0h && MAXHALF == HALF_MAX", "HUGE_VALF == INFINITY",
             "CHAR_BIT == 8 && SHRT_MIN == -32768", "ilogb(0.0f) == FP_ILOGB0 && ilogb(NAN) == FP_ILOGBNAN"});
}
TEST("type traits, array, uniform; logging is ignored") {
  check_all(
      {"is_same_v<remove_cv_t<const int>, int>",
       "is_floating_point<half>::value && is_floating_point_v<bfloat>",
       "is_signed_v<half> && is_unsigned_v<ushort>", "is_integral<long>::value && !is_integral_v<float>",
       "sizeof(conditional_t<true, char, long>) == 1",
       "is_convertible_v<int, float4> && !is_convertible_v<half4, float4>",
       "is_trivial_v<float4> && is_trivially_copyable<packed_half3>::value",
       "sum(array<int, 3>{1, 2, 3}) == 6", "array<float, 4>::size() == 4 && sizeof(array<float, 4>) == 16",
       "uniform<int>(3) == 3", "logged() == 1", "sizeof(simd_float4) == 16 && sizeof(matrix_float4x4) == 64"},
      "#include <metal_logging>\n#include <simd/simd.h>\n"
      "int sum(array<int, 3> a) { int s = 0; for (int v : a) s += v; return s; }\n"
      "int logged() { os_log_default.log(\"value %d\", 3); return 1; }\n");
}
