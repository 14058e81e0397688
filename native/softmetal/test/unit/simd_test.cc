// Every simd_... and quad_... function against its definition, for all types of elements, in a full
// simdgroup, in one of whose lanes two have returned, and in one of 20 lanes.
#include "check.h"
#include "dispatches.h"
#include "kernel_run.h"
#include "simd_list.h"

using namespace softmetal;

using namespace simd_list;

namespace {

constexpr int kThreads = 84, kComponents = 4;

struct Type {
  const char* name;
  int components;
  bool integer;
};
const Type kTypes[] = {{"float", 1, false},  {"half", 1, false},  {"bfloat", 1, false},  {"int", 1, true},
                       {"uint", 1, true},    {"short", 1, true},  {"ushort", 1, true},   {"char", 1, true},
                       {"uchar", 1, true},   {"long", 1, true},   {"ulong", 1, true},    {"float2", 2, false},
                       {"float4", 4, false}, {"half3", 3, false}, {"bfloat4", 4, false}, {"int3", 3, true},
                       {"ushort2", 2, true}, {"uchar4", 4, true}, {"long4", 4, true}};

int value(int lane, int which, int component) {
  return (lane * 7 + component * 3 + which * 2 + lane / 5) % 4;
}

bool applies(const Builtin& builtin, const Type& type) {
  if (builtin.kind == kVote) return type.name == std::string("int");
  return builtin.kind == kAnyType || type.integer;
}

// One kernel for all: each call with each of its types stores one block of kThreads * kComponents numbers.
std::string source() {
  std::string text = R"(#include <metal_stdlib>
using namespace metal;
static int value(uint lane, int which, int component) { return int(lane * 7 + component * 3 + which * 2 + lane / 5) % 4; }
template <class T> struct make {
  static T of(uint lane, int which) { return T(value(lane, which, 0)); }
};
template <class T, int N> struct make<vec<T, N>> {
  static vec<T, N> of(uint lane, int which) {
    vec<T, N> result;
    for (int i = 0; i < N; i++) result[i] = T(value(lane, which, i));
    return result;
  }
};
template <class T> void put(device float* out, T result) { out[0] = float(result); }
static float2 halves(ulong votes) { return float2(float(votes & 0xffff), float(votes >> 16)); }
template <class T, int N> void put(device float* out, vec<T, N> result) {
  for (int i = 0; i < N; i++) out[i] = float(result[i]);
}
)";
  const std::string step = std::to_string(kThreads * kComponents);
  std::string calls;
  for (const Type& type : kTypes) {
    std::string name = type.name;
    text += "static device float* run_" + name + "(device float* out, uint lane) {\n  typedef " + name +
            " T;\n  T x = make<T>::of(lane, 0), y = make<T>::of(lane, 1), p = T(lane % 8 == 0 ? 2 : 1);\n";
    for (const Builtin& builtin : kBuiltins) {
      std::string call = builtin.call;
      if (builtin.kind == kVote) call = "halves(ulong(" + call + "))";
      if (applies(builtin, type)) text += "  put(out, " + call + "); out += " + step + ";\n";
    }
    text += "  return out;\n}\n";
    calls += "  out = run_" + name + "(out, lane);\n";
  }
  return text +
         "kernel void run_all(device float* out [[buffer(0)]], uint index [[thread_index_in_threadgroup]],\n"
         "                uint lane [[thread_index_in_simdgroup]]) {\n"
         "  if (index / 32 == 1 && (lane == 3 || lane == 9)) return;\n"
         "  out += index * " +
         std::to_string(kComponents) + ";\n" + calls + "}\n";
}

uint32_t active_lanes(int simdgroup) {
  if (simdgroup == 0) return ~0u;
  return simdgroup == 1 ? ~(1u << 3 | 1u << 9) : (1u << 20) - 1;
}

// Where the results of a built-in for a type begin.
size_t block_of(size_t builtin, size_t type) {
  size_t blocks = 0;
  for (size_t t = 0; t <= type; t++) {
    for (size_t b = 0; b < (t < type ? kCount : builtin); b++) blocks += applies(kBuiltins[b], kTypes[t]);
  }
  return blocks * kThreads * kComponents;
}

const std::vector<float>& results() {
  static const std::vector<float> all = [] {
    std::vector<float> out(block_of(kCount, std::size(kTypes) - 1), -1.0f);
    KernelRun run;
    run.function = "run_all";
    Dispatch dispatch = hand::dispatch(compile_kernel(source(), run).kernel, {1}, {kThreads});
    hand::bind(dispatch, 0, out);
    DispatchResult result = run_dispatch(dispatch, hand::settings());
    for (const Report& report : result.reports) throw std::runtime_error(to_text(report));
    return out;
  }();
  return all;
}

Lanes lanes_of(int simdgroup, int component) {
  Lanes lanes = {active_lanes(simdgroup), {}, {}, {}, 0};
  for (int i = 0; i < 32; i++) {
    lanes.x[i] = value(i, 0, component);
    lanes.y[i] = value(i, 1, component);
    lanes.p[i] = i % 8 == 0 ? 2 : 1;
  }
  return lanes;
}

// A vote's result comes as two halves of 16 bits: a float does not hold 32.
double expected(const Builtin& builtin, const Lanes& lanes, int component) {
  double wanted = builtin.expected(lanes);
  if (builtin.kind != kVote) return wanted;
  return component == 0 ? uint32_t(wanted) & 0xffff : uint32_t(wanted) >> 16;
}

void check_type(size_t builtin, size_t type) {
  const float* block = results().data() + block_of(builtin, type);
  int wrong = 0;
  for (int thread = 0; thread < kThreads; thread++) {
    const int components = kBuiltins[builtin].kind == kVote ? 2 : kTypes[type].components;
    for (int component = 0; component < components; component++) {
      Lanes lanes = lanes_of(thread / 32, kBuiltins[builtin].kind == kVote ? 0 : component);
      lanes.lane = thread % 32;
      if (!lanes.on(lanes.lane)) continue;
      double wanted = expected(kBuiltins[builtin], lanes, component);
      double got = block[thread * kComponents + component];
      if (std::isnan(wanted) || float(wanted) == got) continue;
      if (wrong++ < 3) {
        check::fail(__FILE__, __LINE__,
                    std::string(kTypes[type].name) + " in thread " + std::to_string(thread) + ": expected " +
                        std::to_string(wanted) + ", got " + std::to_string(got));
      }
    }
  }
}

template <size_t builtin>
void check_builtin() {
  for (size_t type = 0; type < std::size(kTypes); type++) {
    if (applies(kBuiltins[builtin], kTypes[type])) check_type(builtin, type);
  }
}

template <size_t... i>
bool register_all(std::index_sequence<i...>) {
  (check::cases().push_back({kBuiltins[i].name, check_builtin<i>}), ...);
  return true;
}
const bool registered = register_all(std::make_index_sequence<kCount>());

}  // namespace
