#include "addon/onnxruntime_settings.h"

#include "addon/value_reader.h"

namespace fa::ort {
namespace {

std::optional<int> number(Napi::Object object, const char* name) {
  const auto value = optional_property(object, name);
  if (!value) return std::nullopt;
  return static_cast<int>(read_integer(name, *value, "a whole number"));
}

std::optional<bool> boolean(Napi::Object object, const char* name) {
  const auto value = optional_property(object, name);
  if (!value) return std::nullopt;
  if (!value->IsBoolean()) refuse_value(name, "a boolean", *value);
  return value->As<Napi::Boolean>().Value();
}

std::optional<std::string> text(Napi::Object object, const char* name) {
  const auto value = optional_property(object, name);
  if (!value) return std::nullopt;
  return read_text(name, *value, "a string");
}

/// { key: value } as pairs.
template <typename Value, typename Read>
std::vector<std::pair<std::string, Value>> pairs(Napi::Object object, const char* name, Read read) {
  std::vector<std::pair<std::string, Value>> list;
  const auto given = optional_property(object, name);
  if (!given) return list;
  const Napi::Object entries = read_object(name, *given, "an object");
  const Napi::Array keys = entries.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string key = Napi::Value(keys[i]).As<Napi::String>().Utf8Value();
    list.emplace_back(key, read(name, entries.Get(key)));
  }
  return list;
}

std::vector<std::pair<std::string, std::string>> config_entries(Napi::Object object) {
  return pairs<std::string>(
      object, "extra", [](const char* name, Napi::Value value) { return read_text(name, value, "strings"); });
}

}  // namespace

SessionSettings read_session_settings(Napi::Value value) {
  const Napi::Object object = read_object("options", value, "an object");
  SessionSettings settings;
  settings.graph_optimization_level = number(object, "graphOptimizationLevel");
  settings.execution_mode = number(object, "executionMode");
  settings.intra_op_num_threads = number(object, "intraOpNumThreads");
  settings.inter_op_num_threads = number(object, "interOpNumThreads");
  settings.log_severity_level = number(object, "logSeverityLevel");
  settings.log_verbosity_level = number(object, "logVerbosityLevel");
  settings.enable_cpu_mem_arena = boolean(object, "enableCpuMemArena");
  settings.enable_mem_pattern = boolean(object, "enableMemPattern");
  settings.log_id = text(object, "logId");
  settings.optimized_model_file_path = text(object, "optimizedModelFilePath");
  settings.profile_file_prefix = text(object, "profileFilePrefix");
  settings.free_dimension_overrides = pairs<int64_t>(
      object, "freeDimensionOverrides",
      [](const char* name, Napi::Value size) { return read_integer(name, size, "whole numbers"); });
  settings.config_entries = config_entries(object);
  return settings;
}

RunSettings read_run_settings(Napi::Value value) {
  const Napi::Object object = read_object("options", value, "an object");
  RunSettings settings;
  settings.log_severity_level = number(object, "logSeverityLevel");
  settings.log_verbosity_level = number(object, "logVerbosityLevel");
  settings.tag = text(object, "tag");
  settings.config_entries = config_entries(object);
  return settings;
}

}  // namespace fa::ort
