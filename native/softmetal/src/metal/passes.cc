// MTLComputePassDescriptor, MTLBlitPassDescriptor and their arrays of sample buffer attachments.
#include "metal/counters.h"
#include "metal/property.h"

namespace softmetal {
namespace {

constexpr char kCompute[] = "MTLComputePassDescriptor";
constexpr char kBlit[] = "MTLBlitPassDescriptor";
constexpr char kArray[] = "MTLPassSampleBufferAttachmentDescriptorArray";
constexpr char kAttachment[] = "MTLPassSampleBufferAttachmentDescriptor";
constexpr uint64_t kMostAttachments = 4;

struct AttachmentArray : Object {
  explicit AttachmentArray(PassDescriptor* pass) : Object(class_named(kArray)), pass(pass) {}
  Ref<PassDescriptor> pass;
};

template <const char* Name>
Object* make_pass(Class*, Selector) {
  return autoreleased(Ref<PassDescriptor>::adopt(new PassDescriptor(Name)));
}

Object* attachments(PassDescriptor* pass, Selector) {
  return autoreleased(Ref<AttachmentArray>::adopt(new AttachmentArray(pass)));
}

// Made when first asked for, as in Metal.
Object* attachment_at(AttachmentArray* array, Selector, uint64_t index) {
  if (index >= kMostAttachments) return nullptr;
  auto& all = array->pass->attachments;
  while (all.size() <= index) all.push_back(Ref<SampleAttachmentObject>::adopt(new SampleAttachmentObject));
  return all[index].get();
}

template <auto Member>
void add_attachment_property(const char* getter, const char* setter) {
  using Cross = Crossing<typename MemberTraits<decltype(Member)>::Value>;
  add_method(
      kAttachment, getter,
      +[](SampleAttachmentObject* self, Selector) { return Cross::out(self->attachment.*Member); });
  add_method(
      kAttachment, setter,
      +[](SampleAttachmentObject* self, Selector selector, typename Cross::Outside value) {
        self->attachment.*Member = Cross::in(value, reinterpret_cast<const char*>(selector));
      });
}

}  // namespace

SampleAttachmentObject::SampleAttachmentObject() : Object(class_named(kAttachment)) {}

PassDescriptor::PassDescriptor(const char* class_name) : Object(class_named(class_name)) {}

std::vector<SampleAttachment> PassDescriptor::samples() const {
  std::vector<SampleAttachment> result;
  for (const auto& object : attachments) {
    if (object->attachment.samples) result.push_back(object->attachment);
  }
  return result;
}

void register_passes() {
  add_class_method(kCompute, "computePassDescriptor", make_pass<kCompute>);
  add_class_method(kBlit, "blitPassDescriptor", make_pass<kBlit>);
  set_allocator(class_named(kCompute), [](Class*) -> Object* { return new PassDescriptor(kCompute); });
  set_allocator(class_named(kBlit), [](Class*) -> Object* { return new PassDescriptor(kBlit); });
  add_property<&PassDescriptor::dispatch_type>(kCompute, "dispatchType", "setDispatchType:");
  for (const char* name : {kCompute, kBlit}) add_method(name, "sampleBufferAttachments", attachments);
  add_method(kArray, "objectAtIndexedSubscript:", attachment_at);
  add_attachment_property<&SampleAttachment::samples>("sampleBuffer", "setSampleBuffer:");
  add_attachment_property<&SampleAttachment::start>("startOfEncoderSampleIndex",
                                                    "setStartOfEncoderSampleIndex:");
  add_attachment_property<&SampleAttachment::end>("endOfEncoderSampleIndex", "setEndOfEncoderSampleIndex:");
}

}  // namespace softmetal
