// Messages as a host sends them, through softmetal/objc.h and the exported C functions: every way in which
// arguments and results travel, nil, a host's own classes, what goes wrong.
#include "softmetal/objc.h"

#include <thread>
#include <vector>

#include "check.h"
#include "softmetal/softmetal.h"

using namespace softmetal::objc;

extern "C" {
Class objc_allocateClassPair(Class super, const char* name, size_t extra_bytes);
void objc_registerClassPair(Class isa);
bool class_addMethod(Class isa, SEL selector, Entry method, const char* types);
bool class_respondsToSelector(Class isa, SEL selector);
const void* class_getInstanceMethod(Class isa, SEL selector);
const char* method_getTypeEncoding(const void* method);
const char* class_getName(Class isa);
Class class_getSuperclass(Class isa);
Class objc_lookUpClass(const char* name);
Class objc_getMetaClass(const char* name);
Class objc_getProtocol(const char* name);
Class object_getClass(id object);
const char* object_getClassName(id object);
void* object_getIndexedIvars(id object);
const char* sel_getName(SEL selector);
SEL sel_getUid(const char* name);
id objc_autorelease(id object);
id objc_retainAutorelease(id object);
id objc_retainAutoreleasedReturnValue(id object);
id objc_alloc(Class isa);
id objc_alloc_init(Class isa);
Class objc_opt_class(id object);
bool objc_opt_isKindOfClass(id object, Class isa);
void objc_storeStrong(id* place, id object);
}

namespace {

struct Size {
  NSUInteger width, height, depth;
};
struct Region {
  Size origin, size;
};
struct Range {
  NSUInteger location, length;
};
struct Four {
  double a, b, c, d;
};
struct FourFloats {
  float a, b, c, d;
};
struct Mixed {
  long a;
  double b;
};

// ---- methods of a host's own class
long many(id, SEL, long a, long b, long c, long d, long e, long f, long g, long h, double p, double q,
          double r, double s, double t, double u, double v, double w, double x) {
  bool integers = a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h == 204;
  return integers && p == .5 && q == 1.5 && r == 2.5 && s == 3.5 && t == 4.5 && u == 5.5 && v == 6.5 &&
         w == 7.5 && x == 8.5;
}
bool sizes(id, SEL, Size a, Size b, Size c) {
  return a.width == 1 && a.height == 2 && a.depth == 3 && b.width == 4 && b.depth == 6 && c.width == 7 &&
         c.depth == 9;
}
Size twice(id, SEL, Size a) { return {a.width * 2, a.height * 2, a.depth * 2}; }
Region both(id, SEL, Size a, long x, Size b) { return {{a.width + x, a.height, a.depth}, b}; }
Range range(id, SEL, NSUInteger location, NSUInteger length) { return {location, length}; }
Four reverse(id, SEL, Four f) { return {f.d, f.c, f.b, f.a}; }
FourFloats reverse_floats(id, SEL, FourFloats f) { return {f.d, f.c, f.b, f.a}; }
Mixed mixed(id, SEL, Mixed m) { return {static_cast<long>(m.b), static_cast<double>(m.a)}; }
float half(id, SEL, float x) { return x / 2; }
double sum(id, SEL, float a, long b, double c, NSUInteger d) { return a + b + c + d; }
bool is_large(id, SEL, long x) { return x > 3; }
NSUInteger replace(id, SEL, Region region, NSUInteger level, const void* bytes, NSUInteger row) {
  return region.origin.width + region.size.depth + level + row + (bytes != nullptr);
}
NSUInteger fill(id, SEL, id buffer, Range range, uint8_t value) {
  return range.location + range.length + value + (buffer ? 1000 : 0);
}
int small_ones(id, SEL, int8_t a, uint8_t b, int16_t c, uint16_t d) {
  return a * 1000000 + b * 10000 + c * 100 + d;
}
long double wide(id, SEL, long double x) { return x * 2; }

struct Host {
  Host() : isa(objc_allocateClassPair(class_named("NSObject"), "HostThing", 24)) {
    add("many:", many, "q144@0:8q16q24q32q40q48q56q64q72d80d88d96d104d112d120d128d136d144");
    add("sizes:", sizes, "B88@0:8{?=QQQ}16{?=QQQ}40{?=QQQ}64");
    add("twice:", twice, "{?=QQQ}40@0:8{?=QQQ}16");
    add("both:", both, "{?={?=QQQ}{?=QQQ}}72@0:8{?=QQQ}16q40{?=QQQ}48");
    add("range:", range, "{_NSRange=QQ}32@0:8Q16Q24");
    add("reverse:", reverse, "{?=dddd}48@0:8{?=dddd}16");
    add("reverseFloats:", reverse_floats, "{?=ffff}32@0:8{?=ffff}16");
    add("mixed:", mixed, "{?=qd}32@0:8{?=qd}16");
    add("half:", half, "f20@0:8f16");
    add("sum:", sum, "d44@0:8f16q20d28Q36");
    add("isLarge:", is_large, "B24@0:8q16");
    add("replace:", replace, "Q88@0:8{?={?=QQQ}{?=QQQ}}16Q64r^v72Q80");
    add("fill:", fill, "Q44@0:8@16{_NSRange=QQ}24C40");
    add("small:", small_ones, "i32@0:8c16C20s24S28");
    add("wide:", wide, "D32@0:8D16");
    objc_registerClassPair(isa);
  }
  template <class Function>
  void add(const char* selector, Function method, const char* types) {
    class_addMethod(isa, sel_registerName(selector), reinterpret_cast<Entry>(method), types);
  }
  Class isa;
};

id thing() {
  static Host* host = new Host;
  static id only = send<id>(host->isa, "new");
  return only;
}
// The names of these methods do not say how many arguments they have.
template <class R, class... A>
R ask(id receiver, const char* name, A... arguments) {
  return send_selector<R>(receiver, sel_registerName(name), arguments...);
}

std::string reports() {
  std::string text = softmetal_reports();
  softmetal_clear_reports();
  return text;
}

TEST("8 integers and 9 doubles: registers, then stack") {
  CHECK_EQUAL(
      ask<long>(thing(), "many:", 1l, 2l, 3l, 4l, 5l, 6l, 7l, 8l, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5),
      1);
}

TEST("structures of 24 and 48 bytes by value") {
  CHECK(ask<bool>(thing(), "sizes:", Size{1, 2, 3}, Size{4, 5, 6}, Size{7, 8, 9}));
  CHECK_EQUAL(ask<NSUInteger>(thing(), "replace:", Region{{1, 0, 0}, {0, 0, 2}}, NSUInteger{3},
                              static_cast<const void*>("x"), NSUInteger{4}),
              11u);
}

TEST("results of 24 and 48 bytes") {
  Size size = ask<Size>(thing(), "twice:", Size{1, 2, 3});
  CHECK(size.width == 2 && size.height == 4 && size.depth == 6);
  Region region = ask<Region>(thing(), "both:", Size{1, 2, 3}, 10l, Size{4, 5, 6});
  CHECK(region.origin.width == 11 && region.origin.depth == 3 && region.size.width == 4 &&
        region.size.depth == 6);
}

TEST("structures in registers: 16 bytes, four doubles, four floats, one of each") {
  Range pair = ask<Range>(thing(), "range:", NSUInteger{5}, NSUInteger{6});
  CHECK(pair.location == 5 && pair.length == 6);
  CHECK_EQUAL(ask<NSUInteger>(thing(), "fill:", nil, Range{10, 20}, exactly<uint8_t>(200)), 230u);
  Four four = ask<Four>(thing(), "reverse:", Four{1, 2, 3, 4});
  CHECK(four.a == 4 && four.b == 3 && four.c == 2 && four.d == 1);
  FourFloats floats = ask<FourFloats>(thing(), "reverseFloats:", FourFloats{1, 2, 3, 4});
  CHECK(floats.a == 4 && floats.b == 3 && floats.c == 2 && floats.d == 1);
  Mixed other = ask<Mixed>(thing(), "mixed:", Mixed{7, 8.0});
  CHECK(other.a == 8 && other.b == 7);
}

TEST("floats, doubles and integers side by side") {
  CHECK_EQUAL(ask<float>(thing(), "half:", 2.5f), 1.25f);
  CHECK_EQUAL(ask<double>(thing(), "sum:", 0.5f, -3l, 0.25, NSUInteger{10}), 7.75);
  CHECK(ask<bool>(thing(), "isLarge:", 4l) && !ask<bool>(thing(), "isLarge:", 3l));
  CHECK_EQUAL(ask<int>(thing(), "small:", exactly<int8_t>(-2), exactly<uint8_t>(250), exactly<int16_t>(-3),
                       exactly<uint16_t>(7)),
              -2000000 + 2500000 - 300 + 7);
  CHECK(ask<long double>(thing(), "wide:", exactly<long double>(1.25L)) == 2.5L);
}

TEST("nil answers zero of every kind, whatever was in the registers") {
  for (int round = 0; round < 2; round++) {
    ask<double>(thing(), "sum:", 1.0f, 1l, 1.0, NSUInteger{1});
    CHECK_EQUAL(send<long>(nil, "count"), 0);
    CHECK_EQUAL(ask<double>(nil, "sum:", 1.0f, 1l, 1.0, NSUInteger{1}), 0.0);
    CHECK_EQUAL(ask<float>(nil, "half:", 2.0f), 0.0f);
    CHECK(!ask<bool>(nil, "isLarge:", 9l));
    CHECK(send<id>(nil, "description") == nil && send<const char*>(nil, "UTF8String") == nullptr);
    Range pair = ask<Range>(nil, "range:", NSUInteger{5}, NSUInteger{6});
    CHECK(pair.location == 0 && pair.length == 0);
    Size size = ask<Size>(nil, "twice:", Size{1, 2, 3});
    CHECK(size.width == 0 && size.height == 0 && size.depth == 0);
    Four four = ask<Four>(nil, "reverse:", Four{1, 2, 3, 4});
    CHECK(four.a == 0 && four.d == 0);
    CHECK(ask<long double>(nil, "wide:", exactly<long double>(1.0L)) == 0.0L);
    send<void>(nil, "commit");
  }
  CHECK_EQUAL(text(nil), "");
}

TEST("an unknown selector is reported by class and name, answers zero, and the process lives") {
  softmetal_clear_reports();
  Pool pool;
  CHECK_EQUAL(send<NSUInteger>(string("text"), "foo:", NSUInteger{1}), 0u);
  CHECK_CONTAINS(reports(), "-[NSString foo:]: unrecognized selector");
  CHECK(send<id>(class_named("NSString"), "bar") == nil);
  std::string text = reports();
  CHECK_CONTAINS(text, "+[NSString bar]");
  CHECK_CONTAINS(text, "unknown-selector");
}

TEST("a host's own class: instance variables, -dealloc, superclass, encodings") {
  static int dealloced = 0;
  Class isa = objc_allocateClassPair(class_named("NSObject"), "HostDelegate", sizeof(long));
  CHECK(objc_allocateClassPair(nullptr, "NSObject", 0) == nullptr);
  CHECK(objc_lookUpClass("HostDelegate") == nullptr);
  auto dealloc =
      +[](id self, SEL) { dealloced += static_cast<int>(*static_cast<long*>(object_getIndexedIvars(self))); };
  class_addMethod(isa, sel_registerName("dealloc"), reinterpret_cast<Entry>(dealloc), "v16@0:8");
  objc_registerClassPair(isa);
  CHECK(objc_lookUpClass("HostDelegate") == isa);
  id object = send<id>(isa, "new");
  CHECK_EQUAL(*static_cast<long*>(object_getIndexedIvars(object)), 0);
  *static_cast<long*>(object_getIndexedIvars(object)) = 5;
  objc_retain(object);
  send<void>(object, "release");
  CHECK_EQUAL(dealloced, 0);
  objc_release(object);
  CHECK_EQUAL(dealloced, 5);
  CHECK(class_getSuperclass(isa) == class_named("NSObject"));
  CHECK_EQUAL(std::string(method_getTypeEncoding(class_getInstanceMethod(isa, sel_registerName("dealloc")))),
              "v16@0:8");
}

TEST("NSObject's protocol") {
  Pool pool;
  Class root = class_named("NSObject"), strings = class_named("NSString");
  Owned object(send<id>(root, "new"));
  CHECK(send<Class>(object.get(), "class") == root && object_getClass(object.get()) == root);
  CHECK(send<Class>(root, "class") == root && send<Class>(strings, "superclass") == root);
  id text_object = string("text");
  CHECK(send<bool>(text_object, "isKindOfClass:", root) &&
        send<bool>(text_object, "isMemberOfClass:", strings));
  CHECK(!send<bool>(text_object, "isMemberOfClass:", root) &&
        !send<bool>(object.get(), "isKindOfClass:", strings));
  CHECK(send<bool>(text_object, "respondsToSelector:", sel_registerName("UTF8String")));
  CHECK(!send<bool>(object.get(), "respondsToSelector:", sel_registerName("UTF8String")));
  CHECK(send<bool>(strings, "instancesRespondToSelector:", sel_registerName("UTF8String")));
  CHECK(send<bool>(strings, "respondsToSelector:", sel_registerName("stringWithUTF8String:")));
  CHECK(send<bool>(text_object, "isEqual:", string("text")) &&
        !send<bool>(text_object, "isEqual:", object.get()));
  CHECK(!send<bool>(text_object, "isEqual:", nil));
  CHECK_EQUAL(send<NSUInteger>(text_object, "hash"), send<NSUInteger>(string("text"), "hash"));
  CHECK_CONTAINS(text(send<id>(object.get(), "description")), "<NSObject: 0x");
  CHECK_EQUAL(text(send<id>(root, "description")), "NSObject");
  CHECK_EQUAL(send<NSUInteger>(object.get(), "retainCount"), 1u);
  CHECK(send<id>(object.get(), "retain") == object.get());
  CHECK_EQUAL(send<NSUInteger>(object.get(), "retainCount"), 2u);
  send<void>(object.get(), "release");
  CHECK(send<id>(object.get(), "methodSignatureForSelector:", sel_registerName("hash")) != nil);
  CHECK(send<id>(object.get(), "methodSignatureForSelector:", sel_registerName("nothingOfTheKind")) == nil);
  Owned copy(send<id>(text_object, "copy"));
  CHECK_EQUAL(text(copy.get()), "text");
}

TEST("the runtime's functions by name") {
  CHECK_EQUAL(std::string(sel_getName(sel_registerName("a:b:"))), "a:b:");
  CHECK(sel_getUid("a:b:") == sel_registerName("a:b:"));
  CHECK_EQUAL(std::string(class_getName(class_named("NSString"))), "NSString");
  CHECK_EQUAL(std::string(object_getClassName(thing())), "HostThing");
  CHECK(class_respondsToSelector(class_named("NSString"), sel_registerName("length")));
  CHECK(object_getClass(class_named("NSString")) == objc_getMetaClass("NSString"));
  CHECK(objc_getClass("NoSuchClass") == nullptr);
  Owned object(objc_alloc_init(class_named("NSObject")));
  CHECK(objc_opt_class(object.get()) == class_named("NSObject"));
  CHECK(objc_opt_isKindOfClass(object.get(), class_named("NSObject")));
  id place = nil;
  objc_storeStrong(&place, object.get());
  CHECK_EQUAL(send<NSUInteger>(object.get(), "retainCount"), 2u);
  objc_storeStrong(&place, nil);
  CHECK(place == nil && send<NSUInteger>(object.get(), "retainCount") == 1);
  objc_release(objc_alloc(class_named("NSObject")));
}

TEST("what Metal makes itself is no class to a client, as on a Mac") {
  CHECK(objc_getClass("MTLBuffer") == nullptr);
  CHECK(objc_getProtocol("MTLBuffer") != nullptr && objc_getProtocol("NSString") == nullptr);
  CHECK(objc_getClass("MTLCompileOptions") != nullptr);
}

TEST("pools and ownership") {
  size_t before = softmetal_live_objects("NSString");
  {
    Pool pool;
    for (int i = 0; i < 100; i++) string("gone at the end");
    CHECK_EQUAL(softmetal_live_objects("NSString"), before + 100);
  }
  CHECK_EQUAL(softmetal_live_objects("NSString"), before);
  Owned kept;
  {
    Pool pool;
    kept = Owned::retaining(string("kept"));
    Owned other = kept;
    Owned moved = std::move(other);
    CHECK(!other && moved.get() == kept.get());
  }
  CHECK_EQUAL(text(kept.get()), "kept");
  CHECK_EQUAL(softmetal_live_objects("NSString"), before + 1);
  objc_release(kept.give());
  CHECK_EQUAL(softmetal_live_objects("NSString"), before);
  {
    id pool = send<id>(class_named("NSAutoreleasePool"), "new");
    string("in the old kind of pool");
    objc_retainAutorelease(string("twice"));
    objc_release(objc_retainAutoreleasedReturnValue(string("and back")));
    CHECK_EQUAL(softmetal_live_objects("NSString"), before + 3);
    send<void>(pool, "drain");
  }
  CHECK_EQUAL(softmetal_live_objects("NSString"), before);
}

TEST("over-release is reported in validate mode") {
  softmetal_set("validate", "1");
  softmetal_clear_reports();
  id object = send<id>(class_named("NSObject"), "new");
  objc_release(object);
  objc_release(object);
  CHECK_CONTAINS(reports(), "NSObject: release of a freed object");
  send<id>(object, "retain");
  CHECK_CONTAINS(reports(), "-[NSObject retain]: message to a freed object");
  softmetal_set("validate", "");
}

TEST("threads send messages side by side") {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&wrong] {
      Pool pool;
      for (int i = 0; i < 2000; i++) {
        Size size = ask<Size>(thing(), "twice:", Size{static_cast<NSUInteger>(i), 2, 3});
        id number = send<id>(class_named("NSNumber"), "numberWithInt:", exactly<int>(i));
        if (size.width != 2u * i || send<int>(number, "intValue") != i) wrong++;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(wrong.load(), 0);
}

}  // namespace
