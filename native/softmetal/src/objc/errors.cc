// NSError.
#include "objc/builtin.h"
#include "objc/foundation.h"

namespace softmetal {

Error::Error(std::string domain, int64_t code, std::string description)
    : Object(class_named(kClassName)), domain(std::move(domain)), text(std::move(description)), code(code) {}
Error::~Error() { release(user_info); }

std::string Error::description() const {
  return "Error Domain=" + domain + " Code=" + std::to_string(code) + " \"" + text + "\"";
}

void set_error(Object** error, const char* domain, int64_t code, std::string description) {
  if (error) *error = autorelease(new Error(domain, code, std::move(description)));
}

namespace {

constexpr const char* kDescriptionKey = "NSLocalizedDescription";
constexpr const char* kReasonKey = "NSLocalizedFailureReason";

Object* make_error(Object* domain, long code, Object* user_info) {
  Error* error = new Error(std::string(text_of(domain)), code, "");
  error->user_info = checked<Dictionary>(retain(user_info), "errorWithDomain:code:userInfo:");
  String key(kDescriptionKey), reason(kReasonKey);
  if (error->user_info) {
    error->text = text_of(error->user_info->find(&key));
    error->failure_reason = text_of(error->user_info->find(&reason));
  }
  if (error->text.empty()) {
    error->text =
        "The operation couldn't be completed. (" + error->domain + " error " + std::to_string(code) + ".)";
  }
  return error;
}

Object* user_info(Error* self, Selector) {
  if (self->user_info) return self->user_info;
  Dictionary* made = new Dictionary;
  made->set(autoreleased_string(kDescriptionKey), autoreleased_string(self->text));
  if (!self->failure_reason.empty()) {
    made->set(autoreleased_string(kReasonKey), autoreleased_string(self->failure_reason));
  }
  return autorelease(made);
}

}  // namespace

void add_error_methods() {
  add_class_method(
      "NSError", "errorWithDomain:code:userInfo:",
      +[](Class*, Selector, Object* domain, long code, Object* info) -> Object* {
        return autorelease(make_error(domain, code, info));
      });
  add_method(
      "NSError", "domain",
      +[](Error* self, Selector) -> Object* { return autoreleased_string(self->domain); });
  add_method("NSError", "code", +[](Error* self, Selector) -> long { return self->code; });
  add_method(
      "NSError", "localizedDescription",
      +[](Error* self, Selector) -> Object* { return autoreleased_string(self->text); });
  add_method(
      "NSError", "localizedFailureReason", +[](Error* self, Selector) -> Object* {
        return self->failure_reason.empty() ? nullptr : autoreleased_string(self->failure_reason);
      });
  add_method("NSError", "localizedRecoverySuggestion", +[](Error*, Selector) -> Object* { return nullptr; });
  add_method("NSError", "userInfo", &user_info);
}

}  // namespace softmetal
