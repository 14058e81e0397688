// softmetal-settings FORMAT: prints what can be set, as text, markdown or json.
#include <cstdio>

#include "softmetal/softmetal.h"

int main(int count, char** words) { std::puts(softmetal_settings(count > 1 ? words[1] : "text")); }
