// Objective-C messages from C++ without Apple's headers, for hosts and tests:
//
//   id buffer = send<id>(device, "newBufferWithLength:options:", NSUInteger{4096}, NSUInteger{0});
//
// send() casts objc_msgSend to exactly the prototype that the types of its arguments spell. A call whose
// types could be read in two ways does not compile: on arm64 a variadic call works on Linux and passes
// garbage on a Mac, and an `int` where a method takes NSUInteger leaves half a register undefined.
//
// With SOFTMETAL_OBJC_DYNAMIC nothing is linked: call load() with a lookup such as dlsym first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace softmetal::objc {

struct ObjectType {};
struct ClassType : ObjectType {};
struct SelectorType {};
using id = ObjectType*;
using Class = ClassType*;
using SEL = SelectorType*;
using NSUInteger = unsigned long;
using NSInteger = long;
constexpr id nil = nullptr;

// What objc_msgSend is declared to take, so that a call of it does not compile.
class CallSendInstead {
  CallSendInstead() = delete;
};

}  // namespace softmetal::objc

#ifndef SOFTMETAL_OBJC_DYNAMIC
extern "C" {
void objc_msgSend(softmetal::objc::CallSendInstead);
#ifdef __x86_64__
void objc_msgSend_stret(softmetal::objc::CallSendInstead);
void objc_msgSend_fpret(softmetal::objc::CallSendInstead);
#endif
softmetal::objc::SEL sel_registerName(const char* name);
softmetal::objc::Class objc_getClass(const char* name);
softmetal::objc::id objc_retain(softmetal::objc::id object);
void objc_release(softmetal::objc::id object);
void* objc_autoreleasePoolPush();
void objc_autoreleasePoolPop(void* pool);
}
#endif

namespace softmetal::objc {

// ---- the runtime's functions
using Entry = void (*)();
struct Runtime {
  Entry message = nullptr, message_stret = nullptr, message_fpret = nullptr;
  SEL (*selector)(const char*) = nullptr;
  Class (*get_class)(const char*) = nullptr;
  id (*retain)(id) = nullptr;
  void (*release)(id) = nullptr;
  void* (*push_pool)() = nullptr;
  void (*pop_pool)(void*) = nullptr;
};

#ifdef SOFTMETAL_OBJC_DYNAMIC
inline Runtime loaded_runtime;
inline const Runtime& runtime() { return loaded_runtime; }

// `symbol`: name -> address or null. The name of the first function that is missing, or null.
template <class Lookup>
const char* load(Lookup symbol) {
  const char* missing = nullptr;
  auto get = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(symbol(name));
    if (!function && !missing) missing = name;
  };
  Runtime& all = loaded_runtime;
  get(all.message, "objc_msgSend");
#ifdef __x86_64__
  get(all.message_stret, "objc_msgSend_stret");
  get(all.message_fpret, "objc_msgSend_fpret");
#endif
  get(all.selector, "sel_registerName");
  get(all.get_class, "objc_getClass");
  get(all.retain, "objc_retain");
  get(all.release, "objc_release");
  get(all.push_pool, "objc_autoreleasePoolPush");
  get(all.pop_pool, "objc_autoreleasePoolPop");
  return missing;
}
#else
inline const Runtime& runtime() {
  static const Runtime linked = {reinterpret_cast<Entry>(&::objc_msgSend),
#ifdef __x86_64__
                                 reinterpret_cast<Entry>(&::objc_msgSend_stret),
                                 reinterpret_cast<Entry>(&::objc_msgSend_fpret),
#else
                                 nullptr,
                                 nullptr,
#endif
                                 &::sel_registerName,
                                 &::objc_getClass,
                                 &::objc_retain,
                                 &::objc_release,
                                 &::objc_autoreleasePoolPush,
                                 &::objc_autoreleasePoolPop};
  return linked;
}
#endif

// ---- arguments
// A type that is easily meant otherwise, said on purpose: exactly<int>(3), exactly<const char*>(path).
template <class T>
struct Exact {
  T value;
};
template <class T>
constexpr Exact<T> exactly(std::type_identity_t<T> value) {
  return {value};
}

template <class T>
struct Passed {
  using Type = T;
  static T from(T value) { return value; }
};
template <class T>
struct Passed<Exact<T>> {
  using Type = T;
  static T from(Exact<T> exact) { return exact.value; }
};

template <class T>
constexpr bool kIsCharacter = std::is_same_v<std::remove_cv_t<T>, char>;

template <class T>
constexpr bool is_clear_argument() {
  if constexpr (std::is_same_v<T, bool> || std::is_same_v<T, float> || std::is_same_v<T, double>) return true;
  if constexpr (std::is_integral_v<T>) return sizeof(T) == 8;  // NSUInteger, NSInteger
  if constexpr (std::is_enum_v<T>) return sizeof(T) == 8;      // NS_ENUM
  if constexpr (std::is_pointer_v<T>) {
    using Pointee = std::remove_pointer_t<T>;
    return !kIsCharacter<Pointee> && !std::is_function_v<Pointee>;
  }
  if constexpr (std::is_class_v<T>) return std::is_trivially_copyable_v<T> && !std::is_empty_v<T>;
  return false;  // int, 0, nullptr, long double, ...
}

// On arm64, arguments that no register is left for lie packed on Apple's stack and in slots of 8 bytes
// elsewhere.
template <class... A>
constexpr bool fits_both_stacks() {
  size_t general = 2, floating = 0;  // self and _cmd
  bool good = true;
  [[maybe_unused]] auto place = [&](bool is_floating, size_t size, bool is_class) {
    size_t registers = !is_class || size > 16 ? 1 : (size + 7) / 8;
    size_t& used = is_floating ? floating : general;
    used += registers;
    if (used > 8 && size % 8) good = false;
  };
  (place(std::is_floating_point_v<A>, sizeof(A), std::is_class_v<A>), ...);
  return good;
}

template <class T>
concept ClearArgument = is_clear_argument<T>();
template <class... A>
concept ClearArguments = (ClearArgument<A> && ...) && fits_both_stacks<typename Passed<A>::Type...>();
template <class R>
concept ClearResult = std::is_void_v<R> || std::is_arithmetic_v<R> || std::is_enum_v<R> ||
                      std::is_pointer_v<R> || (std::is_class_v<R> && std::is_trivially_copyable_v<R>);

constexpr size_t colons_in(const char* selector) {
  size_t count = 0;
  for (; *selector; selector++) count += *selector == ':';
  return count;
}
void this_selector_takes_another_number_of_arguments();  // not constexpr: stops the compiler

template <class... A>
struct SelectorText {
  consteval SelectorText(const char* text) : text(text) {
    if (colons_in(text) != sizeof...(A)) this_selector_takes_another_number_of_arguments();
  }
  const char* text;
};

// ---- messages
template <class R>
Entry entry_for() {
#ifdef __x86_64__
  if constexpr (std::is_class_v<R>) {
    if (sizeof(R) > 16) return runtime().message_stret;
  }
  if constexpr (std::is_same_v<R, long double>) return runtime().message_fpret;
#endif
  return runtime().message;
}

template <class R, class... A>
  requires ClearResult<R> && ClearArguments<A...>
R send_selector(id receiver, SEL selector, A... arguments) {
  if constexpr (std::is_class_v<R>) {
    if (!receiver) return R{};  // the runtime would leave it as it was
  }
  using Function = R (*)(id, SEL, typename Passed<A>::Type...);
  return reinterpret_cast<Function>(entry_for<R>())(receiver, selector, Passed<A>::from(arguments)...);
}

template <class R, class... A>
  requires ClearResult<R> && ClearArguments<A...>
R send(id receiver, std::type_identity_t<SelectorText<A...>> selector, A... arguments) {
  return send_selector<R>(receiver, runtime().selector(selector.text), arguments...);
}

// ---- ownership
// What is autoreleased in its scope goes at its end: around each entry from outside and each handler.
class Pool {
 public:
  Pool() : token_(runtime().push_pool()) {}
  ~Pool() { runtime().pop_pool(token_); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

 private:
  void* token_;
};

// One reference.
class Owned {
 public:
  Owned() = default;
  // `adopted` comes with a reference: from methods called new, alloc, copy and functions called Create.
  explicit Owned(id adopted) : object_(adopted) {}
  static Owned retaining(id object) { return Owned(runtime().retain(object)); }
  Owned(const Owned& other) : object_(runtime().retain(other.object_)) {}
  Owned(Owned&& other) noexcept : object_(std::exchange(other.object_, nil)) {}
  Owned& operator=(Owned other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Owned() { runtime().release(object_); }

  id get() const { return object_; }
  id give() { return std::exchange(object_, nil); }
  explicit operator bool() const { return object_ != nil; }

 private:
  id object_ = nil;
};

// ---- the commonest things
inline Class class_named(const char* name) { return runtime().get_class(name); }

// Autoreleased; nil when it is not UTF-8.
inline id string(const char* utf8) {
  return send<id>(class_named("NSString"), "stringWithUTF8String:", exactly<const char*>(utf8));
}
// A copy, since UTF8String lives no longer than the pool. Empty for nil.
inline std::string text(id string) {
  const char* characters = send<const char*>(string, "UTF8String");
  return characters ? characters : "";
}
inline std::string error_text(id error) { return text(send<id>(error, "localizedDescription")); }

}  // namespace softmetal::objc
