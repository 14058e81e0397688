// Bounds, alignment, constants and unwritten memory, rule by rule, on accesses played by hand.
#include "check.h"

#include "unit/check_driver.h"

using namespace softmetal;

namespace {
constexpr uint32_t kTg = SM_MEM_THREADGROUP;
}

TEST("what is in bounds, written and ordered is silent") {
  Driver d;
  d.begin(0);
  CHECK(d.read(0, d.in, 16, 1) == d.in);
  d.read(5, d.in + 4080, 16, 2);
  d.read(0, d.params + 12, 4, 3);
  for (uint32_t t = 0; t < 64; ++t) d.write(t, d.tile(4 * t), 4, 4);
  d.barrier(kTg);
  for (uint32_t t = 0; t < 64; ++t) d.read(t, d.tile(4 * (63 - t)), 4, 5);
  for (uint32_t t = 0; t < 64; ++t) d.write(t, d.out + 4 * t, 4, 6);
  CHECK_EQUAL(d.found(), "");
}

TEST("bounds of buffers are exact to the byte, on both sides") {
  Driver d;
  d.begin(0);
  d.write(0, d.out + 4095, 1, 1);
  d.write(0, d.out + 4096, 1, 2);
  d.write(1, d.out + 4093, 4, 3);
  d.read(2, d.in - 1, 1, 4);
  d.read(2, d.params + 13, 4, 5);
  CHECK_EQUAL(d.found(), "out-of-bounds 2, out-of-bounds 3, out-of-bounds 4, out-of-bounds 5");
}

TEST("an access out of bounds names the nearest argument and the offset") {
  Driver d;
  d.begin(0);
  d.write(37, d.out + 4100, 4, 7);
  Report report = d.only();
  CHECK(report.kind == ReportKind::kOutOfBounds);
  CHECK_EQUAL(report.kernel, "f");
  CHECK_EQUAL(report.location.line, 7);
  CHECK_EQUAL(report.message,
              "out-of-bounds write of 4 bytes: buffer(1) 'out' has 4096 bytes, and this begins 4 bytes "
              "behind its end");
  CHECK(report.argument && report.argument->index == 1 && report.argument->offset == 4100);
  CHECK(report.thread && report.thread->index == 37 && report.thread->simdgroup == 1 &&
        report.thread->lane == 5);
}

TEST("far away, negative and null addresses are told apart") {
  Driver d;
  d.begin(0);
  constexpr uint64_t kFar = uint64_t{1} << 40;  // as numbers: pointers may not be moved that far
  d.read(0, reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(d.in) - kFar), 4, 1);
  d.read(0, reinterpret_cast<void*>(reinterpret_cast<uintptr_t>(d.out) + kFar), 4, 2);
  d.read(0, nullptr, 4, 3);
  d.read(0, reinterpret_cast<void*>(~uint64_t(3)), 4, 4);
  std::vector<Report> reports = d.finish();
  CHECK_EQUAL(reports.size(), size_t(4));
  for (const Report& report : reports) CHECK(report.kind == ReportKind::kOutOfBounds);
  CHECK_CONTAINS(reports[0].message, "bytes before it");
  CHECK_CONTAINS(reports[2].message, "the pointer is null");
  CHECK(!reports[2].argument);
}

TEST("a site that works on one argument is out of bounds of that one, wherever it went") {
  Driver d;
  d.set_grid(64, 2);
  d.begin(0, 0);
  d.begin(1, 1);
  d.read(0, d.in + 8192, 4, 1, 0);  // nearer to `out`
  d.read(1, d.in, 4, 1, 1);
  d.write(0, d.rest(-4, 0), 4, 2, 0);
  d.write(0, d.tile(-400, 0), 4, 3, 0);
  d.write(1, d.rest(0, 1), 4, 3, 1);
  d.read(0, d.in + 8192, 4, 4, 0);  // this site reads both buffers
  d.read(1, d.in, 4, 4, 1);
  d.read(1, d.out, 4, 4, 0);
  std::vector<Report> reports = d.finish();
  CHECK_EQUAL(reports.size(), size_t(4));
  CHECK_CONTAINS(reports[0].message,
                 "buffer(0) 'in' has 4096 bytes, and this begins 4096 bytes behind its end");
  CHECK_CONTAINS(reports[1].message, "threadgroup(1) 'rest'");
  CHECK_CONTAINS(reports[2].message,
                 "threadgroup(1) 'rest' has 64 bytes, and this begins 912 bytes before it");
  CHECK_CONTAINS(reports[3].message, "buffer(1) 'out'");
}

TEST("threadgroup arguments and variables have bounds of their own") {
  Driver d;
  d.begin(0);
  d.write(0, d.tile(256), 4, 1);
  d.write(0, d.rest(-4), 4, 2);
  d.write(0, d.rest(64), 4, 3);
  d.write(0, d.total(16), 4, 4);
  d.write(0, d.total(12), 4, 5);
  d.write(0, d.tile(-4), 4, 6);
  std::vector<Report> reports = d.finish();
  CHECK_EQUAL(reports.size(), size_t(5));
  CHECK_CONTAINS(reports[0].message, "threadgroup(0) 'tile' has 256 bytes, and this begins right behind it");
  CHECK_CONTAINS(reports[1].message, "threadgroup(1) 'rest' has 64 bytes, and this begins 4 bytes before it");
  CHECK_CONTAINS(reports[2].message, "threadgroup(1) 'rest'");
  CHECK_CONTAINS(reports[3].message, "threadgroup variable 'total' has 16 bytes");
  CHECK_EQUAL(reports[4].argument->offset, int64_t(-4));
}

TEST("an illegal access gets memory of its own, with poison where it reads") {
  Driver d;
  d.begin(0);
  auto* read = static_cast<unsigned char*>(d.read(0, d.in + 5000, 16, 1));
  for (int i = 0; i < 16; ++i) CHECK_EQUAL(int(read[i]), 0xff);
  char* written = static_cast<char*>(d.write(0, d.out + 5000, 16, 2));
  CHECK(written != d.out + 5000);
  std::memset(written, 1, 16);
  auto* again = static_cast<unsigned char*>(d.read(0, d.in + 5000, 16, 3));
  for (int i = 0; i < 16; ++i) CHECK_EQUAL(int(again[i]), 0xff);
  auto* large = static_cast<unsigned char*>(d.read(0, d.in + 5000, 300000, 4));
  CHECK_EQUAL(int(large[299999]), 0xff);
}

TEST("overlapping bindings: an access is legal when one of them holds it") {
  Driver d;
  d.dispatch.buffers[0] = {d.out + 100, 100, true};
  d.dispatch.buffers[1] = {d.out, 120, true};
  d.begin(0);
  d.read(0, d.out + 198, 2, 1);
  d.read(0, d.out + 110, 20, 2);
  d.write(0, d.out + 110, 10, 3);  // `in` is const, `out` is not
  d.write(0, d.out + 118, 4, 4);   // only in `in`
  d.read(0, d.out + 98, 50, 5);    // in neither
  CHECK_EQUAL(d.found(), "out-of-bounds 5, write-to-constant 4");
}

TEST("resident memory and the program's constants may be read; resident memory may be written") {
  Driver d;
  static char extra[64];
  d.dispatch.resident.push_back({extra, sizeof extra});
  const auto* image = static_cast<const char*>(d.dispatch.kernel->image_begin);
  d.begin(0);
  d.read(0, extra + 60, 4, 1);
  d.write(0, extra, 4, 2);
  d.read(0, image + 8, 4, 3);
  d.write(0, image + 8, 4, 4);
  d.read(0, extra + 62, 4, 5);
  CHECK_EQUAL(d.found(), "out-of-bounds 5, write-to-constant 4");
}

TEST("writes to constants are refused, whoever made them constant") {
  Driver d;
  d.dispatch.buffers[2] = {d.params, 16, true};
  d.begin(0);
  char* elsewhere = static_cast<char*>(d.write(0, d.params, 4, 1));
  CHECK(elsewhere != d.params);
  d.write(0, d.in, 4, 2);
  d.access(0, SM_ATOMIC, d.in + 4, 4, 3);
  std::vector<Report> reports = d.finish();
  CHECK_EQUAL(reports.size(), size_t(3));
  CHECK_EQUAL(reports[0].message, "write to buffer(2) 'params', which is in the constant address space");
  CHECK_EQUAL(reports[1].message, "write to buffer(0) 'in', which the kernel declares as const");
  CHECK_EQUAL(reports[2].message, "atomic operation to buffer(0) 'in', which the kernel declares as const");
}

TEST("the copy that setBytes makes is read-only") {
  Driver d;
  d.begin(0);
  d.write(0, d.params, 4, 1);
  CHECK_EQUAL(d.only().message, "write to buffer(2) 'params', which setBytes gave: the copy is read-only");
}

TEST("misaligned accesses are found, and read the right bytes") {
  Driver d;
  d.site(1).alignment = 16;
  for (int i = 0; i < 64; ++i) d.in[i] = char(i);
  d.begin(0);
  CHECK(d.read(0, d.in + 16, 16, 1) == d.in + 16);
  char* copy = static_cast<char*>(d.read(3, d.in + 4, 16, 1));
  CHECK_EQUAL(reinterpret_cast<uint64_t>(copy) % 16, uint64_t(0));
  CHECK(!std::memcmp(copy, d.in + 4, 16));
  Report report = d.only();
  CHECK(report.kind == ReportKind::kMisaligned);
  CHECK_EQUAL(
      report.message,
      "misaligned read of 16 bytes: the type needs a multiple of 16, and the address is 4 bytes past one");
}

TEST("unwritten threadgroup memory is found to the byte, in each threadgroup anew") {
  Driver d;
  d.set_grid(64, 2);
  d.begin(0);
  d.write(0, d.tile(0), 8, 1);
  d.write(0, d.tile(9), 3, 2);
  d.barrier(kTg);
  d.read(1, d.tile(0), 8, 3);
  d.read(1, d.tile(9), 2, 4);
  d.read(1, d.tile(8), 4, 5);
  d.begin(1);
  d.read(1, d.tile(0), 4, 6);
  std::vector<Report> reports = d.finish();
  CHECK_EQUAL(reports.size(), size_t(2));
  CHECK_EQUAL(reports[0].location.line, 5);
  CHECK_CONTAINS(reports[0].message, "byte 8 of threadgroup(0) 'tile'");
  CHECK_EQUAL(reports[1].location.line, 6);
  CHECK_CONTAINS(reports[1].message, "bytes 0 to 3");
}

TEST("padding in the copy of a whole object need not be written; its members must be") {
  Driver d;
  d.site(3).copy = d.site(4).copy = d.site(5).copy = true;
  d.site(3).alignment = d.site(4).alignment = d.site(5).alignment = 16;
  d.begin(0);
  d.write(0, d.tile(0), 12, 1);
  d.write(0, d.tile(20), 12, 2);
  d.read(0, d.tile(0), 16, 3);
  d.read(0, d.tile(16), 16, 4);
  d.read(0, d.tile(0), 64, 5);
  CHECK_EQUAL(d.found(), "uninitialized 4, uninitialized 5");
}

TEST("atomics: a change needs a value, a store gives one") {
  Driver d;
  d.begin(0);
  d.access(0, SM_ATOMIC_WRITE, d.tile(0), 4, 1);
  d.access(0, SM_ATOMIC, d.tile(0), 4, 2);
  d.access(0, SM_ATOMIC, d.tile(4), 4, 3);
  d.access(0, SM_ATOMIC_READ, d.tile(8), 4, 4);
  d.read(0, d.tile(0), 4, 5);
  CHECK_EQUAL(d.found(), "uninitialized 3, uninitialized 4");
}

TEST("a division by zero is told at its place") {
  Driver d;
  d.begin(0);
  CHECK(d.access(3, SM_ZERO_DIVISOR, nullptr, 0, 8) == nullptr);
  CHECK_EQUAL(d.found(), "integer-division 8");
}

TEST("the same finding is kept once and counted; the example does not depend on the order") {
  std::string texts[2];
  for (int order = 0; order < 2; ++order) {
    Driver d;
    d.set_grid(64, 4);
    for (uint32_t i = 0; i < 4; ++i) {
      uint32_t group = order == 0 ? i : 3 - i;
      d.begin(group);
      for (uint32_t t = 0; t < 8; ++t) d.read(t, d.in + 4096 + 4 * t + 32 * group, 4, 1);
    }
    Report report = d.only();
    CHECK_EQUAL(report.occurrences, uint64_t(32));
    CHECK_EQUAL(report.argument->offset, int64_t(4096));
    texts[order] = to_text(report);
  }
  CHECK_EQUAL(texts[0], texts[1]);
}

TEST("a dispatch keeps a bounded number of findings and says how many more there are") {
  Driver d;
  d.begin(0);
  for (uint32_t i = 0; i < 1000; ++i) d.read(0, d.in + 4096, 4, i);
  std::vector<Report> reports = d.finish();
  CHECK_EQUAL(reports.size(), size_t(65));
  CHECK_EQUAL(reports[0].location.line, 0);
  CHECK_EQUAL(reports[63].location.line, 63);
  CHECK(reports[64].kind == ReportKind::kMore);
  CHECK_CONTAINS(reports[64].message, "936 more");
}
