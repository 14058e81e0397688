// metal_integer against definitions in 128-bit arithmetic, for every integer type, scalar and vector.
#include <functional>

#include "unit/builtin_batch.h"
#include "unit/builtins_list.h"

namespace {

typedef __int128 Wide;

struct IntegerType {
  const char* name;
  int bits;
  bool is_signed;
  Wide least() const { return is_signed ? -(Wide(1) << (bits - 1)) : 0; }
  Wide most() const { return (Wide(1) << (is_signed ? bits - 1 : bits)) - 1; }
  Wide mask() const { return (Wide(1) << bits) - 1; }
  Wide wrapped(Wide value) const {
    value &= mask();
    return is_signed && value > most() ? value - mask() - 1 : value;
  }
  Wide saturated(Wide value) const { return value < least() ? least() : value > most() ? most() : value; }
};
const IntegerType kTypes[] = {{"char", 8, true},     {"uchar", 8, false}, {"short", 16, true},
                              {"ushort", 16, false}, {"int", 32, true},   {"uint", 32, false},
                              {"long", 64, true},    {"ulong", 64, false}};

struct Arguments {
  Wide x, y, z;
  const IntegerType& type;
};
struct IntegerBuiltin {
  std::string name, call;
  std::function<Wide(const Arguments&)> definition;
};
std::vector<IntegerBuiltin>& integer_builtins() {
  static std::vector<IntegerBuiltin> all;
  return all;
}
bool add_builtin(IntegerBuiltin one) {
  integer_builtins().push_back(std::move(one));
  return true;
}

Wide read(const IntegerType& type, const Memory& memory, size_t index) {
  uint64_t bits = 0;
  std::memcpy(&bits, memory.data() + index * type.bits / 8, type.bits / 8);
  return type.wrapped(bits);
}

std::vector<std::vector<Wide>> integer_arguments(const IntegerType& type) {
  std::vector<Wide> edges = {
      0, 1, 2, 3, 5, 7, 8, 100, type.most(), type.most() - 1, type.most() / 2, type.most() / 3};
  for (Wide value : {type.least(), type.least() + 1, Wide(-1), Wide(-2), Wide(-100)})
    edges.push_back(type.wrapped(value));
  std::vector<std::vector<Wide>> rows(3);
  for (size_t i = 0; i < edges.size(); i++)
    for (size_t j = 0; j < edges.size(); j++) {
      rows[0].push_back(edges[i]);
      rows[1].push_back(edges[j]);
      rows[2].push_back(edges[(5 * i + 3 * j) % edges.size()]);
    }
  uint64_t state = 12345;
  for (int i = 0; i < 600; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    rows[i % 3].push_back(type.wrapped(Wide(state >> (i / 3 % 8 * 7))));
  }
  return rows;
}

struct Results {
  std::vector<std::vector<Wide>> arguments;
  BatchResult by_width;
};
const Results& results_of(const IntegerType& type) {
  static std::map<std::string, Results> known;
  auto found = known.find(type.name);
  if (found != known.end()) return found->second;
  Results results;
  results.arguments = integer_arguments(type);
  const size_t bytes = type.bits / 8, rows = results.arguments[0].size();
  Batch batch{type.name, bytes, rows, "", {}, {}};
  for (const IntegerBuiltin& one : integer_builtins()) batch.calls.push_back(one.call);
  for (int p = 0; p < 3; p++) {
    batch.inputs[p].resize(rows * bytes);
    for (size_t i = 0; i < rows; i++) {
      uint64_t bits = uint64_t(results.arguments[p][i]);
      std::memcpy(batch.inputs[p].data() + i * bytes, &bits, bytes);
    }
  }
  results.by_width = run_batch(batch);
  return known[type.name] = results;
}

void check_type(const IntegerType& type, size_t k) {
  const IntegerBuiltin& one = integer_builtins()[k];
  const Results& results = results_of(type);
  const size_t rows = results.arguments[0].size();
  int failures = 0;
  for (int w = 1; w <= 4; w++)
    for (size_t i = 0; i < rows * w && failures < 3; i++) {
      size_t row = (i / w + i % w) % rows;
      Arguments a{results.arguments[0][row], results.arguments[1][row], results.arguments[2][row], type};
      Wide wanted = type.wrapped(one.definition(a)),
           got = read(type, results.by_width.width[w], k * rows * w + i);
      if (got == wanted) continue;
      failures++;
      std::ostringstream text;
      text << type.name << w << " " << one.call << ": x = " << long(a.x) << ", y = " << long(a.y)
           << ", z = " << long(a.z) << ": got " << long(got) << ", defined as " << long(wanted);
      check::fail(__FILE__, __LINE__, text.str());
    }
}
void check_integer_builtin(const std::string& name) {
  int checked = 0;
  for (size_t k = 0; k < integer_builtins().size(); k++) {
    if (integer_builtins()[k].name != name) continue;
    for (const IntegerType& type : kTypes) check_type(type, k);
    checked++;
  }
  CHECK(checked > 0);
}

#define INTEGER_ASPECT(function, call, ...)        \
  bool CHECK_JOIN(added_, __LINE__) = add_builtin( \
      {#function, call, []([[maybe_unused]] const Arguments& a) -> Wide { return __VA_ARGS__; }})
#define INTEGER_TEST(function, call, ...)      \
  INTEGER_ASPECT(function, call, __VA_ARGS__); \
  TEST(#function ": against its definition") { check_integer_builtin(#function); }

Wide size(Wide value) { return value < 0 ? -value : value; }
Wide halved(Wide value) { return value >> 1; }  // towards minus infinity
Wide product_above(const Arguments& a) {
  // Unsigned 64-bit products do not fit a signed 128-bit number.
  return a.type.is_signed ? (a.x * a.y) >> a.type.bits
                          : Wide(((unsigned __int128)a.x * (unsigned __int128)a.y) >> a.type.bits);
}
Wide product_and_sum(const Arguments& a) {
  if (!a.type.is_signed && a.x && (unsigned __int128)a.y > (unsigned __int128)a.type.most() / a.x)
    return a.type.most();
  return a.type.saturated(a.x * a.y + a.z);
}
int highest_bit(const Arguments& a) {
  for (int i = a.type.bits - 1; i >= 0; i--)
    if (a.x >> i & 1) return i;
  return -1;
}
int lowest_bit(const Arguments& a) {
  for (int i = 0; i < a.type.bits; i++)
    if (a.x >> i & 1) return i;
  return a.type.bits;
}
Wide count_bits(const Arguments& a) {
  Wide count = 0;
  for (int i = 0; i < a.type.bits; i++) count += a.x >> i & 1;
  return count;
}
Wide reversed(const Arguments& a) {
  Wide result = 0;
  for (int i = 0; i < a.type.bits; i++) result |= (a.x >> i & 1) << (a.type.bits - 1 - i);
  return result;
}
Wide rotated(const Arguments& a) {
  Wide result = 0;
  int count = int(a.y & (a.type.bits - 1));
  for (int i = 0; i < a.type.bits; i++) result |= (a.x >> i & 1) << ((i + count) % a.type.bits);
  return result;
}
Wide field(const Arguments& a, int offset, int bits) {
  Wide result = 0;
  for (int i = 0; i < bits; i++) result |= (a.x >> (offset + i) & 1) << i;
  if (a.type.is_signed && bits && (result >> (bits - 1) & 1)) result -= Wide(1) << bits;
  return result;
}
Wide with_field(const Arguments& a, int offset, int bits) {
  Wide result = a.x & a.type.mask();
  for (int i = offset; i < offset + bits; i++)
    result = (result & ~(Wide(1) << i)) | (a.y >> (i - offset) & 1) << i;
  return result;
}
Wide low24(const Arguments& a, Wide value) {
  Wide low = value & 0xffffff;
  return a.type.is_signed && (low & 0x800000) ? low - 0x1000000 : low;
}
Wide smaller(Wide x, Wide y) { return x < y ? x : y; }
Wide larger(Wide x, Wide y) { return x < y ? y : x; }

INTEGER_TEST(abs, "abs(x)", size(a.x));
INTEGER_TEST(absdiff, "absdiff(x, y)", size(a.x - a.y));
INTEGER_TEST(addsat, "addsat(x, y)", a.type.saturated(a.x + a.y));
INTEGER_TEST(clz, "clz(x)", a.type.bits - 1 - highest_bit(a));
INTEGER_TEST(ctz, "ctz(x)", lowest_bit(a));
INTEGER_TEST(extract_bits, "extract_bits(x, 3, 4)", field(a, 3, 4));
INTEGER_ASPECT(extract_bits, "extract_bits(x, 0, 0)", 0);
INTEGER_ASPECT(extract_bits, "extract_bits(x, 0, 7)", field(a, 0, 7));
INTEGER_TEST(hadd, "hadd(x, y)", halved(a.x + a.y));
INTEGER_TEST(insert_bits, "insert_bits(x, y, 2, 5)", with_field(a, 2, 5));
INTEGER_ASPECT(insert_bits, "insert_bits(x, y, 7, 0)", a.x);
INTEGER_TEST(mad24, "mad24(x, y, z)", low24(a, a.x) * low24(a, a.y) + a.z);
INTEGER_TEST(madhi, "madhi(x, y, z)", product_above(a) + a.z);
INTEGER_TEST(madsat, "madsat(x, y, z)", product_and_sum(a));
INTEGER_TEST(mul24, "mul24(x, y)", low24(a, a.x) * low24(a, a.y));
INTEGER_TEST(mulhi, "mulhi(x, y)", product_above(a));
INTEGER_TEST(popcount, "popcount(x)", count_bits(a));
INTEGER_TEST(reverse_bits, "reverse_bits(x)", reversed(a));
INTEGER_TEST(rhadd, "rhadd(x, y)", halved(a.x + a.y + 1));
INTEGER_TEST(rotate, "rotate(x, y)", rotated(a));
INTEGER_TEST(subsat, "subsat(x, y)", a.type.saturated(a.x - a.y));
// The integer forms of functions of other chapters.
INTEGER_TEST(max, "max(x, y)", larger(a.x, a.y));
INTEGER_TEST(min, "min(x, y)", smaller(a.x, a.y));
INTEGER_TEST(max3, "max3(x, y, z)", larger(a.x, larger(a.y, a.z)));
INTEGER_TEST(min3, "min3(x, y, z)", smaller(a.x, smaller(a.y, a.z)));
INTEGER_TEST(median3, "median3(x, y, z)", larger(smaller(a.x, a.y), smaller(larger(a.x, a.y), a.z)));
INTEGER_TEST(clamp, "clamp(x, min(y, z), max(y, z))",
             smaller(larger(a.x, smaller(a.y, a.z)), larger(a.y, a.z)));
// Operators, in the same widths: the count of a shift is taken modulo the number of bits.
INTEGER_TEST(operators, "x + y", a.x + a.y);
INTEGER_ASPECT(operators, "x - y", a.x - a.y);
INTEGER_ASPECT(operators, "x * y", Wide((unsigned __int128)a.x*(unsigned __int128)a.y));
INTEGER_ASPECT(operators, "x & y", a.x & a.y);
INTEGER_ASPECT(operators, "x | y", a.x | a.y);
INTEGER_ASPECT(operators, "x ^ y", a.x ^ a.y);
INTEGER_ASPECT(operators, "~x", ~a.x);
INTEGER_ASPECT(operators, "-x", -a.x);
INTEGER_ASPECT(operators, "x / (y & T(63) | T(1))", a.x / ((a.y & 63) | 1));
INTEGER_ASPECT(operators, "x % (y & T(63) | T(1))", a.x % ((a.y & 63) | 1));
INTEGER_ASPECT(operators, "x << (y & T(7))", a.x * (1 << int(a.y & 7)));
INTEGER_ASPECT(operators, "x >> (y & T(7))", a.x >> int(a.y & 7));
INTEGER_ASPECT(operators, "x++ + ++y - z--", a.x + a.y + 1 - a.z);

}  // namespace

TEST("all of metal_integer has tests") { check_chapter_is_tested("integer"); }
