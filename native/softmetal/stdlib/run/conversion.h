// as_type: the same bits as another type of the same size.
#pragma once
#include "packed.h"

template <class To, class From>
constexpr To as_type(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "as_type needs types of the same size");
  return __builtin_bit_cast(To, from);
}
namespace metal {
using ::as_type;
}

namespace sm {
// static_cast, also between half and bfloat, which the compiler does not convert to each other.
template <class To, class From>
[[gnu::always_inline]] constexpr To cast(From&& from) {
  typedef __remove_cvref(From) source;
  constexpr bool both = (__is_same(To, half) && __is_same(source, bfloat)) ||
                        (__is_same(To, bfloat) && __is_same(source, half));
  if constexpr (both) {
    return static_cast<To>(static_cast<float>(from));
  } else {
    return static_cast<To>(static_cast<From&&>(from));
  }
}
}  // namespace sm
