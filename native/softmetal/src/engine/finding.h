// Writes reports about the threadgroup that a worker runs.
#pragma once

#include <string>

#include "engine/worker.h"

namespace softmetal {

// A report about `thread`, or about the whole threadgroup when null.
Report describe(const Worker& worker, ReportKind kind, std::string message, const sm_thread* thread);
Location location_of(const Worker& worker, const sm_place& place);
// The last place that an instrumented kernel announced; without one, where the kernel is declared.
Location last_location(const Worker& worker);
void add_finding(Worker& worker, Report report);

}  // namespace softmetal
