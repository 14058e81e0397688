#include "settings/profile.h"

namespace softmetal {

const std::vector<Profile>& all_profiles() {
  static const auto* profiles = new std::vector<Profile>{
#include "profiles.inc"
  };
  return *profiles;
}

const Profile* find_profile(std::string_view name) {
  for (const Profile& profile : all_profiles()) {
    if (name == profile.profile) return &profile;
  }
  return nullptr;
}

}  // namespace softmetal
