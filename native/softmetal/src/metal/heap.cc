#include "metal/heap.h"

#include "metal/buffer.h"
#include "metal/property.h"
#include "metal/validation.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLHeap";
constexpr char kDescriptor[] = "MTLHeapDescriptor";

Object* new_heap(Device* device, Selector, Object* object) {
  auto* descriptor = checked<HeapDescriptor>(object, "newHeapWithDescriptor:");
  const char* call = "-[MTLDevice newHeapWithDescriptor:]";
  if (!descriptor || descriptor->size == 0) {
    report_refusal(ReportKind::kEncoding, call, "the size of a heap must not be 0");
    return nullptr;
  }
  if (descriptor->type != 0) {
    report_refusal(ReportKind::kUnsupported, call, "only heaps of type automatic are modelled");
    return nullptr;
  }
  return new Heap(device, *descriptor);
}

SizeAndAlign size_and_align(Device*, Selector, uint64_t length, uint64_t) {
  return {allocation_size(length), kAllocationUnit};
}

uint64_t available(Heap* heap, Selector, uint64_t) {
  uint64_t used = *heap->used;
  return used < heap->size ? heap->size - used : 0;
}

// Nil without a report when the heap is full, as on a Mac.
Object* new_buffer(Heap* heap, Selector selector, uint64_t length, uint64_t options) {
  const char* call = "-[MTLHeap newBufferWithLength:options:]";
  if (ResourceOptions{options}.storage() != heap->options.storage()) {
    report_refusal(ReportKind::kEncoding, call, "the storage mode must be that of the heap");
    return nullptr;
  }
  if (allocation_size(length) > available(heap, selector, kAllocationUnit)) return nullptr;
  std::shared_ptr<Memory> memory = allocate_buffer_memory(*heap->device, length, options, call, heap->used);
  if (!memory) return nullptr;
  auto* buffer = new Buffer(heap->device.get(), std::move(memory), options);
  buffer->heap = heap;
  return buffer;
}

void register_descriptor() {
  allocate_with<HeapDescriptor>(kDescriptor);
  add_property<&HeapDescriptor::size>(kDescriptor, "size", "setSize:");
  add_property<&HeapDescriptor::type>(kDescriptor, "type", "setType:");
  add_property<&HeapDescriptor::storage>(kDescriptor, "storageMode", "setStorageMode:");
  add_property<&HeapDescriptor::cpu_cache_mode>(kDescriptor, "cpuCacheMode", "setCpuCacheMode:");
  add_property<&HeapDescriptor::hazard_tracking>(kDescriptor, "hazardTrackingMode", "setHazardTrackingMode:");
  add_method(kDescriptor, "resourceOptions", +[](HeapDescriptor* self, Selector) { return self->options(); });
  add_method(
      kDescriptor, "setResourceOptions:", +[](HeapDescriptor* self, Selector, uint64_t bits) {
        ResourceOptions options{bits};
        self->storage = options.storage();
        self->cpu_cache_mode = options.cpu_cache_mode();
        self->hazard_tracking = options.hazard_tracking();
      });
}

}  // namespace

HeapDescriptor::HeapDescriptor() : Object(class_named(kDescriptor)) {}

uint64_t HeapDescriptor::options() const {
  return cpu_cache_mode | static_cast<uint64_t>(storage) << 4 | static_cast<uint64_t>(hazard_tracking) << 8;
}

Heap::Heap(Device* device, const HeapDescriptor& descriptor)
    : Object(class_named(kClass)), device(device), size(descriptor.size), options{descriptor.options()} {}

HazardTracking Heap::hazard_tracking() const {
  HazardTracking asked = options.hazard_tracking();
  return asked == HazardTracking::kDefault ? HazardTracking::kUntracked : asked;
}

void register_heap() {
  register_descriptor();
  add_method("MTLDevice", "newHeapWithDescriptor:", new_heap);
  add_method("MTLDevice", "heapBufferSizeAndAlignWithLength:options:", size_and_align);
  add_method(kClass, "newBufferWithLength:options:", new_buffer);
  add_method(kClass, "maxAvailableSizeWithAlignment:", available);
  add_method(kClass, "usedSize", +[](Heap* heap, Selector) -> uint64_t { return *heap->used; });
  add_method(kClass, "currentAllocatedSize", +[](Heap* heap, Selector) { return heap->size; });
  add_method(kClass, "storageMode", +[](Heap* heap, Selector) { return heap->options.storage(); });
  add_method(kClass, "cpuCacheMode", +[](Heap* heap, Selector) { return heap->options.cpu_cache_mode(); });
  add_method(kClass, "hazardTrackingMode", +[](Heap* heap, Selector) { return heap->hazard_tracking(); });
  add_method(kClass, "resourceOptions", +[](Heap* heap, Selector) { return heap->options.bits; });
  add_method(kClass, "type", +[](Heap*, Selector) -> uint64_t { return 0; });
  add_method(kClass, "setPurgeableState:", +[](Heap*, Selector, uint64_t) -> uint64_t { return 2; });
  add_getter<&Heap::size>(kClass, "size");
  add_getter<&Heap::device>(kClass, "device");
  add_property<&Heap::label>(kClass, "label", "setLabel:");
}

}  // namespace softmetal
