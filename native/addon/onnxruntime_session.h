// One session of ONNX Runtime for onnxruntime-common's InferenceSession, with our provider before the CPU's.
#pragma once
#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "addon/onnxruntime_host.h"
#include "addon/onnxruntime_values.h"
#include "bridges/onnxruntime/capability.h"

namespace fa::ort {

/// Session options that were given. Names follow onnxruntime-common's.
struct SessionSettings {
  std::optional<int> graph_optimization_level, execution_mode;  ///< values of ONNX Runtime's enums
  std::optional<int> intra_op_num_threads, inter_op_num_threads;
  std::optional<int> log_severity_level, log_verbosity_level;
  std::optional<bool> enable_cpu_mem_arena, enable_mem_pattern;
  std::optional<std::string> log_id, optimized_model_file_path, profile_file_prefix;
  std::vector<std::pair<std::string, int64_t>> free_dimension_overrides;
  std::vector<std::pair<std::string, std::string>> config_entries;
};

/// A model: a file, or bytes that the caller keeps alive until the session is made.
struct ModelSource {
  std::string path;  ///< empty where bytes are given
  const void* bytes = nullptr;
  size_t size = 0;
};

/// What a model takes or gives.
struct ValueDescription {
  std::string name;
  bool is_tensor = false;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<int64_t> shape;         ///< -1 where the size depends on the run
  std::vector<std::string> symbolic;  ///< its name there, may be empty
};

struct RunSettings {
  std::optional<int> log_severity_level, log_verbosity_level;
  std::optional<std::string> tag;
  std::vector<std::pair<std::string, std::string>> config_entries;
};

struct NamedValues {
  std::vector<const char*> names;
  std::vector<OrtValue*> values;
};

/// Safe to use from several threads.
class OnnxSession {
 public:
  /// @throws Error INVALID_ARGUMENT for a model that does not load, refusals of ours
  OnnxSession(const AttachedHost& host, const ModelSource& model, const SessionSettings& settings);

  const AttachedHost& host() const { return host_; }
  const std::vector<ValueDescription>& inputs() const { return inputs_; }
  const std::vector<ValueDescription>& outputs() const { return outputs_; }
  const std::vector<NodeDecision>& assignment() const { return assignment_; }

  /// Whose memory an output is that run() makes.
  OutputMemory memory_of(const std::string& output) const;

  /// Fills the output values that are null. @throws Error
  void run(const NamedValues& inputs, NamedValues& outputs, const RunSettings& settings) const;

  /// Ends profiling and gives the path of the profile. @throws Error
  std::string end_profiling() const;

 private:
  void describe_values();

  using OwnedSession = std::unique_ptr<OrtSession, void (*)(OrtSession*)>;
  const AttachedHost& host_;
  OwnedSession session_;
  std::vector<ValueDescription> inputs_, outputs_;
  std::vector<NodeDecision> assignment_;
};

}  // namespace fa::ort
