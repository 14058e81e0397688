// The Foundation classes, by messages.
#include "objc/foundation.h"

#include "check.h"
#include "objc/class.h"
#include "report/report.h"

using namespace softmetal;

extern "C" {
void objc_msgSend();
void objc_msgSend_stret();
Class* objc_getClass(const char* name);
extern Object* NSLocalizedDescriptionKey;
extern Object* NSLocalizedFailureReasonErrorKey;
}

namespace {

template <class R = Object*, class... Arguments>
R send(Object* object, const char* selector, Arguments... arguments) {
  return reinterpret_cast<R (*)(Object*, Selector, Arguments...)>(&objc_msgSend)(
      object, selector_named(selector), arguments...);
}
Object* string(const char* text) { return send(objc_getClass("NSString"), "stringWithUTF8String:", text); }
Object* allocated_string() { return send(objc_getClass("NSString"), "alloc"); }
std::string text(Object* string) {
  const char* characters = send<const char*>(string, "UTF8String");
  return characters ? characters : "(nil)";
}
size_t reports() {
  size_t count = ReportLog::shared().all().size();
  ReportLog::shared().clear();
  return count;
}

TEST("NSString: UTF-8 in and out, lengths in UTF-16 units") {
  AutoreleasePool pool;
  CHECK_EQUAL(text(string("Grüße, 世界 🙂")), "Grüße, 世界 🙂");
  CHECK_EQUAL(send<unsigned long>(string("Grüße, 世界 🙂"), "length"), 12u);
  CHECK_EQUAL(send<unsigned long>(string("Grüße"), "lengthOfBytesUsingEncoding:", 4ul), 7u);
  CHECK_EQUAL(text(autorelease(send(allocated_string(), "initWithUTF8String:", "made"))), "made");
  CHECK_EQUAL(
      text(autorelease(send(allocated_string(), "initWithBytes:length:encoding:", "made too", 4ul, 4ul))),
      "made");
  CHECK_EQUAL(text(send(objc_getClass("NSString"), "stringWithCString:encoding:", "ascii", 1ul)), "ascii");
  CHECK_EQUAL(text(send(objc_getClass("NSString"), "string")), "");
  CHECK(send<bool>(string("same"), "isEqualToString:", string("same")));
  CHECK(!send<bool>(string("same"), "isEqualToString:", string("other")));
  CHECK(!send<bool>(string("same"), "isEqualToString:", static_cast<Object*>(nullptr)));
  CHECK(send<bool>(string("prefix"), "hasPrefix:", string("pre")) &&
        send<bool>(string("prefix"), "hasSuffix:", string("fix")));
  CHECK(send<bool>(string("prefix"), "containsString:", string("ref")));
  CHECK_EQUAL(text(send(string("a"), "stringByAppendingString:", string("b"))), "ab");
}

TEST("NSString: nil for what is not UTF-8, and nothing leaks") {
  AutoreleasePool pool;
  size_t before = live_objects("NSString");
  for (const char* bad : {"\x80", "a\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xf4\x90\x80\x80",
                          "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xc3\x28", "\xff"}) {
    CHECK(string(bad) == nullptr);
    CHECK(send(allocated_string(), "initWithUTF8String:", bad) == nullptr);
  }
  for (const char* good : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf4\x8f\xbf\xbf"}) {
    CHECK(is_valid_utf8(good));
  }
  CHECK(send(objc_getClass("NSString"), "stringWithUTF8String:", static_cast<const char*>(nullptr)) ==
        nullptr);
  CHECK(send(objc_getClass("NSString"), "stringWithCString:encoding:", "\xc3\xa4", 1ul) == nullptr);
  CHECK_EQUAL(live_objects("NSString"), before);
}

TEST("NSError") {
  AutoreleasePool pool;
  Object* error = nullptr;
  set_error(&error, "SomeDomain", 3, "It went wrong");
  set_error(nullptr, "SomeDomain", 3, "nobody asks");
  CHECK_EQUAL(text(send(error, "domain")), "SomeDomain");
  CHECK_EQUAL(send<long>(error, "code"), 3);
  CHECK_EQUAL(text(send(error, "localizedDescription")), "It went wrong");
  CHECK(send(error, "localizedFailureReason") == nullptr);
  CHECK_EQUAL(text(send(error, "description")), "Error Domain=SomeDomain Code=3 \"It went wrong\"");
  CHECK_EQUAL(text(send(send(error, "userInfo"), "objectForKey:", NSLocalizedDescriptionKey)),
              "It went wrong");

  Object* keys[] = {NSLocalizedDescriptionKey, NSLocalizedFailureReasonErrorKey};
  Object* values[] = {string("what"), string("why")};
  Object* info = send(objc_getClass("NSDictionary"),
                      "dictionaryWithObjects:forKeys:count:", static_cast<Object* const*>(values),
                      static_cast<Object* const*>(keys), 2ul);
  Object* own = send(objc_getClass("NSError"), "errorWithDomain:code:userInfo:", string("Own"), 9l, info);
  CHECK_EQUAL(text(send(own, "localizedDescription")), "what");
  CHECK_EQUAL(text(send(own, "localizedFailureReason")), "why");
  CHECK(send(own, "userInfo") == info);
  CHECK_EQUAL(text(send(send(objc_getClass("NSError"), "errorWithDomain:code:userInfo:", string("Own"), 9l,
                             static_cast<Object*>(nullptr)),
                        "localizedDescription")),
              "The operation couldn't be completed. (Own error 9.)");
}

TEST("NSArray") {
  AutoreleasePool pool;
  Object* items[] = {string("a"), string("b")};
  Object* array =
      send(objc_getClass("NSArray"), "arrayWithObjects:count:", static_cast<Object* const*>(items), 2ul);
  CHECK_EQUAL(send<unsigned long>(array, "count"), 2u);
  CHECK_EQUAL(text(send(array, "objectAtIndex:", 1ul)), "b");
  CHECK_EQUAL(text(send(array, "objectAtIndexedSubscript:", 0ul)), "a");
  CHECK(send(array, "firstObject") == items[0] && send(array, "lastObject") == items[1]);
  CHECK(send(send(objc_getClass("NSArray"), "array"), "firstObject") == nullptr);
  CHECK(send<bool>(array, "containsObject:", string("b")) &&
        !send<bool>(array, "containsObject:", string("c")));
  CHECK_EQUAL(text(send(array, "description")), "(a, b)");
  CHECK_EQUAL(reports(), 0u);
  CHECK(send(array, "objectAtIndex:", 2ul) == nullptr);
  CHECK_EQUAL(reports(), 1u);
  items[1] = nullptr;
  CHECK(send(objc_getClass("NSArray"), "arrayWithObjects:count:", static_cast<Object* const*>(items), 2ul) ==
        nullptr);
  CHECK_EQUAL(reports(), 1u);
}

TEST("NSDictionary keeps its keys and values and finds by equality") {
  size_t before = live_objects(nullptr);
  {
    AutoreleasePool pool;
    Object* dictionary;
    {
      AutoreleasePool inner;
      Object* keys[] = {string("one"), string("two"), string("one")};
      Object* values[] = {string("1"), string("2"), string("last")};
      dictionary = retain(send(objc_getClass("NSDictionary"), "dictionaryWithObjects:forKeys:count:",
                               static_cast<Object* const*>(values), static_cast<Object* const*>(keys), 3ul));
    }
    CHECK_EQUAL(send<unsigned long>(dictionary, "count"), 2u);
    CHECK_EQUAL(text(send(dictionary, "objectForKey:", string("one"))), "last");
    CHECK_EQUAL(text(send(dictionary, "objectForKeyedSubscript:", string("two"))), "2");
    CHECK(send(dictionary, "objectForKey:", string("three")) == nullptr);
    CHECK_EQUAL(send<unsigned long>(send(dictionary, "allKeys"), "count"), 2u);
    static_cast<Dictionary*>(dictionary)->set(string("one"), nullptr);
    CHECK_EQUAL(send<unsigned long>(dictionary, "count"), 1u);
    release(dictionary);
  }
  CHECK_EQUAL(live_objects(nullptr), before);
}

TEST("NSNumber: every type in and out") {
  AutoreleasePool pool;
  Object* numbers = objc_getClass("NSNumber");
  CHECK_EQUAL(send<int>(send(numbers, "numberWithInt:", -5), "intValue"), -5);
  CHECK_EQUAL(send<unsigned long>(send(numbers, "numberWithUnsignedLong:", ~0ul), "unsignedLongValue"), ~0ul);
  CHECK_EQUAL(text(send(send(numbers, "numberWithUnsignedLong:", ~0ul), "stringValue")),
              "18446744073709551615");
  CHECK_EQUAL(send<double>(send(numbers, "numberWithDouble:", 0.1), "doubleValue"), 0.1);
  CHECK_EQUAL(text(send(send(numbers, "numberWithDouble:", 0.1), "stringValue")), "0.1");
  CHECK_EQUAL(send<float>(send(numbers, "numberWithInt:", 3), "floatValue"), 3.0f);
  CHECK_EQUAL(send<int>(send(numbers, "numberWithFloat:", 3.75f), "intValue"), 3);
  CHECK(send<bool>(send(numbers, "numberWithBool:", true), "boolValue"));
  CHECK_EQUAL(text(send(send(numbers, "numberWithBool:", true), "stringValue")), "1");
  CHECK(send<bool>(send(numbers, "numberWithInt:", 1), "isEqual:", send(numbers, "numberWithDouble:", 1.0)));
  CHECK(!send<bool>(send(numbers, "numberWithLong:", -1l),
                    "isEqual:", send(numbers, "numberWithUnsignedLong:", ~0ul)));
  Object* made = send(send(numbers, "alloc"), "initWithInteger:", 12l);
  CHECK_EQUAL(send<long>(made, "integerValue"), 12);
  release(made);
}

TEST("NSURL, NSData, NSProcessInfo") {
  AutoreleasePool pool;
  Object* url = send(objc_getClass("NSURL"), "fileURLWithPath:", string("/tmp/kernel.metal"));
  CHECK_EQUAL(text(send(url, "path")), "/tmp/kernel.metal");
  CHECK_EQUAL(text(send(url, "absoluteString")), "file:///tmp/kernel.metal");
  Object* data = send(objc_getClass("NSData"), "dataWithBytes:length:", static_cast<const void*>("abc"), 3ul);
  CHECK_EQUAL(send<unsigned long>(data, "length"), 3u);
  auto* bytes = send<const void*>(data, "bytes");
  CHECK(!std::memcmp(bytes, "abc", 3));
  CHECK_EQUAL(reinterpret_cast<uintptr_t>(bytes) % alignof(std::max_align_t), 0u);
  Object* process = send(objc_getClass("NSProcessInfo"), "processInfo");
  CHECK(send(objc_getClass("NSProcessInfo"), "processInfo") == process);
  struct Version {
    long major, minor, patch;
  };
#ifdef __x86_64__
  auto* entry = &objc_msgSend_stret;
#else
  auto* entry = &objc_msgSend;
#endif
  Version version = reinterpret_cast<Version (*)(Object*, Selector)>(entry)(
      process, selector_named("operatingSystemVersion"));
  CHECK(version.major >= 14);
  CHECK(send<bool>(process, "isOperatingSystemAtLeastVersion:", Version{13, 9, 9}));
  CHECK(!send<bool>(process, "isOperatingSystemAtLeastVersion:", Version{99, 0, 0}));
}

TEST("objects that only Metal makes cannot be allocated") {
  class_named("MadeByMetal");
  CHECK(objc_getClass("MadeByMetal") == nullptr);
  CHECK(send(class_named("MadeByMetal"), "alloc") == nullptr);
  CHECK_EQUAL(reports(), 1u);
}

}  // namespace
