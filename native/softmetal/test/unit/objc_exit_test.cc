// What is said at the end of a process, and what ends one. Each case runs in a child of its own.
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "objc/class.h"
#include "objc/foundation.h"
#include "settings/settings.h"

using namespace softmetal;

extern "C" {
void objc_msgSend();
void NSLog(Object* format, ...);
}

// Children leave things behind on purpose; a sanitizer's own list of them is not what is tested.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace {

struct Child {
  std::string errors;  // what it printed on stderr
  int status;
};

// Ends by exit(), so that the library's own ending runs.
Child run_child(void (*work)()) {
  int ends[2];
  if (pipe(ends)) return {"no pipe", -1};
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
    work();
    std::exit(0);
  }
  close(ends[1]);
  Child result{};
  char part[512];
  for (ssize_t size; (size = read(ends[0], part, sizeof part)) > 0;) result.errors.append(part, size);
  close(ends[0]);
  waitpid(child, &result.status, 0);
  return result;
}

void set(const char* name, const char* value) {
  std::string reason;
  if (!set_setting(name, value, reason)) std::abort();
}

struct Leaked : Object {
  Leaked() : Object(class_named("Leaked")) {}
};

TEST("with the leaks setting, objects alive at exit are listed by class") {
  Child child = run_child([] {
    set("leaks", "1");
    new Leaked;
    new Leaked;
    new String("kept");
    AutoreleasePool pool;
    autorelease(new Leaked);
    make_immortal(new Number);
  });
  CHECK_CONTAINS(child.errors, "softmetal: error: Leaked: 2 objects alive at exit [leak]");
  CHECK_CONTAINS(child.errors, "softmetal: error: NSString: 1 object alive at exit [leak]");
  CHECK(child.errors.find("NSNumber") == std::string::npos);
  CHECK(child.errors.find("NSObject") == std::string::npos);
}

TEST("an object autoreleased with no pool in place is a leak, and is said to be that") {
  Child child = run_child([] {
    set("leaks", "1");
    autorelease(new Leaked);
    new Leaked;
  });
  CHECK_CONTAINS(child.errors, "Leaked: 2 objects alive at exit, 1 autoreleased with no pool in place");
}

TEST("a process that lets everything go says nothing; nor does one that is not asked") {
  CHECK_EQUAL(run_child([] {
                set("leaks", "1");
                release(new Leaked);
                AutoreleasePool pool;
                autoreleased_string("text");
                static AutoreleasePool* open = new AutoreleasePool;  // a thread's end empties it
                (void)open;
                autorelease(new Leaked);
              }).errors,
              "");
  CHECK_EQUAL(run_child([] {
                set("leaks", "0");
                new Leaked;
              }).errors,
              "");
}

TEST("an unknown selector ends the process when that is set, with its name") {
  auto work = [] {
    set("unknown_selector", "abort");
    reinterpret_cast<void (*)(Object*, Selector)>(&objc_msgSend)(new Leaked, selector_named("nope"));
  };
  Child child = run_child(work);
  CHECK(WIFSIGNALED(child.status) && WTERMSIG(child.status) == SIGABRT);
  CHECK_CONTAINS(child.errors, "-[Leaked nope]: unrecognized selector");
}

TEST("a message that is not understood is on stderr once, with and without the log setting") {
  auto send_unknown = [] {
    reinterpret_cast<void (*)(Object*, Selector)>(&objc_msgSend)(new Leaked, selector_named("nope"));
  };
  auto send_logged = [] {
    set("log", "1");
    reinterpret_cast<void (*)(Object*, Selector)>(&objc_msgSend)(new Leaked, selector_named("nope"));
  };
  for (const std::string& errors : {run_child(send_unknown).errors, run_child(send_logged).errors}) {
    CHECK_CONTAINS(errors, "-[Leaked nope]");
    CHECK_EQUAL(errors.find("-[Leaked nope]"), errors.rfind("-[Leaked nope]"));
  }
}

TEST("NSLog writes objects and numbers") {
  Child child = run_child([] {
    AutoreleasePool pool;
    NSLog(autoreleased_string("%@ is %d of %5.2f, %lu%% %s"), autoreleased_string("three"), 3, 7.5, 42ul,
          "done");
    NSLog(autoreleased_string("%@"), static_cast<Object*>(nullptr));
  });
  CHECK_EQUAL(child.errors, "three is 3 of  7.50, 42% done\n(null)\n");
}

}  // namespace
