// NSLog.
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "objc/foundation.h"

namespace softmetal {
namespace {

template <class T>
std::string printed(const std::string& directive, T value) {
  char text[512];
  std::snprintf(text, sizeof text, directive.c_str(), value);
  return text;
}

// One directive ("%5.2f", "%@") with the argument that belongs to it.
std::string expand(const std::string& directive, va_list& arguments) {
  bool wide = directive.find_first_of("lqzjt") != std::string::npos;
  switch (directive.back()) {
    case '%':
      return "%";
    case '@': {
      const Object* object = va_arg(arguments, const Object*);
      return is_object(object) ? object->description() : "(null)";
    }
    case 's': {
      const char* text = va_arg(arguments, const char*);
      return text ? text : "(null)";
    }
    case 'p':
      return printed(directive, va_arg(arguments, void*));
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'c':
      return wide ? printed(directive, va_arg(arguments, long)) : printed(directive, va_arg(arguments, int));
    default:
      return printed(directive, va_arg(arguments, double));
  }
}

}  // namespace
}  // namespace softmetal

extern "C" __attribute__((visibility("default"))) void NSLog(softmetal::Object* format, ...) {
  std::string text(softmetal::text_of(format)), line;
  va_list arguments;
  va_start(arguments, format);
  for (size_t i = 0; i < text.size();) {
    size_t end = text[i] == '%' ? text.find_first_of("%@spdiuxXocfFeEgGaA", i + 1) : std::string::npos;
    if (end == std::string::npos) {
      line += text[i++];
    } else {
      line += softmetal::expand(text.substr(i, end + 1 - i), arguments);
      i = end + 1;
    }
  }
  va_end(arguments);
  std::fprintf(stderr, "%s\n", line.c_str());
}
