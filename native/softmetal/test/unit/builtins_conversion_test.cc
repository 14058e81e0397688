// Conversions between number types, by tables: every half and bfloat, every tie between two of them and its
// neighbours, and the ends of the integers' ranges. Also as_type.
#include <cmath>

#include "unit/builtins_list.h"
#include "unit/formats.h"
#include "unit/kernel_run.h"

namespace {

// For each value of the format: itself, and around the middle to its neighbour above.
std::vector<uint32_t> floats_around(const Format& format) {
  std::vector<uint32_t> bits = {0x7fffffff, 0xffffffff, 0x7f800001, 0xff800001, 0x7fc00000, 0x7f800000,
                                0xff800000, 0x7f7fffff, 0xff7fffff, 1,          0x80000001, 0x807fffff};
  for (uint32_t low = 0; low < format.infinity(); low++) {
    double here = decode(format, low),
           above = here + step_at(format, here);  // beyond the last: where infinity begins
    uint32_t middle = encode(kFloat, (here + above) / 2);
    for (uint32_t one : {encode(kFloat, here), middle - 1, middle, middle + 1}) {
      bits.push_back(one);
      bits.push_back(one | kFloat.sign());
    }
  }
  return bits;
}

// Scalars, implicit conversion, and the lanes of vectors of 2, 3 and 4.
const char* const kNarrowing = R"(
  for (int i = 0; i < n - 3; i++) {
    float x = as_type<float>(in[i]);
    float4 v = as_type<float4>(uint4(in[i], in[i + 1], in[i + 2], in[i + 3]));
    SMALL implicit = x;
    out[5 * i] = as_type<ushort>(SMALL(x));
    out[5 * i + 1] = as_type<ushort>(implicit);
    out[5 * i + 2] = as_type<ushort>(vec<SMALL, 4>(v).x);
    out[5 * i + 3] = as_type<ushort>(vec<SMALL, 3>(v.xyz)[0]);
    out[5 * i + 4] = as_type<ushort>(static_cast<vec<SMALL, 2>>(v.xy).r);
  }
)";

void check_narrowing(const Format& format) {
  std::vector<uint32_t> in = floats_around(format);
  std::string helpers =
      "#define SMALL " + std::string(format.name) + "\nconstant int n = " + std::to_string(in.size()) + ";\n";
  std::vector<uint16_t> got =
      evaluate<uint16_t>("uint", "ushort", kNarrowing, in, (in.size() - 3) * 5, helpers);
  int failures = 0;
  for (size_t i = 0; i < got.size() && failures < 5; i++) {
    uint32_t from = in[i / 5], wanted = encode(format, decode(kFloat, from));
    if (is_nan(kFloat, from) ? is_nan(format, got[i]) : got[i] == wanted) continue;
    failures++;
    char text[120];
    std::snprintf(text, sizeof text, "form %zu: %s(0x%08x): got 0x%04x, rounds to 0x%04x", i % 5, format.name,
                  from, got[i], wanted);
    check::fail(__FILE__, __LINE__, text);
  }
}
void check_widening(const Format& format) {
  std::vector<uint16_t> in(65536);
  for (size_t i = 0; i < in.size(); i++) in[i] = uint16_t(i);
  std::string type = format.name;
  std::string body = "for (int i = 0; i < 65536; i += 2) { " + type + "2 v = as_type<" + type +
                     "2>(ushort2(in[i], in[i + 1])); out[i] = v.x; float2 w(v); out[i + 1] = w.y; }\n";
  std::vector<float> got = evaluate<float>("ushort", "float", body, in, in.size());
  int failures = 0;
  for (uint32_t i = 0; i < in.size() && failures < 5; i++) {
    double wanted = decode(format, i);
    if (is_nan(format, i) ? std::isnan(got[i])
                          : got[i] == wanted && std::signbit(got[i]) == std::signbit(wanted))
      continue;
    failures++;
    check::fail(__FILE__, __LINE__, type + " " + std::to_string(i) + ": got " + std::to_string(got[i]));
  }
}

struct IntegerType {
  const char* name;
  double least, most;
};
const IntegerType kIntegers[] = {{"char", -128, 127},
                                 {"uchar", 0, 255},
                                 {"short", -32768, 32767},
                                 {"ushort", 0, 65535},
                                 {"int", -2147483648.0, 2147483647},
                                 {"uint", 0, 4294967295.0}};

}  // namespace

TEST("float to half rounds to nearest even: every half, every tie") { check_narrowing(kHalf); }
TEST("float to bfloat rounds to nearest even: every bfloat, every tie") { check_narrowing(kBfloat); }
TEST("every half is exactly a float") { check_widening(kHalf); }
TEST("every bfloat is exactly a float") { check_widening(kBfloat); }

TEST("floating point to integers: towards zero, clamped to the range, NaN is zero") {
  std::vector<float> in = {0,       -0.0f, 0.9f,   -0.9f,  1.5f,     -1.5f,     126.9f, 127.5f,       128,
                           -128.9f, -129,  255.9f, 256,    32767.5f, 32768,     -32769, 65536,        2.2e9f,
                           -2.2e9f, 5e9f,  1e20f,  -1e20f, INFINITY, -INFINITY, NAN,    2147483520.0f};
  for (const IntegerType& type : kIntegers)
    for (const char* form : {"T(in[i])", "vec<T, 4>(float4(in[i]))[2]", "vec<T, 3>(float3(in[i])).y"}) {
      std::string body =
          "for (int i = 0; i < " + std::to_string(in.size()) + "; i++) out[i] = " + form + ";\n";
      std::vector<int64_t> got = evaluate<int64_t>("float", "long", body, in, in.size(),
                                                   "typedef " + std::string(type.name) + " T;\n");
      for (size_t i = 0; i < in.size(); i++) {
        double value = std::isnan(in[i]) ? 0 : std::trunc(double(in[i]));
        double wanted = std::fmin(std::fmax(value, type.least), type.most);
        if (double(got[i]) == wanted) continue;
        check::fail(__FILE__, __LINE__,
                    std::string(type.name) + " " + form + " of " + std::to_string(in[i]) + ": got " +
                        std::to_string(got[i]));
      }
    }
}

TEST("integers to floating point: to nearest even; overflow is infinite") {
  std::vector<int64_t> in = {
      0,        1,        -1,        2049,       2051,          -2049,        65504, 65519, 65520,
      16777217, 16777219, -16777219, 2147483647, -2147483648ll, 4294967295ll, 257,   259,   130049};
  for (const Format* format : {&kFloat, &kHalf, &kBfloat})
    for (const char* form : {"T(in[i])", "vec<T, 2>(long2(in[i])).x"}) {
      std::string body =
          "for (int i = 0; i < " + std::to_string(in.size()) + "; i++) out[i] = " + form + ";\n";
      std::vector<float> got = evaluate<float>("long", "float", body, in, in.size(),
                                               "typedef " + std::string(format->name) + " T;\n");
      for (size_t i = 0; i < in.size(); i++)
        CHECK_EQUAL(got[i], float(decode(*format, encode(*format, double(in[i])))));
    }
}

TEST("a result that is NaN stays one as half and as bfloat, whatever bits its operand had") {
  std::vector<uint32_t> in = {0xffffffff, 0x7fffffff, 0x7fc00000, 0xffff8000};
  std::string body =
      "for (int i = 0; i < 4; i++) { float x = as_type<float>(in[i]); half h(1.0f); bfloat b(1.0f);\n"
      "  h += x; b += x;\n"
      "  out[i] = isnan(float(h)) + 2 * isnan(float(b)) + 4 * isnan(float(bfloat(x * 2))) +\n"
      "           8 * isnan(float(bfloat(-x))) + 16 * isnan(float(bfloat2(x * 2, x).x)); }\n";
  for (uint32_t got : evaluate<uint32_t>("uint", "uint", body, in, in.size())) CHECK_EQUAL(got, 31u);
}

TEST("bool converts to 0 and 1, and from everything that is not zero") {
  std::string body =
      "bool4 b = bool4(float4(0, -0.0, 0.25, NAN)); int4 i(b); half4 h(b); bfloat4 f(b); uchar4 "
      "c(bool4(int4(256, 0, -1, 2)));\n"
      "for (int l = 0; l < 4; l++) out[l] = i[l] + 10 * int(h[l]) + 100 * int(f[l]) + 1000 * c[l];\n"
      "bool one = 0.25f; out[4] = one; out[5] = int(bool(NAN)) + 2 * int3(bool3(true)).z;\n";
  std::vector<int> got = evaluate<int>("float", "int", body, std::vector<float>{0}, 6);
  const int wanted[] = {1000, 0, 1111, 1111, 1, 3};
  for (int i = 0; i < 6; i++) CHECK_EQUAL(got[i], wanted[i]);
}

TEST("as_type: the same bits between scalars and vectors of one size") {
  std::string body =
      "out[0] = as_type<uint>(1.0f); out[1] = as_type<uint>(half2(1.0h, -2.0h)); out[2] = "
      "as_type<uint>(uchar4(1, 2, 3, 4));\n"
      "out[3] = uint(as_type<float>(0x40490fdbu) * 1000); out[4] = as_type<uint2>(as_type<ulong>(float2(1, "
      "2))).y;\n"
      "out[5] = as_type<uint3>(float3(1, 2, -3)).z; out[6] = uint(as_type<half4>(uint2(0x3c003c00u, "
      "0x40004000u)).z);\n"
      "out[7] = as_type<ushort>(bfloat(1.5f)); out[8] = uint(as_type<char>(uchar(255)) == -1);\n";
  std::vector<uint32_t> got = evaluate<uint32_t>("float", "uint", body, std::vector<float>{0}, 9);
  const uint32_t wanted[] = {0x3f800000, 0xc0003c00, 0x04030201, 3141, 0x40000000, 0xc0400000, 2, 0x3fc0, 1};
  for (int i = 0; i < 9; i++) CHECK_EQUAL(got[i], wanted[i]);
}
TEST("all of the chapter of conversions has tests") { check_chapter_is_tested("conversion"); }
