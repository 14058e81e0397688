// The Gpu on the software device.
#include "harness.h"

int main() {
  test_faults();  // first: a library that was loaded stays
  test_run();
  test_threads();
  std::printf("ok\n");
}
