// The one way in for every host: checks, plans and runs calls on a backend. Safe to use from several threads.
#pragma once
#include <memory>

#include "backend.h"

namespace fa {

struct DeviceConfig {
  BackendChoice backend = BackendChoice::automatic;
  DeviceChoice device = DeviceChoice::system;
  int threads = 0;  ///< 0 = one per core that this process may use
  std::string isa;  ///< cpu only: force one instruction set; empty = the best that runs here
};

class Device {
 public:
  /// @throws Error BACKEND_UNAVAILABLE with the reason
  static std::shared_ptr<Device> open(const DeviceConfig& config);
  ~Device();

  DeviceInfo info() const;
  /// @param gradients of options, wanted by a backward pass: bits of Feature
  std::variant<Plan, Refusal> plan(const AttentionInputs& inputs, const AttentionOptions& options,
                                   Direction direction, uint32_t gradients = 0) const;
  /// Checks everything before anything is written. @throws Error
  void forward(const ForwardCall& call);
  void backward(const BackwardCall& call);
  /// Compiles what calls of this kind need. Looks at no data. @throws Error as the call would
  void warm_up(const AttentionInputs& inputs, const AttentionOptions& options, Direction direction,
               uint32_t gradients = 0);
  /// Idempotent; waits for calls in flight. Later calls throw DEVICE_CLOSED.
  void close();

 private:
  struct State;
  explicit Device(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fa
