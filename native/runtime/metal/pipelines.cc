#include "metal/pipelines.h"

#include "fa/bindings.h"
#include "metal/gpu_errors.h"

namespace fa::metal {

namespace {

constexpr NSUInteger kTypeInt = 29;         // MTLDataTypeInt
constexpr NSUInteger kTypeBool = 53;        // MTLDataTypeBool
constexpr NSUInteger kSimdgroupWidth = 32;  // that the kernels are written for

struct BoolConstant {
  int id;
  bool FunctionConstants::* field;
};

constexpr BoolConstant kBoolConstants[] = {
    {constant_id::kHasMask, &FunctionConstants::has_mask},
    {constant_id::kHasBias, &FunctionConstants::has_bias},
    {constant_id::kAligned, &FunctionConstants::aligned},
    {constant_id::kWritesLse, &FunctionConstants::writes_lse},
    {constant_id::kWritesStats, &FunctionConstants::writes_stats},
    {constant_id::kHasStats, &FunctionConstants::has_stats},
    {constant_id::kHasDLse, &FunctionConstants::has_d_lse},
    {constant_id::kStoresDScores, &FunctionConstants::stores_d_scores},
    {constant_id::kSplitsKeys, &FunctionConstants::splits_keys},
    {constant_id::kHasSequences, &FunctionConstants::has_sequences},
    {constant_id::kIsPacked, &FunctionConstants::is_packed},
    {constant_id::kHasAlibi, &FunctionConstants::has_alibi},
    {constant_id::kHasSoftcap, &FunctionConstants::has_softcap},
    {constant_id::kHasSinks, &FunctionConstants::has_sinks},
    {constant_id::kHasDropout, &FunctionConstants::has_dropout},
    {constant_id::kSumsSlopes, &FunctionConstants::sums_slopes},
    {constant_id::kHasPages, &FunctionConstants::has_pages},
    {constant_id::kKIsInt8, &FunctionConstants::k_is_int8},
    {constant_id::kVIsInt8, &FunctionConstants::v_is_int8},
};

void set_constant(const Objc& objc, Id values, const void* value, NSUInteger type, int id) {
  objc.send<void>(values, "setConstantValue:type:atIndex:", value, type, static_cast<NSUInteger>(id));
}

[[noreturn]] void raise_compile(const MetalVariant& variant, const std::string& got) {
  raise_gpu(ErrorCode::COMPILE_FAILED, std::string("kernel ") + variant.host_name + " to compile", got);
}

}  // namespace

Id Pipelines::get(const MetalVariant& variant, const FunctionConstants& constants) {
  return pipelines_.get({variant.host_name, constants}, [&] { return make_pipeline(variant, constants); })
      .get();
}

Id Pipelines::library(const MetalVariant& variant) {
  return libraries_.get(variant.host_name, [&] { return make_library(variant); }).get();
}

Owned Pipelines::make_library(const MetalVariant& variant) const {
  const Objc& objc = gpu_.objc;
  const Owned options = objc.make("MTLCompileOptions");
  // Also turns off the fast variants of functions, which newer systems have a property of its own for.
  objc.send<void>(options.get(), "setFastMathEnabled:", false);
  objc.send<void>(options.get(), "setLanguageVersion:", language_version(gpu_.capabilities));
  Id error = nullptr;
  // A library with warnings comes with an error, too, so only its absence counts.
  Owned library = objc.adopt(objc.send<Id>(gpu_.device.get(), "newLibraryWithSource:options:error:",
                                           objc.string(text_(variant)), options.get(), &error));
  if (!library) raise_compile(variant, objc.error_text(error, "no library and no error"));
  return library;
}

Owned Pipelines::make_function(const MetalVariant& variant, const FunctionConstants& constants) {
  const Objc& objc = gpu_.objc;
  const Owned values = objc.make("MTLFunctionConstantValues");
  for (const BoolConstant& constant : kBoolConstants) {
    const bool value = constants.*constant.field;
    set_constant(objc, values.get(), &value, kTypeBool, constant.id);
  }
  const int32_t bias_type = constants.bias_type;
  set_constant(objc, values.get(), &bias_type, kTypeInt, constant_id::kBiasType);
  Id error = nullptr;
  Owned function = objc.adopt(objc.send<Id>(library(variant), "newFunctionWithName:constantValues:error:",
                                            objc.string(variant.host_name), values.get(), &error));
  if (!function) raise_compile(variant, objc.error_text(error, "no function of that name"));
  return function;
}

Owned Pipelines::make_pipeline(const MetalVariant& variant, const FunctionConstants& constants) {
  const Objc& objc = gpu_.objc;
  const Owned function = make_function(variant, constants);
  const Owned descriptor = objc.make("MTLComputePipelineDescriptor");
  objc.send<void>(descriptor.get(), "setComputeFunction:", function.get());
  objc.send<void>(descriptor.get(), "setLabel:", objc.string(variant.host_name));
  // Tells the compiler how many registers a thread may have.
  objc.send<void>(descriptor.get(),
                  "setMaxTotalThreadsPerThreadgroup:", static_cast<NSUInteger>(variant.threads));
  objc.send<void>(descriptor.get(), "setThreadGroupSizeIsMultipleOfThreadExecutionWidth:", true);
  Id error = nullptr;
  Owned pipeline = objc.adopt(objc.send<Id>(
      gpu_.device.get(), "newComputePipelineStateWithDescriptor:options:reflection:error:", descriptor.get(),
      NSUInteger{0}, static_cast<Id*>(nullptr), &error));
  if (!pipeline) raise_compile(variant, objc.error_text(error, "no pipeline and no error"));
  check(variant, pipeline.get());
  return pipeline;
}

void Pipelines::check(const MetalVariant& variant, Id pipeline) const {
  const Objc& objc = gpu_.objc;
  const NSUInteger threads = objc.send<NSUInteger>(pipeline, "maxTotalThreadsPerThreadgroup");
  if (threads < static_cast<NSUInteger>(variant.threads)) {
    raise_compile(variant, "a limit of " + std::to_string(threads) + " threads instead of " +
                               std::to_string(variant.threads));
  }
  const NSUInteger bytes = objc.send<NSUInteger>(pipeline, "staticThreadgroupMemoryLength");
  const int64_t most = gpu_.capabilities.threadgroup_bytes;
  if (bytes > static_cast<NSUInteger>(most)) {
    raise_compile(variant, std::to_string(bytes) + " bytes of threadgroup memory where there are " +
                               std::to_string(most));
  }
  const NSUInteger width = objc.send<NSUInteger>(pipeline, "threadExecutionWidth");
  if (width != kSimdgroupWidth) {
    raise_compile(variant, "simdgroups of " + std::to_string(width) + " threads instead of 32");
  }
}

}  // namespace fa::metal
