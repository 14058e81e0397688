#include "metal/buffer.h"

#include "metal/heap.h"
#include "metal/property.h"
#include "metal/validation.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLBuffer";
constexpr uint64_t kPurgeableNonVolatile = 2;

// Private memory has an address of its own that the host is never told.
void* contents(Buffer* buffer, Selector) {
  return buffer->options.storage() == StorageMode::kPrivate ? nullptr : buffer->memory->address();
}

void did_modify_range(Buffer* buffer, Selector, IndexRange range) {
  const char* call = "-[MTLBuffer didModifyRange:]";
  if (buffer->options.storage() != StorageMode::kManaged) {
    report_refusal(ReportKind::kEncoding, call, "only applies to a buffer of storage mode managed");
  } else if (range.location > buffer->memory->length() ||
             range.length > buffer->memory->length() - range.location) {
    report_refusal(ReportKind::kEncoding, call,
                   "range (" + std::to_string(range.location) + ", " + std::to_string(range.length) +
                       ") is outside the buffer of length " + std::to_string(buffer->memory->length()));
  }
}

uint64_t set_purgeable_state(Buffer*, Selector, uint64_t) { return kPurgeableNonVolatile; }

uint64_t length(Buffer* buffer, Selector) { return buffer->memory->length(); }

}  // namespace

Buffer::Buffer(Device* device, std::shared_ptr<Memory> memory, uint64_t options)
    : Object(class_named(kClass)), device(device), memory(std::move(memory)), options{options} {}

Buffer::~Buffer() { memory->owner_gone = true; }

// A heap's buffers are untracked unless asked for, all others tracked.
HazardTracking Buffer::hazard_tracking() const {
  if (options.hazard_tracking() != HazardTracking::kDefault) return options.hazard_tracking();
  return heap ? heap->hazard_tracking() : HazardTracking::kTracked;
}

void register_buffer() {
  add_method(kClass, "contents", contents);
  add_method(kClass, "length", length);
  add_method(kClass, "allocatedSize", length);
  add_method(
      kClass, "gpuAddress", +[](Buffer* buffer, Selector) -> uint64_t {
        return reinterpret_cast<uint64_t>(buffer->memory->address());
      });
  add_method(kClass, "storageMode", +[](Buffer* buffer, Selector) { return buffer->options.storage(); });
  add_method(
      kClass, "cpuCacheMode", +[](Buffer* buffer, Selector) { return buffer->options.cpu_cache_mode(); });
  add_method(
      kClass, "hazardTrackingMode", +[](Buffer* buffer, Selector) { return buffer->hazard_tracking(); });
  add_method(kClass, "resourceOptions", +[](Buffer* buffer, Selector) { return buffer->options.bits; });
  add_method(kClass, "didModifyRange:", did_modify_range);
  add_method(kClass, "setPurgeableState:", set_purgeable_state);
  add_getter<&Buffer::device>(kClass, "device");
  add_getter<&Buffer::heap>(kClass, "heap");
  add_property<&Buffer::label>(kClass, "label", "setLabel:");
}

}  // namespace softmetal
