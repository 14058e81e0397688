#include "compile/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <numeric>
#include <vector>

#include "compile/files.h"
#include "settings/settings.h"

namespace softmetal {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kCacheBytes = uint64_t{1} << 30;
constexpr auto kAbandoned = std::chrono::hours(6);
constexpr const char* kTemporaryPrefix = "tmp-";

fs::path entry_path(const std::string& key) { return fs::path(cache_folder()) / key; }

// Its time stamp says when an entry was last used.
void touch(const fs::path& path) { utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }

// Host names tell processes apart that share the folder from several machines.
std::string unused_name(const std::string& cache) {
  static std::atomic<unsigned> number{0};
  char host[64] = "";
  gethostname(host, sizeof host - 1);
  return cache + "/" + kTemporaryPrefix + host + "-" + std::to_string(getpid()) + "-" +
         std::to_string(number++);
}

// At once for everybody who looks for it, unlike a removal file by file.
void remove_whole(const fs::path& entry) {
  fs::path aside = unused_name(entry.parent_path().string());
  std::error_code failure;
  fs::rename(entry, aside, failure);
  if (!failure) fs::remove_all(aside, failure);
}

uint64_t bytes_of(const fs::path& folder) {
  uint64_t bytes = 0;
  std::error_code failure;
  for (const auto& file : fs::directory_iterator(folder, failure)) {
    uint64_t size = file.file_size(failure);
    if (!failure) bytes += size;
  }
  return bytes;
}

constexpr const char* kInventory = "inventory";

// One file a line: its size and name. A crash or a full disk may leave half a file. The system's loader would
// end the process on a damaged image, so of these every byte counts.
std::string inventory(const fs::path& folder) {
  std::vector<std::string> lines;
  std::error_code failure;
  for (const auto& file : fs::directory_iterator(folder, failure)) {
    std::string name = file.path().filename().string();
    if (name == kInventory) continue;
    std::string line = std::to_string(file.file_size(failure)) + " " + name;
    if (name.ends_with(".so")) line += " " + content_hash(read_file(file.path().string()).value_or(""));
    lines.push_back(line + "\n");
  }
  std::sort(lines.begin(), lines.end());
  return std::accumulate(lines.begin(), lines.end(), std::string());
}

struct Entry {
  fs::path path;
  fs::file_time_type used;
  uint64_t bytes;
};

std::vector<Entry> entries_by_age(const fs::path& cache) {
  std::vector<Entry> entries;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(cache, failure)) {
    auto used = fs::last_write_time(entry.path(), failure);
    if (failure || !entry.is_directory(failure)) continue;
    if (entry.path().filename().string().starts_with(kTemporaryPrefix)) {
      if (fs::file_time_type::clock::now() - used > kAbandoned) fs::remove_all(entry.path(), failure);
    } else {
      entries.push_back({entry.path(), used, bytes_of(entry.path())});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  return entries;
}

}  // namespace

std::string cache_folder() {
  if (std::string folder = current_settings().cache; !folder.empty()) return folder;
  if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder && *folder) {
    return std::string(folder) + "/softmetal";
  }
  if (const char* home = std::getenv("HOME"); home && *home) return std::string(home) + "/.cache/softmetal";
  return "";
}

TemporaryFolder::TemporaryFolder() {
  std::string cache = cache_folder();
  if (cache.empty()) {
    failure = "there is no folder for compiled kernels: HOME is not set; set SOFTMETAL_CACHE";
    return;
  }
  std::error_code error;
  fs::create_directories(cache, error);
  std::string wanted = unused_name(cache);
  fs::remove_all(wanted, error);
  if (fs::create_directory(wanted, error)) {
    path = wanted;
  } else {
    failure = "the folder of compiled kernels cannot be written: " + cache + ": " + error.message();
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path.empty()) fs::remove_all(path, ignored);
}

std::optional<std::string> find_entry(const std::string& key) {
  fs::path path = entry_path(key);
  std::error_code failure;
  if (!fs::is_directory(path, failure)) return std::nullopt;
  if (read_file((path / kInventory).string()) != inventory(path)) {
    remove_whole(path);
    return std::nullopt;
  }
  touch(path);
  return path.string();
}

std::optional<std::string> publish_entry(const std::string& key, const std::string& filled) {
  fs::path path = entry_path(key);
  std::error_code failure;
  if (!write_file(filled + "/" + kInventory, inventory(filled))) return std::nullopt;
  fs::rename(filled, path, failure);
  if (failure && !fs::is_directory(path, failure)) return std::nullopt;
  static std::once_flag once;
  std::call_once(once, [] { prune_cache(kCacheBytes); });
  return path.string();
}

void remove_entry(const std::string& key) { remove_whole(entry_path(key)); }

void prune_cache(uint64_t bytes) {
  std::vector<Entry> entries = entries_by_age(cache_folder());
  uint64_t total = 0;
  for (const Entry& entry : entries) total += entry.bytes;
  for (const Entry& entry : entries) {
    if (total <= bytes) return;
    remove_whole(entry.path);
    total -= entry.bytes;
  }
}

}  // namespace softmetal
