// The devices that this one can be: data from profiles/*.json, made into a table by profiles/generate.mjs.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace softmetal {

struct Profile {
  const char *profile, *name, *architecture, *driver_error_domain;
  uint64_t registry_id;
  uint64_t max_threads_per_threadgroup, thread_execution_width, max_threadgroup_memory_length;
  uint64_t max_buffer_length, recommended_max_working_set_size;
  uint64_t buffer_arguments, threadgroup_arguments;  // sizes of the argument tables
  uint64_t max_bytes_length;                         // of setBytes:length:atIndex:
  uint64_t no_copy_alignment;                        // of newBufferWithBytesNoCopy:, pointer and length
  uint64_t max_command_buffers;                      // of a queue, unless it is asked for another number
  uint64_t max_language_version;                     // MTLLanguageVersion
  std::vector<int64_t> families;                     // MTLGPUFamily
};

const std::vector<Profile>& all_profiles();
// Null for an unknown name.
const Profile* find_profile(std::string_view name);

}  // namespace softmetal
