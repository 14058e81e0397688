// Where the library's own files are, and whole files as strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace softmetal {

// The folder with stdlib/, src/kernel_abi.h and .cache/: found upwards from where this code was loaded from.
// Empty when there is none.
const std::string& softmetal_folder();

// Of the files of stdlib/ and of the kernel ABI as they are now: who works on them has processes that run on.
std::string stdlib_hash();

std::optional<std::string> read_file(const std::string& path);
bool write_file(const std::string& path, std::string_view text);

bool move_file(const std::string& from, const std::string& to);  // within one file system

// 128 bits in hexadecimal.
std::string content_hash(std::string_view text);

}  // namespace softmetal
