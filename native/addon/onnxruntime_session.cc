#include "addon/onnxruntime_session.h"

#include <cstring>

#include "bridges/process_device.h"

namespace fa::ort {
namespace {

using OwnedOptions = std::unique_ptr<OrtSessionOptions, void (*)(OrtSessionOptions*)>;
using OwnedRunOptions = std::unique_ptr<OrtRunOptions, void (*)(OrtRunOptions*)>;

/// Threads that spin for work after a run would take cores from everything else in the process.
constexpr const char* kStopSpinning = "session.force_spinning_stop";

/// ONNX Runtime warns of every node that is not ours, which here is the plan, not a mistake.
constexpr int kQuiet = ORT_LOGGING_LEVEL_ERROR;

void apply_numbers(const OrtApi* api, OrtSessionOptions* options, const SessionSettings& settings) {
  if (const auto level = settings.graph_optimization_level) {
    check(api->SetSessionGraphOptimizationLevel(options, static_cast<GraphOptimizationLevel>(*level)));
  }
  if (const auto mode = settings.execution_mode) {
    check(api->SetSessionExecutionMode(options, static_cast<ExecutionMode>(*mode)));
  }
  if (const auto threads = settings.intra_op_num_threads) check(api->SetIntraOpNumThreads(options, *threads));
  if (const auto threads = settings.inter_op_num_threads) check(api->SetInterOpNumThreads(options, *threads));
  check(api->SetSessionLogSeverityLevel(options, settings.log_severity_level.value_or(kQuiet)));
  if (const auto level = settings.log_verbosity_level)
    check(api->SetSessionLogVerbosityLevel(options, *level));
}

void apply_switches(const OrtApi* api, OrtSessionOptions* options, const SessionSettings& settings) {
  if (const auto arena = settings.enable_cpu_mem_arena) {
    check(*arena ? api->EnableCpuMemArena(options) : api->DisableCpuMemArena(options));
  }
  if (const auto pattern = settings.enable_mem_pattern) {
    check(*pattern ? api->EnableMemPattern(options) : api->DisableMemPattern(options));
  }
  if (settings.log_id) check(api->SetSessionLogId(options, settings.log_id->c_str()));
  if (settings.optimized_model_file_path) {
    check(api->SetOptimizedModelFilePath(options, settings.optimized_model_file_path->c_str()));
  }
  if (settings.profile_file_prefix)
    check(api->EnableProfiling(options, settings.profile_file_prefix->c_str()));
  for (const auto& [name, size] : settings.free_dimension_overrides) {
    check(api->AddFreeDimensionOverrideByName(options, name.c_str(), size));
  }
  bool spinning_chosen = false;
  for (const auto& [key, value] : settings.config_entries) {
    check(api->AddSessionConfigEntry(options, key.c_str(), value.c_str()));
    spinning_chosen = spinning_chosen || key == kStopSpinning;
  }
  if (!spinning_chosen) check(api->AddSessionConfigEntry(options, kStopSpinning, "1"));
}

OwnedOptions make_options(const AttachedHost& host, const SessionSettings& settings) {
  const OrtApi* api = host.host.api;
  OrtSessionOptions* made = nullptr;
  check(api->CreateSessionOptions(&made));
  OwnedOptions options(made, api->ReleaseSessionOptions);
  try {
    apply_numbers(api, made, settings);
    apply_switches(api, made, settings);
  } catch (const HostFailure& failure) {
    throw error_of(api, failure.status, ErrorCode::INVALID_ARGUMENT, "options");
  }
  check(api->SessionOptionsAppendExecutionProvider_V2(made, host.env, &host.device, 1, nullptr, nullptr, 0));
  return options;
}

ValueDescription describe(const OrtApi* api, std::string name, OrtTypeInfo* type) {
  const std::unique_ptr<OrtTypeInfo, void (*)(OrtTypeInfo*)> owner(type, api->ReleaseTypeInfo);
  ValueDescription description;
  description.name = std::move(name);
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;
  check(api->CastTypeInfoToTensorInfo(type, &tensor));
  if (tensor == nullptr) return description;
  description.is_tensor = true;
  check(api->GetTensorElementType(tensor, &description.type));
  size_t rank = 0;
  check(api->GetDimensionsCount(tensor, &rank));
  description.shape.resize(rank);
  check(api->GetDimensions(tensor, description.shape.data(), rank));
  std::vector<const char*> symbolic(rank, nullptr);
  check(api->GetSymbolicDimensions(tensor, symbolic.data(), rank));
  for (const char* symbol : symbolic) description.symbolic.emplace_back(symbol == nullptr ? "" : symbol);
  return description;
}

OwnedRunOptions make_run_options(const OrtApi* api, const RunSettings& settings) {
  OrtRunOptions* made = nullptr;
  check(api->CreateRunOptions(&made));
  OwnedRunOptions options(made, api->ReleaseRunOptions);
  if (const auto level = settings.log_severity_level)
    check(api->RunOptionsSetRunLogSeverityLevel(made, *level));
  if (const auto level = settings.log_verbosity_level)
    check(api->RunOptionsSetRunLogVerbosityLevel(made, *level));
  if (settings.tag) check(api->RunOptionsSetRunTag(made, settings.tag->c_str()));
  for (const auto& [key, value] : settings.config_entries) {
    check(api->AddRunConfigEntry(made, key.c_str(), value.c_str()));
  }
  return options;
}

/// Words of older and newer versions for a result that does not fit the tensor handed over for it.
bool blames_given_output(const char* message) {
  return std::strstr(message, "OrtValue shape verification failed") != nullptr ||
         std::strstr(message, "The output OrtValue provided for output") != nullptr;
}

/// Takes a string that ONNX Runtime allocated.
std::string take_text(const OrtApi* api, OrtAllocator* allocator, char* text) {
  std::string taken(text);
  check(api->AllocatorFree(allocator, text));
  return taken;
}

}  // namespace

OnnxSession::OnnxSession(const AttachedHost& host, const ModelSource& model, const SessionSettings& settings)
    : host_(host), session_(nullptr, host.host.api->ReleaseSession) {
  const OrtApi* api = host.host.api;
  // ONNX Runtime would run everything elsewhere if this failed later.
  process_device();
  const OwnedOptions options = make_options(host, settings);
  CapabilityReport report;
  const CapabilityScope scope(report);
  OrtSession* session = nullptr;
  OrtStatus* status =
      model.path.empty()
          ? api->CreateSessionFromArray(host.env, model.bytes, model.size, options.get(), &session)
          : api->CreateSession(host.env, model.path.c_str(), options.get(), &session);
  if (status != nullptr) {
    const Error error = error_of(api, status, ErrorCode::INVALID_ARGUMENT, "model");
    throw report.refusal ? *report.refusal : error;
  }
  session_.reset(session);
  assignment_ = report.all();
  describe_values();
}

OutputMemory OnnxSession::memory_of(const std::string& output) const {
  for (const NodeDecision& node : assignment_) {
    if (node.claimed && node.output == output) return OutputMemory::own;
  }
  return OutputMemory::shared;
}

void OnnxSession::describe_values() {
  const OrtApi* api = host_.host.api;
  OrtAllocator* allocator = nullptr;
  check(api->GetAllocatorWithDefaultOptions(&allocator));
  size_t count = 0;
  check(api->SessionGetInputCount(session_.get(), &count));
  for (size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    OrtTypeInfo* type = nullptr;
    check(api->SessionGetInputName(session_.get(), i, allocator, &name));
    check(api->SessionGetInputTypeInfo(session_.get(), i, &type));
    inputs_.push_back(describe(api, take_text(api, allocator, name), type));
  }
  check(api->SessionGetOutputCount(session_.get(), &count));
  for (size_t i = 0; i < count; ++i) {
    char* name = nullptr;
    OrtTypeInfo* type = nullptr;
    check(api->SessionGetOutputName(session_.get(), i, allocator, &name));
    check(api->SessionGetOutputTypeInfo(session_.get(), i, &type));
    outputs_.push_back(describe(api, take_text(api, allocator, name), type));
  }
}

void OnnxSession::run(const NamedValues& inputs, NamedValues& outputs, const RunSettings& settings) const {
  const OrtApi* api = host_.host.api;
  const OwnedRunOptions options = make_run_options(api, settings);
  OrtStatus* status =
      api->Run(session_.get(), options.get(), inputs.names.data(), inputs.values.data(), inputs.names.size(),
               outputs.names.data(), outputs.names.size(), outputs.values.data());
  if (status == nullptr) return;
  const char* message = api->GetErrorMessage(status);
  if (blames_given_output(message)) {
    throw error_of(api, status, ErrorCode::INVALID_ARGUMENT, "fetches");
  }
  // A node that fails may use the same code, but then it is not the feeds that are at fault.
  const bool in_node = std::strstr(message, "while running") != nullptr;
  if (!in_node && api->GetErrorCode(status) == ORT_INVALID_ARGUMENT) {
    throw error_of(api, status, ErrorCode::INVALID_ARGUMENT, "feeds");
  }
  throw error_of(api, status, ErrorCode::HOST_FAILED, "");
}

std::string OnnxSession::end_profiling() const {
  const OrtApi* api = host_.host.api;
  OrtAllocator* allocator = nullptr;
  check(api->GetAllocatorWithDefaultOptions(&allocator));
  char* path = nullptr;
  check(api->SessionEndProfiling(session_.get(), allocator, &path));
  return take_text(api, allocator, path);
}

}  // namespace fa::ort
