#include "index_copies.h"

#include <cstring>

namespace fa {

IndexCopies::IndexCopies(AttentionInputs& inputs) {
  replace(inputs.kv_lengths);
  replace(inputs.cu_seqlens_q);
  replace(inputs.cu_seqlens_k);
  replace(inputs.block_table);
  replace(inputs.positions_q);
  replace(inputs.positions_k);
}

/// The copy is row-major, whatever the strides of the original. Index tensors have one axis or two.
void IndexCopies::replace(std::optional<Tensor>& tensor) {
  if (!tensor || tensor->data == nullptr) return;
  const int64_t rows = tensor->rank == 2 ? tensor->shape[0] : 1;
  const int last = tensor->rank - 1;
  const int64_t columns = tensor->shape[last];
  std::vector<int32_t>& copy = copies_.emplace_back(static_cast<size_t>(rows * columns));
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      const int64_t element =
          (tensor->rank == 2 ? row * tensor->strides[0] : 0) + column * tensor->strides[last];
      std::memcpy(&copy[static_cast<size_t>(row * columns + column)],
                  tensor->data + element * static_cast<int64_t>(sizeof(int32_t)), sizeof(int32_t));
    }
  }
  tensor->data = reinterpret_cast<std::byte*>(copy.data());
  tensor->bytes = copy.size() * sizeof(int32_t);
  pack_strides(*tensor);
}

}  // namespace fa
