// Runs a program to its end, without a shell.
#pragma once

#include <string>
#include <vector>

namespace softmetal {

struct ProcessResult {
  int status = -1;            // the exit status; 128 + n when signal n ended it
  bool started = false;       // false: there is no such program, or it may not be run
  std::string output, error;  // what it printed
};

ProcessResult run_process(const std::vector<std::string>& arguments);

}  // namespace softmetal
