// From a receiver and a selector to the method: a cache that is read without a lock, and everything that can
// be wrong with a message.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <mutex>

#include "objc/class.h"
#include "report/report.h"
#include "settings/settings.h"

extern "C" {
void sm_objc_zero();
#ifdef __x86_64__
void sm_objc_zero_stret();
void sm_objc_zero_fpret();
#endif
}

namespace softmetal {
namespace {

// Which of the entry points in msgsend_*.S was called.
enum MessageEntry : unsigned { kPlain = 0, kStructResult = 1, kFloatingResult = 2 };

struct Resolved {
  const Class* isa;
  Selector selector;
  const MethodEntry* method;
};
struct Hash {
  size_t operator()(const std::pair<const Class*, Selector>& key) const {
    return (reinterpret_cast<uintptr_t>(key.first) >> 4) * 31 +
           (reinterpret_cast<uintptr_t>(key.second) >> 3);
  }
};
using ResolvedMap = std::unordered_map<std::pair<const Class*, Selector>, Resolved, Hash>;

constexpr size_t kSlots = 4096;
std::atomic<const Resolved*> slots[kSlots];

// Guards every class's methods and the writing of slots. What a slot pointed at stays readable for ever.
struct Writers {
  std::mutex mutex;
  std::list<ResolvedMap> generations{1};
};
Writers& writers() {
  static Writers* one = new Writers;
  return *one;
}

std::atomic<const Resolved*>& slot_of(const Class* isa, Selector selector) {
  return slots[Hash()({isa, selector}) % kSlots];
}

const MethodEntry* cached(const Class* isa, Selector selector) {
  const Resolved* entry = slot_of(isa, selector).load(std::memory_order_acquire);
  return entry && entry->isa == isa && entry->selector == selector ? entry->method : nullptr;
}

std::string name_of_message(const Object* self, Selector selector) {
  auto* as_class = is_object(self) ? dynamic_cast<const Class*>(self) : nullptr;
  const Class* isa = as_class ? as_class : self->isa;
  return std::string(as_class ? "+[" : "-[") + isa->name + " " + text_of(selector) + "]";
}

std::string in_hexadecimal(const void* address) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%" PRIxPTR, reinterpret_cast<uintptr_t>(address));
  return text;
}

void report(ReportKind kind, const std::string& message) {
  Settings settings = current_settings();
  if (!settings.log) std::fprintf(stderr, "softmetal: %s\n", message.c_str());
  Report found{};
  found.kind = kind;
  found.message = message;
  ReportLog::shared().add(found);
  if (kind == ReportKind::kUnknownSelector && settings.abort_on_unknown_selector) std::abort();
}

Method zero_of(unsigned entry) {
#ifdef __x86_64__
  if (entry == kStructResult) return &sm_objc_zero_stret;
  if (entry == kFloatingResult) return &sm_objc_zero_fpret;
#endif
  (void)entry;
  return &sm_objc_zero;
}

void report_no_object(const Object* self, Selector selector) {
  if (is_zombie(self)) {
    return report(ReportKind::kObject,
                  name_of_message(self, selector) + ": message to a freed object, " + in_hexadecimal(self));
  }
  std::string hint;
#ifdef __x86_64__
  hint = " (a method with a structure result of more than 16 bytes is called by objc_msgSend_stret here)";
#endif
  report(ReportKind::kObject, "a message to " + in_hexadecimal(self) + ", which is no object" + hint);
}

// A message that the cache does not answer.
Method look_further(Object* self, Selector selector, unsigned entry) {
  Class* isa = is_block(self) ? block_class() : nullptr;
  if (!isa) {
    if (!is_object(self)) {
      report_no_object(self, selector);
      return zero_of(entry);
    }
    isa = self->isa;
  }
  if (!is_selector(selector)) {
    report(ReportKind::kUnknownSelector,
           std::string(isa->name) + ": a selector that did not come from sel_registerName");
    return zero_of(entry);
  }
  const MethodEntry* method = find_method(isa, selector);
  std::string name =
      is_block(self) ? "-[NSBlock " + std::string(text_of(selector)) + "]" : name_of_message(self, selector);
  if (!method) {
    report(ReportKind::kUnknownSelector, name + ": unrecognized selector sent to " + in_hexadecimal(self));
    return zero_of(entry);
  }
  if (method->result_in_memory != (entry == kStructResult)) {
    report(ReportKind::kObject, name + ": its result is " + (method->result_in_memory ? "" : "not ") +
                                    "a structure of more than 16 bytes: call objc_msgSend" +
                                    (method->result_in_memory ? "_stret" : ""));
    return zero_of(entry);
  }
  return method->function;
}

}  // namespace

void report_object(const std::string& message) { report(ReportKind::kObject, message); }

bool add_entry(Class* isa, Selector selector, Method method, const char* types, bool replace) {
  EncodedType result = encoded_type(types);
  bool in_memory = false;
#ifdef __x86_64__
  in_memory = result.kind == '{' && result.size > 16;
#endif
  (void)result;
  std::lock_guard guard(writers().mutex);
  const MethodEntry*& entry = isa->methods[selector];
  if (entry && !replace) return false;
  entry = new MethodEntry{selector, method, types, in_memory};
  if (!writers().generations.back().empty()) {
    for (auto& slot : slots) slot.store(nullptr, std::memory_order_release);
    writers().generations.emplace_back();
  }
  return true;
}

const MethodEntry* find_method(Class* isa, Selector selector) {
  if (const MethodEntry* method = cached(isa, selector)) return method;
  run_registrations();
  std::lock_guard guard(writers().mutex);
  for (Class* owner = isa; owner; owner = owner->super) {
    auto found = owner->methods.find(selector);
    if (found == owner->methods.end()) continue;
    auto& known = writers().generations.back();
    auto entry = known.try_emplace({isa, selector}, Resolved{isa, selector, found->second}).first;
    slot_of(isa, selector).store(&entry->second, std::memory_order_release);
    return found->second;
  }
  return nullptr;
}

Method find_for_message(Object* self, Selector selector, unsigned entry) {
  if (is_object(self)) {
    const MethodEntry* method = cached(self->isa, selector);
    if (method && method->result_in_memory == (entry == kStructResult)) return method->function;
  }
  return look_further(self, selector, entry);
}

}  // namespace softmetal
