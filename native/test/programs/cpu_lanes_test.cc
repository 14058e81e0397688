// Functions of the CPU kernels that conformance sees only through whole calls: tanh over all floats, and
// Philox along the lanes against the scalar generator. Compiled for one instruction set at a time.
#define FA_TARGET lanes_test
#if defined(__AVX512F__)
#define FA_LANES 16
#elif defined(__AVX2__)
#define FA_LANES 8
#else
#define FA_LANES 4
#endif
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "cpu/attention.h"
#include "cpu/dropout-inl.h"

namespace {

using namespace fa::cpu::FA_TARGET;

long checks = 0;
double worst = 0;

void expect(bool truth, const char* what, double value) {
  ++checks;
  if (truth) return;
  std::printf("%s: %.9g\n", what, value);
  std::exit(1);
}

float tanh_of(float x) { return fa::cpu::FA_TARGET::tanh(broadcast(x))[FA_LANES - 1]; }

/// Every 64th float, both signs, denormals included.
void check_tanh() {
  const float infinity = std::numeric_limits<float>::infinity();
  for (uint32_t bits = 0; bits <= 0x7f800000; bits += 64) {
    float x = 0;
    std::memcpy(&x, &bits, sizeof x);
    const double truth = std::tanh(static_cast<double>(x));
    const float found = tanh_of(x);
    const double error = std::fabs(found - truth);
    // Denormal results have no relative precision.
    if (truth > std::numeric_limits<float>::min()) worst = std::fmax(worst, error / truth);
    expect(error <= std::fmax(1e-7 * truth, 1e-44), "tanh", x);
    expect(tanh_of(-x) == -found, "odd tanh", x);
  }
  expect(tanh_of(infinity) == 1, "tanh", infinity);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect(std::isnan(tanh_of(nan)), "tanh", nan);
}

/// Places of all sizes, those that fill 32 bits included.
uint32_t place(int n) {
  constexpr uint32_t kPlaces[] = {0, 1, 2, 7, 63, 1000003, 0x7fffffff, 0xfffffff0};
  return kPlaces[n % 8];
}

void check_philox() {
  for (int n = 0; n < 8 * 8 * 8 * 8; ++n) {
    KeepSource source{};
    source.params.seed_low = place(n) * 0x9e3779b9u + static_cast<uint32_t>(n);
    source.params.seed_high = place(n / 8) * 0xbb67ae85u;
    source.head = place(n / 64);
    source.sequence = place(n / 512);
    const uint32_t quad = place(n / 8), row = place(n);
    UnsignedBits words[4];
    philox_lanes(source, quad, (UnsignedBits)lane_index() + row, words);
    for (int lane = 0; lane < FA_LANES; ++lane) {
      const fa::PhiloxWords truth =
          fa::philox_words(source.params.seed_low, source.params.seed_high, quad,
                           row + static_cast<uint32_t>(lane), source.head, source.sequence);
      for (int i = 0; i < 4; ++i) expect(words[i][lane] == truth.word[i], "philox, call", n);
    }
    source.row = row;
    philox_quads(source, quad, words);
    for (int lane = 0; lane < FA_LANES; ++lane) {
      const fa::PhiloxWords truth =
          fa::philox_words(source.params.seed_low, source.params.seed_high,
                           quad + static_cast<uint32_t>(lane), row, source.head, source.sequence);
      for (int i = 0; i < 4; ++i) expect(words[i][lane] == truth.word[i], "philox of quads, call", n);
    }
  }
}

}  // namespace

int main() {
  check_tanh();
  check_philox();
  std::printf("%d lanes, %ld checks, worst tanh %.3g\n", FA_LANES, checks, worst);
}
