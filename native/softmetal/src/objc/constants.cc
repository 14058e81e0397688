// Foundation's constants, which clients link or find with dlsym.
#include <dlfcn.h>

#include "objc/foundation.h"

namespace softmetal {

PublishedConstant::PublishedConstant(const char* symbol, Object** place, const char* text) {
  *place = make_immortal(new String(text));
  // A program that was not linked position-independent has a copy of the variable.
  if (auto* seen = static_cast<Object**>(dlsym(RTLD_DEFAULT, symbol))) *seen = *place;
}

}  // namespace softmetal

SOFTMETAL_CONSTANT(NSLocalizedDescriptionKey, "NSLocalizedDescription");
SOFTMETAL_CONSTANT(NSLocalizedFailureReasonErrorKey, "NSLocalizedFailureReason");
SOFTMETAL_CONSTANT(NSUnderlyingErrorKey, "NSUnderlyingError");
SOFTMETAL_CONSTANT(NSCocoaErrorDomain, "NSCocoaErrorDomain");
SOFTMETAL_CONSTANT(NSPOSIXErrorDomain, "NSPOSIXErrorDomain");
