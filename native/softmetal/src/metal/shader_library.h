// MTLLibrary and MTLFunction.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compile/compiler.h"
#include "metal/device.h"
#include "metal/ref.h"

namespace softmetal {

struct ShaderLibrary : Object {
  ShaderLibrary(Device* device, std::shared_ptr<const Library> library);
  Ref<Device> device;
  std::shared_ptr<const Library> library;
  std::string label;
};

struct ShaderFunction : Object {
  ShaderFunction(ShaderLibrary* library, const EntryPoint& entry, std::map<int, std::string> constants);

  // Compiled on first use, once for each mode.
  FunctionResult compiled(BuildMode mode);

  Ref<ShaderLibrary> library;
  const EntryPoint& entry;
  const std::map<int, std::string> constants;
  std::string label;

 private:
  std::mutex mutex_;
  FunctionResult results_[2];
};

// Instrumented when the settings ask for checks, counts or turns at every access.
BuildMode current_build_mode();

// "Compilation failed: \n\n" and the compiler's lines, as Metal words it.
std::string compilation_failed(const std::vector<Diagnostic>& diagnostics);

// Retained; nil with *error for an unknown name, a constant of the wrong type or a text that does not
// compile.
ShaderFunction* new_function(ShaderLibrary* library, const std::string& name, Object* constants,
                             Object** error);

void register_library();
void register_function();

}  // namespace softmetal
