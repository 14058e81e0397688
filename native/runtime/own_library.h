// The file that this code was loaded from: the addon, or a program that links the runtime.
#pragma once
#include <string>

namespace fa {

/// Its path; empty where the system does not tell.
std::string own_library_path();

/// Keeps it loaded until the process ends. For code that other threads may still be in when its host has let
/// go of it, such as callbacks.
void pin_own_library();

}  // namespace fa
