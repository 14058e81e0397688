#include "compile/strict_filter.h"

#include <string_view>

#include "compile/diagnostics.h"

namespace softmetal {
namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

bool begins(const std::string& text, std::string_view part) { return text.rfind(part, 0) == 0; }

bool any_says(const std::vector<Diagnostic>& diagnostics, std::string_view part) {
  for (const Diagnostic& note : diagnostics) {
    if (contains(note.message, part)) return true;
  }
  return false;
}

// Vectors built or converted explicitly through another name than float4: `using V = float4; V(a, b)`,
// static_cast<V>(h), {0}, f({1, 2}). Only the compiler's own vectors lack this.
bool is_vector_building(const std::string& message, const std::vector<Diagnostic>& notes) {
  return contains(message, "excess elements in scalar initializer") ||
         contains(message, "excess elements in vector initializer") ||
         contains(message, "too few elements in vector initialization") ||
         (contains(message, "from vector") && contains(message, "of different size") &&
          !contains(message, "implicit")) ||
         (contains(message, "static_cast from") &&
          (contains(message, "vector of") || contains(message, "vec<"))) ||
         (begins(message, "no matching function for call to") &&
          any_says(notes, "cannot convert initializer list argument to"));
}

// Vectors of bool are integers here.
bool is_about_bool_vectors(const std::string& message) {
  return contains(message, "'bool2'") || contains(message, "'bool3'") || contains(message, "'bool4'");
}

// half and bfloat have no conversion to each other, not even an explicit one.
bool is_between_halves(const std::string& message) {
  return contains(message, "static_cast from '") && contains(message, "half'") &&
         contains(message, "__bf16'");
}

// `float * half4` converts the scalar; __metal_... are Apple's own functions.
bool is_unknown_here(const std::string& message) {
  return contains(message, "scalar operand type has greater rank than the type of the vector element") ||
         contains(message, "use of undeclared identifier '__metal_");
}

// Few declarations of stdlib/strict have values.
bool is_about_values(const std::string& message) {
  return contains(message, "static assertion expression is not an integral constant expression") ||
         (begins(message, "constexpr variable") &&
          contains(message, "must be initialized by a constant expression"));
}

// `pointer += Int<1>{}`: a class that converts to an integer.
bool is_pointer_plus_class(const std::string& message) {
  if (!contains(message, "invalid operands to binary expression")) return false;
  size_t open = message.find("('"), middle = message.find("' and '");
  if (open == std::string::npos || middle == std::string::npos) return false;
  std::string left = message.substr(open, middle - open), right = message.substr(middle);
  return contains(left, "*") && !contains(right, "*") && contains(right, "<");
}

bool is_initialisation(const std::string& message) {
  return contains(message, "no matching constructor for initialization") ||
         contains(message, "no viable overloaded '='") ||
         contains(message, "no viable constructor copying") || begins(message, "no viable conversion from") ||
         begins(message, "no matching conversion for");
}

// Whole structs may be copied between address spaces.
bool is_struct_copy(const std::string& message, const std::vector<Diagnostic>& notes) {
  if (!is_initialisation(message)) return false;
  for (const Diagnostic& note : notes) {
    bool implicit =
        contains(note.message, "(the implicit copy") || contains(note.message, "(the implicit move");
    bool space = contains(note.message, "cannot bind reference in") ||
                 contains(note.message, "'this' object is in address space") ||
                 contains(note.message, "'this' object is in default address space") ||
                 contains(note.message, "expects an rvalue");
    if (implicit && space) return true;
  }
  return false;
}

// `return {a, b}`, casts to a class and members that the constructor does not name make an object without any
// address space, which no constructor fits.
bool is_object_without_space(const std::string& message, const std::vector<Diagnostic>& notes) {
  if (contains(message, "must explicitly initialize") &&
      contains(message, "not have a default constructor")) {
    return true;
  }
  if (contains(message, "implicitly-deleted default constructor")) {
    return any_says(notes, "has no default constructor");
  }
  return is_initialisation(message) &&
         any_says(notes, "cannot be used to construct an object in address space unqualified");
}

// vec<T, 4> where T is bool: such vectors have no elements here.
bool is_vector_of_bool(const std::string& message, const std::vector<Diagnostic>& notes,
                       bool has_bool_vectors) {
  for (const Diagnostic& note : notes) {
    bool fails = contains(note.message, "substitution failure [with") && contains(note.message, "bool");
    if (fails && begins(message, "no matching function")) return true;
  }
  return contains(message, "invalid vector element type 'bool'") ||
         (has_bool_vectors && contains(message, "subscripted value is not an array, pointer, or vector"));
}

bool names_space(std::string_view text) {
  for (const char* space : {"__global", "__local", "__constant"}) {
    if (text.find(space) != std::string_view::npos) return true;
  }
  return false;
}

// A temporary is in thread memory, where `thread const T&` may refer to it; `s = {1, 2}` makes one as well.
bool is_reference_to_temporary(const std::string& message) {
  if (contains(message, "to value of type 'void' changes address space")) return true;
  if (names_space(message)) return false;
  return (begins(message, "reference of type 'const __private ") &&
          contains(message, "cannot bind to a temporary object because of address space mismatch")) ||
         (begins(message, "binding reference of type 'const __private ") &&
          contains(message, "changes address space"));
}

// What is dropped is seen by the check of the program as it runs, which knows MSL's vectors, values and
// constructors. Unseen by both remain mistakes of address spaces in just these places: a constructor's
// argument in `return {p}`, a `const device T&` member in a struct that is copied.
bool is_legal_in_metal(const std::string& message, const std::vector<Diagnostic>& notes,
                       bool has_bool_vectors) {
  if (is_pointer_plus_class(message)) return true;
  bool pointers = contains(message, "*'") || contains(message, "* ");
  if (pointers) return false;
  return is_unknown_here(message) || is_vector_building(message, notes) || is_about_bool_vectors(message) ||
         is_between_halves(message) || is_about_values(message) || is_struct_copy(message, notes) ||
         is_object_without_space(message, notes) || is_reference_to_temporary(message) ||
         is_vector_of_bool(message, notes, has_bool_vectors);
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
  bool has_bool_vectors = any_says(diagnostics, "invalid vector element type 'bool'");
  for (size_t i = 0; i < diagnostics.size();) {
    Diagnostic error = diagnostics[i++];
    std::vector<Diagnostic> notes;
    while (i < diagnostics.size() && diagnostics[i].severity == "note") notes.push_back(diagnostics[i++]);
    if (error.severity == "warning" || is_legal_in_metal(error.message, notes, has_bool_vectors)) continue;
    error.message = metal_words(error.message);
    result.push_back(std::move(error));
    for (Diagnostic& note : notes) {
      if (is_internal(note.file)) continue;
      note.message = metal_words(note.message);
      result.push_back(std::move(note));
    }
  }
  return result;
}

}  // namespace softmetal
