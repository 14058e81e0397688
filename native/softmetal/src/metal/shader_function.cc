#include "metal/function_constants.h"
#include "metal/property.h"
#include "metal/shader_library.h"
#include "settings/settings.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLFunction";
constexpr char kConstant[] = "MTLFunctionConstant";
constexpr uint64_t kFunctionTypeKernel = 3;

struct FunctionConstantInfo : Object {
  explicit FunctionConstantInfo(const FunctionConstant& constant)
      : Object(class_named(kConstant)),
        name(constant.name),
        index(static_cast<uint64_t>(constant.index)),
        type(data_type_named(constant.type)) {}
  std::string name;
  uint64_t index, type;
};

Object* constants_dictionary(ShaderFunction* function, Selector) {
  auto dictionary = Ref<Dictionary>::adopt(new Dictionary);
  for (const FunctionConstant& constant : function->library->library->program.constants) {
    auto info = Ref<FunctionConstantInfo>::adopt(new FunctionConstantInfo(constant));
    dictionary->set(autoreleased_string(constant.name), info.get());
  }
  return autoreleased(std::move(dictionary));
}

}  // namespace

ShaderFunction::ShaderFunction(ShaderLibrary* library, const EntryPoint& entry,
                               std::map<int, std::string> constants)
    : Object(class_named(kClass)), library(library), entry(entry), constants(std::move(constants)) {}

FunctionResult ShaderFunction::compiled(BuildMode mode) {
  std::lock_guard lock(mutex_);
  FunctionResult& result = results_[mode == BuildMode::kInstrumented];
  if (!result.kernel) result = compile_function(*library->library, entry, constants, mode);
  return result;
}

BuildMode current_build_mode() {
  Settings settings = current_settings();
  bool watched = settings.validate || settings.stats || settings.schedule == Schedule::kLockstep;
  return watched ? BuildMode::kInstrumented : BuildMode::kFast;
}

void register_function() {
  add_method(
      kClass, "name", +[](ShaderFunction* function, Selector) -> Object* {
        return autoreleased_string(function->entry.host_name);
      });
  add_method(kClass, "functionType", +[](ShaderFunction*, Selector) { return kFunctionTypeKernel; });
  add_method(kClass, "functionConstantsDictionary", constants_dictionary);
  add_method(
      kClass, "device",
      +[](ShaderFunction* function, Selector) -> Object* { return function->library->device.get(); });
  add_method(kClass, "options", +[](ShaderFunction*, Selector) -> uint64_t { return 0; });
  add_property<&ShaderFunction::label>(kClass, "label", "setLabel:");
  add_getter<&FunctionConstantInfo::name>(kConstant, "name");
  add_getter<&FunctionConstantInfo::index>(kConstant, "index");
  add_getter<&FunctionConstantInfo::type>(kConstant, "type");
}

}  // namespace softmetal
