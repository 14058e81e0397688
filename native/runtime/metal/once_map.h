// Values that are made once, whoever asks first.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace fa::metal {

template <typename Key, typename Value>
class OnceMap {
 public:
  /// The value of a key, made by the first thread that asks while others who want it wait. When making it
  /// throws, the next one tries again. The reference stays good as long as the map.
  template <typename Make>
  const Value& get(const Key& key, Make make) {
    Entry& entry = entry_of(key);
    const std::lock_guard lock(entry.mutex);
    if (!entry.value) entry.value.emplace(make());
    return *entry.value;
  }

 private:
  struct Entry {
    std::mutex mutex;
    std::optional<Value> value;
  };

  Entry& entry_of(const Key& key) {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<Entry>& entry = entries_[key];
    if (!entry) entry = std::make_unique<Entry>();
    return *entry;
  }

  std::mutex mutex_;
  std::map<Key, std::unique_ptr<Entry>> entries_;
};

}  // namespace fa::metal
