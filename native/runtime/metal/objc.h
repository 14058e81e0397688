// Objective-C messages from C++ without Apple's headers and without linking anything: the runtime's functions
// are looked up when the first device opens.
//
//   Id buffer = objc.send<Id>(device, "newBufferWithLength:options:", NSUInteger{4096}, NSUInteger{0});
//
// A message is a call of objc_msgSend through exactly the prototype that the types of its arguments spell.
// What could be read in two ways does not compile: on Apple's arm64 a variadic call passes garbage, and an
// int where a method takes NSUInteger leaves half a register undefined.
#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "generated/enums.h"

namespace fa::metal {

struct ObjectType {};
struct SelectorType {};
using Id = ObjectType*;
using NSUInteger = unsigned long;
using NSInteger = long;

/// bool, 64-bit integers, floating point, pointers, and structs that are passed by value.
template <typename T>
concept MessageArgument =
    std::same_as<T, bool> || std::floating_point<T> || (std::integral<T> && sizeof(T) == 8) ||
    std::is_pointer_v<T> || (std::is_class_v<T> && std::is_trivially_copyable_v<T>);

/// No struct: on Intel those come back another way, and from nil they do not come at all.
template <typename T>
concept MessageResult = std::is_void_v<T> || std::is_arithmetic_v<T> || std::is_pointer_v<T>;

void this_selector_takes_another_number_of_arguments();  // not constexpr: stops the compiler

/// A selector's name with as many colons as there are arguments.
template <typename... A>
struct SelectorName {
  consteval SelectorName(const char* name) : text(name) {
    size_t colons = 0;
    for (const char* letter = name; *letter != 0; ++letter) colons += *letter == ':';
    if (colons != sizeof...(A)) this_selector_takes_another_number_of_arguments();
  }
  const char* text;
};

/// One reference to an object, or none.
class Owned {
 public:
  Owned() = default;
  Owned(Owned&& other) noexcept : object_(std::exchange(other.object_, nullptr)), release_(other.release_) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(object_, other.object_);
    std::swap(release_, other.release_);
    return *this;
  }
  ~Owned() {
    if (object_ != nullptr) release_(object_);
  }

  Id get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  friend class Objc;
  Owned(Id object, void (*release)(Id)) : object_(object), release_(release) {}

  Id object_ = nullptr;
  void (*release_)(Id) = nullptr;
};

/// The Objective-C runtime with Metal loaded into it. Never unloaded.
class Objc {
 public:
  /// @throws Error BACKEND_UNAVAILABLE that says what could not be loaded
  static const Objc& load(DeviceChoice choice);

  template <MessageResult R, MessageArgument... A>
  R send(Id receiver, std::type_identity_t<SelectorName<A...>> selector, A... arguments) const {
    using Function = R (*)(Id, SelectorType*, A...);
    return reinterpret_cast<Function>(message_)(receiver, selector_(selector.text), arguments...);
  }

  Id class_named(const char* name) const { return get_class_(name); }

  /// Takes over the reference that methods called new, alloc, copy and functions called Create give.
  Owned adopt(Id object) const { return {object, release_}; }
  /// For objects that the pool would release: all others.
  Owned retain(Id object) const { return {retain_(object), release_}; }
  /// A new object of a class, by its init.
  Owned make(const char* class_name) const { return adopt(send<Id>(class_named(class_name), "new")); }

  /// Autoreleased; null when it is not UTF-8.
  Id string(const std::string& utf8) const;
  /// A copy, since what UTF8String gives lives no longer than the pool; empty for null.
  std::string text(Id string) const;
  /// What an NSError says; `fallback` where there is none.
  std::string error_text(Id error, const char* fallback) const;

  void* push_pool() const { return push_pool_(); }
  void pop_pool(void* pool) const { pop_pool_(pool); }
  const void* stack_block_class() const { return stack_block_class_; }
  Id create_default_device() const { return create_default_device_(); }
  Id copy_all_devices() const { return copy_all_devices_(); }

 private:
  using Entry = void (*)();
  Objc(DeviceChoice choice);

  Entry message_ = nullptr;
  SelectorType* (*selector_)(const char*) = nullptr;
  Id (*get_class_)(const char*) = nullptr;
  Id (*retain_)(Id) = nullptr;
  void (*release_)(Id) = nullptr;
  void* (*push_pool_)() = nullptr;
  void (*pop_pool_)(void*) = nullptr;
  const void* stack_block_class_ = nullptr;
  Id (*create_default_device_)() = nullptr;
  Id (*copy_all_devices_)() = nullptr;
};

/// Releases at its end what was autoreleased in its scope: around every entry from outside, since neither
/// libuv's threads nor a host's have a pool.
class AutoreleasePool {
 public:
  explicit AutoreleasePool(const Objc& objc) : objc_(objc), pool_(objc.push_pool()) {}
  ~AutoreleasePool() { objc_.pop_pool(pool_); }
  AutoreleasePool(const AutoreleasePool&) = delete;
  AutoreleasePool& operator=(const AutoreleasePool&) = delete;

 private:
  const Objc& objc_;
  void* pool_;
};

}  // namespace fa::metal
