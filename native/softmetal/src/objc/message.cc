// What objc_msgSend calls with every argument register saved. In a file of its own so that a test can put a
// function in its place that destroys them all.
#include "objc/class.h"

extern "C" softmetal::Method sm_objc_lookup(softmetal::Object* self, softmetal::Selector selector,
                                            unsigned entry) {
  return softmetal::find_for_message(self, selector, entry);
}
