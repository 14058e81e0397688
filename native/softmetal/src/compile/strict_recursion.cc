#include "compile/strict_recursion.h"

#include <map>
#include <set>
#include <sstream>

namespace softmetal {
namespace {

struct Function {
  std::set<std::string> callees;
  std::string debug;  // !12
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
        if (at != std::string::npos) current->callees.insert(symbol_at(line, at));
      } else if (line.rfind("!", 0) == 0) {
        metadata_[line.substr(0, line.find(' '))] = line;
      }
    }
  }

  std::vector<Diagnostic> cycles() {
    for (const auto& [name, function] : functions_) visit(name);
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

  std::map<std::string, Function> functions_;
  std::map<std::string, std::string> metadata_;
  std::set<std::string> active_, done_;
  std::vector<Diagnostic> found_;
};

}  // namespace

std::vector<Diagnostic> find_recursion(const std::string& llvm_ir) { return CallGraph(llvm_ir).cycles(); }

}  // namespace softmetal
