// Properties keep what they are given, and those that mean something do it.
#include <future>

#include "client.h"

using namespace client;

namespace {

// Names of selectors are checked when the test is compiled, so they cannot be data.
#define CHECK_KEEPS(type, object, getter, setter, value) \
  CHECK(send<type>(object, getter) != type{value});      \
  send<void>(object, setter, type{value});               \
  CHECK_EQUAL(send<type>(object, getter), type{value})

Owned with_options(Gpu& gpu, const std::string& source, id options) {
  return gpu.pipeline(gpu.function(gpu.library(source, options), "f"));
}

constexpr char kFastMath[] = R"(
kernel void f(device int* x [[buffer(0)]]) {
#ifdef __FAST_MATH__
  x[0] = 1;
#else
  x[0] = 2;
#endif
})";

TEST("compile options") {
  Pool pool;
  Owned options(make("MTLCompileOptions"));
  CHECK_KEEPS(NSUInteger, options.get(), "libraryType", "setLibraryType:", 1);
  CHECK_KEEPS(NSUInteger, options.get(), "optimizationLevel", "setOptimizationLevel:", 1);
  CHECK_KEEPS(NSUInteger, options.get(), "compileSymbolVisibility", "setCompileSymbolVisibility:", 1);
  CHECK_KEEPS(NSUInteger, options.get(), "mathFloatingPointFunctions", "setMathFloatingPointFunctions:", 1);
  CHECK_KEEPS(NSUInteger, options.get(), "languageVersion", "setLanguageVersion:", 1);
  CHECK_KEEPS(bool, options.get(), "preserveInvariance", "setPreserveInvariance:", true);
  CHECK_KEEPS(bool, options.get(), "allowReferencingUndefinedSymbols",
              "setAllowReferencingUndefinedSymbols:", true);
  send<void>(options.get(), "setInstallName:", string("@rpath/kernels"));
  CHECK_EQUAL(text(send<id>(options.get(), "installName")), "@rpath/kernels");
  CHECK(send<id>(options.get(), "preprocessorMacros") == nil);
  id macros = send<id>(softmetal::objc::class_named("NSDictionary"),
                       "dictionaryWithObject:forKey:", string("8"), string("N"));
  send<void>(options.get(), "setPreprocessorMacros:", macros);
  id kept = send<id>(options.get(), "preprocessorMacros");
  CHECK_EQUAL(text(send<id>(kept, "objectForKey:", string("N"))), "8");
}

TEST("fastMathEnabled and mathMode are one, and reach the shader") {
  Pool pool;
  Gpu gpu;
  Owned options(make("MTLCompileOptions")), x = gpu.buffer(4);
  auto ran = [&] {
    CHECK(gpu.run(with_options(gpu, kFastMath, options.get()), {bind(0, x)}, {}, {}));
    return *contents<int>(x);
  };
  CHECK(send<bool>(options.get(), "fastMathEnabled"));
  CHECK_EQUAL(ran(), 1);
  send<void>(options.get(), "setFastMathEnabled:", false);
  CHECK_EQUAL(send<NSUInteger>(options.get(), "mathMode"), NSUInteger{0});
  CHECK_EQUAL(ran(), 2);
  send<void>(options.get(), "setMathMode:", NSUInteger{2});
  CHECK(send<bool>(options.get(), "fastMathEnabled"));
  CHECK_EQUAL(ran(), 1);
}

TEST("a pipeline's descriptor: whole simdgroups are asked of every dispatch") {
  Pool pool;
  Gpu gpu;
  Owned library = gpu.library("kernel void f(device int* x [[buffer(0)]]) { x[0] = 1; }");
  Owned function = gpu.function(library, "f"), descriptor(make("MTLComputePipelineDescriptor")),
        x = gpu.buffer(4);
  send<void>(descriptor.get(), "setComputeFunction:", function.get());
  CHECK(send<id>(descriptor.get(), "computeFunction") == function.get());
  CHECK_KEEPS(bool, descriptor.get(), "threadGroupSizeIsMultipleOfThreadExecutionWidth",
              "setThreadGroupSizeIsMultipleOfThreadExecutionWidth:", true);
  CHECK_KEEPS(bool, descriptor.get(), "supportIndirectCommandBuffers",
              "setSupportIndirectCommandBuffers:", true);
  std::promise<Owned> made;
  with_block<id, id, id>(
      "v32@?0@8@16@24", [&](id pipeline, id, id) { made.set_value(Owned::retaining(pipeline)); },
      [&](const void* block) {
        send<void>(gpu.device.get(),
                   "newComputePipelineStateWithDescriptor:options:completionHandler:", descriptor.get(),
                   NSUInteger{0}, block);
      });
  Owned pipeline = made.get_future().get();
  CHECK(send<bool>(pipeline.get(), "supportIndirectCommandBuffers"));
  CHECK(gpu.run(pipeline, {bind(0, x)}, {}, {64}));
  CHECK(!gpu.run(pipeline, {bind(0, x)}, {}, {33}));
  CHECK_CONTAINS(take_reports(), "\"thread-count\"");
}

TEST("functions and pipelines in handlers, with constants and reflection") {
  Pool pool;
  Gpu gpu;
  Owned library = gpu.library(R"(
constant bool a [[function_constant(3)]];
constant bool b [[function_constant(4)]];
kernel void f(device int* x [[buffer(0)]]) { x[0] = (a ? 1 : 0) + (b ? 2 : 0); })");
  Owned values(make("MTLFunctionConstantValues")), x = gpu.buffer(4);
  const bool both[2] = {false, true};
  send<void>(values.get(), "setConstantValues:type:withRange:", static_cast<const void*>(both),
             NSUInteger{53}, Range{3, 2});
  std::promise<Owned> function_made, pipeline_made;
  with_block<id, id>(
      "v24@?0@8@16", [&](id function, id) { function_made.set_value(Owned::retaining(function)); },
      [&](const void* block) {
        send<void>(library.get(), "newFunctionWithName:constantValues:completionHandler:", string("f"),
                   values.get(), block);
      });
  Owned function = function_made.get_future().get();
  CHECK_EQUAL(send<NSUInteger>(function.get(), "options"), NSUInteger{0});
  std::promise<NSUInteger> arguments;
  with_block<id, id, id>(
      "v32@?0@8@16@24",
      [&](id pipeline, id reflection, id) {
        arguments.set_value(send<NSUInteger>(send<id>(reflection, "arguments"), "count"));
        pipeline_made.set_value(Owned::retaining(pipeline));
      },
      [&](const void* block) {
        send<void>(gpu.device.get(),
                   "newComputePipelineStateWithFunction:options:completionHandler:", function.get(),
                   NSUInteger{3}, block);
      });
  CHECK_EQUAL(arguments.get_future().get(), NSUInteger{1});
  CHECK(gpu.run(pipeline_made.get_future().get(), {bind(0, x)}, {}, {}));
  CHECK_EQUAL(*contents<int>(x), 2);
}

TEST("a device that is built in, and what it does not have") {
  Gpu gpu;
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "location"), NSUInteger{0});
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "locationNumber"), NSUInteger{0});
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "peerGroupID"), NSUInteger{0});
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "maxTransferRate"), NSUInteger{0});
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "maxArgumentBufferSamplerCount"), NSUInteger{1024});
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "sparseTileSizeInBytes"), NSUInteger{16384});
}

TEST("counter sets name their counters; sample buffers their size") {
  Pool pool;
  Gpu gpu;
  id set = send<id>(send<id>(gpu.device.get(), "counterSets"), "objectAtIndex:", NSUInteger{0});
  CHECK_EQUAL(send<NSUInteger>(send<id>(set, "counters"), "count"), NSUInteger{1});
  Owned descriptor(make("MTLCounterSampleBufferDescriptor"));
  send<void>(descriptor.get(), "setCounterSet:", set);
  CHECK(send<id>(descriptor.get(), "counterSet") == set);
  send<void>(descriptor.get(), "setSampleCount:", NSUInteger{6});
  id error = nil;
  Owned samples(
      send<id>(gpu.device.get(), "newCounterSampleBufferWithDescriptor:error:", descriptor.get(), &error));
  CHECK_EQUAL(send<NSUInteger>(samples.get(), "sampleCount"), NSUInteger{6});
}

}  // namespace
