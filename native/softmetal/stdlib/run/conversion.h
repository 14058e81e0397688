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
