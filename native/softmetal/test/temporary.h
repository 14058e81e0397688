// Settings and folders that hold for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "settings/settings.h"

class SettingForTest {
 public:
  SettingForTest(std::string name, const std::string& value) : name_(std::move(name)) {
    std::string reason;
    if (!softmetal::set_setting(name_, value, reason)) throw std::runtime_error(reason);
  }
  ~SettingForTest() {
    std::string reason;
    softmetal::set_setting(name_, "", reason);
  }

 private:
  std::string name_;
};

class FolderForTest {
 public:
  FolderForTest() : path((std::filesystem::temp_directory_path() / "softmetal-test-XXXXXX").string()) {
    if (!mkdtemp(path.data())) throw std::runtime_error("no temporary folder");
  }
  ~FolderForTest() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

// A kernel cache of its own: what is compiled under it is compiled anew.
class TestCache : public FolderForTest {
 private:
  SettingForTest setting_{"cache", path};
};
