// compile_function: one entry point of a library -> a kernel in memory.
#include <future>
#include <map>
#include <memory>
#include <mutex>

#include "compile/cache.h"
#include "compile/commands.h"
#include "compile/compiler.h"
#include "compile/diagnostics.h"
#include "compile/files.h"
#include "compile/instrument.h"
#include "compile/instrument_target.h"
#include "compile/loader.h"
#include "compile/process.h"
#include "compile/tables.h"
#include "instrumenter.h"  // generated: SOFTMETAL_INSTRUMENTER, a hash of the instrumenter's sources

namespace softmetal {
namespace {

constexpr const char* kImage = "/kernel.so";
constexpr const char* kTables = "/tables";

struct Job {
  const Toolchain& tools;
  const Library& library;
  const EntryPoint& entry;
  BuildMode mode;
  std::string text;
  std::string key;
};

CodeOptions code_options(const Job& job) { return {job.library.options.fast_math, job.mode}; }

// Runs the compiler; returns what is wrong.
std::vector<Diagnostic> compile(const Words& command) {
  ProcessResult run = run_process(command);
  if (run.status == 0) return {};
  std::vector<Diagnostic> diagnostics = parse_diagnostics(run.error);
  return has_error(diagnostics) ? diagnostics : plain_error("the compiler failed: " + run.error);
}

// C++ -> LLVM IR as text -> the same with its accesses and blocks announced -> object file.
std::vector<Diagnostic> compile_instrumented(const Job& job, const Words& command, const std::string& folder,
                                             const std::string& object) {
  std::string plain = folder + "/plain.ll", hooked = folder + "/hooked.ll";
  std::vector<Diagnostic> failure = compile(command + Words{"-S", "-emit-llvm", "-o", plain});
  if (!failure.empty()) return failure;
  Instrumented code = instrument(without_target(read_file(plain).value_or("")));
  write_file(hooked, code.text);
  write_file(folder + kTables, to_text(KernelTables{code.sites, code.blocks}));
  return compile(job.tools.clang + assembly_flags(code_options(job)) + Words{"-c", hooked, "-o", object});
}

// The linkers' words for what a program declares and never defines. A function constant without a value is
// such.
std::string explain(const Job& job, const std::string& failure) {
  for (const std::string marker : {"undefined hidden symbol: ", "undefined symbol: "}) {
    if (!failure.starts_with(marker)) continue;
    std::string name = demangled(failure.substr(marker.size()));
    for (const FunctionConstant& constant : job.library.program.constants) {
      if (constant.scope + constant.name == name) return "function constant '" + name + "' is not set";
    }
    return "'" + name + "' is declared but not defined";
  }
  return failure;
}

std::vector<Diagnostic> link(const Job& job, const std::string& object, const Shared& shared,
                             const std::string& image) {
  std::vector<Diagnostic> failure =
      compile(link_command(job.tools, Words{object} + shared.link_inputs, image));
  for (Diagnostic& each : failure) each.message = explain(job, each.message);
  return failure;
}

std::vector<Diagnostic> build_into(const Job& job, const std::string& folder) {
  Shared shared = shared_parts(job.tools, code_options(job));
  if (!shared.failure.empty()) return plain_error(shared.failure);
  std::string source = folder + "/kernel.cc", object = folder + "/kernel.o";
  write_file(source, job.text);
  Words command = job.tools.clang + language_flags(code_options(job)) +
                  Words{"-x", "c++", "-include-pch", shared.headers, source};
  std::vector<Diagnostic> failure = job.mode == BuildMode::kInstrumented
                                        ? compile_instrumented(job, command, folder, object)
                                        : compile(command + Words{"-c", "-o", object});
  if (!failure.empty()) return failure;
  return link(job, object, shared, folder + kImage);
}

// What is wrong with the folder's kernel, or nothing.
std::string load(const Job& job, const std::string& folder, LoadedKernel& kernel) {
  kernel.name = job.entry.host_name;
  kernel.mode = job.mode;
  if (job.entry.kernel >= 0) {
    const Kernel& source = job.library.program.kernels[static_cast<size_t>(job.entry.kernel)];
    kernel.declared = {source.file, source.line, 0, source.name};
  }
  if (job.mode == BuildMode::kInstrumented) {
    KernelTables tables;
    if (!parse_tables(read_file(folder + kTables).value_or(""), tables)) return "its tables are damaged";
    kernel.sites = std::move(tables.sites);
    kernel.blocks = std::move(tables.blocks);
  }
  std::string failure = explain(job, load_image(folder + kImage, kernel));
  if (failure.empty()) kernel.max_threads = static_cast<int>(kernel.table->max_threads);
  return failure;
}

// An entry of the cache holds the image and its tables; what led there goes.
void keep(const Job& job, const std::string& folder) {
  TemporaryFolder entry;
  bool moved = move_file(folder + kImage, entry.path + kImage) &&
               (job.mode == BuildMode::kFast || move_file(folder + kTables, entry.path + kTables));
  if (moved) publish_entry(job.key, entry.path);
}

FunctionResult load_or_build(const Job& job) try {
  auto kernel = std::make_shared<LoadedKernel>();
  if (auto entry = find_entry(job.key)) {
    if (load(job, *entry, *kernel).empty()) return {kernel, {}};
    remove_entry(job.key);
    *kernel = {};
  }
  TemporaryFolder work;
  if (!work.failure.empty()) return {nullptr, plain_error(work.failure)};
  if (auto failure = build_into(job, work.path); !failure.empty()) return {nullptr, failure};
  std::string failure = load(job, work.path, *kernel);
  if (!failure.empty()) return {nullptr, plain_error("kernel '" + job.entry.host_name + "': " + failure)};
  keep(job, work.path);
  return {kernel, {}};
} catch (const std::exception& problem) {
  return {nullptr, plain_error(problem)};  // those who wait for the result get it, too
}

// Kernels of this process by key. Whoever asks for one that is being built waits for it.
class Loaded {
 public:
  FunctionResult get(const Job& job) {
    std::promise<FunctionResult> promise;
    std::shared_future<FunctionResult> result;
    bool is_mine = false;
    {
      std::lock_guard lock(mutex_);
      auto [place, is_new] = results_.try_emplace(job.key);
      if (is_new) place->second = promise.get_future().share();
      result = place->second;
      is_mine = is_new;
    }
    if (!is_mine) return result.get();
    FunctionResult built = load_or_build(job);
    promise.set_value(built);
    std::lock_guard lock(mutex_);
    if (!built.kernel) results_.erase(job.key);
    return built;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_future<FunctionResult>> results_;
};

// What the translator let pass as long as nobody builds this kernel.
std::vector<Diagnostic> problems_of(const Program& program, const EntryPoint& entry) {
  if (entry.kernel < 0) return {};
  return program.kernels[static_cast<size_t>(entry.kernel)].problems;
}

std::string key_of(const Job& job) {
  std::string identity = job.tools.version + '\n' + job.tools.stdlib + '\n' + job.entry.host_name + '\n';
  for (const std::string& word : language_flags(code_options(job))) identity += word + '\n';
  for (const std::string& word : assembly_flags(code_options(job))) identity += word + '\n';
  if (job.mode == BuildMode::kInstrumented) identity += SOFTMETAL_INSTRUMENTER "\n";
  return "kernel-" + content_hash(identity + job.text);
}

}  // namespace

FunctionResult compile_function(const Library& library, const EntryPoint& entry,
                                const std::map<int, std::string>& constants, BuildMode mode) try {
  static Loaded loaded;
  Toolchain tools = find_toolchain();
  if (tools.version.empty()) return {nullptr, plain_error(tools.failure)};
  if (std::string lack = processor_shortcoming(); !lack.empty()) return {nullptr, plain_error(lack)};
  if (auto problems = problems_of(library.program, entry); !problems.empty()) return {nullptr, problems};
  Job job{tools, library, entry, mode, entry_text(library.program, entry, constants), ""};
  job.key = key_of(job);
  return loaded.get(job);
} catch (const std::exception& problem) {
  return {nullptr, plain_error(problem)};
}

}  // namespace softmetal
