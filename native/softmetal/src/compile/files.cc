#include "compile/files.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <vector>

namespace softmetal {
namespace {

namespace fs = std::filesystem;

// The build folder holds a link to stdlib, so that a build outside the source tree finds it, too.
constexpr int kLevelsUp = 5;

fs::path own_image() {
  Dl_info info{};
  std::error_code failure;
  if (dladdr(reinterpret_cast<const void*>(&softmetal_folder), &info) && info.dli_fname) {
    // Of a program itself, the name is what it was started by: maybe without a folder.
    if (std::string(info.dli_fname).find('/') != std::string::npos) {
      fs::path path = fs::canonical(info.dli_fname, failure);
      if (!failure) return path;
    }
  }
  return fs::canonical("/proc/self/exe", failure);
}

std::string find_folder() {
  fs::path folder = own_image().parent_path();
  for (int level = 0; level <= kLevelsUp && !folder.empty(); ++level, folder = folder.parent_path()) {
    std::error_code failure;
    fs::path stdlib = fs::canonical(folder / "stdlib", failure);
    if (!failure && fs::exists(stdlib / "run", failure)) return stdlib.parent_path().string();
  }
  return "";
}

std::vector<fs::path> stdlib_files() {
  fs::path folder = softmetal_folder();
  std::vector<fs::path> files = {folder / "src/kernel_abi.h"};
  std::error_code failure;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "stdlib", failure)) {
    if (entry.is_regular_file(failure)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Changes when a file does, and takes a tenth of the time of reading them.
std::string time_stamps(const std::vector<fs::path>& files) {
  std::string stamps;
  for (const fs::path& file : files) {
    struct stat info{};
    stat(file.c_str(), &info);
    for (long value :
         {long(info.st_size), long(info.st_ino), long(info.st_mtim.tv_sec), info.st_mtim.tv_nsec}) {
      stamps += std::to_string(value) + ' ';
    }
    stamps += file.string() + '\n';
  }
  return stamps;
}

std::string hash_of(const std::vector<fs::path>& files) {
  std::string all, folder = softmetal_folder();
  for (const fs::path& file : files) {
    std::string text = read_file(file.string()).value_or("");
    all += file.string().substr(folder.size()) + "\n" + std::to_string(text.size()) + "\n" + text;
  }
  return content_hash(all);
}

}  // namespace

const std::string& softmetal_folder() {
  static const std::string folder = find_folder();
  return folder;
}

std::string stdlib_hash() {
  static std::mutex mutex;
  static std::string stamps, hash;
  std::vector<fs::path> files = stdlib_files();
  std::string now = time_stamps(files);
  std::lock_guard lock(mutex);
  if (now != stamps) {
    hash = hash_of(files);
    stamps = now;
  }
  return hash;
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

bool write_file(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  return file.good();
}

bool move_file(const std::string& from, const std::string& to) {
  return std::rename(from.c_str(), to.c_str()) == 0;
}

// FNV-1a, 128 bits wide.
std::string content_hash(std::string_view text) {
  constexpr unsigned __int128 kPrime = (static_cast<unsigned __int128>(1) << 88) + 0x13b;
  unsigned __int128 hash = (static_cast<unsigned __int128>(0x6c62272e07bb0142) << 64) + 0x62b821756295c58d;
  for (unsigned char byte : text) hash = (hash ^ byte) * kPrime;
  char digits[33];
  std::snprintf(digits, sizeof digits, "%016llx%016llx", static_cast<unsigned long long>(hash >> 64),
                static_cast<unsigned long long>(hash));
  return digits;
}

}  // namespace softmetal
