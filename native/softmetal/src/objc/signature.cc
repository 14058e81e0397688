// NSMethodSignature, which clients ask for to see whether an object has a method.
#include "objc/builtin.h"
#include "objc/class.h"
#include "objc/foundation.h"

namespace softmetal {
namespace {

struct MethodSignature : Object {
  explicit MethodSignature(std::string types)
      : Object(class_named("NSMethodSignature")), types(std::move(types)) {}
  std::string description() const override { return types; }
  std::string types;
};

Object* signature_of(Class* isa, Selector selector) {
  const MethodEntry* method = is_selector(selector) ? find_method(isa, selector) : nullptr;
  return method ? autorelease(new MethodSignature(method->types)) : nullptr;
}

}  // namespace

void add_signature_methods() {
  add_method(
      "NSObject", "methodSignatureForSelector:", +[](Object* self, Selector, Selector asked) {
        return signature_of(self->isa, asked);
      });
  add_class_method(
      "NSObject", "instanceMethodSignatureForSelector:", +[](Class* self, Selector, Selector asked) {
        return signature_of(self, asked);
      });
  add_method(
      "NSMethodSignature", "numberOfArguments", +[](MethodSignature* self, Selector) -> unsigned long {
        return encoded_arguments(self->types.c_str(), 0);
      });
  add_method(
      "NSMethodSignature", "methodReturnLength", +[](MethodSignature* self, Selector) -> unsigned long {
        return encoded_type(self->types.c_str()).size;
      });
}

}  // namespace softmetal
