// What softmetal/objc.h does not let a host write. All of it is decided while this file compiles.
#include <atomic>
#include <string>

#include "check.h"
#include "softmetal/objc.h"

using namespace softmetal::objc;

namespace {

struct Size {
  NSUInteger width, height, depth;
};
struct Range {
  NSUInteger location, length;
};
struct Literal {
  void* isa;
};
struct Counted {
  std::string text;
};
enum StorageMode : NSUInteger { kShared };
enum Small : int { kSmall };
using Function = void (*)();

template <class... A>
concept CanSend = requires(id receiver, SEL selector, A... arguments) {
  send_selector<void>(receiver, selector, arguments...);
};
template <class R>
concept CanReturn = requires(id receiver, SEL selector) { send_selector<R>(receiver, selector); };
template <class... A>
concept CanCallDirectly = requires(A... arguments) { objc_msgSend(arguments...); };

// All of the same outcome, by name.
#define HOLDS(...)            \
  static_assert(__VA_ARGS__); \
  CHECK((__VA_ARGS__))

TEST("arguments whose type says how they travel are taken") {
  HOLDS(CanSend<>);
  HOLDS(CanSend<id, Class, SEL, id*, const id*>);
  HOLDS(CanSend<NSUInteger, NSInteger, uint64_t, StorageMode>);
  HOLDS(CanSend<bool, float, double>);
  HOLDS(CanSend<Size, Range>);
  HOLDS(CanSend<const void*, void*, const Literal*, const float*>);
  HOLDS(CanSend<Exact<int>, Exact<const char*>, Exact<uint8_t>>);
}

TEST("a literal 0, an int, nullptr and characters are refused") {
  HOLDS(!CanSend<int> && !CanSend<unsigned> && !CanSend<short> && !CanSend<uint8_t>);
  HOLDS(!CanSend<decltype(nullptr)>);
  HOLDS(!CanSend<char*> && !CanSend<const char*> && !CanSend<char> && !CanSend<char16_t>);
  HOLDS(!CanSend<long double>);
  HOLDS(!CanSend<Small>);
  HOLDS(!CanSend<id, int> && !CanSend<int, id>);
}

TEST("what was promoted from bool, C++ objects and functions are refused") {
  HOLDS(!CanSend<decltype(true + false)> && !CanSend<decltype(+true)>);
  HOLDS(!CanSend<std::string> && !CanSend<Counted>);
  HOLDS(!CanSend<Function>);
  HOLDS(!CanReturn<Counted> && !CanReturn<id&>);
  HOLDS(CanReturn<void> && CanReturn<Size> && CanReturn<bool> && CanReturn<int> && CanReturn<const char*>);
}

TEST("a small argument after the last register is refused: Apple packs it, others do not") {
  HOLDS(CanSend<id, id, id, id, id, Exact<uint8_t>>);
  HOLDS(!CanSend<id, id, id, id, id, id, Exact<uint8_t>>);
  HOLDS(CanSend<id, id, id, id, id, id, id, id, id>);
  HOLDS(CanSend<Range, Range, Exact<int>> && !CanSend<Range, Range, Range, Exact<int>>);
  HOLDS(CanSend<Size, Size, Size, Size, Size, Exact<int>> &&
        !CanSend<Size, Size, Size, Size, Size, Size, bool>);
  HOLDS(CanSend<float, float, float, float, float, float, float, float>);
  HOLDS(!CanSend<float, float, float, float, float, float, float, float, float>);
  HOLDS(CanSend<double, double, double, double, double, double, double, double, double>);
}

TEST("objc_msgSend cannot be called but through send") {
  HOLDS(!CanCallDirectly<>);
  HOLDS(!CanCallDirectly<id, SEL>);
  HOLDS(!CanCallDirectly<id, SEL, NSUInteger>);
  HOLDS(!CanCallDirectly<id>);
  HOLDS(!CanCallDirectly<decltype(nullptr)> && !CanCallDirectly<int>);
}

TEST("a selector has as many colons as there are arguments") {
  HOLDS(colons_in("") == 0 && colons_in("count") == 0 && colons_in("setBuffer:offset:atIndex:") == 3);
  // Stops the compiler when they differ; here they agree.
  constexpr SelectorText<id, NSUInteger, NSUInteger> selector("setBuffer:offset:atIndex:");
  CHECK_EQUAL(std::string(selector.text), "setBuffer:offset:atIndex:");
}

}  // namespace
