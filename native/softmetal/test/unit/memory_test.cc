// Guarded memory.
#include "engine/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <vector>

#include "check.h"

using namespace softmetal;

namespace {

constexpr size_t kGuard = 1 << 20;

// Does touching the byte end a process?
bool is_inaccessible(volatile char* address) {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    *address = 1;
    std::_Exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

}  // namespace

TEST("memory is poisoned, a multiple of 16, and ends where an inaccessible zone begins") {
  for (size_t length : {1, 16, 17, 4095, 4096, 4097, 100000}) {
    auto* memory = static_cast<unsigned char*>(allocate_guarded(length, kGuard));
    CHECK(memory && reinterpret_cast<uintptr_t>(memory) % 16 == 0);
    size_t poisoned = 0;
    for (size_t i = 0; i < length; i++) poisoned += memory[i] == kPoison;
    CHECK_EQUAL(poisoned, length);
    auto* end = reinterpret_cast<volatile char*>(memory) + (length + 15) / 16 * 16;
    CHECK(is_inaccessible(end));
    CHECK(is_inaccessible(end + kGuard - 1));
    CHECK(is_inaccessible(reinterpret_cast<volatile char*>(memory) - 65536));
    free_guarded(memory);
  }
}

// QEMU keeps a record of every page of a zone.
#if defined(__x86_64__)
constexpr size_t kManyGuard = size_t(4) << 30;
#else
constexpr size_t kManyGuard = 64 << 10;
#endif

TEST("tens of thousands of buffers exhaust neither mappings nor addresses") {
  std::vector<void*> buffers;
  for (int i = 0; i < 40000; i++) {
    void* memory = allocate_guarded(64, kManyGuard);
    if (!memory) break;
    *static_cast<int*>(memory) = i;
    buffers.push_back(memory);
  }
  CHECK_EQUAL(buffers.size(), 40000u);
  int wrong = 0;
  for (size_t i = 0; i < buffers.size(); i++) wrong += *static_cast<int*>(buffers[i]) != int(i);
  CHECK_EQUAL(wrong, 0);
  void* other = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(other != MAP_FAILED);
  munmap(other, 4096);
  for (void* memory : buffers) free_guarded(memory);
}

TEST("a length that no system has gives null; null is freed in vain") {
  CHECK(allocate_guarded(~size_t(0) - 100, kGuard) == nullptr);
  CHECK(allocate_guarded(size_t(1) << 60, kGuard) == nullptr);
  free_guarded(nullptr);
}
