// What the device found wrong: one record for the command line, the tests, the log and NSError alike.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace softmetal {

enum class ReportKind {
#define SOFTMETAL_REPORT(identifier, slug, meaning) identifier,
#include "report/kinds.inc"
#undef SOFTMETAL_REPORT
};

const char* slug(ReportKind kind);  // "out-of-bounds", ...

struct Location {
  std::string file;
  int line = 0, column = 0;
  std::string function;
};

struct ThreadPosition {
  uint32_t threadgroup[3];
  uint32_t thread[3];  // in the threadgroup
  uint32_t index, simdgroup, lane;
};

// Which argument and where in it. `offset` is in bytes from the start of the binding.
struct ArgumentPlace {
  std::string name;
  std::string table;  // "buffer", "threadgroup" or "variable"
  int index = -1;
  int64_t offset = 0;
  uint64_t length = 0;
};

struct Note {
  std::string message;
  Location location;
};

struct Report {
  ReportKind kind;
  std::string message;
  std::string kernel;
  Location location;
  std::optional<ThreadPosition> thread;
  std::optional<ArgumentPlace> argument;
  std::vector<Note> notes;
  uint64_t occurrences = 1;
};

// Like a compiler's, without a line end after the last line:
//   file:line:column: error: message [slug]
//   file:line:column: note: the other place
//       kernel f, threadgroup (0, 0, 0), thread 3 (3, 0, 0), simdgroup 0, lane 3
//       buffer(1) 'out' + 12 of 64 bytes
std::string to_text(const Report& report);
std::string to_json(const Report& report);

// Every report since the last clear(), the same finding at the same place once. Thread safe. With the setting
// `log` each new finding goes to stderr as it comes.
class ReportLog {
 public:
  static ReportLog& shared();
  void add(Report report);
  std::vector<Report> all() const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<Report> reports_;
  std::unordered_map<std::string, size_t> index_;  // identity of a finding -> its place in reports_
  uint64_t dropped_ = 0;
};

}  // namespace softmetal
