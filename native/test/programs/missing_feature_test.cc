// A backend that lacks an option, or the gradient of one, refuses it by name; what it has passes.
#include "missing_feature.h"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace fa;

constexpr BackendFeatures kBackend{"sample", feature_bit(Feature::bias) | feature_bit(Feature::softcap),
                                   feature_bit(Feature::bias), 0};

Problem problem(Direction direction, uint32_t features, uint32_t gradients) {
  Problem made;
  made.direction = direction;
  made.features = features;
  made.gradients = gradients;
  return made;
}

void expect(const Problem& asked, const char* code, const char* argument) {
  const auto refusal = missing_feature(asked, kBackend);
  const bool right = code == nullptr ? !refusal
                                     : refusal && std::string(to_string(refusal->code)) == code &&
                                           refusal->argument == argument;
  if (right) return;
  std::printf("expected %s of %s, got %s\n", code == nullptr ? "nothing" : code, argument,
              refusal ? refusal->reason.c_str() : "nothing");
  std::exit(1);
}

}  // namespace

int main() {
  const uint32_t bias = feature_bit(Feature::bias), softcap = feature_bit(Feature::softcap);
  expect(problem(Direction::forward, bias | softcap, 0), nullptr, "");
  expect(problem(Direction::backward, bias, 0), nullptr, "");
  expect(problem(Direction::backward, softcap, 0), "UNSUPPORTED", "softcap");
  expect(problem(Direction::forward, bias | feature_bit(Feature::rope), 0), "UNSUPPORTED", "rope");
  expect(problem(Direction::backward, bias, bias), "UNSUPPORTED_GRADIENT", "bias");
  std::puts("ok");
}
