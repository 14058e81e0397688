// What the command line asks of a tool: lines of words with tabs between them, the first one a key.
#pragma once

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace softmetal {

using Words = std::vector<std::string>;

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class Request {
 public:
  explicit Request(const std::string& path) {
    std::istringstream text(read_file(path));
    for (std::string line; std::getline(text, line);) lines_.push_back(split(line));
  }

  // Every line with this key, without the key.
  std::vector<Words> all(const std::string& key) const {
    std::vector<Words> found;
    for (const Words& words : lines_) {
      if (words[0] == key) found.emplace_back(words.begin() + 1, words.end());
    }
    return found;
  }

  Words one(const std::string& key) const {
    std::vector<Words> found = all(key);
    if (found.size() != 1) throw std::runtime_error("the request has not one line '" + key + "'");
    return found[0];
  }

  bool has(const std::string& key) const { return !all(key).empty(); }

 private:
  static Words split(const std::string& line) {
    Words words(1);
    for (char c : line) {
      if (c == '\t') {
        words.emplace_back();
      } else {
        words.back() += c;
      }
    }
    return words;
  }

  std::vector<Words> lines_;
};

// The source, in front of it a line that tells diagnostics the author's name for the file.
inline std::string named_source(const Request& request) {
  return "#line 1 \"" + request.one("name")[0] + "\"\n" + read_file(request.one("source")[0]);
}

}  // namespace softmetal
