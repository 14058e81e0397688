// The Metal plan without a device.
#include "harness.h"

int main() {
  test_choice();
  test_refusals();
  test_sizes();
  std::printf("%d checks\n", test::checks);
}
