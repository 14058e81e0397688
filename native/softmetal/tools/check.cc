// softmetal-check REQUEST: prints what the strict check has against a shader.
#include <cstdio>
#include <exception>

#include "request.h"
#include "softmetal/softmetal.h"

using namespace softmetal;

static void check(const Request& request) {
  std::string folders;
  for (const Words& folder : request.all("include")) folders += (folders.empty() ? "" : ":") + folder[0];
  if (softmetal_set("include", folders.c_str()) != 0) throw std::runtime_error(softmetal_last_error());

  std::string source;
  for (const Words& macro : request.all("define")) source += "#define " + macro[0] + " " + macro[1] + "\n";
  source += named_source(request);
  std::fputs(softmetal_strict_check(source.c_str(), request.one("name")[0].c_str()), stdout);
}

int main(int count, char** words) {
  try {
    if (count != 2) throw std::runtime_error("expected the file of a request");
    check(Request(words[1]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "softmetal-check: %s\n", error.what());
    return 2;
  }
}
