// One dispatch with everything that it needs, whatever happens to its encoder afterwards.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "metal/compute_encoder.h"

namespace softmetal {

class DispatchCommand : public Command {
 public:
  DispatchCommand(ComputeEncoder& encoder, Size threads);
  void set_grid(Size grid);
  void set_indirect(Use threadgroups) { indirect_ = std::move(threadgroups); }
  void run(Execution& execution) override;

  bool is_first = false, is_last = false;  // of its encoder

 private:
  void bind(ComputeEncoder& encoder);
  bool memory_is_alive(Execution& execution) const;
  bool read_grid(Execution& execution);  // false: an empty one, or one that no GPU can count

  Dispatch dispatch_;
  std::vector<Use> uses_;
  std::vector<std::shared_ptr<BytesCopy>> bytes_;
  std::optional<Use> indirect_;
  std::shared_ptr<EncoderOrder> order_;
};

}  // namespace softmetal
