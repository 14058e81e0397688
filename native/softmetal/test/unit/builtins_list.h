// stdlib/builtins.txt, and the check that a program tests the whole of its chapters: a test's name starts
// with the built-in's, then a colon.
#pragma once

#include <fstream>
#include <sstream>

#include "check.h"
#include "compile/files.h"

inline std::vector<std::string> builtins_of(const std::string& chapter) {
  std::ifstream file(softmetal::softmetal_folder() + "/stdlib/builtins.txt");
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, chapter.size() + 1, chapter + ":") != 0) continue;
    std::istringstream words(line.substr(chapter.size() + 1));
    for (std::string word; words >> word;) names.push_back(word);
  }
  return names;
}

inline void check_chapter_is_tested(const std::string& chapter) {
  std::vector<std::string> names = builtins_of(chapter);
  CHECK(!names.empty());
  for (const std::string& name : names) {
    bool tested = false;
    for (const check::Case& one : check::cases()) tested |= std::string(one.name).rfind(name + ":", 0) == 0;
    if (!tested) check::fail("stdlib/builtins.txt", 0, name + " has no test");
  }
}
