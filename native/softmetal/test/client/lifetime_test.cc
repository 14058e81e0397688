// Nothing is left over, whatever was in flight.
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "client.h"

using namespace client;

extern char** environ;

namespace {

constexpr char kAdd[] = R"(
kernel void add(device int* x [[buffer(0)]], constant int& y [[buffer(1)]], threadgroup int* t [[threadgroup(0)]]) {
  t[0] = y;
  x[0] += t[0];
}
)";

void one_round(Gpu& gpu, const Owned& add, const Owned& x) {
  Pool pool;
  Owned y = gpu.buffer_of(std::vector<int>{1}), shared(send<id>(gpu.device.get(), "newSharedEvent"));
  id buffer = gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  dispatch(encoder, add, {bind(0, x), bind(1, y), threadgroup(0, 16)}, {}, {});
  send<void>(encoder, "endEncoding");
  send<void>(buffer, "encodeSignalEvent:value:", shared.get(), NSUInteger{1});
  int handled = 0;
  on_buffer(buffer, true, [&](id) { ++handled; });
  CHECK(gpu.finish(buffer));
  CHECK_EQUAL(handled, 1);
}

TEST("1,000 rounds leave no object behind") {
  size_t before = softmetal_live_objects(nullptr);
  {
    Gpu gpu;
    Owned add = gpu.kernel(kAdd, "add"), x = gpu.buffer_of(std::vector<int>{0});
    one_round(gpu, add, x);
    size_t steady = softmetal_live_objects(nullptr);
    for (int i = 1; i < 1000; ++i) one_round(gpu, add, x);
    CHECK_EQUAL(*contents<int>(x), 1000);
    CHECK_EQUAL(softmetal_live_objects(nullptr), steady);
    CHECK_EQUAL(softmetal_live_objects("MTLCommandBuffer"), 0u);
  }
  CHECK_EQUAL(softmetal_live_objects(nullptr), before);
}

TEST("what goes wrong leaves no object behind either") {
  size_t before = softmetal_live_objects(nullptr);
  {
    Gpu gpu;
    Pool pool;
    CHECK(!gpu.library("kernel void f("));
    Owned add = gpu.kernel(kAdd, "add");
    CHECK(!gpu.run(add, {}, {}, {}));
    CHECK(!gpu.buffer(0));
    id dropped = gpu.command_buffer();
    send<id>(dropped, "computeCommandEncoder");
  }
  softmetal_clear_reports();
  CHECK_EQUAL(softmetal_live_objects(nullptr), before);
}

TEST("a queue, a pipeline and buffers may go while their work is in flight") {
  size_t before = softmetal_live_objects(nullptr);
  Owned buffer, x;
  softmetal_inject("delay", 20, 1);
  {
    Pool pool;
    Gpu gpu;
    Owned add = gpu.kernel(kAdd, "add");
    x = gpu.buffer_of(std::vector<int>{5});
    buffer = Owned::retaining(gpu.command_buffer());
    id encoder = send<id>(buffer.get(), "computeCommandEncoder");
    dispatch(encoder, add, {bind(0, x), bytes(1, 2), threadgroup(0, 16)}, {}, {});
    send<void>(encoder, "endEncoding");
    send<void>(buffer.get(), "commit");
  }
  softmetal_clear_faults();
  send<void>(buffer.get(), "waitUntilCompleted");
  CHECK_EQUAL(*contents<int>(x), 7);
  buffer = x = Owned();
  CHECK_EQUAL(softmetal_live_objects(nullptr), before);
}

// ---- in a process of its own: this program again, which ends before main() when it is told to
void exit_with_work_in_flight() {
  Gpu gpu;
  Pool pool;
  Owned add = gpu.kernel(kAdd, "add"), x = gpu.buffer_of(std::vector<int>{5});
  softmetal_inject("delay", 30, 1);
  for (int i = 0; i < 20; ++i) {
    id buffer = gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoder");
    dispatch(encoder, add, {bind(0, x), bytes(1, 2), threadgroup(0, 16)}, {}, {});
    send<void>(encoder, "endEncoding");
    on_buffer(buffer, true, [](id) {});
    send<void>(buffer, "commit");
  }
  std::exit(0);
}

// With SOFTMETAL_FAULT=allocate:2,compile:1:0
void exit_with_what_failed() {
  Gpu gpu;
  bool first = bool(gpu.buffer(16)), second = bool(gpu.buffer(16)), third = bool(gpu.buffer(16));
  bool library = gpu.library(kAdd) || gpu.library(kAdd);
  std::exit(first && !second && third && !library ? 0 : 1);
}

constexpr char kRole[] = "SOFTMETAL_TEST_ROLE";
[[maybe_unused]] const bool is_parent = [] {
  const char* role = std::getenv(kRole);
  if (role && !std::strcmp(role, "in flight")) exit_with_work_in_flight();
  if (role && !std::strcmp(role, "faults")) exit_with_what_failed();
  return true;
}();

// Under an emulator, SOFTMETAL_RUNNER names it and its options.
std::vector<std::string> own_command() {
  const char* runner = std::getenv("SOFTMETAL_RUNNER");
  std::istringstream parts(runner ? runner : "");
  std::vector<std::string> words;
  for (std::string word; parts >> word;) words.push_back(word);
  words.push_back(std::filesystem::read_symlink("/proc/self/exe").string());
  return words;
}

int exit_code_of_child(const char* role) {
  std::vector<std::string> words = own_command();
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  setenv(kRole, role, 1);
  pid_t child = 0;
  int status = posix_spawnp(&child, pointers[0], nullptr, nullptr, pointers.data(), environ);
  unsetenv(kRole);
  if (status != 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST("a process ends cleanly with work in flight") { CHECK_EQUAL(exit_code_of_child("in flight"), 0); }

TEST("faults can be planted by the environment") {
  setenv("SOFTMETAL_FAULT", "allocate:2,compile:1:0", 1);
  CHECK_EQUAL(exit_code_of_child("faults"), 0);
  unsetenv("SOFTMETAL_FAULT");
}

}  // namespace
