// Real kernels, compiled: every access is announced once, with the author's line. They run outside the
// engine, one thread each, on a table of device functions that takes notes.
#include "check.h"
#include "kernel_run.h"

using namespace softmetal;

namespace {

struct Note {
  const void* address;
  uint32_t size, kind, site;
};
std::vector<Note>* notes = nullptr;

void* take_note(void* address, sm_uint size, sm_uint kind, sm_uint site) {
  notes->push_back({address, size, kind, site});
  return address;
}

// What one thread does: "line:function kind size", one access a line. Buffer i of the kernel is buffers[i].
std::string accesses(const std::string& text, std::vector<Memory>& buffers) {
  KernelRun run;
  run.mode = BuildMode::kInstrumented;
  auto kernel = compile_kernel(
                    "#include <metal_stdlib>\nusing namespace metal;\n#line 1 \"places.metal\"\n" + text, run)
                    .kernel;
  sm_api api = {};
  api.access = take_note;
  api.block = [](sm_uint) {};
  *kernel->table->api = api;
  sm_group group = {};
  for (size_t i = 0; i < buffers.size(); i++) group.buffer[i] = buffers[i].data();
  sm_thread thread = {};
  thread.group = &group;
  std::vector<Note> taken;
  notes = &taken;
  kernel->table->entry(&thread);
  std::string list;
  for (const Note& note : taken) {
    bool shared = false;  // memory of the thread itself is left to the engine
    for (const Memory& buffer : buffers)
      shared |= note.address >= buffer.data() && note.address < buffer.data() + buffer.size();
    if (!shared) continue;
    const Location& place = kernel->sites[note.site].location;
    if (place.file != "places.metal") list += place.file + ":";
    static const char* const kKinds[] = {"read", "write", "atomic", "atomic read", "atomic write"};
    list += std::to_string(place.line) + ":" + place.function + " " + kKinds[note.kind] + " " +
            std::to_string(note.size) + "\n";
  }
  return list;
}

std::string accesses(const std::string& text) {
  std::vector<Memory> buffers(3, Memory(4096));
  return accesses(text, buffers);
}

}  // namespace

TEST("the least integer divided by -1 wraps around, also where a divisor of 0 is announced") {
  KernelRun run;
  run.mode = softmetal::BuildMode::kInstrumented;
  std::vector<Memory> buffers{memory_of(std::vector<int>{INT32_MIN, -1, 7, -2}), Memory(2 * sizeof(int))};
  run_kernel(
      "kernel void f(device const int* in [[buffer(0)]], device int* out [[buffer(1)]]) {\n"
      "  out[0] = in[0] / in[1];\n"
      "  out[1] = in[2] / in[3];\n"
      "}\n",
      run, buffers);
  CHECK_EQUAL(element<int>(buffers[1], 0), INT32_MIN);
  CHECK_EQUAL(element<int>(buffers[1], 1), -3);
}

TEST("scalars, vectors and structs are one access each") {
  CHECK_EQUAL(accesses("struct S { float a; half b[2]; uint c; };\n"
                       "kernel void f(device float* p [[buffer(0)]], device float4* q [[buffer(1)]],\n"
                       "              device half3* r [[buffer(2)]]) {\n"
                       "  p[1] = p[0];\n"
                       "  q[2] = q[1];\n"
                       "  r[1] = r[0] + half3(1);\n"
                       "  q[3].y = 2;\n"
                       "  ((device packed_float3*)p)[3] = ((device packed_float3*)p)[2];\n"
                       "  *(device S*)q = *(device S*)p;\n"
                       "}"),
              "4:f read 4\n4:f write 4\n5:f read 16\n5:f write 16\n6:f read 8\n6:f write 8\n7:f write 4\n"
              "8:f read 12\n8:f write 12\n9:f read 12\n9:f write 12\n");
}

TEST("functions, templates and macros: the line that does it, in the function that has it") {
  CHECK_EQUAL(
      accesses("template <class T>\n"
               "T first(device const T* p) {\n"
               "  return p[0];\n"
               "}\n"
               "struct Pair {\n"
               "  device float* at;\n"
               "  void put(float v) const { at[1] = v; }\n"
               "};\n"
               "#define SECOND(p) \\\n"
               "  p[1]\n"
               "static float __attribute__((noinline)) third(device float* p) { return p[2]; }\n"
               "kernel void f(device float* p [[buffer(0)]], device half* q [[buffer(1)]]) {\n"
               "  Pair pair = {p};\n"
               "  pair.put(first(q));\n"
               "  auto both = [&](int i) {\n"
               "    p[i] = SECOND(q);\n"
               "  };\n"
               "  both(4);\n"
               "  p[5] = third(p);\n"
               "}"),
      "3:first<half> read 2\n7:put write 4\n16:operator() read 2\n16:operator() write 4\n11:third read 4\n"
      "19:f write 4\n");
}

TEST("what the device's library does for the kernel has the kernel's line") {
  CHECK_EQUAL(
      accesses("kernel void f(device float4* p [[buffer(0)]], device atomic_uint* n [[buffer(1)]],\n"
               "              constant float2& scale [[buffer(2)]]) {\n"
               "  p[1] *= scale.x;\n"
               "  p[2] = max(p[3], p[1]);\n"
               "  atomic_fetch_add_explicit(n, 2u, memory_order_relaxed);\n"
               "  atomic_store_explicit(n + 1, atomic_load_explicit(n, memory_order_relaxed),\n"
               "                        memory_order_relaxed);\n"
               "}"),
      "3:f read 4\n3:f read 16\n3:f write 16\n4:f read 16\n4:f write 16\n5:f atomic 4\n6:f atomic read 4\n"
      "6:f atomic write 4\n");
}

TEST("loops announce each round; what is private or unused is not announced") {
  CHECK_EQUAL(accesses("kernel void f(device float* p [[buffer(0)]], constant uint& n [[buffer(1)]]) {\n"
                       "  float mine[8];\n"
                       "  for (uint i = 0; i < 3 + n; i++) mine[(i + n) % 8] = p[i];\n"
                       "  float unused = p[100];\n"
                       "  p[20] = mine[n];\n"
                       "}"),
              "3:f read 4\n3:f read 4\n3:f read 4\n3:f read 4\n5:f write 4\n");
}

TEST("the engine's address is the one that is used") {
  std::vector<Memory> buffers(1, Memory(64));
  KernelRun run;
  run.mode = BuildMode::kInstrumented;
  auto kernel =
      compile_kernel("kernel void f(device float* p [[buffer(0)]]) { p[1] = p[0] + 1; }", run).kernel;
  static float other[2] = {41, 0};
  sm_api api = {};
  api.access = [](void*, sm_uint, sm_uint kind, sm_uint) -> void* {
    return kind == SM_READ ? other : other + 1;
  };
  api.block = [](sm_uint) {};
  *kernel->table->api = api;
  sm_group group = {};
  group.buffer[0] = nullptr;
  sm_thread thread = {};
  thread.group = &group;
  kernel->table->entry(&thread);
  CHECK_EQUAL(other[1], 42.0f);
}

TEST("a division by zero is told, and others give what they give") {
  std::vector<Memory> buffers = {memory_of<int>({7, 0, INT32_MIN, -1, 9, 4}), Memory(64)};
  KernelRun run;
  run.mode = BuildMode::kInstrumented;
  auto kernel = compile_kernel(
                    "kernel void f(device int* p [[buffer(0)]], device int* out [[buffer(1)]]) {\n"
                    "  out[0] = p[0] / p[1];\n  out[1] = p[2] / p[3];\n  out[2] = p[4] % p[5];\n}",
                    run)
                    .kernel;
  static std::vector<uint32_t> told;
  told.clear();
  sm_api api = {};
  api.access = [](void* address, sm_uint, sm_uint kind, sm_uint site) {
    if (kind == SM_ZERO_DIVISOR) told.push_back(site);
    return address;
  };
  api.block = [](sm_uint) {};
  *kernel->table->api = api;
  sm_group group = {};
  group.buffer[0] = buffers[0].data();
  group.buffer[1] = buffers[1].data();
  sm_thread thread = {};
  thread.group = &group;
  kernel->table->entry(&thread);
  CHECK_EQUAL(told.size(), 1u);
  CHECK_EQUAL(kernel->sites[told.at(0)].location.line, 2);
  CHECK_EQUAL(element<int>(buffers[1], 1), INT32_MIN);
  CHECK_EQUAL(element<int>(buffers[1], 2), 1);
}
