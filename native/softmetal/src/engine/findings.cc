#include <algorithm>

#include "engine/job.h"

namespace softmetal {
namespace {

bool same_finding(const Report& a, const Report& b) {
  return a.kind == b.kind && a.location.line == b.location.line && a.location.column == b.location.column &&
         a.location.file == b.location.file && a.argument.has_value() == b.argument.has_value() &&
         (!a.argument || (a.argument->table == b.argument->table && a.argument->index == b.argument->index));
}

}  // namespace

void JobFindings::add(Report report, uint64_t group) {
  std::lock_guard lock(mutex_);
  for (Finding& finding : findings_) {
    if (!same_finding(finding.report, report)) continue;
    // The earliest threadgroup's is kept, so that the text does not depend on which worker was faster.
    report.occurrences += finding.report.occurrences;
    finding.report.occurrences = report.occurrences;
    if (group < finding.group) finding = {std::move(report), group};
    return;
  }
  findings_.push_back({std::move(report), group});
}

std::vector<Report> JobFindings::take() {
  std::lock_guard lock(mutex_);
  std::stable_sort(findings_.begin(), findings_.end(),
                   [](const Finding& a, const Finding& b) { return a.group < b.group; });
  std::vector<Report> reports;
  for (Finding& finding : findings_) reports.push_back(std::move(finding.report));
  findings_.clear();
  return reports;
}

}  // namespace softmetal
