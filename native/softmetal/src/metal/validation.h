// Calls that Metal's own validation layer refuses. On a Mac it ends the process; here the call has no effect,
// the finding is reported, and a command buffer that it belongs to fails.
#pragma once

#include <string>

#include "report/report.h"

namespace softmetal {

// `call` as in Metal's messages: "-[MTLDevice newBufferWithLength:options:]".
Report refusal(ReportKind kind, const std::string& call, const std::string& message);
void report_refusal(ReportKind kind, const std::string& call, const std::string& message);

// The first finding, and "(and 3 more)": what an NSError says of several reports.
std::string summary(const std::vector<Report>& reports);

}  // namespace softmetal
