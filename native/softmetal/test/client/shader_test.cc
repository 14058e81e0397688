// Libraries, functions, constants, pipelines and their reflection.
#include <future>
#include <thread>

#include "client.h"

using namespace client;

namespace {

constexpr char kCopy[] = R"(
#include <metal_stdlib>
using namespace metal;
kernel void copy(device float* to [[buffer(0)]], device const float* from [[buffer(3)]],
                 constant uint& count [[buffer(1)]], threadgroup float* scratch [[threadgroup(2)]],
                 uint i [[thread_position_in_grid]]) {
  scratch[0] = 0;
  if (i < count) to[i] = from[i];
}
[[max_total_threads_per_threadgroup(96)]]
kernel void limited(device float* to [[buffer(0)]]) { to[0] = 1; }
)";

constexpr char kConstants[] = R"(
#include <metal_stdlib>
using namespace metal;
constant int first [[function_constant(0)]];
constant bool second [[function_constant(1)]];
constant float third [[function_constant(2)]];
constant half4 fourth [[function_constant(3)]];
constant uint2 fifth [[function_constant(4)]];
constant ushort sixth [[function_constant(5)]];
kernel void show(device float* to [[buffer(0)]]) {
  to[0] = first;
  to[1] = second ? 1.0f : 0.0f;
  to[2] = third;
  to[3] = float(fourth.w);
  to[4] = float(fifth.y);
  to[5] = float(sixth);
}
)";

enum DataType : NSUInteger {
  kFloat = 3,
  kHalf4 = 19,
  kInt = 29,
  kUInt2 = 34,
  kUShort = 41,
  kBool = 53,
  kStruct = 1
};

template <class T>
void set_constant(const Owned& values, const T& value, DataType type, NSUInteger index) {
  send<void>(values.get(), "setConstantValue:type:atIndex:", static_cast<const void*>(&value),
             NSUInteger{type}, index);
}

Owned all_constants() {
  Owned values(make("MTLFunctionConstantValues"));
  uint16_t half4[4] = {0, 0, 0, 0xc100};  // -2.5
  uint32_t uint2[2] = {7, 4000000000u};
  set_constant(values, -2147483647 - 1, kInt, 0);
  set_constant(values, true, kBool, 1);
  set_constant(values, 0.1f, kFloat, 2);
  set_constant(values, half4, kHalf4, 3);
  set_constant(values, uint2, kUInt2, 4);
  set_constant(values, uint16_t{65535}, kUShort, 5);
  return values;
}

TEST("a text that does not compile gives an NSError with file, line and column") {
  Gpu gpu;
  CHECK(
      !gpu.library("#include <metal_stdlib>\nkernel void f(device float* x [[buffer(0)]]) { x[0] = y; }\n"));
  CHECK_EQUAL(gpu.domain, "MTLLibraryErrorDomain");
  CHECK_EQUAL(gpu.code, 3u);
  CHECK_CONTAINS(gpu.error, "program_source:2:");
  CHECK_CONTAINS(gpu.error, "error:");
}

TEST("a library names its functions, and what it has not is an error") {
  Gpu gpu;
  Pool pool;
  Owned library = gpu.library(kCopy);
  id names = send<id>(library.get(), "functionNames");
  CHECK_EQUAL(send<NSUInteger>(names, "count"), 2u);
  CHECK_EQUAL(text(send<id>(names, "objectAtIndex:", NSUInteger{0})), "copy");
  CHECK(!gpu.function(library, "copied"));
  CHECK_EQUAL(gpu.code, 5u);
  CHECK_CONTAINS(gpu.error, "copied");
  CHECK(send<id>(library.get(), "newFunctionWithName:", string("copied")) == nil);
}

TEST("macros of the compile options reach the preprocessor") {
  Gpu gpu;
  Pool pool;
  Owned options(make("MTLCompileOptions"));
  id dictionary = send<id>(softmetal::objc::class_named("NSDictionary"),
                           "dictionaryWithObject:forKey:", string("41 + 1"), string("ANSWER"));
  send<void>(options.get(), "setPreprocessorMacros:", dictionary);
  Owned library = gpu.library("kernel void f(device int* x [[buffer(0)]]) { x[0] = ANSWER; }", options.get());
  CHECK_EQUAL(gpu.error, "");
  Owned pipeline = gpu.pipeline(gpu.function(library, "f")), out = gpu.buffer(4);
  CHECK(gpu.run(pipeline, {bind(0, out)}, {}, {}));
  CHECK_EQUAL(*contents<int>(out), 42);
}

TEST("math mode and fastMathEnabled are one property; an unknown language version is refused") {
  Gpu gpu;
  Owned options(make("MTLCompileOptions"));
  CHECK(send<bool>(options.get(), "fastMathEnabled"));
  send<void>(options.get(), "setMathMode:", NSUInteger{0});
  CHECK(!send<bool>(options.get(), "fastMathEnabled"));
  send<void>(options.get(), "setLanguageVersion:", NSUInteger{9 << 16});
  CHECK(!gpu.library(kCopy, options.get()));
  CHECK_EQUAL(gpu.code, 1u);
  CHECK_CONTAINS(gpu.error, "language version 9.0");
}

TEST("compiled libraries are refused with an error, and there is no default library") {
  Gpu gpu;
  Pool pool;
  id problem = nil;
  CHECK(send<id>(gpu.device.get(), "newLibraryWithData:error:", nil, &problem) == nil);
  CHECK_CONTAINS(softmetal::objc::error_text(problem), "metallib");
  CHECK(send<id>(gpu.device.get(), "newDefaultLibrary") == nil);
}

TEST("function constants of each kind arrive") {
  Gpu gpu;
  Owned library = gpu.library(kConstants);
  Owned pipeline = gpu.pipeline(gpu.function(library, "show", all_constants().get()));
  CHECK_EQUAL(gpu.error, "");
  Owned out = gpu.buffer(24);
  CHECK(gpu.run(pipeline, {bind(0, out)}, {}, {}));
  const float wanted[] = {-2147483648.0f, 1, 0.1f, -2.5f, 4000000000.0f, 65535};
  for (int i = 0; i < 6; ++i) CHECK_EQUAL(contents<float>(out)[i], wanted[i]);
}

TEST("constants by name and by range; reset forgets them") {
  Gpu gpu;
  Pool pool;
  Owned values = all_constants();
  int named = 12;
  send<void>(values.get(), "setConstantValue:type:withName:", static_cast<const void*>(&named),
             NSUInteger{kInt}, string("first"));
  Owned library = gpu.library(kConstants);
  Owned pipeline = gpu.pipeline(gpu.function(library, "show", values.get())), out = gpu.buffer(24);
  CHECK(gpu.run(pipeline, {bind(0, out)}, {}, {}));
  CHECK_EQUAL(contents<float>(out)[0], 12.0f);
  send<void>(values.get(), "reset");
  CHECK(!gpu.function(library, "show", values.get()));
  CHECK_CONTAINS(gpu.error, "is not set");
}

TEST("a constant of another type is an error that names both") {
  Gpu gpu;
  Owned values = all_constants();
  set_constant(values, 1.0f, kFloat, 0);
  CHECK(!gpu.function(gpu.library(kConstants), "show", values.get()));
  CHECK_CONTAINS(gpu.error, "'first' (index 0) has type int, but its value was given as float");
  take_reports();
  set_constant(values, 1.0f, kStruct, 0);
  CHECK_CONTAINS(take_reports(), "MTLDataType 1 cannot be a function constant");
}

TEST("a function tells its name, kind and constants") {
  Gpu gpu;
  Pool pool;
  Owned function = gpu.function(gpu.library(kConstants), "show", all_constants().get());
  CHECK_EQUAL(text(send<id>(function.get(), "name")), "show");
  CHECK_EQUAL(send<NSUInteger>(function.get(), "functionType"), 3u);
  id constants = send<id>(function.get(), "functionConstantsDictionary");
  CHECK_EQUAL(send<NSUInteger>(constants, "count"), 6u);
  id third = send<id>(constants, "objectForKey:", string("third"));
  CHECK_EQUAL(send<NSUInteger>(third, "index"), 2u);
  CHECK_EQUAL(send<NSUInteger>(third, "type"), NSUInteger{kFloat});
}

TEST("a pipeline has the limits of attribute, descriptor and profile") {
  Gpu gpu;
  Pool pool;
  Owned library = gpu.library(kCopy), copy = gpu.function(library, "copy"),
        limited = gpu.function(library, "limited");
  CHECK_EQUAL(send<NSUInteger>(gpu.pipeline(copy).get(), "maxTotalThreadsPerThreadgroup"), 1024u);
  CHECK_EQUAL(send<NSUInteger>(gpu.pipeline(limited).get(), "maxTotalThreadsPerThreadgroup"), 96u);
  Owned descriptor(make("MTLComputePipelineDescriptor"));
  send<void>(descriptor.get(), "setComputeFunction:", limited.get());
  send<void>(descriptor.get(), "setMaxTotalThreadsPerThreadgroup:", NSUInteger{64});
  send<void>(descriptor.get(), "setLabel:", string("narrow"));
  id problem = nil;
  Owned pipeline(send<id>(gpu.device.get(), "newComputePipelineStateWithDescriptor:options:reflection:error:",
                          descriptor.get(), NSUInteger{0}, static_cast<id*>(nullptr), &problem));
  CHECK_EQUAL(send<NSUInteger>(pipeline.get(), "maxTotalThreadsPerThreadgroup"), 64u);
  CHECK_EQUAL(send<NSUInteger>(pipeline.get(), "threadExecutionWidth"), 32u);
  CHECK_EQUAL(text(send<id>(pipeline.get(), "label")), "narrow");
}

TEST("static threadgroup memory over the limit is refused with the driver's error") {
  Gpu gpu;
  constexpr char source[] = R"(
kernel void fits(device float* x [[buffer(0)]]) { threadgroup float t[8192]; t[0] = 1; x[0] = t[0]; }
kernel void large(device float* x [[buffer(0)]]) { threadgroup float t[8193]; t[0] = 1; x[0] = t[0]; }
)";
  Owned library = gpu.library(source);
  Owned fits = gpu.pipeline(gpu.function(library, "fits"));
  CHECK_EQUAL(send<NSUInteger>(fits.get(), "staticThreadgroupMemoryLength"), 32768u);
  take_reports();
  CHECK(!gpu.pipeline(gpu.function(library, "large")));
  CHECK_CONTAINS(gpu.error, "exceeds the maximum threadgroup memory allowed (32768)");
  CHECK_CONTAINS(gpu.domain, "AGXMetal");
  CHECK_CONTAINS(take_reports(), "threadgroup-memory");
}

TEST("reflection lists buffers and threadgroup arguments") {
  Gpu gpu;
  Pool pool;
  id reflection = nil, problem = nil;
  Owned function = gpu.function(gpu.library(kCopy), "copy");
  Owned pipeline(send<id>(gpu.device.get(), "newComputePipelineStateWithFunction:options:reflection:error:",
                          function.get(), NSUInteger{1}, &reflection, &problem));
  id bindings = send<id>(reflection, "bindings");
  CHECK_EQUAL(send<NSUInteger>(bindings, "count"), 4u);
  const struct {
    const char* name;
    NSUInteger index, type, access;
  } wanted[] = {{"to", 0, 0, 1}, {"from", 3, 0, 0}, {"count", 1, 0, 0}, {"scratch", 2, 1, 1}};
  for (NSUInteger i = 0; i < 4; ++i) {
    id binding = send<id>(bindings, "objectAtIndex:", i);
    CHECK_EQUAL(text(send<id>(binding, "name")), wanted[i].name);
    CHECK_EQUAL(send<NSUInteger>(binding, "index"), wanted[i].index);
    CHECK_EQUAL(send<NSUInteger>(binding, "type"), wanted[i].type);
    CHECK_EQUAL(send<NSUInteger>(binding, "access"), wanted[i].access);
  }
  CHECK_EQUAL(send<NSUInteger>(send<id>(bindings, "objectAtIndex:", NSUInteger{2}), "bufferDataSize"), 4u);
}

TEST("libraries and pipelines are made on another thread when a handler is given") {
  Gpu gpu;
  Pool pool;
  std::promise<Owned> library_made, pipeline_made;
  auto here = std::this_thread::get_id();
  with_block<id, id>(
      "v24@?0@8@16",
      [&](id library, id) {
        CHECK(std::this_thread::get_id() != here);
        library_made.set_value(Owned::retaining(library));
      },
      [&](const void* block) {
        send<void>(gpu.device.get(), "newLibraryWithSource:options:completionHandler:", string(kCopy), nil,
                   block);
      });
  Owned library = library_made.get_future().get();
  Owned function = gpu.function(library, "copy");
  with_block<id, id>(
      "v24@?0@8@16", [&](id pipeline, id) { pipeline_made.set_value(Owned::retaining(pipeline)); },
      [&](const void* block) {
        send<void>(gpu.device.get(), "newComputePipelineStateWithFunction:completionHandler:", function.get(),
                   block);
      });
  CHECK(bool(pipeline_made.get_future().get()));
}

TEST("an asynchronous failure arrives as NSError") {
  Gpu gpu;
  Pool pool;
  std::promise<std::string> failed;
  with_block<id, id>(
      "v24@?0@8@16",
      [&](id library, id error) {
        failed.set_value(library ? "a library" : softmetal::objc::error_text(error));
      },
      [&](const void* block) {
        send<void>(gpu.device.get(),
                   "newLibraryWithSource:options:completionHandler:", string("kernel void f("), nil, block);
      });
  CHECK_CONTAINS(failed.get_future().get(), "Compilation failed");
}

TEST("injected faults of compiler and pipeline arrive as NSError") {
  Gpu gpu;
  softmetal_inject("compile", 1, 1);
  CHECK(!gpu.library(kCopy));
  CHECK_CONTAINS(gpu.error, "injected fault");
  Owned function = gpu.function(gpu.library(kCopy), "copy");
  softmetal_inject("pipeline", 2, 1);
  CHECK(bool(gpu.pipeline(function)));
  CHECK(!gpu.pipeline(function));
  CHECK_CONTAINS(gpu.error, "injected fault");
  CHECK(bool(gpu.pipeline(function)));
  softmetal_clear_faults();
}

TEST("unknown faults and a count of 0 are refused") {
  CHECK_EQUAL(softmetal_inject("gremlin", 1, 1), -1);
  CHECK_CONTAINS(std::string(softmetal_last_error()), "gremlin");
  CHECK_EQUAL(softmetal_inject("compile", 0, 1), -1);
}

}  // namespace
