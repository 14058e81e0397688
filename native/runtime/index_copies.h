// The index tensors of a call, out of the host's reach: JavaScript may write to its own while a call runs on
// another thread, and what has been checked must be what is used.
#pragma once
#include <cstdint>
#include <list>
#include <vector>

#include "call.h"

namespace fa {

class IndexCopies {
 public:
  /// Puts copies in the place of kvLengths, cuSeqlens, blockTable and the positions of rope. Their memory
  /// must have been checked, their values not yet. The inputs must not outlive this object.
  explicit IndexCopies(AttentionInputs& inputs);
  IndexCopies(const IndexCopies&) = delete;
  IndexCopies& operator=(const IndexCopies&) = delete;

 private:
  void replace(std::optional<Tensor>& tensor);

  std::list<std::vector<int32_t>> copies_;
};

}  // namespace fa
