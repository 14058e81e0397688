// Where instrumented code says it comes from, and what of the device's library is hooked.
#include "check.h"
#include "ir_snippet.h"

using namespace softmetal;

namespace {

// "file:line:column function" of a load with this !dbg; "" when it is not hooked.
std::string place_of_load(const char* debug) {
  Instrumented code = instrument_body(std::string("  %v = load i32, ptr %p, align 4") + debug + "\n");
  if (code.sites.empty()) return "";
  const Location& location = code.sites[0].location;
  return location.file + ":" + std::to_string(location.line) + ":" + std::to_string(location.column) + " " +
         location.function;
}

// Whether an addition with this !dbg counts.
bool counts(const char* debug) {
  Instrumented code = instrument_body(std::string("  %v = add i32 %n, 1") + debug + "\n");
  return code.blocks.size() == 1 && code.blocks[0].integer == 1;
}

}  // namespace

TEST("a place is the author's own innermost line") {
  CHECK_EQUAL(place_of_load(kHere), "kernel.metal:5:7 kernel");
  CHECK_EQUAL(place_of_load(kInAuthorsFunction), "kernel.metal:2:9 helper<float>");
  CHECK_EQUAL(place_of_load(kHereInThunk), "kernel.metal:5:7 kernel");
}

TEST("a place is never inside the device's library") {
  CHECK_EQUAL(place_of_load(kInOperator), "kernel.metal:5:7 kernel");
  CHECK_EQUAL(place_of_load(kInHelper), "kernel.metal:5:7 kernel");
  CHECK_EQUAL(place_of_load(kInOperatorOfHelper), "kernel.metal:5:7 kernel");
}

TEST("what the device does for itself is not hooked") {
  CHECK_EQUAL(place_of_load(kInDevice), "");
  CHECK_EQUAL(place_of_load(kInOperatorOfDevice), "");
}

TEST("a scope's own file holds, and names are unescaped") {
  CHECK_EQUAL(place_of_load(kOtherFile), "my \"stdlib\" \\ \xc3\xa4.metal:77:8 kernel");
}

TEST("what has no line of its own is placed by the code before it") {
  Instrumented code = instrument_body(
      "  %a = load i32, ptr %p, align 4, !dbg !26\n  %b = load i32, ptr %p, align 4\n"
      "  %c = load i32, ptr %p, align 4, !dbg !31\n");
  CHECK_EQUAL(code.sites.size(), 3u);
  CHECK_EQUAL(code.sites[1].location.line, 2);
  CHECK_EQUAL(code.sites[2].location.line, 2);
  CHECK_EQUAL(place_of_load(""), "kernel.metal:3:0 kernel");
}

TEST("operators of the library are the kernel's arithmetic, helpers are not") {
  CHECK(counts(kHere));
  CHECK(counts(kInOperator));
  CHECK(!counts(kInHelper));
  CHECK(!counts(kInOperatorOfHelper));
  CHECK(!counts(kInDevice));
  CHECK(!counts(kInOperatorOfDevice));
  CHECK(counts(kHereInThunk));
}

TEST("values that lost their place belong to who uses them; accesses that did are hooked") {
  Instrumented code = instrument_body(
      "  %a = mul i32 %n, 3\n  %b = mul i32 %n, 5\n  %c = mul i32 %n, 7\n  %v = load i32, ptr %p, align 4\n"
      "  %d = add i32 %a, %v, !dbg !23\n  %e = add i32 %b, 1, !dbg !20\n  %f = add i32 %c, %c, !dbg !23\n"
      "  %g = add i32 %c, 1, !dbg !20\n");
  CHECK_EQUAL(code.sites.size(), 1u);
  CHECK_EQUAL(code.blocks.size(), 1u);
  CHECK_EQUAL(code.blocks[0].integer, 4u);  // b, c, e, g
}
