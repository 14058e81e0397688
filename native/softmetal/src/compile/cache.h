// The disk cache. An entry is a folder named by a hash of everything that its content depends on. It appears
// whole, by one rename, so any number of processes may share the cache.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace softmetal {

// Settings.cache, else $XDG_CACHE_HOME/softmetal, else ~/.cache/softmetal; empty when there is no home.
std::string cache_folder();

// A folder for intermediate files, gone at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path;  // empty when it cannot be made: see `failure`
  std::string failure;
};

// The folder of an entry, or nothing.
std::optional<std::string> find_entry(const std::string& key);

// Moves the folder `filled` into the cache as entry `key`. Where another process was faster, its entry stays.
// Returns the entry's folder, or nothing when it cannot be written.
std::optional<std::string> publish_entry(const std::string& key, const std::string& filled);

void remove_entry(const std::string& key);  // a damaged one

// Least recently used entries go until the rest is within `bytes`; so do temporary folders of crashed
// processes.
void prune_cache(uint64_t bytes);

}  // namespace softmetal
