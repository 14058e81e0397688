#include "metal/ordering.h"

#include <algorithm>
#include <atomic>

#include "metal/heap.h"

namespace softmetal {
namespace {

constexpr size_t kMostEntries = 256;  // older encoders count as finished

bool intersect(const std::set<const void*>& a, const std::set<const void*>& b) {
  return std::any_of(a.begin(), a.end(), [&](const void* one) { return b.count(one) != 0; });
}

bool directly_before(const EncoderOrder& first, const EncoderOrder& second) {
  return first.serial <= second.seen || intersect(first.updates, second.waits) ||
         intersect(first.written, second.tracked) || intersect(first.tracked, second.written);
}

}  // namespace

uint64_t next_order_domain() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

void EncoderOrder::note(const Buffer& buffer, bool writes) {
  if (!buffer.tracked()) {
    uses_untracked = true;
    return;
  }
  // Metal tracks a heap as one resource.
  const void* resource = buffer.heap ? static_cast<const void*>(buffer.heap.get()) : buffer.memory.get();
  tracked.insert(resource);
  if (writes) written.insert(resource);
}

std::set<size_t> OrderHistory::predecessors(const EncoderOrder& encoder) const {
  std::set<size_t> result;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!directly_before(*entries_[i].encoder, encoder)) continue;
    result.insert(i);
    result.insert(entries_[i].after.begin(), entries_[i].after.end());
  }
  return result;
}

void OrderHistory::enter(const std::shared_ptr<EncoderOrder>& encoder) {
  if (current_ == encoder) return;
  current_ = encoder;
  if (entries_.size() >= kMostEntries) {
    clear();
    current_ = encoder;
  }
  if (entries_.empty() && !encoder->uses_untracked) return;
  std::set<size_t> after = predecessors(*encoder);
  size_t index = entries_.size();
  if (encoder->uses_untracked) {
    bool unordered =
        std::none_of(group_.begin(), group_.end(), [&](size_t i) { return after.count(i) != 0; });
    if (group_.empty() || !unordered) {
      group_.clear();
      domain_ = next_order_domain();
    }
    group_.insert(index);
  }
  entries_.push_back({encoder, std::move(after)});
}

uint64_t OrderHistory::last_domain() {
  if (!current_ || !current_->uses_untracked) return 0;
  group_ = {entries_.size() - 1};
  domain_ = next_order_domain();
  return domain_;
}

void OrderHistory::clear() {
  entries_.clear();
  group_.clear();
  current_ = nullptr;
}

}  // namespace softmetal
