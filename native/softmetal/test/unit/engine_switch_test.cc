// The switch keeps every register that the ABI says it must. The probe sets all of them itself, for a
// compiler uses only some: without one save or restore line of switch_*.S, one of them comes back wrong.
#include "check.h"
#include "engine/context_switch.h"
#include "engine/dispatch.h"
#include "engine/stacks.h"

using namespace softmetal;

// long probe_switch(void** save, void* to, long seed): fills the registers with seed+1, seed+2, ..., switches
// away, and when it is back counts those that differ.
extern "C" long probe_switch(void** save, void* to, long seed);

#if defined(__x86_64__)
asm(R"(
.text
.type probe_switch,@function
probe_switch:
 push %rbx
 push %rbp
 push %r12
 push %r13
 push %r14
 push %r15
 push %rdx
 lea 1(%rdx), %rbx
 lea 2(%rdx), %rbp
 lea 3(%rdx), %r12
 lea 4(%rdx), %r13
 lea 5(%rdx), %r14
 lea 6(%rdx), %r15
 call sm_switch
 pop %rdx
 xor %eax, %eax
 xor %ecx, %ecx
.macro compare register, number
 sub %rdx, \register
 cmp $\number, \register
 setne %cl
 add %rcx, %rax
.endm
 compare %rbx, 1
 compare %rbp, 2
 compare %r12, 3
 compare %r13, 4
 compare %r14, 5
 compare %r15, 6
 pop %r15
 pop %r14
 pop %r13
 pop %r12
 pop %rbp
 pop %rbx
 ret
)");
#elif defined(__aarch64__)
asm(R"(
.text
.type probe_switch,%function
probe_switch:
 stp x29, x30, [sp, #-176]!
 stp x19, x20, [sp, #16]
 stp x21, x22, [sp, #32]
 stp x23, x24, [sp, #48]
 stp x25, x26, [sp, #64]
 stp x27, x28, [sp, #80]
 stp d8, d9, [sp, #96]
 stp d10, d11, [sp, #112]
 stp d12, d13, [sp, #128]
 stp d14, d15, [sp, #144]
 str x2, [sp, #160]
 mov x9, x2
 .irp n,19,20,21,22,23,24,25,26,27,28,29
 add x9, x9, #1
 mov x\n, x9
 .endr
 .irp n,8,9,10,11,12,13,14,15
 add x9, x9, #1
 fmov d\n, x9
 .endr
 bl sm_switch
 mov x0, #0
 ldr x9, [sp, #160]
 .irp n,19,20,21,22,23,24,25,26,27,28,29
 add x9, x9, #1
 cmp x\n, x9
 cinc x0, x0, ne
 .endr
 .irp n,8,9,10,11,12,13,14,15
 add x9, x9, #1
 fmov x10, d\n
 cmp x10, x9
 cinc x0, x0, ne
 .endr
 ldp x19, x20, [sp, #16]
 ldp x21, x22, [sp, #32]
 ldp x23, x24, [sp, #48]
 ldp x25, x26, [sp, #64]
 ldp x27, x28, [sp, #80]
 ldp d8, d9, [sp, #96]
 ldp d10, d11, [sp, #112]
 ldp d12, d13, [sp, #128]
 ldp d14, d15, [sp, #144]
 ldp x29, x30, [sp], #176
 ret
)");
#endif

namespace {

void *here, *there;
long wrong_there, turns_there;

void other_fiber() {
  for (long seed = 1000000;; seed += 1000) {
    turns_there++;
    wrong_there += probe_switch(&there, here, seed);
  }
}

}  // namespace

TEST("every register that a function must keep survives 100 switches, on both sides") {
  Stacks stacks(0);
  there = first_frame(stacks.top(stacks.take()), other_fiber);
  wrong_there = turns_there = 0;
  long wrong_here = 0;
  for (long seed = 0; seed < 100; seed++) wrong_here += probe_switch(&here, there, seed * 1000);
  CHECK_EQUAL(wrong_here, 0);
  CHECK_EQUAL(wrong_there, 0);
  CHECK_EQUAL(turns_there, 100);
}

TEST("a fresh fiber starts with an aligned stack") {
  static uintptr_t seen;
  Stacks stacks(0);
  there = first_frame(stacks.top(stacks.take()), [] {
    seen = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    for (;;) sm_switch(&there, here);
  });
  sm_switch(&here, there);
  CHECK_EQUAL(seen % 16, 0u);
}

TEST("the time of a switch can be measured") {
  double nanoseconds = measure_switch_nanoseconds();
  std::printf("# %.1f ns\n", nanoseconds);
  CHECK(nanoseconds > 0 && nanoseconds < 1000);
}

TEST("1024 stacks that grow on demand, each between inaccessible pages") {
  Stacks stacks(0);
  for (int i = 0; i < kMaxThreads; i++) {
    int stack = stacks.take();
    CHECK_EQUAL(stack, i);
    char* top = stacks.top(stack);
    CHECK(stacks.contains(top) && reinterpret_cast<uintptr_t>(top) % 16 == 0);
    top[-1] = 1;
  }
  stacks.release(17);
  CHECK_EQUAL(stacks.take(), 17);
  stacks.release_all();
  CHECK_EQUAL(stacks.take(), 0);
}
