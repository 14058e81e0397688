#include "metal/validation.h"

namespace softmetal {

Report refusal(ReportKind kind, const std::string& call, const std::string& message) {
  Report report{};
  report.kind = kind;
  report.message = call + ": " + message;
  return report;
}

void report_refusal(ReportKind kind, const std::string& call, const std::string& message) {
  ReportLog::shared().add(refusal(kind, call, message));
}

std::string summary(const std::vector<Report>& reports) {
  if (reports.empty()) return "";
  std::string text = to_text(reports.front());
  if (reports.size() > 1) text += "\n(and " + std::to_string(reports.size() - 1) + " more)";
  return text;
}

}  // namespace softmetal
