#include "metal/objc.h"

#include "metal/objc_libraries.h"

namespace fa::metal {

Objc::Objc(DeviceChoice choice) {
  const ObjcLibraries libraries(choice);
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(libraries.symbol(name));
  };
  find(message_, "objc_msgSend");
  find(selector_, "sel_registerName");
  find(get_class_, "objc_getClass");
  find(retain_, "objc_retain");
  find(release_, "objc_release");
  find(push_pool_, "objc_autoreleasePoolPush");
  find(pop_pool_, "objc_autoreleasePoolPop");
  find(stack_block_class_, "_NSConcreteStackBlock");
  find(create_default_device_, "MTLCreateSystemDefaultDevice");
  find(copy_all_devices_, "MTLCopyAllDevices");
}

const Objc& Objc::load(DeviceChoice choice) {
  // One table for each kind; a failure is thrown again by the next call, which may find other variables.
  if (choice == DeviceChoice::software) {
    static const Objc software(DeviceChoice::software);
    return software;
  }
  static const Objc system(DeviceChoice::system);
  return system;
}

Id Objc::string(const std::string& utf8) const {
  return send<Id>(class_named("NSString"), "stringWithUTF8String:", utf8.c_str());
}

std::string Objc::text(Id string) const {
  const char* characters = string == nullptr ? nullptr : send<const char*>(string, "UTF8String");
  return characters == nullptr ? "" : characters;
}

std::string Objc::error_text(Id error, const char* fallback) const {
  const std::string said = error == nullptr ? "" : text(send<Id>(error, "localizedDescription"));
  return said.empty() ? fallback : said;
}

}  // namespace fa::metal
