// stdlib/builtins.txt against the declarations of the strict check and against the library itself.
#include "unit/builtins_list.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

namespace {

std::set<std::string> words_of(const std::string& folder) {
  std::set<std::string> words;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(softmetal::softmetal_folder() + folder)) {
    std::ifstream file(entry.path());
    std::string word;
    for (char c; file.get(c);) {
      if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
        word += c;
      } else if (!word.empty()) {
        words.insert(word);
        word.clear();
      }
    }
  }
  return words;
}

// A name that macros put together occurs as its parts: atomic_fetch_##name##_explicit with SM_FETCH(add).
bool is_declared(const std::set<std::string>& words, const std::string& name) {
  if (words.count(name)) return true;
  for (size_t from = 0; from < name.size(); from++)
    for (size_t to = from + 1; to <= name.size(); to++) {
      std::string left = name.substr(0, from), part = name.substr(from, to - from), right = name.substr(to);
      if (words.count(part) && (left.empty() || words.count(left)) && (right.empty() || words.count(right)) &&
          (left.empty() || left.back() == '_') && (right.empty() || right.front() == '_'))
        return true;
    }
  return false;
}

std::vector<std::string> all_builtins() {
  std::vector<std::string> names;
  for (const char* chapter :
       {"common", "math", "integer", "relational", "geometric", "matrix", "conversion", "pack", "atomic"})
    for (const std::string& name : builtins_of(chapter)) names.push_back(name);
  return names;
}

}  // namespace

TEST("every built-in is declared for the strict check and defined for execution") {
  for (const char* folder : {"/stdlib/strict", "/stdlib/run"}) {
    std::set<std::string> words = words_of(folder);
    for (const std::string& name : all_builtins())
      if (!is_declared(words, name)) check::fail(folder, 0, name + " is not declared");
  }
}
TEST("the list names each built-in once") {
  std::vector<std::string> names = all_builtins();
  CHECK(names.size() > 130);
  std::sort(names.begin(), names.end());
  for (size_t i = 1; i < names.size(); i++)
    if (names[i] == names[i - 1]) check::fail("stdlib/builtins.txt", 0, names[i] + " is there twice");
}
