// The runtime from inside: encodings, lookup, reference counts, zombies, pools.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "check.h"
#include "objc/class.h"
#include "objc/foundation.h"
#include "report/report.h"
#include "temporary.h"

using namespace softmetal;

extern "C" void objc_msgSend();

namespace {

struct Size {
  unsigned long width, height, depth;
};

struct Thing : Object {
  Thing() : Object(class_named("Thing")) {}
  long number = 7;
};
struct Other : Object {
  Other() : Object(class_named("Other")) {}
};

long number_of(Thing* self, Selector) { return self->number; }

void add_things() {
  allocate_with<Thing>("Thing");
  add_method("Thing", "number", &number_of);
}
const Registration registration(&add_things);

template <class R>
R send(Object* object, const char* selector) {
  return reinterpret_cast<R (*)(Object*, Selector)>(&objc_msgSend)(object, selector_named(selector));
}

// The findings of one piece of work, as text.
template <class Work>
std::string findings_of(Work work) {
  ReportLog::shared().clear();
  work();
  std::string text;
  for (const Report& report : ReportLog::shared().all())
    text += std::string(slug(report.kind)) + ": " + report.message + "\n";
  ReportLog::shared().clear();
  return text;
}

}  // namespace

template <>
struct softmetal::StructEncoding<Size> {
  static constexpr const char* text = "{?=QQQ}";
};

namespace {

TEST("signatures follow from C++ types") {
  CHECK_EQUAL((method_encoding<void>()), "v16@0:8");
  CHECK_EQUAL((method_encoding<Object*, unsigned long, unsigned long>()), "@32@0:8Q16Q24");
  CHECK_EQUAL((method_encoding<bool, Object*, Object**>()), "B32@0:8@16^@24");
  CHECK_EQUAL((method_encoding<void, Size, Size>()), "v64@0:8{?=QQQ}16{?=QQQ}40");
  CHECK_EQUAL((method_encoding<double, float, unsigned char, short, const char*>()), "d36@0:8f16C20s24r*28");
  CHECK_EQUAL((method_encoding<Class*, Selector, BlockLiteral*, const void*>()), "#40@0:8:16@?24r^v32");
}

TEST("types are read back with their sizes") {
  CHECK_EQUAL(encoded_type("{?={?=QQQ}{?=QQQ}}16").size, 48u);
  CHECK_EQUAL(encoded_type("{MTLThing=Cdf}").size, 24u);
  CHECK_EQUAL(encoded_type("{?=CC}").size, 2u);
  CHECK_EQUAL(encoded_type("r^{objc_object=#}8").length, 17u);
  CHECK_EQUAL(encoded_type("@\"<MTLCommandBuffer>\"8").length, 21u);
  CHECK_EQUAL(encoded_type("@?<v@?>8").length, 7u);
  for (const char* bad : {"", "?", "{?=QQ", "{", "y", "@\"unfinished"})
    CHECK_EQUAL(encoded_type(bad).length, 0u);
  CHECK_EQUAL(encoded_arguments("v64@0:8{?=QQQ}16{?=QQQ}40", 2), 2);
  CHECK_EQUAL(encoded_arguments("v16@?0@8", 1), 1);
  for (const char* bad : {"v16", "x16@0:8", "", "v16@0:8?"}) CHECK_EQUAL(encoded_arguments(bad, 2), -1);
}

TEST("signatures agree by shape, not by spelling") {
  CHECK(same_signature("v16@?0@8", "v@?@"));
  CHECK(same_signature("v16@?0@\"<MTLCommandBuffer>\"8", "v16@?0@8"));
  CHECK(same_signature("v24@?0^v8Q16", "v24@?0r^v8L16"));
  CHECK(same_signature("v@?{_NSRange=QQ}", "v@?{?=QQ}"));
  CHECK(!same_signature("v16@?0@8", "v8@?0"));
  CHECK(!same_signature("v@?Q", "v@?I"));
  CHECK(!same_signature("v@?Q", "v@?q"));
  CHECK(!same_signature("v@?@", "i@?@"));
  CHECK(!same_signature("v@?d", "v@?@"));
  CHECK(!same_signature("v@?{?=QQ}", "v@?{?=QQQ}"));
  CHECK(!same_signature("v@?@!", "v@?@"));
}

TEST("one selector per name") {
  CHECK(selector_named("setBuffer:offset:atIndex:") ==
        selector_named(std::string("setBuffer:offset:atIndex:").c_str()));
  CHECK(selector_named("a") != selector_named("b"));
  CHECK(is_selector(selector_named("a")));
  CHECK(!is_selector(reinterpret_cast<Selector>("a")) && !is_selector(nullptr));
}

TEST("methods are found up the classes, and a new one is seen although the old one was remembered") {
  Class* base = make_class("LookupBase", class_named("NSObject"), 0);
  Class* derived = make_class("LookupDerived", base, 0);
  Selector selector = selector_named("lookUpMe");
  auto one = reinterpret_cast<Method>(+[](Object*, Selector) { return 1l; });
  auto two = reinterpret_cast<Method>(+[](Object*, Selector) { return 2l; });
  CHECK(!find_method(derived, selector));
  CHECK(add_entry(base, selector, one, "q16@0:8", false));
  CHECK(find_method(derived, selector)->function == one);
  CHECK(add_entry(derived, selector, two, "q16@0:8", false));
  CHECK(find_method(derived, selector)->function == two);
  CHECK(find_method(base, selector)->function == one);
  CHECK(!add_entry(derived, selector, one, "q16@0:8", false));
  CHECK(find_method(derived, selector)->function == two);
}

TEST("threads look up while another one adds methods") {
  Class* isa = make_class("BusyClass", class_named("NSObject"), 0);
  auto method = reinterpret_cast<Method>(+[](Object*, Selector) {});
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; t++) {
    readers.emplace_back([&, t] {
      for (int i = t; !stop; i++) {
        Selector selector = selector_named(("busy" + std::to_string(i % 100)).c_str());
        const MethodEntry* found = find_method(isa, selector);
        if (found && (found->selector != selector || found->function != method)) wrong++;
      }
    });
  }
  for (int i = 0; i < 100; i++) {
    Selector selector = selector_named(("busy" + std::to_string(i)).c_str());
    add_entry(isa, selector, method, "v16@0:8", false);
    if (!find_method(isa, selector)) wrong++;
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
  CHECK_EQUAL(wrong.load(), 0);
}

TEST("a signature that does not fit its selector ends the process") {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    if (!freopen("/dev/null", "w", stderr)) _exit(1);
    add_method("Thing", "takesOne:", &number_of);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

TEST("reference counts and live objects") {
  size_t before = live_objects("Thing"), all = live_objects(nullptr);
  Thing* thing = new Thing;
  CHECK_EQUAL(live_objects("Thing"), before + 1);
  CHECK_EQUAL(live_objects(nullptr), all + 1);
  CHECK(retain(thing) == thing);
  release(thing);
  CHECK_EQUAL(send<long>(thing, "number"), 7);
  release(thing);
  CHECK_EQUAL(live_objects("Thing"), before);
  CHECK(retain(nullptr) == nullptr);
  release(nullptr);
}

TEST("an immortal object outlives its releases and is not counted") {
  size_t before = live_objects("Thing");
  static Thing* thing = new Thing;
  make_immortal(thing);
  for (int i = 0; i < 10; i++) release(thing);
  CHECK_EQUAL(thing->number, 7);
  CHECK_EQUAL(live_objects("Thing"), before);
}

TEST("validation keeps freed objects and reports who uses them") {
  SettingForTest on("validate", "1");
  Thing* thing = new Thing;
  release(thing);
  CHECK_CONTAINS(findings_of([&] { release(thing); }), "object: Thing: release of a freed object");
  CHECK_CONTAINS(findings_of([&] { retain(thing); }), "object: Thing: retain of a freed object");
  CHECK_CONTAINS(findings_of([&] { autorelease(thing); }), "freed object");
  CHECK_CONTAINS(findings_of([&] { CHECK_EQUAL(send<long>(thing, "number"), 0); }),
                 "object: -[Thing number]: message to a freed object");
  CHECK_CONTAINS(findings_of([&] { CHECK(!checked<Thing>(thing, "setThing:")); }),
                 "setThing: was given a freed object of class Thing; wanted: Thing");
}

TEST("objects of another class, and things that are no objects, are refused") {
  Other* other = new Other;
  CHECK_CONTAINS(findings_of([&] { CHECK(!checked<Thing>(other, "setThing:")); }),
                 "object: setThing: was given an object of class Other; wanted: Thing");
  long memory[8] = {};
  auto* nothing = reinterpret_cast<Object*>(memory);
  CHECK_CONTAINS(findings_of([&] { CHECK(!checked<Thing>(nothing, "setThing:")); }),
                 "something that is no object");
  CHECK_CONTAINS(findings_of([&] { CHECK_EQUAL(send<long>(nothing, "number"), 0); }), "which is no object");
  CHECK_CONTAINS(findings_of([&] { CHECK_EQUAL(send<long>(reinterpret_cast<Object*>(0x31), "number"), 0); }),
                 "which is no object");
  CHECK_CONTAINS(findings_of([&] { retain(nothing); }), "retain of something that is no object");
  CHECK_EQUAL(findings_of([&] { CHECK(checked<Thing>(nullptr, "setThing:") == nullptr); }), "");
  release(other);
}

TEST("a text that is not a selector is reported") {
  Thing* thing = new Thing;
  auto raw = reinterpret_cast<Selector>("number");
  CHECK_CONTAINS(
      findings_of([&] { reinterpret_cast<long (*)(Object*, Selector)>(&objc_msgSend)(thing, raw); }),
      "unknown-selector: Thing: a selector that did not come from sel_registerName");
  release(thing);
}

TEST("pools are emptied last in, first out; what dies there may autorelease more") {
  static std::string order;
  struct Marker : Object {
    explicit Marker(char letter, Marker* next = nullptr)
        : Object(class_named("Marker")), letter(letter), next(next) {}
    ~Marker() override {
      order += letter;
      autorelease(next);
    }
    char letter;
    Marker* next;
  };
  order.clear();
  {
    AutoreleasePool outer;
    autorelease(new Marker('a'));
    {
      AutoreleasePool inner;
      autorelease(new Marker('b', new Marker('c')));
      autorelease(new Marker('d'));
    }
    CHECK_EQUAL(order, "dbc");
  }
  CHECK_EQUAL(order, "dbca");
}

TEST("popping an outer pool empties the inner ones; popping twice or elsewhere is reported") {
  size_t before = live_objects("Thing");
  void* outer = push_pool();
  autorelease(new Thing);
  void* inner = push_pool();
  autorelease(new Thing);
  CHECK_EQUAL(findings_of([&] { pop_pool(outer); }), "");
  CHECK_EQUAL(live_objects("Thing"), before);
  CHECK_CONTAINS(findings_of([&] { pop_pool(inner); }), "object: an autorelease pool was popped twice");
  void* mine = push_pool();
  CHECK_CONTAINS(findings_of([&] { std::thread([&] { pop_pool(mine); }).join(); }), "another thread");
  CHECK_EQUAL(findings_of([&] { pop_pool(mine); }), "");
}

TEST("every thread has its own pools, and its end empties those left open") {
  size_t before = live_objects("Thing");
  AutoreleasePool here;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([] {
      push_pool();
      for (int i = 0; i < 1000; i++) {
        AutoreleasePool inner;
        autorelease(new Thing);
      }
      autorelease(new Thing);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(live_objects("Thing"), before);
}

TEST("a message takes some tens of nanoseconds") {
  Thing* thing = new Thing;
  Selector selector = selector_named("number");
  auto ask = reinterpret_cast<long (*)(Object*, Selector)>(&objc_msgSend);
  double best = 1e9;
  for (int round = 0; round < 20; round++) {
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 10000; i++) ask(thing, selector);
    best = std::min(
        best, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
  }
  std::printf("# %.1f ns\n", best / 10000);
  CHECK(best / 10000 < 2000);  // also under QEMU
  release(thing);
}

}  // namespace
