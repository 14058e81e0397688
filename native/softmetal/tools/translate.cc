// softmetal-translate REQUEST: prints the C++ that a kernel becomes.
#include <cstdio>
#include <exception>

#include "request.h"
#include "softmetal/softmetal.h"

using namespace softmetal;

static void translate(const Request& request) {
  std::string folders, source, constants;
  for (const Words& folder : request.all("include")) folders += (folders.empty() ? "" : ":") + folder[0];
  if (softmetal_set("include", folders.c_str()) != 0) throw std::runtime_error(softmetal_last_error());
  for (const Words& macro : request.all("define")) source += "#define " + macro[0] + " " + macro[1] + "\n";
  for (const Words& constant : request.all("constant"))
    constants += (constants.empty() ? "" : ",") + constant[0] + "=" + constant[1];

  source += named_source(request);
  const char* text = softmetal_translation(source.c_str(), request.one("name")[0].c_str(),
                                           request.one("function")[0].c_str(), constants.c_str());
  if (!*text) throw std::runtime_error(softmetal_last_error());
  std::fputs(text, stdout);
}

int main(int count, char** words) {
  try {
    if (count != 2) throw std::runtime_error("expected the file of a request");
    translate(Request(words[1]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "softmetal-translate: %s\n", error.what());
    return 2;
  }
}
