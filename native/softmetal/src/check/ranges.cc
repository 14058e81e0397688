#include "check/ranges.h"

#include <algorithm>
#include <cstring>

namespace softmetal {
namespace {

constexpr uint64_t kImageMargin = 4096;

uint64_t number(const void* address) { return reinterpret_cast<uint64_t>(address); }

Protection protection_of(const sm_argument& argument, const BufferBinding& binding) {
  if (!binding.writable) return Protection::kSetBytes;
  if (argument.flags & SM_ARGUMENT_CONSTANT) return Protection::kConstant;
  return argument.flags & SM_ARGUMENT_WRITABLE ? Protection::kNone : Protection::kConstDevice;
}

const char* threadgroup_name(const sm_kernel& kernel, int index) {
  for (sm_uint i = 0; i < kernel.argument_count; ++i) {
    const sm_argument& argument = kernel.arguments[i];
    bool same = argument.kind == SM_ARGUMENT_THREADGROUP && argument.index == static_cast<sm_uint>(index);
    if (same) return argument.name;
  }
  return "";
}

bool overlap(const ArgumentRange& a, const ArgumentRange& b) {
  return a.begin < b.begin + b.length && b.begin < a.begin + a.length;
}

}  // namespace

ArgumentRanges::ArgumentRanges(const Dispatch& dispatch) : dispatch_(dispatch) {
  add_arguments(dispatch);
  add_resident(dispatch);
  mark_quiet(dispatch.order_domain == 0);
  const LoadedKernel& kernel = *dispatch.kernel;
  if (kernel.image_begin) {
    ArgumentRange image;
    image.begin = number(kernel.image_begin);
    image.length = number(kernel.image_end) - image.begin;
    image.space = Space::kProgram;
    image.protection = Protection::kProgram;
    image.quiet = true;
    fixed_.push_back(image);
  }
  ranges_ = fixed_;
  sort();
}

void ArgumentRanges::add_arguments(const Dispatch& dispatch) {
  const sm_kernel& kernel = *dispatch.kernel->table;
  for (sm_uint i = 0; i < kernel.argument_count; ++i) {
    const sm_argument& argument = kernel.arguments[i];
    if (argument.kind != SM_ARGUMENT_BUFFER || argument.index >= SM_BUFFERS) continue;
    const BufferBinding& binding = dispatch.buffers[argument.index];
    if (!binding.address || binding.length == 0) continue;
    ArgumentRange range;
    range.begin = number(binding.address);
    range.length = binding.length;
    range.protection = protection_of(argument, binding);
    range.index = static_cast<int>(argument.index);
    range.name = argument.name ? argument.name : "";
    fixed_.push_back(range);
  }
}

void ArgumentRanges::add_resident(const Dispatch& dispatch) {
  for (const ResidentRange& resident : dispatch.resident) {
    if (!resident.address || resident.length == 0) continue;
    ArgumentRange range;
    range.begin = number(resident.address);
    range.length = resident.length;
    fixed_.push_back(range);
  }
}

// Copies that setBytes made belong to the command: nobody writes them. A buffer that no argument of this
// kernel may write cannot be in a race, as long as no other dispatch runs beside this one.
void ArgumentRanges::mark_quiet(bool ordered) {
  for (ArgumentRange& range : fixed_) {
    range.quiet = range.protection == Protection::kSetBytes;
    if (range.quiet || !ordered) continue;
    range.quiet = std::none_of(fixed_.begin(), fixed_.end(), [&](const ArgumentRange& other) {
      return other.protection == Protection::kNone && overlap(range, other);
    });
  }
}

bool ArgumentRanges::place(const GroupMemory& memory) {
  if (!std::memcmp(&memory, &placed_, sizeof memory)) return false;
  placed_ = memory;
  ranges_ = fixed_;
  for (int i = 0; i < SM_BUFFERS; ++i) {
    if (dispatch_.threadgroup_lengths[i] == 0) continue;
    ArgumentRange range;
    range.group_offset = memory.argument_offset[i];
    range.begin = number(memory.base) + range.group_offset;
    range.length = dispatch_.threadgroup_lengths[i];
    range.space = Space::kThreadgroup;
    range.index = i;
    range.name = threadgroup_name(*dispatch_.kernel->table, i);
    ranges_.push_back(range);
  }
  add_variables(memory);
  sort();
  return true;
}

void ArgumentRanges::add_variables(const GroupMemory& memory) {
  const sm_kernel& kernel = *dispatch_.kernel->table;
  ArgumentRange range;
  range.space = Space::kThreadgroup;
  for (const sm_variable* one = kernel.variables_begin; one != kernel.variables_end; ++one) {
    range.group_offset = memory.static_offset + static_cast<uint64_t>(one->image - kernel.static_image);
    range.begin = number(memory.base) + range.group_offset;
    range.length = one->size;
    range.name = one->name ? one->name : "";
    if (range.length > 0) ranges_.push_back(range);
  }
}

void ArgumentRanges::sort() {
  std::stable_sort(ranges_.begin(), ranges_.end(),
                   [](const ArgumentRange& a, const ArgumentRange& b) { return a.begin < b.begin; });
  reach_.clear();
  uint64_t reach = 0;
  for (const ArgumentRange& range : ranges_) {
    reach = std::max(reach, range.begin + range.length);
    reach_.push_back(reach);
  }
}

int ArgumentRanges::find(uint64_t address, uint64_t size, bool writes) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](uint64_t a, const ArgumentRange& range) { return a < range.begin; });
  int found = kNone;
  for (int i = static_cast<int>(after - ranges_.begin()) - 1; i >= 0 && reach_[i] > address; --i) {
    if (!ranges_[i].holds(address, size)) continue;
    if (!writes || ranges_[i].protection == Protection::kNone) return i;
    if (found == kNone) found = i;
  }
  return found;
}

int ArgumentRanges::nearest(uint64_t address, uint64_t size) const {
  int best = kNone;
  uint64_t least = ~uint64_t(0);
  for (size_t i = 0; i < ranges_.size(); ++i) {
    const ArgumentRange& range = ranges_[i];
    uint64_t end = range.begin + range.length;
    uint64_t distance = 0;  // of an access that begins inside and ends outside
    if (address >= end) distance = address - end;
    if (address < range.begin) distance = address + size > range.begin ? 0 : range.begin - (address + size);
    // The program's own image lies somewhere among the system's libraries; only what is next to it means it.
    if (range.space == Space::kProgram && distance > kImageMargin) continue;
    if (distance < least) {
      least = distance;
      best = static_cast<int>(i);
    }
  }
  return best;
}

}  // namespace softmetal
