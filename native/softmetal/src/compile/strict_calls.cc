#include "compile/strict_calls.h"

#include <map>
#include <set>
#include <sstream>

namespace softmetal {
namespace {

struct Function {
  std::set<std::string> callees;
  std::vector<std::string> indirect;  // !34, the places of calls through pointers
  std::string debug;                  // !12
};

// @name or @"name" at `at`.
std::string symbol_at(const std::string& line, size_t at) {
  bool quoted = line[at + 1] == '"';
  size_t end = quoted ? line.find('"', at + 2) : line.find_first_of("( ,)", at);
  return line.substr(at, end == std::string::npos ? end : end - at);
}

std::string word_after(const std::string& line, const std::string& before, const char* stop) {
  size_t at = line.find(before);
  if (at == std::string::npos) return "";
  at += before.size();
  size_t end = line.find_first_of(stop, at);
  return line.substr(at, end == std::string::npos ? end : end - at);
}

// `call void %5(ptr %6), !dbg !34`: in front of the parenthesis stands a value.
bool is_indirect(const std::string& line, size_t call) {
  size_t open = line.find('(', call);
  if (open == std::string::npos || open == 0) return false;
  size_t name = line.rfind(' ', open);
  return name != std::string::npos && name + 1 < open && line[name + 1] == '%';
}

class CallGraph {
 public:
  explicit CallGraph(const std::string& llvm_ir) {
    std::istringstream lines(llvm_ir);
    Function* current = nullptr;
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("define ", 0) == 0) {
        current = &functions_[symbol_at(line, line.find('@'))];
        current->debug = word_after(line, "!dbg ", " {");
      } else if (line == "}") {
        current = nullptr;
      } else if (current) {
        size_t call = line.find("call ");
        size_t at = call == std::string::npos ? call : line.find('@', call);
        if (call != std::string::npos && is_indirect(line, call)) {
          current->indirect.push_back(word_after(line, "!dbg ", " ,"));
        } else if (at != std::string::npos) {
          current->callees.insert(symbol_at(line, at));
        }
      } else if (line.rfind("!", 0) == 0) {
        metadata_[line.substr(0, line.find(' '))] = line;
      }
    }
  }

  std::vector<Diagnostic> problems() {
    for (const auto& [name, function] : functions_) {
      visit(name);
      for (const std::string& place : function.indirect) report_indirect(function, place);
    }
    return std::move(found_);
  }

 private:
  void visit(const std::string& name) {
    if (done_.count(name) || !functions_.count(name)) return;
    if (active_.count(name)) {
      report(name);
      return;
    }
    active_.insert(name);
    for (const std::string& callee : functions_[name].callees) visit(callee);
    active_.erase(name);
    done_.insert(name);
  }

  void report(const std::string& name) {
    const std::string& program = metadata_[functions_[name].debug];
    Diagnostic diagnostic;
    diagnostic.file = word_after(metadata_[word_after(program, "file: ", ",")], "filename: \"", "\"");
    diagnostic.line = std::atoi(word_after(program, "line: ", ",").c_str());
    diagnostic.column = 1;
    if (diagnostic.file.rfind("stdlib/", 0) == 0) return;
    diagnostic.message = "'" + word_after(program, "name: \"", "\"") + "' calls itself: MSL has no recursion";
    found_.push_back(std::move(diagnostic));
  }

  void report_indirect(const Function& function, const std::string& place) {
    const std::string &program = metadata_[function.debug], &location = metadata_[place];
    Diagnostic diagnostic;
    diagnostic.file = word_after(metadata_[word_after(program, "file: ", ",")], "filename: \"", "\"");
    if (diagnostic.file.rfind("stdlib/", 0) == 0) return;
    diagnostic.line = std::atoi(word_after(location, "line: ", ",").c_str());
    diagnostic.column = std::atoi(word_after(location, "column: ", ",").c_str());
    diagnostic.message = "a call through a pointer: MSL has no pointers to functions";
    found_.push_back(std::move(diagnostic));
  }

  std::map<std::string, Function> functions_;
  std::map<std::string, std::string> metadata_;
  std::set<std::string> active_, done_;
  std::vector<Diagnostic> found_;
};

}  // namespace

std::vector<Diagnostic> check_calls(const std::string& llvm_ir) { return CallGraph(llvm_ir).problems(); }

}  // namespace softmetal
