#include <cstdio>

#include "report/report.h"
#include "settings/settings.h"

namespace softmetal {
namespace {

// A process that runs a broken kernel for hours shall not fill its memory with reports.
constexpr size_t kMostReports = 10000;

// What makes two reports the same finding. Messages at a place in a shader carry offsets and threads, which
// differ from one occurrence to the next; reports without a place are told apart by their message.
std::string identity(const Report& report) {
  auto place = [](const Location& location) {
    return location.file + '\n' + std::to_string(location.line) + ':' + std::to_string(location.column) +
           '\n';
  };
  std::string text =
      std::to_string(static_cast<int>(report.kind)) + '\n' + report.kernel + '\n' + place(report.location);
  for (const Note& note : report.notes) text += place(note.location);
  if (report.argument) text += report.argument->table + std::to_string(report.argument->index);
  if (report.location.line == 0) text += '\n' + report.message;
  return text;
}

}  // namespace

ReportLog& ReportLog::shared() {
  // Never destroyed: objects that outlive main() still report leaks.
  static ReportLog* log = new ReportLog;
  return *log;
}

void ReportLog::add(Report report) {
  std::string key = identity(report);
  std::string text = current_settings().log ? to_text(report) + "\n" : std::string();
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto known = index_.find(key);
    if (known != index_.end()) {
      reports_[known->second].occurrences += report.occurrences;
      return;
    }
    if (reports_.size() >= kMostReports) {
      dropped_ += report.occurrences;
      return;
    }
    index_.emplace(std::move(key), reports_.size());
    reports_.push_back(std::move(report));
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::vector<Report> ReportLog::all() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Report> all = reports_;
  if (dropped_ > 0) {
    Report more;
    more.kind = ReportKind::kMore;
    more.message = "the log is full; later findings at other places are only counted";
    more.occurrences = dropped_;
    all.push_back(std::move(more));
  }
  return all;
}

void ReportLog::clear() {
  std::lock_guard<std::mutex> lock(mutex_);
  reports_.clear();
  index_.clear();
  dropped_ = 0;
}

}  // namespace softmetal
