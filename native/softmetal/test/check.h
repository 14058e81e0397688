// Test cases that print TAP (Test Anything Protocol); test/programs.test.ts turns every line into a vitest
// test.
#pragma once

#include <cstdio>
#include <cstring>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

namespace check {

struct Case {
  const char* name;
  void (*run)();
};
inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}
struct Register {
  Register(const char* name, void (*run)()) { cases().push_back({name, run}); }
};
inline std::string& failure() {
  static std::string text;
  return text;
}
inline std::string& skip_reason() {
  static std::string text;
  return text;
}
inline void fail(const char* file, int line, const std::string& what) {
  failure() += std::string(file) + ":" + std::to_string(line) + ": " + what + "\n";
}

template <class A, class B>
void equal(const A& got, const B& wanted, const char* text, const char* file, int line) {
  if (got == wanted) return;
  std::ostringstream message;
  message << text << ": expected " << wanted << ", got " << got;
  fail(file, line, message.str());
}

inline void run(const Case& one, int number) {
  failure().clear();
  skip_reason().clear();
  try {
    one.run();
  } catch (const std::exception& error) {
    failure() += std::string("exception: ") + error.what() + "\n";
  }
  std::string remark = skip_reason().empty() ? "" : " # SKIP " + skip_reason();
  std::printf("%s %d - %s%s\n", failure().empty() ? "ok" : "not ok", number, one.name, remark.c_str());
  std::istringstream lines(failure());
  for (std::string line; std::getline(lines, line);) std::printf("# %s\n", line.c_str());
  std::fflush(stdout);
}

}  // namespace check

// TEST("what holds") { CHECK(...); }
#define CHECK_JOIN2(a, b) a##b
#define CHECK_JOIN(a, b) CHECK_JOIN2(a, b)
#define TEST(name)                                                                             \
  static void CHECK_JOIN(test_, __LINE__)();                                                   \
  static check::Register CHECK_JOIN(registered_, __LINE__)(name, CHECK_JOIN(test_, __LINE__)); \
  static void CHECK_JOIN(test_, __LINE__)()
#define CHECK(condition) \
  if (condition) {       \
  } else                 \
    check::fail(__FILE__, __LINE__, #condition)
#define CHECK_EQUAL(got, wanted) check::equal((got), (wanted), #got, __FILE__, __LINE__)
#define CHECK_CONTAINS(text, part)                                         \
  if (std::string whole = (text); whole.find(part) != std::string::npos) { \
  } else                                                                   \
    check::fail(__FILE__, __LINE__, std::string("expected '") + (part) + "' in '" + whole + "'")
// Ends a case that cannot run here, with the reason.
#define SKIP(reason)                 \
  do {                               \
    check::skip_reason() = (reason); \
    return;                          \
  } while (false)

// program            runs all cases          program --list     prints their names
// program --only X   runs the cases whose names contain X
int main(int count, char** words) {
  bool list = count > 1 && !std::strcmp(words[1], "--list");
  const char* only = count > 2 && !std::strcmp(words[1], "--only") ? words[2] : "";
  int number = 0;
  for (const check::Case& one : check::cases()) {
    if (!std::strstr(one.name, only)) continue;
    if (list) {
      std::printf("%s\n", one.name);
    } else {
      check::run(one, ++number);
    }
  }
  if (!list) std::printf("1..%d\n", number);
}
