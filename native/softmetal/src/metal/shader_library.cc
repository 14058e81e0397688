#include "metal/shader_library.h"

#include "metal/function_constants.h"
#include "metal/property.h"
#include "metal/types.h"
#include "metal/validation.h"
#include "objc/block.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLLibrary";

Object* function_names(ShaderLibrary* library, Selector) {
  std::vector<Object*> names;
  for (const EntryPoint& entry : library->library->program.entry_points) {
    names.push_back(autoreleased_string(entry.host_name));
  }
  return autoreleased(Ref<Array>::adopt(new Array(names)));
}

Object* function_named(ShaderLibrary* library, Selector, Object* name) {
  return new_function(library, std::string(text_of(name)), nullptr, nullptr);
}

Object* function_with_constants(ShaderLibrary* library, Selector, Object* name, Object* constants,
                                Object** error) {
  return new_function(library, std::string(text_of(name)), constants, error);
}

void function_later(ShaderLibrary* library, Selector, Object* name, Object* constants, const void* handler) {
  const char* selector = "newFunctionWithName:constantValues:completionHandler:";
  BlockLiteral* block = copy_block(handler, "v@?@@", selector);
  if (!block) return;
  library->device->compiler.post([library = Ref(library), name = std::string(text_of(name)),
                                  constants = Ref<Object>(constants), block] {
    Object* error = nullptr;
    auto function = Ref<ShaderFunction>::adopt(new_function(library.get(), name, constants.get(), &error));
    invoke_block(block, static_cast<Object*>(function.get()), error);
    release_block(block);
  });
}

const EntryPoint* find_entry(const Program& program, const std::string& name) {
  for (const EntryPoint& entry : program.entry_points) {
    if (entry.host_name == name) return &entry;
  }
  return nullptr;
}

// What a client gets when nothing of that name is there, and what there is instead.
std::string no_such_function(const Program& program, const std::string& name) {
  std::string text = "Function " + name + " was not found in the library. It has:";
  for (const EntryPoint& entry : program.entry_points) text += " " + entry.host_name;
  return text;
}

}  // namespace

ShaderLibrary::ShaderLibrary(Device* device, std::shared_ptr<const Library> library)
    : Object(class_named(kClass)), device(device), library(std::move(library)) {}

std::string compilation_failed(const std::vector<Diagnostic>& diagnostics) {
  return "Compilation failed: \n\n" + to_text(diagnostics);
}

ShaderFunction* new_function(ShaderLibrary* library, const std::string& name, Object* constants,
                             Object** error) {
  const Program& program = library->library->program;
  const EntryPoint* entry = find_entry(program, name);
  if (!entry) {
    set_error(error, kLibraryDomain, kLibraryFunctionNotFound, no_such_function(program, name));
    return nullptr;
  }
  std::map<int, std::string> literals;
  std::string reason;
  auto* values = checked<FunctionConstantValues>(constants, "newFunctionWithName:constantValues:error:");
  if (values && !select_constants(program, *values, literals, reason)) {
    set_error(error, kLibraryDomain, kLibraryCompileFailure, reason);
    return nullptr;
  }
  auto function = Ref<ShaderFunction>::adopt(new ShaderFunction(library, *entry, std::move(literals)));
  FunctionResult result = function->compiled(current_build_mode());
  if (!result.kernel) {
    set_error(error, kLibraryDomain, kLibraryCompileFailure, compilation_failed(result.diagnostics));
    return nullptr;
  }
  return function.give();
}

void register_library() {
  add_method(kClass, "functionNames", function_names);
  add_method(kClass, "newFunctionWithName:", function_named);
  add_method(kClass, "newFunctionWithName:constantValues:error:", function_with_constants);
  add_method(kClass, "newFunctionWithName:constantValues:completionHandler:", function_later);
  add_method(kClass, "type", +[](ShaderLibrary*, Selector) -> uint64_t { return 0; });  // executable
  add_getter<&ShaderLibrary::device>(kClass, "device");
  add_property<&ShaderLibrary::label>(kClass, "label", "setLabel:");
}

}  // namespace softmetal
