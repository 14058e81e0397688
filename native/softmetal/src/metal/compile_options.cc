#include "metal/compile_options.h"

#include "metal/property.h"
#include "metal/validation.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLCompileOptions";
constexpr uint64_t kMathSafe = 0, kMathFast = 2;

void set_macros(CompileOptions* options, Selector, Object* object) {
  options->macros.clear();
  auto* dictionary = checked<Dictionary>(object, "setPreprocessorMacros:");
  if (!dictionary) return;
  for (const auto& [key, value] : dictionary->items) {
    options->macros[std::string(text_of(key))] = value->description();  // NSString or NSNumber
  }
}

Object* get_macros(CompileOptions* options, Selector) {
  if (options->macros.empty()) return nullptr;
  auto dictionary = Ref<Dictionary>::adopt(new Dictionary);
  for (const auto& [key, value] : options->macros) {
    dictionary->set(autoreleased_string(key), autoreleased_string(value));
  }
  return autoreleased(std::move(dictionary));
}

// The two properties are one: fastMathEnabled is the older spelling.
void set_fast_math(CompileOptions* options, Selector, bool fast) {
  options->fast_math = fast;
  options->math_mode = fast ? kMathFast : kMathSafe;
}
void set_math_mode(CompileOptions* options, Selector, uint64_t mode) {
  options->math_mode = mode;
  options->fast_math = mode == kMathFast;
}

}  // namespace

CompileOptions::CompileOptions() : Object(class_named(kClass)) {}

LibraryOptions CompileOptions::library_options() const {
  LibraryOptions result;
  result.macros = macros;
  result.fast_math = math_mode != kMathSafe;
  if (language_version) result.language_version = static_cast<int>(language_version);
  return result;
}

void register_compile_options() {
  allocate_with<CompileOptions>(kClass);
  add_method(kClass, "setPreprocessorMacros:", set_macros);
  add_method(kClass, "preprocessorMacros", get_macros);
  add_method(kClass, "setFastMathEnabled:", set_fast_math);
  add_getter<&CompileOptions::fast_math>(kClass, "fastMathEnabled");
  add_method(kClass, "setMathMode:", set_math_mode);
  add_getter<&CompileOptions::math_mode>(kClass, "mathMode");
  add_property<&CompileOptions::math_functions>(kClass, "mathFloatingPointFunctions",
                                                "setMathFloatingPointFunctions:");
  add_property<&CompileOptions::language_version>(kClass, "languageVersion", "setLanguageVersion:");
  add_property<&CompileOptions::library_type>(kClass, "libraryType", "setLibraryType:");
  add_property<&CompileOptions::optimization_level>(kClass, "optimizationLevel", "setOptimizationLevel:");
  add_property<&CompileOptions::compile_symbol_visibility>(kClass, "compileSymbolVisibility",
                                                           "setCompileSymbolVisibility:");
  add_property<&CompileOptions::preserve_invariance>(kClass, "preserveInvariance", "setPreserveInvariance:");
  add_property<&CompileOptions::allow_referencing_undefined>(kClass, "allowReferencingUndefinedSymbols",
                                                             "setAllowReferencingUndefinedSymbols:");
  add_property<&CompileOptions::max_total_threads>(kClass, "maxTotalThreadsPerThreadgroup",
                                                   "setMaxTotalThreadsPerThreadgroup:");
  add_property<&CompileOptions::install_name>(kClass, "installName", "setInstallName:");
}

}  // namespace softmetal
