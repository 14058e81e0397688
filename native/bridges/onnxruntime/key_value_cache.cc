#include "key_value_cache.h"

#include <cstring>

#include "error.h"

namespace fa::ort {

void rotate_row(const RotaryTables& tables, int64_t position, float* row) {
  if (position < 0 || position >= tables.positions) {
    refuse(ErrorCode::INVALID_ARGUMENT, "rope", "positions from 0 to " + std::to_string(tables.positions - 1),
           std::to_string(position));
  }
  const float* cos = tables.cos + position * tables.pairs;
  const float* sin = tables.sin + position * tables.pairs;
  const int64_t step = tables.interleaved ? 2 : 1;
  const int64_t distance = tables.interleaved ? 1 : tables.pairs;
  for (int64_t c = 0; c < tables.pairs; ++c) {
    float& first = row[c * step];
    float& second = row[c * step + distance];
    const float x = first, y = second;
    first = x * cos[c] - y * sin[c];
    second = y * cos[c] + x * sin[c];
  }
}

void append_rows(const Tensor& past, const Tensor& added, const CacheRows& rows, const Tensor& present) {
  const auto [batch, heads, capacity, width] = present.shape;
  const size_t row_bytes = static_cast<size_t>(width * element_size(present.dtype));
  const auto row_of = [&](const Tensor& tensor, int64_t b, int64_t h, int64_t row) {
    const int64_t element = b * tensor.strides[0] + h * tensor.strides[1] + row * tensor.strides[2];
    return tensor.data + element * element_size(tensor.dtype);
  };
  for (int64_t b = 0; b < batch; ++b) {
    const int64_t first = rows.first[static_cast<size_t>(b)];
    for (int64_t h = 0; h < heads; ++h) {
      if (first > 0 && past.data != present.data) {
        std::memcpy(row_of(present, b, h, 0), row_of(past, b, h, 0), static_cast<size_t>(first) * row_bytes);
      }
      for (int64_t i = 0; i < rows.count; ++i) {
        std::memcpy(row_of(present, b, h, first + i), row_of(added, b, h, i), row_bytes);
      }
      const int64_t end = first + rows.count;
      std::memset(row_of(present, b, h, end), 0, static_cast<size_t>(capacity - end) * row_bytes);
    }
  }
}

}  // namespace fa::ort
