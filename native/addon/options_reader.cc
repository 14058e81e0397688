#include "addon/options_reader.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "addon/value_reader.h"
#include "error.h"
#include "generated/options.h"

namespace fa {

namespace {

bool is_option(std::string_view name) {
  if (name == "kernel") return true;
  for (int bit = 0; bit < kFeatureCount; ++bit) {
    if (name == to_string(static_cast<Feature>(bit))) return true;
  }
  return false;
}

/// A misspelled option would otherwise be a silently different result.
void refuse_unknown(Napi::Object object) {
  const Napi::Array names = object.GetPropertyNames();
  for (uint32_t index = 0; index < names.Length(); ++index) {
    const Napi::Value key = names[index];
    const std::string name = key.ToString().Utf8Value();
    if (is_option(name) || object.Get(key).IsUndefined()) continue;
    refuse(ErrorCode::INVALID_ARGUMENT, name.c_str(), "an option of attention", "an unknown name");
  }
}

Alignment read_alignment(const char* argument, Napi::Value value, bool none_allowed) {
  const std::string expected =
      std::string(none_allowed ? "'none', " : "") + "'topLeft', 'bottomRight' or { offset: integer }";
  if (value.IsString()) {
    const auto diagonal = parse_diagonal(value.As<Napi::String>().Utf8Value());
    const bool word = diagonal && *diagonal != Diagonal::offset;
    if (!word || (*diagonal == Diagonal::none && !none_allowed)) refuse_value(argument, expected, value);
    return {*diagonal, 0};
  }
  const Napi::Object object = read_object(argument, value, expected);
  return {Diagonal::offset, read_integer(argument, object.Get("offset"), "an integer offset")};
}

Window read_window(Napi::Value value) {
  const Napi::Object object = read_object("window", value, "{ left, right }");
  return {read_integer("window", object.Get("left"), "an integer left"),
          read_integer("window", object.Get("right"), "an integer right")};
}

Dropout read_dropout(Napi::Value value) {
  const Napi::Object object = read_object("dropout", value, "{ rate, seed }");
  const Napi::Value seed = object.Get("seed");
  bool lossless = false;
  const uint64_t bits = seed.IsBigInt() ? seed.As<Napi::BigInt>().Uint64Value(&lossless) : 0;
  if (!lossless) refuse_value("dropout", "a seed, a bigint from 0 to 2^64 - 1", seed);
  return {read_number("dropout", object.Get("rate")), bits};
}

void read_rope(Napi::Value value, AttentionInputs& inputs, AttentionOptions& options, BufferViews* views) {
  const Napi::Object rope = read_object("rope", value, "{ cos, sin, style }");
  read_tensor("rope", rope.Get("cos"), inputs.rope_cos.emplace(), views);
  read_tensor("rope", rope.Get("sin"), inputs.rope_sin.emplace(), views);
  options.rope_style = read_word("rope", rope.Get("style"), parse_rope_style, kRopeStyleNames);
  read_optional_tensor("rope", rope, "positionsQ", inputs.positions_q, views);
  read_optional_tensor("rope", rope, "positionsK", inputs.positions_k, views);
}

void read_tensors(Napi::Object object, AttentionInputs& inputs, BufferViews* views) {
  const auto read = [&](const char* name, std::optional<Tensor>& target) {
    read_optional_tensor(name, object, name, target, views);
  };
  read("mask", inputs.mask);
  read("bias", inputs.bias);
  read("alibiSlopes", inputs.alibi_slopes);
  read("sinks", inputs.sinks);
  read("kvLengths", inputs.kv_lengths);
  read("cuSeqlensQ", inputs.cu_seqlens_q);
  read("cuSeqlensK", inputs.cu_seqlens_k);
  read("blockTable", inputs.block_table);
  read("kScale", inputs.k_scale);
  read("vScale", inputs.v_scale);
}

}  // namespace

void read_options(Napi::Value value, AttentionInputs& inputs, AttentionOptions& options, BufferViews* views) {
  if (value.IsUndefined()) return;
  const Napi::Object object = read_object("options", value, "an object");
  refuse_unknown(object);
  if (const auto layout = optional_property(object, "layout")) {
    options.layout = read_word("layout", *layout, parse_layout, kLayoutNames);
  }
  if (const auto scale = optional_property(object, "scale")) options.scale = read_number("scale", *scale);
  if (const auto softcap = optional_property(object, "softcap")) {
    options.softcap = read_number("softcap", *softcap);
  }
  if (const auto causal = optional_property(object, "causal")) {
    options.causal = read_alignment("causal", *causal, true);
  }
  if (const auto align = optional_property(object, "align")) {
    options.align = read_alignment("align", *align, false);
  }
  if (const auto window = optional_property(object, "window")) options.window = read_window(*window);
  if (const auto dropout = optional_property(object, "dropout")) options.dropout = read_dropout(*dropout);
  if (const auto kernel = optional_property(object, "kernel")) {
    options.kernel = read_text("kernel", *kernel, "the name of a kernel");
  }
  if (const auto rope = optional_property(object, "rope")) read_rope(*rope, inputs, options, views);
  read_tensors(object, inputs, views);
}

}  // namespace fa
