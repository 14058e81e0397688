// One past access in one word: when it was, by which thread, from which place in the shader. A word of zero
// is an access before all times. What "when" counts is up to the history that holds the slot.
#pragma once

#include <cstdint>

namespace softmetal {

using Slot = uint64_t;

constexpr int kSiteBits = 22, kThreadBits = 10;

inline Slot make_slot(uint32_t time, uint32_t thread, uint32_t site) {
  return static_cast<Slot>(time) << 32 | static_cast<Slot>(thread) << kSiteBits | site;
}
inline uint32_t time_of(Slot slot) { return static_cast<uint32_t>(slot >> 32); }
inline uint32_t thread_of(Slot slot) { return slot >> kSiteBits & ((1u << kThreadBits) - 1); }
inline uint32_t site_of(Slot slot) { return slot & ((1u << kSiteBits) - 1); }

}  // namespace softmetal
