// The classes that the runtime brings, each group from its own file.
#pragma once

namespace softmetal {

void add_root_methods();
void add_string_methods();
void add_error_methods();
void add_collection_methods();
void add_number_methods();
void add_system_methods();
void add_signature_methods();

inline void add_builtin_classes() {
  add_root_methods();
  add_string_methods();
  add_error_methods();
  add_collection_methods();
  add_number_methods();
  add_system_methods();
  add_signature_methods();
}

}  // namespace softmetal
