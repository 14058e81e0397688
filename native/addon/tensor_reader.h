// JavaScript tensors as fa::Tensor.
#pragma once
#include <napi.h>

#include <vector>

#include "tensor.h"

namespace fa {

/// The array buffer views of a call. Memory is looked up only after every property was read, because reading
/// a property can run the caller's code, and that could detach a buffer.
class BufferViews {
 public:
  void add(const char* argument, Tensor& target, Napi::Value view);

  /// Fills data and bytes of every tensor added. Runs no JavaScript.
  void resolve();

  /// What has to be kept alive while the memory is in use.
  Napi::Array hold(Napi::Env env) const;

 private:
  struct View {
    const char* argument;
    Tensor* target;
    Napi::Value view;
  };
  std::vector<View> views_;
};

/// Reads shape, dtype and strides into `target`, and its data into `views` unless that is null (planning).
/// `target` has to stay where it is until views->resolve().
void read_tensor(const char* argument, Napi::Value value, Tensor& target, BufferViews* views);

/// The same for a property that may be left out.
void read_optional_tensor(const char* argument, Napi::Object object, const char* property,
                          std::optional<Tensor>& target, BufferViews* views);

}  // namespace fa
