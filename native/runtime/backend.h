// What a backend offers. Planning is pure; running trusts the problem and the memory, which were checked.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "problem.h"

namespace fa {

/// Of every KernelCost.
inline constexpr const char* kCostSays =
    "predicted by a model of a core of Apple7 and Apple8; not measured on Apple hardware";

/// What one GPU kernel of a plan does, and how much of a core it can use by a model of the GPU. Not measured
/// on Apple hardware.
struct KernelCost {
  std::string kernel;  ///< of the table of variants
  int64_t threadgroups = 0;
  int threads = 0;          ///< of a threadgroup
  double products = 0;      ///< 8x8x8 multiply-adds of a simdgroup
  double operations = 0;    ///< of floating point; a multiply-add of products is two
  double device_bytes = 0;  ///< asked of the caches
  double memory_bytes = 0;  ///< of all tensors that it reads and writes, once
  int registers = 0;        ///< of 32 bits per thread, in a call without options
  int threadgroup_bytes = 0;
  int simdgroups_per_core = 0;
  double utilisation = 0;  ///< of what the peak of multiply-adds and the memory's speed allow
  CostBound bound = CostBound::issue;
  double core_cycles = 0;  ///< were there one core
};

/// Printable choice of a kernel; the same problem, capabilities and tuning table always give the same plan.
struct Plan {
  std::string backend;
  std::string kernel;
  std::vector<std::pair<std::string, int64_t>> tiles;  ///< name, size
  int64_t tasks = 0;                                   ///< independent pieces of work (grid)
  int64_t scratch_bytes = 0;
  std::string why;
  std::vector<KernelCost> costs;  ///< only where a plan is asked for by itself, and of GPUs only
};

struct Refusal {
  ErrorCode code;
  std::string argument;
  std::string reason;  ///< "expected ..., got ...": names the limit and the value
};

/// Throws the refusal as an Error, in the form of refuse().
[[noreturn]] void raise(const Refusal& refusal);

/// What came of comparing a GPU kernel with the cpu backend before its first use.
struct KernelCheck {
  std::string kernel;  ///< name of a plan
  DType dtype = DType::float32;
  int64_t head_dim = 0, value_dim = 0;  ///< D, Dv
  bool passed = false;
  double deviation = 0;  ///< the largest, relative to the tensor's largest element; infinite where not finite
  double bound = 0;      ///< that it must not exceed
};

struct DeviceInfo {
  std::string backend;  ///< "cpu" | "metal"
  std::string name;
  bool software = false;
  std::string family;  ///< GPU family; empty on cpu
  std::string isa;     ///< instruction set; empty on metal
  int threads = 0;     ///< of the cpu backend; 0 on metal
  std::string version;
  std::vector<KernelCheck> kernel_checks;  ///< so far; only where kernels are checked at first use
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual DeviceInfo info() const = 0;
  virtual std::variant<Plan, Refusal> plan(const Problem& problem) const = 0;
  /// Of a problem that has a plan. Takes longer than planning, so that calls do without.
  virtual std::vector<KernelCost> costs(const Problem&) const { return {}; }
  virtual void forward(const Problem& problem, const Plan& plan, const ForwardCall& call) = 0;
  virtual void backward(const Problem& problem, const Plan& plan, const BackwardCall& call) = 0;
  /// Does ahead of time what the first such call would have to wait for: compiles its kernels and, where
  /// kernels are checked at first use, computes a small problem to check them. Nothing of the caller is read
  /// or written.
  virtual void warm_up(const Problem&, const Plan&) {}
};

}  // namespace fa
