#include "compile/commands.h"

#include <filesystem>
#include <map>
#include <mutex>

#include "compile/cache.h"
#include "compile/files.h"
#include "compile/process.h"

namespace softmetal {
namespace {

// Neither the machine's headers nor its configuration of clang are the kernel's.
const Words kIsolated = {"-nostdinc", "-nostdinc++", "--no-default-config"};
const Words kPlainMessages = {"-fno-color-diagnostics", "-fno-caret-diagnostics", "-fno-spell-checking",
                              "-Wno-everything"};

const Words kLanguage = {
    "-std=c++20", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fvisibility=hidden",
    "-fno-ident",
    // The swizzles of stdlib/run are properties; clang's own vectors do not convert silently.
    "-fdeclspec", "-flax-vector-conversions=none"};

const Words kMeaning = {
    // char is signed in MSL on every architecture; half and bfloat round after each operation.
    "-fsigned-char", "-Xclang", "-ffloat16-excess-precision=none", "-Xclang",
    "-fbfloat16-excess-precision=none",
    // Kernels look at the same bytes through pointers of several types, count past the largest int and
    // convert
    // what does not fit: on a GPU all of this has a result.
    "-fno-strict-aliasing", "-fwrapv", "-fno-strict-float-cast-overflow", "-fno-math-errno",
    // What a function does may depend on which other threads call it: calls are not moved across branches.
    "-fconvergent-functions",
    // A loop without an end has to hang, so that it is reported; a stack that overflows has to touch its
    // guard page.
    "-fno-finite-loops", "-fstack-clash-protection"};

std::string version_macro(int language_version) {
  return "-D__METAL_VERSION__=" +
         std::to_string((language_version >> 16) * 100 + (language_version & 0xffff) * 10);
}

constexpr int kMetal3_1 = 0x30001, kMetal4 = 0x40000;

Words target_flags(const std::string& target, const std::string& machine) {
  return {"--target=" + target, "-march=" + machine, "-fPIC"};
}
Words machine_flags() { return target_flags(kTarget, kMachine); }
Words source_flags(BuildMode mode) {
  return mode == BuildMode::kFast ? machine_flags() : target_flags(kInstrumentedTarget, kInstrumentedMachine);
}

std::string optimisation(BuildMode mode) { return mode == BuildMode::kFast ? "-O2" : "-O1"; }

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += word + '\n';
  return text;
}

std::string build_headers(const Toolchain& tools, const Words& flags, const std::string& output) {
  std::string header = softmetal_folder() + "/stdlib/run/metal.h";
  ProcessResult built = run_process(
      tools.clang + flags + Words{"-x", "c++-header", "-Xclang", "-fno-pch-timestamp", header, "-o", output});
  return built.status == 0 ? "" : "the device's own headers do not compile:\n" + built.error;
}

// Functions that the code generator calls by name, and a stand-in that makes the dynamic linker load libm
// even where the host process has it in no scope that kernels see.
std::string build_link_inputs(const Toolchain& tools, const Words& flags, const std::string& folder) {
  std::string source = softmetal_folder() + "/stdlib/link/conversions.cc", object = folder + "/conversions.o";
  ProcessResult compiled =
      run_process(tools.clang + flags + machine_flags() + Words{"-x", "c++", "-c", source, "-o", object});
  if (compiled.status != 0) return "the device's own functions do not compile:\n" + compiled.error;
  ProcessResult linked = run_process(tools.linker + Words{"-m", kLinkerEmulation, "-shared", "-soname",
                                                          "libm.so.6", object, "-o", folder + "/libm.so.6"});
  return linked.status == 0 ? "" : "the linker fails:\n" + linked.error;
}

Shared build_shared(const Toolchain& tools, const CodeOptions& options, const std::string& key) {
  Shared parts;
  std::optional<std::string> entry = find_entry(key);
  if (!entry) {
    TemporaryFolder folder;
    Words flags = language_flags(options);
    parts.failure = folder.failure;
    if (parts.failure.empty()) parts.failure = build_headers(tools, flags, folder.path + "/metal.pch");
    if (parts.failure.empty()) parts.failure = build_link_inputs(tools, flags, folder.path);
    if (!parts.failure.empty()) return parts;
    entry = publish_entry(key, folder.path);
    if (!entry) parts.failure = "the folder of compiled kernels cannot be written: " + cache_folder();
    if (!entry) return parts;
  }
  parts.headers = *entry + "/metal.pch";
  parts.link_inputs = {"--start-lib", *entry + "/conversions.o", "--end-lib", *entry + "/libm.so.6"};
  return parts;
}

}  // namespace

Words operator+(Words left, const Words& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Words preprocess_command(const Toolchain& tools, const LibraryOptions& options, const std::string& source,
                         const std::string& dependencies) {
  // -undef: what clang predefines describes the host, not the GPU.
  Words words = tools.clang + Words{"-E", "-x", "c++", "-undef", "-D__METAL__=1", "-D__METAL_MACOS__=1"} +
                kIsolated + kPlainMessages + Words{"-W#warnings", version_macro(options.language_version)};
  words.push_back(options.language_version >= kMetal4 ? "-std=c++17" : "-std=c++14");
  if (options.language_version >= kMetal3_1) words.push_back("-D__HAVE_BFLOAT__=1");
  if (options.fast_math) words.push_back("-D__FAST_MATH__=1");
  for (const auto& [name, value] : options.macros) words.push_back("-D" + name + "=" + value);
  for (const std::string& folder : options.include_folders) words.push_back("-I" + folder);
  return words + Words{"-I" + softmetal_folder() + "/stdlib/preprocess",
                       "-MD",
                       "-MT",
                       "kernel",
                       "-MF",
                       dependencies,
                       source};
}

Words language_flags(const CodeOptions& options) {
  const std::string& own = softmetal_folder();
  Words words = source_flags(options.mode) + kIsolated + kPlainMessages + kLanguage + kMeaning;
  words = words + Words{"-I" + own + "/stdlib/run", "-I" + own + "/src",
                        "-ffile-prefix-map=" + own + "/=", "-fdebug-compilation-dir=."};
  // Metal's fast math may also assume that there are no NaNs and infinities. A compiler that uses this turns
  // tests for -INFINITY, a common starting value of reductions, into anything; here only contraction differs,
  // so that what passes does not owe it to one compiler's choices.
  words.push_back(options.fast_math ? "-ffp-contract=fast" : "-ffp-contract=on");
  words.push_back(optimisation(options.mode));
  if (options.mode == BuildMode::kInstrumented) {
    // Every access as the shader states it: no wider ones, no calls of memset for a loop; but loops over the
    // elements of a vector unroll, which keeps vectors out of memory.
    words = words + Words{"-gline-tables-only",    "-fno-vectorize", "-fno-slp-vectorize",
                          "-fno-builtin",          "-funroll-loops", "-mllvm",
                          "-unroll-runtime=false", "-mllvm",         "-unroll-allow-partial=false"};
  }
  return words;
}

Words assembly_flags(const CodeOptions& options) {
  return machine_flags() + kIsolated + kPlainMessages + Words{"-x", "ir", optimisation(options.mode)} +
         // Optimised before; attributes like memory(none) no longer hold once the hooks are in.
         Words{"-Xclang", "-disable-llvm-passes"};
}

Shared shared_parts(const Toolchain& tools, const CodeOptions& options) {
  static std::mutex mutex;
  static std::map<std::string, Shared> known;
  std::string identity = tools.version + '\n' + joined(tools.clang) + joined(language_flags(options)) +
                         kTarget + '\n' + tools.stdlib;
  std::string key = "shared-" + content_hash(identity);
  std::lock_guard lock(mutex);
  auto found = known.find(cache_folder() + key);
  if (found != known.end() && std::filesystem::exists(found->second.headers)) return found->second;
  Shared parts = build_shared(tools, options, key);
  if (parts.failure.empty()) known[cache_folder() + key] = parts;
  return parts;
}

Words link_command(const Toolchain& tools, const Words& inputs, const std::string& output) {
  return tools.linker +
         Words{"-m", kLinkerEmulation, "-shared", "-z", "now", "--build-id=none", "--no-as-needed"} + inputs +
         Words{"-o", output};
}

}  // namespace softmetal
