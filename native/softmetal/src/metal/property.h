// Getters and setters of Objective-C properties, made from pointers to members.
#pragma once

#include <string>

#include "metal/ref.h"
#include "objc/foundation.h"

namespace softmetal {

template <class>
struct MemberTraits;
template <class C, class T>
struct MemberTraits<T C::*> {
  using Owner = C;
  using Value = T;
};

// How a member's type crosses the C ABI.
template <class T>
struct Crossing {
  using Outside = T;
  static Outside out(const T& value) { return value; }
  static T in(Outside value, const char*) { return value; }
};
template <>
struct Crossing<std::string> {  // an empty text is nil, as for labels
  using Outside = Object*;
  static Outside out(const std::string& value) {
    return value.empty() ? nullptr : autoreleased_string(value);
  }
  static std::string in(Outside value, const char*) { return std::string(text_of(value)); }
};
template <class T>
struct Crossing<Ref<T>> {
  using Outside = Object*;
  static Outside out(const Ref<T>& value) { return value.get(); }
  static Ref<T> in(Outside value, const char* setter) { return checked<T>(value, setter); }
};

template <auto Member>
void add_getter(const char* owner, const char* selector) {
  using Traits = MemberTraits<decltype(Member)>;
  using Cross = Crossing<typename Traits::Value>;
  add_method(
      owner, selector, +[](typename Traits::Owner* self, Selector) -> typename Cross::Outside {
        return Cross::out(self->*Member);
      });
}

template <auto Member>
void add_setter(const char* owner, const char* selector) {
  using Traits = MemberTraits<decltype(Member)>;
  using Cross = Crossing<typename Traits::Value>;
  add_method(
      owner, selector, +[](typename Traits::Owner* self, Selector selector, typename Cross::Outside value) {
        self->*Member = Cross::in(value, reinterpret_cast<const char*>(selector));
      });
}

template <auto Member>
void add_property(const char* owner, const char* getter, const char* setter) {
  add_getter<Member>(owner, getter);
  add_setter<Member>(owner, setter);
}

}  // namespace softmetal
