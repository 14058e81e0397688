// NSArray and NSDictionary.
#include <algorithm>

#include "objc/builtin.h"
#include "objc/foundation.h"

namespace softmetal {

Array::Array(std::vector<Object*> given) : Object(class_named(kClassName)), items(std::move(given)) {
  for (Object* item : items) retain(item);
}
Array::~Array() {
  for (Object* item : items) release(item);
}
std::string Array::description() const {
  std::string text = "(";
  for (const Object* item : items) text += (text.size() > 1 ? ", " : "") + item->description();
  return text + ")";
}
bool Array::is_equal(const Object* other) const {
  auto* array = dynamic_cast<const Array*>(other);
  return array && std::equal(items.begin(), items.end(), array->items.begin(), array->items.end(),
                             [](const Object* one, const Object* two) { return one->is_equal(two); });
}

Dictionary::Dictionary(std::vector<std::pair<Object*, Object*>> given) : Object(class_named(kClassName)) {
  for (auto& [key, value] : given) set(key, value);
}
Dictionary::~Dictionary() {
  for (auto& [key, value] : items) {
    release(key);
    release(value);
  }
}
std::string Dictionary::description() const {
  std::string text = "{";
  for (auto& [key, value] : items) text += " " + key->description() + " = " + value->description() + ";";
  return text + " }";
}
bool Dictionary::is_equal(const Object* other) const {
  auto* dictionary = dynamic_cast<const Dictionary*>(other);
  return dictionary && dictionary->items.size() == items.size() &&
         std::all_of(items.begin(), items.end(), [&](auto& item) {
           const Object* found = dictionary->find(item.first);
           return found && found->is_equal(item.second);
         });
}
Object* Dictionary::find(const Object* key) const {
  for (auto& item : items) {
    if (item.first->is_equal(key)) return item.second;
  }
  return nullptr;
}
void Dictionary::set(Object* key, Object* value) {
  auto item = std::find_if(items.begin(), items.end(), [&](auto& one) { return one.first->is_equal(key); });
  retain(value);
  if (item == items.end()) {
    if (value) items.emplace_back(retain(key), value);
    return;
  }
  release(item->second);
  item->second = value;
  if (value) return;
  release(item->first);
  items.erase(item);
}

namespace {

// Foundation raises an exception for nil and for an index past the end; here it is a report and nil.
bool all_objects(Object* const* items, unsigned long count, const char* selector) {
  for (unsigned long i = 0; i < count; i++) {
    if (is_object(items[i])) continue;
    report_object(std::string(selector) + ": item " + std::to_string(i) + " is nil or no object");
    return false;
  }
  return true;
}

Object* make_array(Object* const* items, unsigned long count, const char* selector) {
  return all_objects(items, count, selector) ? new Array({items, items + count}) : nullptr;
}

Object* item_at(Array* self, Selector, unsigned long index) {
  if (index < self->items.size()) return self->items[index];
  report_object("-[NSArray objectAtIndex:]: index " + std::to_string(index) + " of " +
                std::to_string(self->items.size()));
  return nullptr;
}

Object* make_dictionary(Object* const* values, Object* const* keys, unsigned long count,
                        const char* selector) {
  if (!all_objects(values, count, selector) || !all_objects(keys, count, selector)) return nullptr;
  Dictionary* made = new Dictionary;
  for (unsigned long i = 0; i < count; i++) made->set(keys[i], values[i]);
  return made;
}

void add_array_methods() {
  allocate_with<Array>("NSArray");
  add_class_method("NSArray", "array", +[](Class*, Selector) -> Object* { return autorelease(new Array); });
  add_class_method(
      "NSArray", "arrayWithObject:", +[](Class*, Selector, Object* item) -> Object* {
        return autorelease(make_array(&item, 1, "arrayWithObject:"));
      });
  add_class_method(
      "NSArray",
      "arrayWithObjects:count:", +[](Class*, Selector, Object* const* items, unsigned long count) -> Object* {
        return autorelease(make_array(items, count, "arrayWithObjects:count:"));
      });
  add_method(
      "NSArray", "initWithObjects:count:",
      +[](Array* self, Selector, Object* const* items, unsigned long count) -> Object* {
        release(self);
        return make_array(items, count, "initWithObjects:count:");
      });
  add_method("NSArray", "count", +[](Array* self, Selector) -> unsigned long { return self->items.size(); });
  add_method("NSArray", "objectAtIndex:", &item_at);
  add_method("NSArray", "objectAtIndexedSubscript:", &item_at);
  add_method(
      "NSArray", "firstObject",
      +[](Array* self, Selector) { return self->items.empty() ? nullptr : self->items.front(); });
  add_method(
      "NSArray", "lastObject",
      +[](Array* self, Selector) { return self->items.empty() ? nullptr : self->items.back(); });
  add_method(
      "NSArray", "containsObject:", +[](Array* self, Selector, Object* wanted) {
        return std::any_of(self->items.begin(), self->items.end(),
                           [&](Object* item) { return item->is_equal(wanted); });
      });
}

void add_dictionary_methods() {
  allocate_with<Dictionary>("NSDictionary");
  add_class_method(
      "NSDictionary", "dictionary", +[](Class*, Selector) -> Object* { return autorelease(new Dictionary); });
  add_class_method(
      "NSDictionary",
      "dictionaryWithObject:forKey:", +[](Class*, Selector, Object* value, Object* key) -> Object* {
        return autorelease(make_dictionary(&value, &key, 1, "dictionaryWithObject:forKey:"));
      });
  add_class_method(
      "NSDictionary", "dictionaryWithObjects:forKeys:count:",
      +[](Class*, Selector, Object* const* values, Object* const* keys, unsigned long count) -> Object* {
        return autorelease(make_dictionary(values, keys, count, "dictionaryWithObjects:forKeys:count:"));
      });
  add_method(
      "NSDictionary", "initWithObjects:forKeys:count:",
      +[](Dictionary* self, Selector, Object* const* values, Object* const* keys,
          unsigned long count) -> Object* {
        release(self);
        return make_dictionary(values, keys, count, "initWithObjects:forKeys:count:");
      });
  add_method(
      "NSDictionary", "count",
      +[](Dictionary* self, Selector) -> unsigned long { return self->items.size(); });
  auto find = +[](Dictionary* self, Selector, Object* key) { return key ? self->find(key) : nullptr; };
  add_method("NSDictionary", "objectForKey:", find);
  add_method("NSDictionary", "objectForKeyedSubscript:", find);
  add_method(
      "NSDictionary", "allKeys", +[](Dictionary* self, Selector) -> Object* {
        std::vector<Object*> keys;
        for (auto& item : self->items) keys.push_back(item.first);
        return autorelease(new Array(keys));
      });
}

}  // namespace

void add_collection_methods() {
  add_array_methods();
  add_dictionary_methods();
}

}  // namespace softmetal
