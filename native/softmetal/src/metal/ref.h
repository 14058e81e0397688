// An owning pointer to an Objective-C object.
#pragma once

#include <utility>

#include "objc/object.h"

namespace softmetal {

template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(T* object) : object_(object) {
    if (object_) retain(object_);
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) release(object_);
  }

  // Takes over the reference that `object` comes with.
  static Ref adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  // Gives the reference away, as methods called new... do.
  T* give() { return std::exchange(object_, nullptr); }

  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T* object_ = nullptr;
};

// An autoreleased object, as methods without new, alloc or copy return them.
template <class T>
T* autoreleased(Ref<T> object) {
  T* plain = object.give();
  if (plain) autorelease(plain);
  return plain;
}

}  // namespace softmetal
