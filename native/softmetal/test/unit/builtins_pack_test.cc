// metal_pack against definitions: each field clamped, scaled, rounded to nearest even, at its place.
#include <cmath>

#include "unit/builtins_list.h"
#include "unit/kernel_run.h"

namespace {

struct Layout {
  std::string name;
  std::vector<int> bits;
  bool is_signed, is_srgb;
};
const Layout kLayouts[] = {
    {"unorm4x8", {8, 8, 8, 8}, false, false}, {"snorm4x8", {8, 8, 8, 8}, true, false},
    {"srgb", {8, 8, 8, 8}, false, true},      {"unorm2x16", {16, 16}, false, false},
    {"snorm2x16", {16, 16}, true, false},     {"unorm10a2", {10, 10, 10, 2}, false, false},
    {"unorm565", {5, 6, 5}, false, false}};

double most_of(const Layout& layout, size_t field) {
  return std::ldexp(1.0, layout.bits[field] - layout.is_signed) - 1;
}
double to_srgb(double c) { return c < 0.0031308 ? 12.92 * c : 1.055 * std::pow(c, 1 / 2.4) - 0.055; }
double from_srgb(double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); }

// The exact value of a field before rounding.
double scaled(const Layout& layout, size_t field, double x) {
  if (std::isnan(x)) x = 0;
  x = std::fmin(std::fmax(x, layout.is_signed ? -1 : 0), 1);
  if (layout.is_srgb && field < 3) x = to_srgb(x);
  return x * most_of(layout, field);
}
int64_t field_of(const Layout& layout, size_t field, uint32_t packed) {
  int shift = 0;
  for (size_t i = 0; i < field; i++) shift += layout.bits[i];
  int64_t value = packed >> shift & ((1u << layout.bits[field]) - 1);
  if (layout.is_signed && value >> (layout.bits[field] - 1)) value -= int64_t(1) << layout.bits[field];
  return value;
}

std::vector<float> components() {
  std::vector<float> in = {0,   1,        -1,        0.5f,  -0.5f,  2,     -2,
                           NAN, INFINITY, -INFINITY, 1e-9f, 0.003f, 0.04f, 0.9999f};
  for (int i = 0; i < 500; i++) in.push_back(float(i * 0.0043 - 1.07));
  return in;
}

void check_pack(const std::string& type, const Layout& layout) {
  std::string name = "pack_" + type + "_to_" + (layout.is_srgb ? "srgb_unorm4x8" : layout.name);
  std::vector<float> in = components();
  const size_t fields = layout.bits.size(), rows = in.size() - 3;
  std::string lanes;
  for (size_t f = 0; f < fields; f++) lanes += (f ? ", in[i + " : "in[i + ") + std::to_string(f) + "]";
  std::string vector = "float" + std::to_string(fields) + "(" + lanes + ")";
  if (type == "half") vector = "half" + std::to_string(fields) + "(" + vector + ")";
  std::string body =
      "for (int i = 0; i < " + std::to_string(rows) + "; i++) out[i] = " + name + "(" + vector + ");\n";
  std::vector<uint32_t> got = evaluate<uint32_t>("float", "uint", body, in, rows);
  // Half an integer, and what the float or half argument and the scaling in float lose.
  double slack = type == "half" ? 0.5 + most_of(layout, 0) / 2000 : 0.5 + most_of(layout, 0) * 2e-7 + 1e-4;
  int failures = 0;
  for (size_t i = 0; i < rows; i++)
    for (size_t f = 0; f < fields && failures < 4; f++) {
      double wanted = scaled(layout, f, in[i + f]);
      int64_t field = field_of(layout, f, got[i]);
      if (std::fabs(double(field) - wanted) <= slack) continue;
      failures++;
      check::fail(__FILE__, __LINE__,
                  name + " of " + std::to_string(in[i + f]) + ": field " + std::to_string(f) + " is " +
                      std::to_string(field) + ", defined as " + std::to_string(wanted));
    }
}

void check_unpack(const std::string& type, const Layout& layout) {
  std::string name =
      "unpack_" + (layout.is_srgb ? std::string("unorm4x8_srgb") : layout.name) + "_to_" + type;
  std::vector<uint32_t> in = {0, 0xffffffff, 0x80808080, 0x7f7f7f7f, 0x80008000, 0x7fff8001, 0x12345678};
  for (uint32_t i = 0; i < 300; i++) in.push_back(i * 2654435761u);
  const size_t fields = layout.bits.size();
  std::string n = std::to_string(fields), integer = layout.name == "unorm565" ? "ushort" : "uint";
  std::string body = "for (int i = 0; i < " + std::to_string(in.size()) + "; i++) { " + type + n +
                     " v = " + name + "(" + integer + "(in[i])); for (int f = 0; f < " + n +
                     "; f++) out[i * " + n + " + f] = v[f]; }\n";
  std::vector<float> got = evaluate<float>("uint", "float", body, in, in.size() * fields);
  for (size_t i = 0; i < got.size(); i++) {
    size_t f = i % fields;
    double wanted = std::fmax(double(field_of(layout, f, in[i / fields])) / most_of(layout, f), -1);
    if (layout.is_srgb && f < 3) wanted = from_srgb(wanted);
    CHECK(std::fabs(got[i] - wanted) <= (type == "half" ? 5e-4 : 3e-7));
  }
}

}  // namespace

#define PACK(name, type, index) \
  TEST(name ": against its definition") { check_pack(type, kLayouts[index]); }
#define UNPACK(name, type, index) \
  TEST(name ": against its definition") { check_unpack(type, kLayouts[index]); }
PACK("pack_float_to_unorm4x8", "float", 0)
UNPACK("unpack_unorm4x8_to_float", "float", 0)
PACK("pack_float_to_snorm4x8", "float", 1)
UNPACK("unpack_snorm4x8_to_float", "float", 1)
PACK("pack_float_to_srgb_unorm4x8", "float", 2)
UNPACK("unpack_unorm4x8_srgb_to_float", "float", 2)
PACK("pack_float_to_unorm2x16", "float", 3)
UNPACK("unpack_unorm2x16_to_float", "float", 3)
PACK("pack_float_to_snorm2x16", "float", 4)
UNPACK("unpack_snorm2x16_to_float", "float", 4)
PACK("pack_float_to_unorm10a2", "float", 5)
UNPACK("unpack_unorm10a2_to_float", "float", 5)
PACK("pack_float_to_unorm565", "float", 6)
UNPACK("unpack_unorm565_to_float", "float", 6)
PACK("pack_half_to_unorm4x8", "half", 0)
UNPACK("unpack_unorm4x8_to_half", "half", 0)
PACK("pack_half_to_snorm4x8", "half", 1)
UNPACK("unpack_snorm4x8_to_half", "half", 1)
PACK("pack_half_to_srgb_unorm4x8", "half", 2)
UNPACK("unpack_unorm4x8_srgb_to_half", "half", 2)
PACK("pack_half_to_unorm2x16", "half", 3)
UNPACK("unpack_unorm2x16_to_half", "half", 3)
PACK("pack_half_to_snorm2x16", "half", 4)
UNPACK("unpack_snorm2x16_to_half", "half", 4)
PACK("pack_half_to_unorm10a2", "half", 5)
UNPACK("unpack_unorm10a2_to_half", "half", 5)
PACK("pack_half_to_unorm565", "half", 6)
UNPACK("unpack_unorm565_to_half", "half", 6)
TEST("all of metal_pack has tests") { check_chapter_is_tested("pack"); }
