// Which encoders of a queue have no order among each other. Metal orders two encoders by the tracked
// resources that they share; buffers without hazard tracking need a fence, an event, or a host that waits.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "metal/buffer.h"

namespace softmetal {

// What one encoder uses, and what orders it.
struct EncoderOrder {
  void note(const Buffer& buffer, bool writes);

  bool uses_untracked = false;
  std::set<const void*> tracked, written;  // resources with hazard tracking
  std::set<const void*> waits, updates;    // fences
  // Command buffers of a queue have serial numbers. The host had seen those up to `seen` completed when it
  // committed this encoder's.
  uint64_t serial = 0, seen = 0;
};

// Lives on a queue's thread. Encoders with untracked buffers that nothing orders form a group; the last
// dispatch of one and the first of the next share an order domain, so that the checks find their conflicts.
class OrderHistory {
 public:
  // To be called before each command of `encoder` runs.
  void enter(const std::shared_ptr<EncoderOrder>& encoder);
  // The domain of the first dispatch of the encoder that was entered last. 0: it uses no untracked buffer.
  uint64_t first_domain() const { return current_ && current_->uses_untracked ? domain_ : 0; }
  // That of its last dispatch, if it has several: what comes next is compared with this one only.
  uint64_t last_domain();
  // An event was awaited: all that ran comes before all that will.
  void clear();

 private:
  struct Entry {
    std::shared_ptr<EncoderOrder> encoder;
    std::set<size_t> after;  // indices of the entries that come before it
  };
  std::set<size_t> predecessors(const EncoderOrder& encoder) const;

  std::vector<Entry> entries_;
  std::set<size_t> group_;  // entries that share domain_
  uint64_t domain_ = 0;
  std::shared_ptr<EncoderOrder> current_;
};

uint64_t next_order_domain();

}  // namespace softmetal
