// Vector types: sizes, construction, component names in both alphabets, assignment through them, packed
// types.
#include "check.h"
#include "unit/kernel_run.h"

namespace {

// Every name of up to four letters out of the first n.
std::vector<std::string> names_of(const std::string& letters, int n) {
  std::vector<std::string> all, last = {""};
  for (int length = 1; length <= 4; length++) {
    std::vector<std::string> longer;
    for (const std::string& start : last)
      for (int i = 0; i < n; i++) longer.push_back(start + letters[i]);
    all.insert(all.end(), longer.begin(), longer.end());
    last = longer;
  }
  return all;
}
bool repeats(const std::string& name) {
  for (size_t i = 0; i < name.size(); i++)
    if (name.find(name[i], i + 1) != std::string::npos) return true;
  return false;
}
std::string number(size_t value) { return std::to_string(value); }

// A vector (1, 2, ..., n): what a name selects, read as decimal digits.
void check_reading(const std::string& type, int n, const std::string& letters) {
  std::vector<std::string> names = names_of(letters, n);
  std::string body = type + " v = " + type + "(";
  for (int i = 0; i < n; i++) body += (i ? ", " : "") + number(i + 1);
  body += ");\n";
  for (size_t k = 0; k < names.size(); k++) {
    std::string width = names[k].size() == 1 ? "1" : number(names[k].size());
    body += "{ auto s = v." + names[k] + "; out[" + number(k) + "] = digits" + width + "(s); }\n";
  }
  std::string helpers =
      "template <class T> int digits1(T a) { return int(a); }\n"
      "template <class T> int digits2(vec<T, 2> a) { return int(a.x) * 10 + int(a.y); }\n"
      "template <class T> int digits3(vec<T, 3> a) { return digits2(a.xy) * 10 + int(a.z); }\n"
      "template <class T> int digits4(vec<T, 4> a) { return digits3(a.xyz) * 10 + int(a.w); }\n";
  std::vector<int> got = evaluate<int>("int", "int", body, std::vector<int>{0}, names.size(), helpers);
  for (size_t k = 0; k < names.size(); k++) {
    int wanted = 0;
    for (char letter : names[k]) wanted = wanted * 10 + int(letters.find(letter)) + 1;
    if (got[k] != wanted)
      check::fail(__FILE__, __LINE__, type + "." + names[k] + " is " + std::to_string(got[k]));
  }
}

// v.name = (1, 2, ...), then v.name += 10 s, over zeros.
void check_writing(const std::string& type, const std::string& element, int n, const std::string& letters) {
  std::vector<std::string> names;
  for (const std::string& name : names_of(letters, n))
    if (!repeats(name)) names.push_back(name);
  std::string body;
  for (size_t k = 0; k < names.size(); k++) {
    size_t width = names[k].size();
    std::string value = width == 1 ? "" : element + number(width);
    value += "(1";
    for (size_t i = 1; i < width; i++) value += ", " + number(i + 1);
    body += "{ " + type + " v = " + type + "(0); v." + names[k] + " = " + value + "); v." + names[k] +
            " += 10; for (int i = 0; i < " + number(n) + "; i++) out[" + number(k * n) +
            " + i] = int(v[i]); }\n";
  }
  std::vector<int> got = evaluate<int>("int", "int", body, std::vector<int>{0}, names.size() * n);
  for (size_t k = 0; k < names.size(); k++)
    for (int i = 0; i < n; i++) {
      size_t place = names[k].find(letters[i]);
      int wanted = place == std::string::npos ? 0 : int(place) + 11;
      if (got[k * n + i] != wanted) check::fail(__FILE__, __LINE__, type + "." + names[k] + " = ...");
    }
}

void check_values(const std::string& body, const std::vector<int>& wanted, const std::string& helpers = "") {
  std::vector<int> got =
      evaluate<int>("int", "int", body, std::vector<int>{3, 4, 5, 6, 7, 8}, wanted.size(), helpers);
  for (size_t i = 0; i < wanted.size(); i++) {
    if (got[i] == wanted[i]) continue;
    check::fail(
        __FILE__, __LINE__,
        "out[" + number(i) + "] is " + std::to_string(got[i]) + ", expected " + std::to_string(wanted[i]));
  }
}

}  // namespace

TEST("sizes and alignments are MSL's") {
  std::string body;
  std::vector<int> wanted;
  auto expect = [&](const std::string& type, int size, int alignment) {
    body += "out[" + number(wanted.size()) + "] = sizeof(" + type + "); out[" + number(wanted.size() + 1) +
            "] = alignof(" + type + ");\n";
    wanted.insert(wanted.end(), {size, alignment});
  };
  struct Scalar {
    const char* name;
    int size;
  };
  for (Scalar s : {Scalar{"bool", 1},
                   {"char", 1},
                   {"uchar", 1},
                   {"short", 2},
                   {"ushort", 2},
                   {"int", 4},
                   {"uint", 4},
                   {"long", 8},
                   {"ulong", 8},
                   {"half", 2},
                   {"bfloat", 2},
                   {"float", 4}}) {
    std::string name = s.name;
    expect(name, s.size, s.size);
    expect(name + "2", 2 * s.size, 2 * s.size);
    expect(name + "3", 4 * s.size, 4 * s.size);
    expect(name + "4", 4 * s.size, 4 * s.size);
    for (int n = 2; n <= 4; n++) expect("packed_" + name + number(n), n * s.size, s.size);
  }
  expect("size_t", 8, 8);
  expect("float3x4", 48, 16);
  check_values(body, wanted);
}

TEST("every component name reads what it says, in both alphabets") {
  for (const char* letters : {"xyzw", "rgba"})
    for (int n = 2; n <= 4; n++) {
      check_reading("float" + number(n), n, letters);
      check_reading("packed_int" + number(n), n, letters);
    }
  check_reading("half4", 4, "xyzw");
  check_reading("bfloat3", 3, "rgba");
  check_reading("uchar4", 4, "xyzw");
}
TEST("every name without a repeated letter can be assigned and added to") {
  for (const char* letters : {"xyzw", "rgba"})
    for (int n = 2; n <= 4; n++) {
      check_writing("float" + number(n), "float", n, letters);
      check_writing("packed_short" + number(n), "short", n, letters);
    }
  check_writing("half3", "half", 3, "xyzw");
}

TEST("vectors are built from scalars and vectors in any order, and by repetition") {
  check_values(
      "float4 a(1, 2, 3, 4), b = float4(a.xy, a.zw), c(float3(5, 6, 7), 8), d(9, float2(10, 11), 12), e = "
      "13;\n"
      "float4 f = {14, 15, 16, 17}; half2 g(1.0f, 2.0h); float3 h(g, 3); float4 z = float4();\n"
      "out[0] = all(a == b); out[1] = c.w + c.x; out[2] = d.z; out[3] = e.x + e.w; out[4] = f.y; out[5] = "
      "h.y + h.z;\n"
      "out[6] = z.x; out[7] = int4(a).w + int(uchar3(float3(250, 1, 2)).r);\n",
      {1, 13, 11, 26, 15, 5, 0, 254});
}
TEST("vectors are indexed, incremented, compared and used through references and unions") {
  check_values(
      "float4 v(1, 2, 3, 4); int i = in[0]; v[i] = 9; out[0] = v.w; v[0]++; out[1] = v.x; ++v; out[2] = v.y; "
      "out[3] = v--.z;\n"
      "out[4] = v.z; thread float4& r = v; r.xy = r.yx; out[5] = r.x * 10 + r.y; out[6] = change(v.zw) + "
      "v.z;\n"
      "U u; u.whole = uint4(1, 2, 3, 4); U w = u; out[7] = w.parts[2]; float2 m[2] = {float2(1), float2(2, "
      "3)};\n"
      "m[1].y += 4; out[8] = m[1].y; v.xyz *= 2; v.x -= 1; out[9] = v.x + v.y + v.z; out[10] = any(v < 0) ? "
      "1 : 2;\n",
      {9, 2, 3, 4, 3, 22, 12, 3, 7, 13, 2},
      "union U { uint4 whole; uint parts[4]; };\nfloat change(float2 p) { p.x = 0; return p.x + p.y; }\n");
}
TEST("integer vectors: operators and shifts; bool vectors: logic") {
  check_values(
      "int4 a(in[0], in[1], in[2], in[3]); int4 b = (a << 2) | (a & 1); uint2 c = uint2(1, 2) << uint2(33, "
      "1);\n"
      "out[0] = b.x; out[1] = b.w; out[2] = c.x + c.y; out[3] = (~a).x + (-a).y; a %= 3; out[4] = a.z; a ^= "
      "1; out[5] = a.x;\n"
      "bool4 t = a > 0, f = !t; out[6] = all(t || f) + any(t && f); out[7] = int4(t).y + 10 * bool2(true, "
      "false).x;\n"
      "uchar4 u(250); u += 10; out[8] = u.z; ushort3 s = ushort3(1) - ushort(2); out[9] = s.x; a >>= 1; "
      "out[10] = a.y;\n",
      {13, 24, 6, -8, 2, 1, 1, 10, 4, 65535, 0});
}
TEST("packed vectors keep their layout and compute as vectors") {
  check_values(
      "device const packed_int3* p = (device const packed_int3*)in; int3 a = p[0], b = p[1]; out[0] = (a + "
      "b).z;\n"
      "out[1] = (p[0] * p[1]).x; out[2] = p[1][2] + p[0].y; packed_half3 h = half3(1, 2, 3); h *= 2; out[3] "
      "= h.z;\n"
      "h.x = 5; h[1] = 7; out[4] = h.x + h.y; packed_float4 q(1, 2, 3, 4); q.xy = q.zw; out[5] = float4(q).x "
      "+ dot(float4(q), float4(1));\n"
      "out[6] = all(p[0] == int3(3, 4, 5)); out[7] = length(float3(packed_float3(0, 3, 4)));\n",
      {13, 18, 12, 6, 12, 17, 1, 5});
}
TEST("templates deduce vectors from component names, also where types depend on parameters") {
  check_values(
      "out[0] = total(float4(1, 2, 3, 4).wzy); out[1] = turned(float4(1, 2, 3, 4), 2.0f).y; out[2] = "
      "turned(half4(1, 2, 3, 4), 2.0h).x;\n",
      {9, 8, 5},
      "template <class T, int N> T total(vec<T, N> v) { T sum = 0; for (int i = 0; i < N; i++) sum += v[i]; "
      "return sum; }\n"
      "template <class T> vec<T, 2> turned(vec<T, 4> v, T s) { return v.xy * s + v.zw - -v.xx * T(0) ; }\n");
}
TEST("constant vectors are constant expressions") {
  check_values("out[0] = k.z + kSum; out[1] = kTable[1].y;\n", {6, 4},
               "constant constexpr float4 k(1, 2, 3, 4);\nstatic_assert((k.xy + k.zw).y == 6, \"\");\n"
               "constant constexpr int kSum = int((k.xy + 0).x) + int(k[1]);\n"
               "constant int2 kTable[2] = {int2(1, 2), int2(3, 4)};\n");
}
