// Built-ins of floating-point arguments: all of a program's are compiled into one kernel per element type,
// run over one table of arguments, and compared with a definition in double. Vector forms must equal the
// scalar form.
#pragma once

#include <functional>
#include <map>
#include <random>

#include "check.h"
#include "unit/builtin_batch.h"
#include "unit/formats.h"

struct Arguments {
  double x, y, z;
  const Format& format;
};

// How far a result may be from the definition.
struct Bound {
  double float_steps;         // of neighbouring floats
  double small_steps = 0.51;  // of half and bfloat: computed in float, rounded once
  // Errors of a cancelling sum are relative to its parts.
  double (*scale)(const Arguments&) = nullptr;
};
inline constexpr Bound kRounded{0.5000001, 0.5000001};  // the nearest representable value
inline constexpr Bound kSame{0, 0};                     // the same bits, signs of zeros too

struct FloatBuiltin {
  std::string name, call;  // call: MSL, of x, y, z and the type T
  std::function<double(const Arguments&)> definition;
  Bound bound;
};

inline std::vector<FloatBuiltin>& float_builtins() {
  static std::vector<FloatBuiltin> all;
  return all;
}
inline bool add_float_builtin(FloatBuiltin one) {
  float_builtins().push_back(std::move(one));
  return true;
}
// MSL in front of the kernel: helpers that calls may use.
inline std::string& float_prelude() {
  static std::string text;
  return text;
}

// A table of argument triples: all pairs of difficult values, then random ones of every size.
inline std::vector<std::vector<double>> float_arguments(const Format& format) {
  const double most = decode(format, format.infinity() - 1), least = decode(format, 1);
  const double normal = std::ldexp(1.0, format.smallest_exponent());
  const std::vector<double> edges = {0.0,      -0.0,      1,    -1,     0.5,   -0.5, 1.5,    -1.5,
                                     2.5,      3,         -3,   0.75,   -0.25, M_PI, 10,     -100,
                                     1000,     0.1,       most, -least, least, most, normal, 3 * normal,
                                     INFINITY, -INFINITY, NAN,  1.25,   -7.5};
  std::vector<std::vector<double>> rows(3);
  auto add = [&](double x, double y, double z) {
    int column = 0;
    for (double value : {x, y, z}) rows[column++].push_back(decode(format, encode(format, value)));
  };
  for (size_t i = 0; i < edges.size(); i++)
    for (size_t j = 0; j < edges.size(); j++) add(edges[i], edges[j], edges[(3 * i + 7 * j) % edges.size()]);
  std::mt19937 random(7);
  auto unit = [&] { return random() / 4294967296.0 * 2 - 1; };
  for (int i = 0; i < 300; i++) add(8 * unit(), 8 * unit(), 8 * unit());
  for (int i = 0; i < 300; i++) add(unit(), unit(), unit());
  auto any = [&] {
    return unit() * std::exp2(unit() * (format.largest_exponent + format.fraction_bits / 2));
  };
  for (int i = 0; i < 200; i++) add(any(), any(), any());
  return rows;
}

struct FloatResults {
  std::vector<std::vector<double>> arguments;
  size_t rows;
  BatchResult by_width;
};

inline const FloatResults& float_results(const Format& format) {
  static std::map<std::string, FloatResults> known;
  auto found = known.find(format.name);
  if (found != known.end()) return found->second;
  FloatResults results;
  results.arguments = float_arguments(format);
  results.rows = results.arguments[0].size();
  Batch batch{format.name, size_t(format.bytes), results.rows, float_prelude(), {}, {}};
  for (const FloatBuiltin& one : float_builtins()) batch.calls.push_back(one.call);
  for (int p = 0; p < 3; p++) {
    batch.inputs[p].resize(results.rows * format.bytes);
    for (size_t i = 0; i < results.rows; i++) {
      uint32_t bits = encode(format, results.arguments[p][i]);
      std::memcpy(batch.inputs[p].data() + i * format.bytes, &bits, format.bytes);
    }
  }
  results.by_width = run_batch(batch);
  return known[format.name] = results;
}

inline uint32_t bits_at(const Format& format, const Memory& memory, size_t index) {
  uint32_t bits = 0;
  std::memcpy(&bits, memory.data() + index * format.bytes, format.bytes);
  return bits;
}

inline bool close_enough(const Format& format, const Bound& bound, const Arguments& arguments, uint32_t got,
                         double wanted) {
  uint32_t nearest = encode(format, wanted);
  if (is_nan(format, nearest)) return is_nan(format, got);
  double steps = format.bytes == 4 ? bound.float_steps : bound.small_steps;
  if (steps == 0 || got == nearest) return got == nearest;
  if (is_nan(format, got)) return false;
  double value = decode(format, got), most = decode(format, format.infinity() - 1);
  double limit = std::ldexp(1.0, format.largest_exponent + 1);  // where infinity would be on the number line
  if (std::isinf(value)) value = std::copysign(limit, value);
  if (std::isinf(wanted) || std::fabs(wanted) > limit) wanted = std::copysign(limit, wanted);
  double size = std::fabs(wanted);
  if (bound.scale) size = std::max(size, bound.scale(arguments));
  return std::fabs(value - wanted) <= steps * step_at(format, std::min(size, most));
}

inline bool same_result(const Format& format, const Bound& bound, uint32_t a, uint32_t b) {
  if (a == b || (is_nan(format, a) && is_nan(format, b))) return true;
  return bound.float_steps != 0 && ((a | b) & ~format.sign()) == 0;  // the sign of zero is left open
}

inline std::string shown(const FloatBuiltin& one, const Arguments& a, const std::string& type, double got,
                         double wanted) {
  char text[300];
  std::snprintf(text, sizeof text, "%s %s: x = %.9g, y = %.9g, z = %.9g: got %.9g, defined as %.17g",
                type.c_str(), one.call.c_str(), a.x, a.y, a.z, got, wanted);
  return text;
}

inline void check_float_builtin(const std::string& name) {
  int checked = 0;
  for (size_t k = 0; k < float_builtins().size(); k++) {
    const FloatBuiltin& one = float_builtins()[k];
    if (one.name != name) continue;
    for (const Format* format : {&kFloat, &kHalf, &kBfloat}) {
      const FloatResults& results = float_results(*format);
      int failures = 0;
      for (size_t i = 0; i < results.rows && failures < 4; i++) {
        Arguments a{results.arguments[0][i], results.arguments[1][i], results.arguments[2][i], *format};
        double wanted = one.definition(a);
        uint32_t got = bits_at(*format, results.by_width.width[1], k * results.rows + i);
        checked++;
        if (!close_enough(*format, one.bound, a, got, wanted)) {
          failures++;
          check::fail(__FILE__, __LINE__, shown(one, a, format->name, decode(*format, got), wanted));
        }
        for (int w = 2; w <= 4; w++)
          for (int l = 0; l < w; l++) {
            uint32_t lane = bits_at(*format, results.by_width.width[w], (k * results.rows + i) * w + l);
            uint32_t scalar =
                bits_at(*format, results.by_width.width[1], k * results.rows + (i + l) % results.rows);
            if (same_result(*format, one.bound, lane, scalar)) continue;
            failures++;
            check::fail(__FILE__, __LINE__,
                        shown(one, a, format->name + std::to_string(w) + "[" + std::to_string(l) + "]",
                              decode(*format, lane), decode(*format, scalar)));
          }
      }
    }
  }
  CHECK(checked > 0);
}

// FLOAT_TEST(exp, "exp(x)", kBound, definition of a.x, a.y, a.z): one more aspect of a built-in. A built-in
// with several has one FLOAT_TEST and FLOAT_ASPECTs.
#define FLOAT_ASPECT(function, call, bound, ...)                \
  static bool CHECK_JOIN(added_, __LINE__) = add_float_builtin( \
      {#function, call, []([[maybe_unused]] const Arguments& a) -> double { return __VA_ARGS__; }, bound})
#define FLOAT_TEST(function, call, bound, ...)      \
  FLOAT_ASPECT(function, call, bound, __VA_ARGS__); \
  TEST(#function ": against its definition") { check_float_builtin(#function); }
