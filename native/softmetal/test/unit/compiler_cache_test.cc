// Kernels on disk and in memory, several processes and threads, and compilers that are missing or wrong.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "compiler_kit.h"

using namespace kit;

namespace {

const std::string kSource = msl("kernel void f(device float *o [[buffer(0)]]) {\n  o[0] = o[0] + 1;\n}\n");

// A text that nobody has compiled in this process.
std::string fresh_source() {
  static int number = 0;
  std::string name = "g" + std::to_string(++number) + "_" + std::to_string(getpid());
  return kSource + "kernel void " + name + "() {}\n";
}

double milliseconds(auto&& action) {
  auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// Starts `action` in a process of its own. No other thread runs while it forks: its locks would stay locked.
pid_t start_child(auto&& action) {
  pid_t child = fork();
  if (child != 0) return child;
  try {
    _exit(action() ? 0 : 1);
  } catch (...) {
    _exit(2);
  }
}

// Whether the action returned true there.
bool child_succeeds(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool in_child(auto&& action) { return child_succeeds(start_child(action)); }

std::vector<std::string> entries(const std::string& folder, const std::string& prefix) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path().string());
  }
  return found;
}

}  // namespace

TEST("a kernel of this process is not even looked for on disk") {
  TestCache cache;
  std::string source = fresh_source();
  Built first = build(source, "f"), second = build(source, "f");
  CHECK(first.kernel && first.kernel == second.kernel);
  CHECK(first.kernel != build(source, "f", BuildMode::kInstrumented).kernel);
}

TEST("what another process compiled is loaded without running the compiler") {
  TestCache cache;
  std::string source = fresh_source();
  CountedCompiler compiler;
  CHECK(in_child(
      [&] { return build(source, "f").kernel && build(source, "f", BuildMode::kInstrumented).kernel; }));
  int before = compiler.runs();
  CHECK(before >= 6);
  CHECK_EQUAL(run(build(source, "f"), {1})[0], 2.0f);
  CHECK_EQUAL(run(build(source, "f", BuildMode::kInstrumented), {1})[0], 2.0f);
  CHECK_EQUAL(compiler.runs(), before);
}

TEST("the tables of an instrumented kernel come from the cache as they were") {
  TestCache cache;
  std::string source = fresh_source();
  FolderForTest folder;
  auto describe = [](const Built& built) {
    std::string text = built.kernel ? "" : "not built: " + built.text;
    if (!built.kernel) return text;
    for (const Site& site : built.kernel->sites) {
      text += site.location.file + ":" + std::to_string(site.location.line) + " " +
              std::to_string(site.alignment) + "\n";
    }
    for (const Block& block : built.kernel->blocks) text += std::to_string(block.additions) + "\n";
    return text;
  };
  CHECK(in_child([&] {
    return write_file(folder.path + "/first", describe(build(source, "f", BuildMode::kInstrumented)));
  }));
  std::string first = read_file(folder.path + "/first").value_or("nothing");
  CHECK_CONTAINS(first, "program_source:4 4\n");
  CHECK_EQUAL(describe(build(source, "f", BuildMode::kInstrumented)), first);
}

TEST("a damaged entry is compiled again") {
  TestCache cache;
  std::string source = fresh_source();
  CHECK(in_child([&] { return build(source, "f").kernel != nullptr; }));
  std::vector<std::string> kernels = entries(cache.path, "kernel-");
  CHECK_EQUAL(kernels.size(), 1u);
  if (kernels.empty()) return;
  std::string image = kernels[0] + "/kernel.so", whole = read_file(image).value_or("");
  // Some of these the system's loader would take, and die of.
  for (size_t length : {size_t{0}, size_t{100}, whole.size() / 4, whole.size() / 2, whole.size() - 1}) {
    write_file(image, whole.substr(0, length));
    CHECK(in_child([&] { return run(build(source, "f"), {1})[0] == 2.0f; }));
    CHECK_EQUAL(entries(cache.path, "kernel-").size(), 1u);
    CHECK_EQUAL(read_file(image).value_or("").size(), whole.size());
  }
  std::string changed = whole;
  changed[whole.size() / 2] ^= 1;
  write_file(image, changed);
  CHECK_EQUAL(run(build(source, "f"), {1})[0], 2.0f);
  CHECK(read_file(image).value_or("") == whole);
}

TEST("two processes that compile the same at once both get it, and leave one entry") {
  TestCache cache;
  std::string source = fresh_source();
  auto job = [&] { return build(source, "f").kernel != nullptr; };
  pid_t other = start_child(job);
  CHECK(job());
  CHECK(child_succeeds(other));
  CHECK_EQUAL(entries(cache.path, "kernel-").size(), 1u);
  CHECK_EQUAL(entries(cache.path, "tmp-").size(), 0u);
}

TEST("threads that want the same kernel at once share one compilation") {
  TestCache cache;
  std::string source = fresh_source();
  LibraryResult made = compile_library(source, {});
  CHECK(made.library != nullptr);
  if (!made.library) return;
  CountedCompiler compiler;
  const EntryPoint& entry = made.library->program.entry_points.front();
  std::shared_ptr<const LoadedKernel> kernels[6];
  std::vector<std::thread> threads;
  for (auto& kernel : kernels) {
    threads.emplace_back(
        [&] { kernel = compile_function(*made.library, entry, {}, BuildMode::kFast).kernel; });
  }
  for (std::thread& thread : threads) thread.join();
  for (auto& kernel : kernels) CHECK(kernel && kernel == kernels[0]);
  // Two for the headers' precompilation and the link inputs, one link of those, one for the version; one
  // compilation, one link.
  CHECK(compiler.runs() <= 6);
}

TEST("a header that changed is read again") {
  FolderForTest folder;
  LibraryOptions options;
  options.include_folders = {folder.path};
  std::string source =
      "#include \"value.h\"\n" + msl("kernel void f(device float *o [[buffer(0)]]) { o[0] = VALUE; }\n");
  for (const char* value : {"1", "2"}) {
    write_file(folder.path + "/value.h", "#define VALUE " + std::string(value) + "\n");
    CHECK_EQUAL(run(build(source, "f", BuildMode::kFast, {}, options), {0})[0],
                static_cast<float>(std::atof(value)));
  }
  std::filesystem::remove(folder.path + "/value.h");
  CHECK_CONTAINS(errors_of(source, options), "program_source:1:10: error: 'value.h' file not found");
}

TEST("a compiler that is missing is named, in every step") {
  SettingForTest compiler("compiler", "/nowhere/zig clang");
  CHECK_EQUAL(errors_of(fresh_source()), "error: there is no such compiler: /nowhere/zig clang\n");
  CHECK_EQUAL(compiler_version(), "");
}

TEST("a program that is no clang, or an old one, is refused") {
  FakeProgram old("clang++", "echo 'Debian clang version 14.0.6'\n"), other("clang++", "echo 'g++ 12'\n");
  SettingForTest first("compiler", old.program);
  CHECK_CONTAINS(errors_of(fresh_source()), "is not clang 19 or later: Debian clang version 14.0.6");
  SettingForTest second("compiler", other.program);
  CHECK_CONTAINS(errors_of(fresh_source()), "is not clang 19 or later: g++ 12");
}

TEST("a compiler that crashes is an error, not a kernel") {
  FakeProgram crashing("clang++",
                       "[ \"$1\" = --version ] && echo 'clang version 20.0.0' && exit 0\nkill -SEGV $$\n");
  std::ofstream(crashing.path + "/ld.lld") << "#!/bin/sh\n";
  chmod((crashing.path + "/ld.lld").c_str(), 0755);
  SettingForTest compiler("compiler", crashing.program);
  CHECK_CONTAINS(errors_of(fresh_source()), "error: ");
}

TEST("a compiler in a folder with spaces") {
  TestCache cache;
  Toolchain tools = find_toolchain();
  FolderForTest folder;
  std::string spaced = folder.path + "/with some spaces";
  std::filesystem::create_directory(spaced);
  for (const char* name : {"zig", "clang++", "ld.lld"})
    std::filesystem::create_symlink(tools.clang[0], spaced + "/" + name);
  SettingForTest compiler("compiler", spaced + (tools.clang.size() > 1 ? "/zig clang" : "/clang++"));
  CHECK_EQUAL(run(build(fresh_source(), "f"), {1})[0], 2.0f);
}

TEST("a cache that cannot be written is an error that names it") {
  SettingForTest cache("cache", "/proc/nowhere");
  CHECK_CONTAINS(build(fresh_source(), "f").text, "/proc/nowhere");
}

TEST("a text that memory does not hold twice is an error, not the end of the process") {
  if (std::getenv("SOFTMETAL_RUNNER")) SKIP("the limit would hold for the emulator");
  TestCache cache;
  CHECK(in_child([] {
    constexpr size_t kText = size_t{256} << 20;
    std::string source = fresh_source() + std::string(kText, ' '), in_use;
    std::ifstream("/proc/self/statm") >> in_use;  // in pages
    rlimit limit = {std::stoul(in_use) * sysconf(_SC_PAGESIZE) + kText / 2, RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &limit);
    return errors_of(source).starts_with("error: the device failed: ");
  }));
}

TEST("how long it takes: cold, from disk, from memory") {
  TestCache cache;
  std::string source = fresh_source();
  double cold = 0, disk = 0, memory = 0;
  FolderForTest folder;
  CHECK(in_child([&] {
    cold = milliseconds([&] { build(source, "f"); });
    return write_file(folder.path + "/cold", std::to_string(cold));
  }));
  cold = std::stod(read_file(folder.path + "/cold").value_or("0"));
  disk = milliseconds([&] { build(source, "f"); });
  memory = milliseconds([&] { build(source, "f"); });
  std::printf("# cold %.0f ms with the headers, from disk %.2f ms, from memory %.2f ms\n", cold, disk,
              memory);
  // Far above what a quiet machine needs, below what a compiler takes to run twice.
  CHECK(disk < cold / 3);
  CHECK(memory < cold / 3);
}
