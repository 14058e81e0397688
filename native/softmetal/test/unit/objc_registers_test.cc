// Every argument register, the stack and every result register of objc_msgSend, with a lookup that destroys
// whatever a C function may destroy. test/mutate-assembly.mjs shows that no line of msgsend_*.S can go.
#include "check.h"
#include "objc/class.h"
#include "report/report.h"
#include "settings/settings.h"

using namespace softmetal;

extern "C" {
void objc_msgSend();
#ifdef __x86_64__
void objc_msgSend_stret();
void objc_msgSend_fpret();
#endif

#ifdef __x86_64__
constexpr int kGeneral = 7;  // rdi, rsi, rdx, rcx, r8, r9, rax
#else
constexpr int kGeneral = 9;  // x0-x8
#endif
struct Registers {
  uint64_t general[10];
  uint64_t vector[8][2];
  uint64_t stack[2];
};
struct Results {
  uint64_t general[2];
  uint64_t vector[4];
};
extern Registers recorded;  // what the method found

// Loads all of them, calls, and keeps what comes back.
void probe_send(void (*entry)(), const Registers* arguments, Results* results);
void probe_method();  // records, then fills every result register

// In the place of the library's own: src/objc/message.cc.
Method sm_objc_lookup(Object* self, Selector selector, unsigned entry);
Method probe_find(Object* self, Selector selector, unsigned entry) {
  return find_for_message(self, selector, entry);
}
}

#ifdef __x86_64__
asm(R"(
  .text
  .globl sm_objc_lookup
sm_objc_lookup:
  subq $8, %rsp
  call probe_find
  addq $8, %rsp
  .irp r, rdi, rsi, rdx, rcx, r8, r9, r10, r11
  movq $-1, %\r
  .endr
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  pcmpeqd %xmm\n, %xmm\n
  .endr
  ret

  .globl probe_send
probe_send:
  pushq %rbp
  pushq %rbx
  pushq %rdx
  movq %rdi, %r11
  movq %rsi, %rbx
  pushq 216(%rbx)
  pushq 208(%rbx)
  movq %rsp, %rbp
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  movups 80+16*\n(%rbx), %xmm\n
  .endr
  movq 0(%rbx), %rdi
  movq 8(%rbx), %rsi
  movq 16(%rbx), %rdx
  movq 24(%rbx), %rcx
  movq 32(%rbx), %r8
  movq 40(%rbx), %r9
  movq 48(%rbx), %rax
  call *%r11
  cmpq %rsp, %rbp
  jne 1f
  addq $16, %rsp
  popq %rbx
  movq %rax, 0(%rbx)
  movq %rdx, 8(%rbx)
  movups %xmm0, 16(%rbx)
  movups %xmm1, 32(%rbx)
  popq %rbx
  popq %rbp
  ret
1: ud2

  .globl probe_method
probe_method:
  leaq recorded(%rip), %r10
  movq %rdi, 0(%r10)
  movq %rsi, 8(%r10)
  movq %rdx, 16(%r10)
  movq %rcx, 24(%r10)
  movq %r8, 32(%r10)
  movq %r9, 40(%r10)
  movq %rax, 48(%r10)
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  movups %xmm\n, 80+16*\n(%r10)
  .endr
  movq 8(%rsp), %rax
  movq %rax, 208(%r10)
  movq 16(%rsp), %rax
  movq %rax, 216(%r10)
  movq $71, %rax
  movq $72, %rdx
  ret
)");
#else
asm(R"(
  .text
  .globl sm_objc_lookup
sm_objc_lookup:
  stp x29, x30, [sp, #-16]!
  bl probe_find
  ldp x29, x30, [sp], #16
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17
  mov x\n, #-1
  .endr
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  movi v\n\().16b, #255
  .endr
  ret

  .globl probe_send
probe_send:
  stp x29, x30, [sp, #-32]!
  mov x29, sp
  stp x19, x20, [sp, #16]
  mov x19, x2
  mov x16, x0
  mov x17, x1
  ldp x9, x10, [x17, #208]
  stp x9, x10, [sp, #-16]!
  mov x20, sp
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  ldr q\n, [x17, #80+16*\n]
  .endr
  ldp x0, x1, [x17]
  ldp x2, x3, [x17, #16]
  ldp x4, x5, [x17, #32]
  ldp x6, x7, [x17, #48]
  ldr x8, [x17, #64]
  blr x16
  mov x9, sp
  cmp x9, x20
  b.ne 1f
  add sp, sp, #16
  mov x9, sp
  cmp x29, x9
  b.ne 1f
  stp x0, x1, [x19]
  stp d0, d1, [x19, #16]
  stp d2, d3, [x19, #32]
  ldp x19, x20, [sp, #16]
  ldp x29, x30, [sp], #32
  ret
1: brk #1

  .globl probe_method
probe_method:
  adrp x9, recorded
  add x9, x9, :lo12:recorded
  stp x0, x1, [x9]
  stp x2, x3, [x9, #16]
  stp x4, x5, [x9, #32]
  stp x6, x7, [x9, #48]
  str x8, [x9, #64]
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  str q\n, [x9, #80+16*\n]
  .endr
  ldp x10, x11, [sp]
  stp x10, x11, [x9, #208]
  mov x0, #71
  mov x1, #72
  ret
)");
#endif

Registers recorded;

namespace {

// A value of its own in every register; the third one is what the caller asks for.
Registers all_different(uint64_t third) {
  Registers all{};
  for (int i = 0; i < kGeneral; i++) all.general[i] = 0x0101010101010101u * (i + 1);
  for (int i = 0; i < 8; i++) {
    all.vector[i][0] = 0x1010101010101010u + i;
    all.vector[i][1] = 0x2020202020202020u + i;
  }
  all.stack[0] = 0x3030303030303030u;
  all.stack[1] = 0x4040404040404040u;
  all.general[2] = third;
  return all;
}

uint64_t bits(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

struct Probe : Object {
  Probe() : Object(class_named("RegisterProbe")) {
    add_entry(isa, selector_named("probe"), probe_method, "q16@0:8", true);
    add_entry(isa, selector_named("large"), probe_method, "{?=qqq}16@0:8", true);
  }
};

Probe& probe() {
  static Probe* only = new Probe;
  return *only;
}

Results send(void (*entry)(), const Registers& arguments) {
  std::memset(&recorded, 0, sizeof recorded);
  Results results;
  std::memset(&results, 0x55, sizeof results);
  probe_send(entry, &arguments, &results);
  return results;
}

void check_arrived(const Registers& arguments, const char* what) {
  for (int i = 0; i < kGeneral; i++) {
    if (recorded.general[i] != arguments.general[i]) {
      check::fail(__FILE__, __LINE__, std::string(what) + ": general register " + std::to_string(i));
    }
  }
  for (int i = 0; i < 8; i++) {
    if (std::memcmp(recorded.vector[i], arguments.vector[i], 16)) {
      check::fail(__FILE__, __LINE__, std::string(what) + ": vector register " + std::to_string(i));
    }
  }
  CHECK(recorded.stack[0] == arguments.stack[0] && recorded.stack[1] == arguments.stack[1]);
}

void check_plain(void (*entry)(), const char* what) {
  // 1 is also what says "structure result" to the lookup, in this very register.
  for (uint64_t third : {uint64_t{0x7777777777777777}, uint64_t{1}}) {
    Registers arguments = all_different(third);
    arguments.general[0] = bits(&probe());
    arguments.general[1] = bits(selector_named("probe"));
    Results results = send(entry, arguments);
    check_arrived(arguments, what);
    CHECK(results.general[0] == 71 && results.general[1] == 72);
  }
}

void check_zero(const Results& results) {
  CHECK_EQUAL(results.general[0], 0u);
  CHECK_EQUAL(results.general[1], 0u);
  for (uint64_t value : results.vector) CHECK_EQUAL(value, 0u);
}

TEST("objc_msgSend: every argument register, the stack and the result") {
  check_plain(objc_msgSend, "objc_msgSend");
}

TEST("objc_msgSend: nil answers zero in every result register") {
  check_zero(send(objc_msgSend, [] {
    Registers arguments = all_different(5);
    arguments.general[0] = 0;
    return arguments;
  }()));
}

TEST("objc_msgSend: a message that is not understood answers zero, too") {
  Registers arguments = all_different(5);
  arguments.general[0] = bits(&probe());
  arguments.general[1] = bits(selector_named("neverHeardOf"));
  size_t before = ReportLog::shared().all().size();
  check_zero(send(objc_msgSend, arguments));
  CHECK_EQUAL(ReportLog::shared().all().size(), before + 1);
}

#ifdef __x86_64__
TEST("objc_msgSend_stret: the receiver is the second argument") {
  Registers arguments = all_different(bits(selector_named("large")));
  arguments.general[1] = bits(&probe());
  Results results = send(objc_msgSend_stret, arguments);
  check_arrived(arguments, "objc_msgSend_stret");
  CHECK_EQUAL(results.general[0], 71u);
}

TEST("objc_msgSend_stret: nil leaves the structure and answers its address") {
  uint64_t structure[3] = {1, 2, 3};
  Registers arguments = all_different(bits(selector_named("large")));
  arguments.general[0] = bits(structure);
  arguments.general[1] = 0;
  CHECK_EQUAL(send(objc_msgSend_stret, arguments).general[0], bits(structure));
  CHECK(structure[0] == 1 && structure[2] == 3);
}

TEST("objc_msgSend_fpret: every argument register") { check_plain(objc_msgSend_fpret, "objc_msgSend_fpret"); }

TEST("objc_msgSend_fpret: nil answers 0.0 on the floating-point stack") {
  auto ask = reinterpret_cast<long double (*)(Object*, Selector)>(objc_msgSend_fpret);
  for (int i = 0; i < 20; i++) CHECK(ask(nullptr, selector_named("probe")) == 0.0L);
}

TEST("the wrong one of objc_msgSend and objc_msgSend_stret is reported") {
  ReportLog::shared().clear();
  Registers arguments = all_different(bits(selector_named("probe")));
  arguments.general[1] = bits(&probe());
  send(objc_msgSend_stret, arguments);
  arguments.general[0] = bits(&probe());
  arguments.general[1] = bits(selector_named("large"));
  send(objc_msgSend, arguments);
  CHECK_EQUAL(recorded.general[0], 0u);
  auto reports = ReportLog::shared().all();
  CHECK_EQUAL(reports.size(), 2u);
  for (auto& report : reports) CHECK(report.kind == ReportKind::kObject);
  CHECK_CONTAINS(reports.front().message, "not a structure of more than 16 bytes: call objc_msgSend");
  CHECK_CONTAINS(reports.back().message, "call objc_msgSend_stret");
}
#endif

}  // namespace
