#include "compile/strict_filter.h"

#include <string_view>

namespace softmetal {
namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

// Vectors built or converted explicitly through another name than float4: `using V = float4; V(a, b)`,
// static_cast<V>(h), {0}. Only the compiler's own vectors lack this.
bool is_vector_building(const std::string& message) {
  return contains(message, "excess elements in scalar initializer") ||
         contains(message, "excess elements in vector initializer") ||
         contains(message, "too few elements in vector initialization") ||
         (contains(message, "from vector") && contains(message, "of different size") &&
          !contains(message, "implicit")) ||
         (contains(message, "static_cast from") &&
          (contains(message, "vector of") || contains(message, "vec<")));
}

// Vectors of bool are integers here.
bool is_about_bool_vectors(const std::string& message) {
  return contains(message, "'bool2'") || contains(message, "'bool3'") || contains(message, "'bool4'");
}

// `pointer += Int<1>{}`: a class that converts to an integer.
bool is_pointer_plus_class(const std::string& message) {
  if (!contains(message, "invalid operands to binary expression")) return false;
  size_t open = message.find("('"), middle = message.find("' and '");
  if (open == std::string::npos || middle == std::string::npos) return false;
  std::string left = message.substr(open, middle - open), right = message.substr(middle);
  return contains(left, "*") && !contains(right, "*") && contains(right, "<");
}

// Whole structs may be copied between address spaces.
bool is_struct_copy(const std::string& message, const std::vector<Diagnostic>& notes) {
  bool copies = contains(message, "no matching constructor for initialization") ||
                contains(message, "no viable overloaded '='") ||
                contains(message, "no viable constructor copying");
  if (!copies) return false;
  for (const Diagnostic& note : notes) {
    bool implicit =
        contains(note.message, "(the implicit copy") || contains(note.message, "(the implicit move");
    bool space = contains(note.message, "cannot bind reference in") ||
                 contains(note.message, "'this' object is in address space") ||
                 contains(note.message, "'this' object is in default address space");
    if (implicit && space) return true;
  }
  return false;
}

// `float * half4` converts the scalar; __metal_... are Apple's own functions, which nobody else can check.
bool is_unknown_here(const std::string& message) {
  return contains(message, "scalar operand type has greater rank than the type of the vector element") ||
         contains(message, "use of undeclared identifier '__metal_");
}

bool is_legal_in_metal(const std::string& message, const std::vector<Diagnostic>& notes) {
  return is_unknown_here(message) || is_vector_building(message) || is_about_bool_vectors(message) ||
         is_pointer_plus_class(message) || is_struct_copy(message, notes);
}

// 'V' (aka 'vec<float, 4>') -> 'V' (aka 'float4')
void name_vectors(std::string& text) {
  static const char* const kScalars[] = {"char", "uchar", "short", "ushort", "int",   "uint",
                                         "long", "ulong", "half",  "__bf16", "float", "unsigned int"};
  for (const char* scalar : kScalars) {
    for (const char* width : {"2", "3", "4"}) {
      std::string type = scalar, name = type == "__bf16" ? "bfloat" : type == "unsigned int" ? "uint" : type;
      replace_all(text, "vec<" + type + ", " + width + ">", name + width);
      replace_all(text, type + " __attribute__((ext_vector_type(" + width + ")))", name + width);
      replace_all(text, "'" + name + width + "' (aka '" + name + width + "')", "'" + name + width + "'");
    }
  }
}

std::string metal_words(std::string text) {
  if (contains(text, "cl_khr_fp64") && contains(text, "'double'")) return "MSL has no double";
  replace_all(text, "*__private", "*");  // every variable of a function is in thread memory
  replace_all(text, "'__private ", "'");
  replace_all(text, "'const __private ", "'const ");
  replace_all(text, "const __constant", "constant");
  replace_all(text, "__constant const", "constant");
  replace_all(text, "__constant", "constant");
  replace_all(text, "__global", "device");
  replace_all(text, "__local", "threadgroup");
  replace_all(text, "__private", "thread");
  replace_all(text, "$tomic_", "atomic_");
  replace_all(text, " in OpenCL", " in MSL");
  replace_all(text, "C++ for OpenCL version 2021", "MSL");
  replace_all(text, "C++ for OpenCL", "MSL");
  replace_all(text, "OpenCL", "MSL");
  name_vectors(text);
  return text;
}

}  // namespace

std::vector<Diagnostic> in_terms_of_metal(const std::vector<Diagnostic>& diagnostics) {
  std::vector<Diagnostic> result;
  for (size_t i = 0; i < diagnostics.size();) {
    Diagnostic error = diagnostics[i++];
    std::vector<Diagnostic> notes;
    while (i < diagnostics.size() && diagnostics[i].severity == "note") notes.push_back(diagnostics[i++]);
    if (error.severity == "warning" || is_legal_in_metal(error.message, notes)) continue;
    error.message = metal_words(error.message);
    result.push_back(std::move(error));
    for (Diagnostic& note : notes) {
      note.message = metal_words(note.message);
      result.push_back(std::move(note));
    }
  }
  return result;
}

}  // namespace softmetal
