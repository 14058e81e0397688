#include "report/report.h"

#include "report/json.h"

namespace softmetal {
namespace {

std::string position(const uint32_t (&p)[3], const char* open, const char* close) {
  return open + std::to_string(p[0]) + ", " + std::to_string(p[1]) + ", " + std::to_string(p[2]) + close;
}

// "file:line:column: ", or what is known of it.
std::string prefix(const Location& location) {
  std::string text;
  if (!location.file.empty()) text = location.file + ":";
  if (location.line > 0) text += std::to_string(location.line) + ":";
  if (location.line > 0 && location.column > 0) text += std::to_string(location.column) + ":";
  return text.empty() ? text : text + " ";
}

std::string describe(const ThreadPosition& thread) {
  return "threadgroup " + position(thread.threadgroup, "(", ")") + ", thread " +
         std::to_string(thread.index) + " " + position(thread.thread, "(", ")") + ", simdgroup " +
         std::to_string(thread.simdgroup) + ", lane " + std::to_string(thread.lane);
}

std::string describe(const ArgumentPlace& argument) {
  std::string text = argument.table;
  if (argument.index >= 0) text += "(" + std::to_string(argument.index) + ")";
  if (!argument.name.empty()) text += " '" + argument.name + "'";
  text += argument.offset < 0 ? " - " : " + ";
  uint64_t distance = argument.offset < 0 ? -static_cast<uint64_t>(argument.offset) : argument.offset;
  return text + std::to_string(distance) + " of " + std::to_string(argument.length) + " bytes";
}

std::string json(const Location& location) {
  return "{" + json_member("file", json_string(location.file)) + ", " +
         json_member("line", std::to_string(location.line)) + ", " +
         json_member("column", std::to_string(location.column)) + ", " +
         json_member("function", json_string(location.function)) + "}";
}

std::string json(const ThreadPosition& thread) {
  return "{" + json_member("threadgroup", position(thread.threadgroup, "[", "]")) + ", " +
         json_member("thread", position(thread.thread, "[", "]")) + ", " +
         json_member("index", std::to_string(thread.index)) + ", " +
         json_member("simdgroup", std::to_string(thread.simdgroup)) + ", " +
         json_member("lane", std::to_string(thread.lane)) + "}";
}

std::string json(const ArgumentPlace& argument) {
  return "{" + json_member("name", json_string(argument.name)) + ", " +
         json_member("table", json_string(argument.table)) + ", " +
         json_member("index", std::to_string(argument.index)) + ", " +
         json_member("offset", std::to_string(argument.offset)) + ", " +
         json_member("length", std::to_string(argument.length)) + "}";
}

std::string json(const std::vector<Note>& notes) {
  std::string text = "[";
  for (const Note& note : notes) {
    if (text.size() > 1) text += ", ";
    text += "{" + json_member("message", json_string(note.message)) + ", " +
            json_member("location", json(note.location)) + "}";
  }
  return text + "]";
}

}  // namespace

const char* slug(ReportKind kind) {
  switch (kind) {
#define SOFTMETAL_REPORT(identifier, slug, meaning) \
  case ReportKind::identifier:                      \
    return slug;
#include "report/kinds.inc"
#undef SOFTMETAL_REPORT
  }
  return "unknown";
}

std::string to_text(const Report& report) {
  std::string text = prefix(report.location) + "error: " + report.message + " [" + slug(report.kind) + "]";
  for (const Note& note : report.notes) text += "\n" + prefix(note.location) + "note: " + note.message;
  std::string where;
  if (!report.kernel.empty()) where = "kernel " + report.kernel;
  if (report.thread) where += (where.empty() ? "" : ", ") + describe(*report.thread);
  if (!where.empty()) text += "\n    " + where;
  if (report.argument) text += "\n    " + describe(*report.argument);
  if (report.occurrences > 1) text += "\n    seen " + std::to_string(report.occurrences) + " times";
  return text;
}

std::string to_json(const Report& report) {
  std::string text = "{" + json_member("kind", json_string(slug(report.kind))) + ", " +
                     json_member("message", json_string(report.message)) + ", " +
                     json_member("kernel", json_string(report.kernel)) + ", " +
                     json_member("location", json(report.location));
  if (report.thread) text += ", " + json_member("thread", json(*report.thread));
  if (report.argument) text += ", " + json_member("argument", json(*report.argument));
  text += ", " + json_member("notes", json(report.notes));
  text += ", " + json_member("text", json_string(to_text(report)));
  return text + ", " + json_member("occurrences", std::to_string(report.occurrences)) + "}";
}

}  // namespace softmetal
