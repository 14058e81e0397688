// The device's own C interface: settings, findings, counts, faults.
#include <cstdlib>
#include <sstream>

#include "compile/compiler.h"
#include "count/count_log.h"
#include "engine/dispatch.h"
#include "metal/faults.h"
#include "objc/object.h"
#include "report/report.h"
#include "settings/settings.h"
#include "softmetal/softmetal.h"

namespace softmetal {
namespace {

// What a C caller gets to read stays until the same thread asks again.
const char* keep(std::string text) {
  thread_local std::string kept;
  kept = std::move(text);
  return kept.c_str();
}

thread_local std::string last_error;

// "0=true,3=7u"
std::map<int, std::string> literals(const std::string& constants) {
  std::map<int, std::string> found;
  std::istringstream list(constants);
  for (std::string each; std::getline(list, each, ',');) {
    size_t equals = each.find('=');
    if (equals != std::string::npos) found[std::atoi(each.c_str())] = each.substr(equals + 1);
  }
  return found;
}

int answer(bool good, std::string reason) {
  last_error = good ? "" : std::move(reason);
  return good ? 0 : -1;
}

}  // namespace
}  // namespace softmetal

using namespace softmetal;

#pragma GCC visibility push(default)

int softmetal_set(const char* name, const char* value) {
  std::string reason;
  bool good = set_setting(name ? name : "", value ? value : "", reason);
  return answer(good, reason);
}

const char* softmetal_last_error(void) { return last_error.c_str(); }

const char* softmetal_settings(const char* format) {
  std::string wanted = format ? format : "text";
  if (wanted == "markdown") return keep(settings_as_markdown());
  return keep(wanted == "json" ? settings_as_json() : settings_as_text());
}

const char* softmetal_reports(void) {
  std::string text = "[";
  for (const Report& report : ReportLog::shared().all()) {
    text += (text.size() > 1 ? "," : "") + to_json(report);
  }
  return keep(text + "]");
}

size_t softmetal_report_count(void) { return ReportLog::shared().all().size(); }
void softmetal_clear_reports(void) { ReportLog::shared().clear(); }

const char* softmetal_counts(void) { return keep(to_json(CountLog::shared().all())); }
const char* softmetal_counts_by_kernel(void) { return keep(to_json(CountLog::shared().by_kernel())); }
void softmetal_clear_counts(void) { CountLog::shared().clear(); }

int softmetal_inject(const char* fault, uint64_t n, uint64_t times) {
  std::string reason;
  bool good = inject_fault(fault ? fault : "", n, times, reason);
  return answer(good, reason);
}

void softmetal_clear_faults(void) { clear_faults(); }

size_t softmetal_live_objects(const char* class_name) { return live_objects(class_name); }

const char* softmetal_strict_check(const char* source, const char* file_name) {
  LibraryOptions options;
  options.include_folders = current_settings().include;
  if (file_name && *file_name) options.file_name = file_name;
  return keep(to_text(strict_check(source ? source : "", options)));
}

const char* softmetal_translation(const char* source, const char* file_name, const char* kernel,
                                  const char* constants) {
  LibraryOptions options;
  options.include_folders = current_settings().include;
  options.fast_math = false;
  if (file_name && *file_name) options.file_name = file_name;
  LibraryResult result = compile_library(source ? source : "", options);
  answer(result.library != nullptr, to_text(result.diagnostics));
  if (!result.library) return keep("");
  const Program& program = result.library->program;
  for (const EntryPoint& entry : program.entry_points) {
    if (entry.host_name == (kernel ? kernel : ""))
      return keep(entry_text(program, entry, literals(constants ? constants : "")));
  }
  answer(false, std::string("there is no kernel '") + (kernel ? kernel : "") + "'");
  return keep("");
}

const char* softmetal_compiler(void) { return keep(compiler_version()); }

double softmetal_measure_switch_nanoseconds(void) { return measure_switch_nanoseconds(); }

#pragma GCC visibility pop
