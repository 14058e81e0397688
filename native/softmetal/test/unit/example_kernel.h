// The largest of the examples as a load that resembles real ones: simdgroup matrices, a running maximum over
// their lanes, tiles in threadgroup memory. test/examples.test.ts has its results; here it only has to
// finish.
#pragma once

#include <cmath>
#include <stdexcept>
#include <vector>

#include "compile/files.h"
#include "dispatches.h"

inline std::string example_source() {
  std::optional<std::string> source =
      softmetal::read_file(softmetal::softmetal_folder() + "/examples/attention-forward/kernel.metal");
  return source ? *source : throw std::runtime_error("the example is not there");
}

class ExampleRun {
 public:
  ExampleRun(uint32_t heads, uint32_t length) : heads_(heads), shape_{{length, 0.125f * float(M_LOG2E)}} {
    for (auto& values : in_) values.resize(size_t(heads) * length * kWidth);
    out_.resize(in_[0].size());
    for (int i = 0; i < 3; i++) {
      for (size_t j = 0; j < out_.size(); j++) in_[i][j] = std::sin(float(j * (i + 3) % 1013) * 0.7f);
    }
  }

  softmetal::Dispatch dispatch(std::shared_ptr<const softmetal::LoadedKernel> kernel) {
    softmetal::Dispatch result = hand::dispatch(std::move(kernel), {shape_[0].length / 32, heads_}, {128});
    for (int i = 0; i < 3; i++) hand::bind(result, i, in_[i]);
    hand::bind(result, 3, out_);
    hand::bind(result, 4, shape_);
    return result;
  }

  // A mean of values between -1 and 1: in every place a number, and not the one that it held before.
  bool finished() const {
    for (float value : out_) {
      if (!(std::fabs(value) <= 1) || value == 0) return false;
    }
    return true;
  }

 private:
  struct Shape {
    uint32_t length;
    float scale;
  };
  static constexpr int kWidth = 64;

  uint32_t heads_;
  std::vector<Shape> shape_;
  std::vector<float> in_[3], out_;
};
