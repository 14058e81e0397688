// metal_geometric and metal_matrix against definitions in double.
#include <cmath>
#include <random>

#include "unit/builtins_list.h"
#include "unit/kernel_run.h"

namespace {

typedef std::vector<double> Vector;

Vector random_values(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  Vector values;
  for (size_t i = 0; i < count; i++) values.push_back(float(random() / 2147483648.0 - 1) * 4);
  return values;
}
double dot_of(const Vector& a, const Vector& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); i++) sum += a[i] * b[i];
  return sum;
}
double length_of(const Vector& a) { return std::sqrt(dot_of(a, a)); }
Vector sum_of(const Vector& a, const Vector& b, double factor) {
  Vector result;
  for (size_t i = 0; i < a.size(); i++) result.push_back(a[i] + factor * b[i]);
  return result;
}
Vector refracted(const Vector& incident, const Vector& normal, double ratio) {
  double cosine = dot_of(normal, incident), k = 1 - ratio * ratio * (1 - cosine * cosine);
  if (k < 0) return Vector(incident.size(), 0);
  Vector bent = sum_of(Vector(incident.size(), 0), incident, ratio);
  return sum_of(bent, normal, -(ratio * cosine + std::sqrt(k)));
}

std::vector<float> floats(const Vector& values) { return std::vector<float>(values.begin(), values.end()); }

void check_near(const std::string& what, const std::vector<float>& got, const Vector& wanted,
                double tolerance) {
  for (size_t i = 0; i < wanted.size(); i++) {
    if (std::fabs(got[i] - wanted[i]) <= tolerance) continue;
    std::ostringstream text;
    text << what << ", element " << i << ": got " << got[i] << ", defined as " << wanted[i];
    check::fail(__FILE__, __LINE__, text.str());
  }
}

// `call` of vectors a, b, c of n elements, in float, then with arguments that half holds exactly, in half.
template <class Definition>
void check_call(const std::string& call, int n, bool vector_result, Definition definition) {
  for (bool in_half : {false, true})
    for (uint32_t seed = 0; seed < 20; seed++) {
      Vector in = random_values(3 * n, seed);
      for (double& value : in) value = std::round(value * 64) / 64;
      std::string type = (in_half ? "half" : "float") + std::to_string(n), body;
      for (int p = 0; p < 3; p++) {
        body += type + " " + "abc"[p] + " = " + type + "(";
        for (int l = 0; l < n; l++) body += (l ? ", in[" : "in[") + std::to_string(p * n + l) + "]";
        body += ");\n";
      }
      body += (vector_result ? type : std::string("float")) + " r = " + call + ";\n";
      body += vector_result ? "for (int i = 0; i < " + std::to_string(n) + "; i++) out[i] = r[i];\n"
                            : "out[0] = r;\n";
      Vector wanted =
          definition(Vector(in.begin(), in.begin() + n), Vector(in.begin() + n, in.begin() + 2 * n),
                     Vector(in.begin() + 2 * n, in.end()));
      check_near(type + " " + call, evaluate<float>("float", "float", body, floats(in), wanted.size()),
                 wanted, in_half ? 0.1 : 4e-5);
    }
}
#define SCALAR_OF(...)                         \
  [](Vector a, Vector b, Vector c) -> Vector { \
    (void)a, (void)b, (void)c;                 \
    return {__VA_ARGS__};                      \
  }
#define VECTOR_OF(...)                         \
  [](Vector a, Vector b, Vector c) -> Vector { \
    (void)a, (void)b, (void)c;                 \
    return __VA_ARGS__;                        \
  }

}  // namespace

TEST("dot: against its definition") {
  for (int n = 2; n <= 4; n++) check_call("dot(a, b)", n, false, SCALAR_OF(dot_of(a, b)));
}
TEST("length: against its definition") {
  for (int n = 2; n <= 4; n++) check_call("length(a)", n, false, SCALAR_OF(length_of(a)));
}
TEST("length_squared: against its definition") {
  check_call("length_squared(a)", 3, false, SCALAR_OF(dot_of(a, a)));
}
TEST("distance: against its definition") {
  for (int n = 2; n <= 4; n++) check_call("distance(a, b)", n, false, SCALAR_OF(length_of(sum_of(a, b, -1))));
}
TEST("distance_squared: against its definition") {
  check_call("distance_squared(a, b)", 4, false, SCALAR_OF(dot_of(sum_of(a, b, -1), sum_of(a, b, -1))));
}
TEST("normalize: against its definition") {
  for (int n = 2; n <= 4; n++)
    check_call("normalize(a)", n, true, VECTOR_OF(sum_of(Vector(a.size(), 0), a, 1 / length_of(a))));
}
TEST("cross: against its definition") {
  check_call("cross(a, b)", 3, true,
             SCALAR_OF(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]));
}
TEST("faceforward: against its definition") {
  check_call("faceforward(a, b, c)", 3, true, VECTOR_OF(sum_of(Vector(3, 0), a, dot_of(b, c) < 0 ? 1 : -1)));
}
TEST("reflect: against its definition") {
  for (int n = 2; n <= 4; n++)
    check_call("reflect(a / 4, b / 4)", n, true,
               VECTOR_OF(sum_of(sum_of(Vector(a.size(), 0), a, 0.25), b, -2 * dot_of(a, b) / 64)));
}
TEST("refract: against its definition") {
  std::vector<float> in = {0.6f, -0.8f, 0, 1};  // incident and normal, both of length one
  for (float ratio : {0.5f, 1.0f, 1.3f, 2.0f}) {
    std::string body = "float2 r = refract(float2(in[0], in[1]), float2(in[2], in[3]), " +
                       std::to_string(ratio) + "f);\nout[0] = r.x; out[1] = r.y;\n";
    check_near("refract", evaluate<float>("float", "float", body, in, 2),
               refracted({0.6f, -0.8f}, {0, 1}, ratio), 1e-6);
  }
}

namespace {
// Leibniz: the sum over permutations.
double determinant_of(const Vector& m, int n) {
  if (n == 1) return m[0];
  double sum = 0;
  for (int skip = 0; skip < n; skip++) {
    Vector minor;
    for (int column = 1; column < n; column++)
      for (int row = 0; row < n; row++)
        if (row != skip) minor.push_back(m[column * n + row]);
    sum += (skip % 2 ? -1 : 1) * m[skip] * determinant_of(minor, n - 1);
  }
  return sum;
}
std::string load_matrix(const std::string& name, int columns, int rows, int from) {
  std::string type = "float" + std::to_string(columns) + "x" + std::to_string(rows), n = std::to_string(rows);
  return type + " " + name + "; for (int c = 0; c < " + std::to_string(columns) +
         "; c++) for (int r = 0; r < " + n + "; r++) " + name + "[c][r] = in[" + std::to_string(from) +
         " + c * " + n + " + r];\n";
}
std::string store_matrix(const std::string& value, int columns, int rows) {
  std::string n = std::to_string(rows);
  return "auto m = " + value + "; for (int c = 0; c < " + std::to_string(columns) +
         "; c++) for (int r = 0; r < " + n + "; r++) out[c * " + n + " + r] = m[c][r];\n";
}
}  // namespace

TEST("determinant: against its definition") {
  for (int n = 2; n <= 4; n++) {
    Vector in = random_values(n * n, n);
    std::string body = load_matrix("a", n, n, 0) + "out[0] = determinant(a);\n";
    check_near("determinant", evaluate<float>("float", "float", body, floats(in), 1), {determinant_of(in, n)},
               1e-3);
  }
}
TEST("transpose: against its definition") {
  for (int columns = 2; columns <= 4; columns++)
    for (int rows = 2; rows <= 4; rows++) {
      Vector in = random_values(columns * rows, 5), wanted;
      for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) wanted.push_back(in[c * rows + r]);
      std::string body = load_matrix("a", columns, rows, 0) + store_matrix("transpose(a)", rows, columns);
      check_near("transpose", evaluate<float>("float", "float", body, floats(in), wanted.size()), wanted, 0);
    }
}
TEST("products of matrices and vectors, columns first") {
  for (int inner = 2; inner <= 4; inner++) {
    const int columns = 3, rows = 4;  // (inner columns of 4) * (3 columns of inner)
    Vector in = random_values(inner * rows + columns * inner, 9), wanted;
    for (int c = 0; c < columns; c++)
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) sum += in[k * rows + r] * in[inner * rows + c * inner + k];
        wanted.push_back(sum);
      }
    std::string both = load_matrix("a", inner, rows, 0) + load_matrix("b", columns, inner, inner * rows);
    check_near("matrix * matrix",
               evaluate<float>("float", "float", both + store_matrix("a * b", columns, rows), floats(in), 12),
               wanted, 1e-4);
    check_near("matrix * vector",
               evaluate<float>("float", "float",
                               both + "float4 v = a * b[1]; for (int r = 0; r < 4; r++) out[r] = v[r];\n",
                               floats(in), 4),
               Vector(wanted.begin() + 4, wanted.begin() + 8), 1e-4);
    check_near(
        "vector * matrix",
        evaluate<float>("float", "float",
                        both + "float4 v = b[2] * transpose(a); for (int r = 0; r < 4; r++) out[r] = v[r];\n",
                        floats(in), 4),
        Vector(wanted.begin() + 8, wanted.end()), 1e-4);
  }
}
TEST("matrices are built from a diagonal, columns or elements, and compared") {
  std::string body =
      "float2x2 i(2.0f), c(float2(1, 2), float2(3, 4)), e(1, 2, 3, 4);\n"
      "out[0] = i[0][0]; out[1] = i[0][1]; out[2] = i[1][1]; out[3] = c == e; out[4] = c != i;\n"
      "c += i; c *= 2.0f; c = c - e; out[5] = c[0].x; out[6] = (-c)[1].y; out[7] = (c * i)[1][0];\n"
      "half3x3 h(1.0h); out[8] = float3x3(h)[2][2] + sizeof(half3x3) + sizeof(float4x3);\n";
  check_near("matrix", evaluate<float>("float", "float", body, std::vector<float>{0}, 9),
             {2, 0, 2, 1, 1, 5, -8, 6, 1 + 24 + 64}, 0);
}
TEST("all of metal_geometric has tests") { check_chapter_is_tested("geometric"); }
TEST("all of metal_matrix has tests") { check_chapter_is_tested("matrix"); }
