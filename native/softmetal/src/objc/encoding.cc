#include "objc/encoding.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace softmetal {
namespace {

// Size (and alignment) of scalars by letter; none of them is platform dependent on 64-bit systems.
size_t scalar_size(char letter) {
  if (std::strchr("cCB", letter)) return 1;
  if (std::strchr("sS", letter)) return 2;
  if (std::strchr("iIf", letter)) return 4;
  if (std::strchr("qQlLd", letter)) return 8;
  return letter == 'D' ? 16 : 0;
}

// The end of a text in matching brackets.
const char* skip_brackets(const char* text, char open, char close) {
  int depth = 0;
  for (; *text; text++) {
    if (*text == open) depth++;
    if (*text == close && --depth == 0) return text + 1;
  }
  return nullptr;
}

EncodedType finish(const char* begin, const char* end, size_t size, size_t alignment, char kind) {
  return {static_cast<size_t>(end - begin), size, alignment, kind};
}

EncodedType structure(const char* text) {
  const char* end = skip_brackets(text, '{', '}');
  const char* field = std::strchr(text, '=');
  if (!end || !field || field >= end) return {};
  EncodedType whole;
  for (field++; *field != '}';) {
    EncodedType type = encoded_type(field);
    if (!type.length) return {};
    whole.alignment = std::max(whole.alignment, type.alignment);
    whole.size = (whole.size + type.alignment - 1) / type.alignment * type.alignment + type.size;
    field += type.length;
  }
  whole.size = (whole.size + whole.alignment - 1) / whole.alignment * whole.alignment;
  return finish(text, end, whole.size, whole.alignment, '{');
}

EncodedType pointer(const char* text) {
  const char* end = text + 1;
  if (*text == '@') {
    if (*end == '?') end++;
    if (*end == '<') end = skip_brackets(end, '<', '>');
    if (end && *end == '"') end = std::strchr(end + 1, '"') ? std::strchr(end + 1, '"') + 1 : nullptr;
  } else if (*text == '^') {
    if (*end == '?' || *end == 'v') {
      end++;
    } else if (*end == '{') {
      end = skip_brackets(end, '{', '}');
    } else {
      EncodedType pointee = encoded_type(end);
      end = pointee.length ? end + pointee.length : nullptr;
    }
  }
  return end ? finish(text, end, sizeof(void*), alignof(void*), '^') : EncodedType{};
}

}  // namespace

EncodedType encoded_type(const char* text) {
  const char* begin = text;
  while (*text && std::strchr("rnNoORVA", *text)) text++;  // const, in, out, ...
  EncodedType type;
  if (!*text) return type;
  if (*text == 'v') {
    type = finish(text, text + 1, 0, 1, 'v');
  } else if (std::strchr("@#:*^", *text)) {
    type = pointer(text);
  } else if (*text == '{') {
    type = structure(text);
  } else if (size_t size = scalar_size(*text)) {
    type = finish(text, text + 1, size, size, *text);
  }
  if (type.length) type.length += static_cast<size_t>(text - begin);
  return type;
}

namespace {

// The next type of a signature and its offset's digits; false at the end or at something unreadable.
bool next(const char*& text, EncodedType& type, const char*& begin) {
  begin = text;
  type = encoded_type(text);
  if (!type.length) return false;
  text += type.length;
  while (std::isdigit(static_cast<unsigned char>(*text))) text++;
  return true;
}

bool same_type(const EncodedType& one, const char* one_text, const EncodedType& other,
               const char* other_text) {
  if (one.kind != '{' || other.kind != '{') {
    auto width = [](char kind) { return kind == 'l' ? 'q' : kind == 'L' ? 'Q' : kind; };
    return width(one.kind) == width(other.kind);
  }
  // Names of structures may differ ("?" for a typedef), fields may not.
  std::string a(one_text, one.length), b(other_text, other.length);
  return a.substr(a.find('=')) == b.substr(b.find('='));
}

}  // namespace

int encoded_arguments(const char* types, int hidden) {
  EncodedType type;
  const char* begin;
  int count = -1;
  while (next(types, type, begin)) count++;
  return *types || count < hidden ? -1 : count - hidden;
}

bool same_signature(const char* one, const char* other) {
  for (;;) {
    EncodedType first, second;
    const char *first_text, *second_text;
    bool more = next(one, first, first_text);
    if (more != next(other, second, second_text)) return false;
    if (!more) return !*one && !*other;
    if (!same_type(first, first_text, second, second_text)) return false;
  }
}

}  // namespace softmetal
