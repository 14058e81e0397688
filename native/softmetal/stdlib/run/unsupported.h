// Parts of MSL that this device does not have. The types exist, so that a program that merely mentions them
// is accepted; using one stops with the reason. Logging is accepted and ignored.
#pragma once
#include "types.h"

namespace metal {

enum class access { sample, read, write, read_write };

#define SM_TEXTURE(name)                                                                      \
  template <class T, access a = access::sample>                                               \
  struct name {                                                                               \
    static_assert(sizeof(T) == 0, "textures are not supported by the software Metal device"); \
  };
SM_TEXTURE(texture1d)
SM_TEXTURE(texture1d_array)
SM_TEXTURE(texture2d)
SM_TEXTURE(texture2d_array)
SM_TEXTURE(texture2d_ms)
SM_TEXTURE(texture3d)
SM_TEXTURE(texturecube)
SM_TEXTURE(texturecube_array)
SM_TEXTURE(texture_buffer)
SM_TEXTURE(depth2d)
SM_TEXTURE(depth2d_array)
SM_TEXTURE(depthcube)
#undef SM_TEXTURE

enum class address { clamp_to_zero, clamp_to_edge, repeat, mirrored_repeat, clamp_to_border };
enum class filter { nearest, linear };
enum class mip_filter { none, nearest, linear };
enum class coord { normalized, pixel };
enum class compare_func { never, less, less_equal, greater, greater_equal, equal, not_equal, always };
struct sampler {
  template <class... Options>
  constexpr sampler(Options...) {}
};

struct os_log {
  constexpr os_log() {}
  constexpr os_log(const char*, const char*) {}
  template <class... A>
  constexpr void log(const char*, A...) const {}
  template <class... A>
  constexpr void log_debug(const char*, A...) const {}
  template <class... A>
  constexpr void log_info(const char*, A...) const {}
  template <class... A>
  constexpr void log_error(const char*, A...) const {}
  template <class... A>
  constexpr void log_fault(const char*, A...) const {}
};
inline constexpr os_log os_log_default;

}  // namespace metal
