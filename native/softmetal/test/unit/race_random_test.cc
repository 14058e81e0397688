// Random accesses and barriers, against a model that keeps everything and compares every pair.
#include <map>
#include <random>
#include <set>

#include "check.h"
#include "unit/check_driver.h"

using namespace softmetal;

namespace {

constexpr uint32_t kThreads = 70, kSimdgroups = 3, kWorkers = 2;

struct Past {
  uint64_t dispatch, domain;
  uint32_t group, thread, site;
  sm_access_kind kind;
  uint32_t epoch, simdgroup_epoch;  // barriers so far that order this memory
};

// The running threadgroup of one worker.
struct Running {
  uint32_t group = 0;
  uint32_t epoch[2] = {}, simdgroup_epoch[2][kSimdgroups] = {};  // [0] threadgroup memory, [1] device memory
  std::map<uint32_t, std::vector<Past>> threadgroup;             // by byte; gone with the group
  std::set<uint32_t> written;
};

bool conflict(sm_access_kind a, sm_access_kind b) {
  auto reads = [](sm_access_kind kind) { return kind == SM_READ || kind == SM_ATOMIC_READ; };
  bool atomics = a >= SM_ATOMIC && b >= SM_ATOMIC;
  return !atomics && !(reads(a) && reads(b));
}

bool ordered_in_group(const Past& a, const Past& b) {
  if (a.thread == b.thread || a.epoch != b.epoch) return true;
  return a.thread / 32 == b.thread / 32 && a.simdgroup_epoch != b.simdgroup_epoch;
}

// "kind site other-site", the sites in the order of the text.
std::string pair_text(const char* kind, uint32_t a, uint32_t b) {
  return std::string(kind) + " " + std::to_string(std::max(a, b)) + " " + std::to_string(std::min(a, b));
}

class Model {
 public:
  // Two sorts of place where something must be found: bytes and pairs of accesses.
  std::set<std::string> pairs, kinds;

  void begin(Running& running, uint32_t group) {
    running = Running();
    running.group = group;
  }
  void access(Running& running, uint64_t dispatch, uint64_t domain, uint32_t thread, sm_access_kind kind,
              bool device, uint32_t offset, uint32_t size, uint32_t site) {
    for (uint32_t byte = offset; byte < offset + size; ++byte) {
      Past now = {dispatch, domain, running.group,         thread,
                  site,     kind,   running.epoch[device], running.simdgroup_epoch[device][thread / 32]};
      auto& past = device ? device_[byte] : running.threadgroup[byte];
      for (const Past& before : past) compare(before, now, device);
      past.push_back(now);
      if (device) continue;
      bool needs = kind == SM_READ || kind == SM_ATOMIC || kind == SM_ATOMIC_READ;
      if (needs && !running.written.count(byte))
        note("uninitialized " + std::to_string(site), "uninitialized");
    }
    bool writes = kind != SM_READ && kind != SM_ATOMIC_READ;
    for (uint32_t byte = offset; writes && !device && byte < offset + size; ++byte)
      running.written.insert(byte);
  }

 private:
  void note(std::string pair, std::string kind) {
    pairs.insert(std::move(pair));
    kinds.insert(std::move(kind));
  }
  void compare(const Past& a, const Past& b, bool device) {
    if (!conflict(a.kind, b.kind)) return;
    bool same_group = a.dispatch == b.dispatch && a.group == b.group;
    if (same_group) {
      if (ordered_in_group(a, b)) return;
      const char* kind = device ? "device-race" : "threadgroup-race";
      note(pair_text(kind, a.site, b.site), kind);
    } else if (a.domain == b.domain) {
      note(pair_text("grid-race", a.site, b.site), "grid-race");
    }
  }
  std::map<uint32_t, std::vector<Past>> device_;
};

class Game {
 public:
  explicit Game(uint32_t seed) : random_(seed) {}

  void play() {
    uint32_t dispatches = 1 + below(3);
    driver_.dispatch.order_domain = 1000;
    for (dispatch_ = 1; dispatch_ <= dispatches; ++dispatch_) {
      driver_.dispatch.order_domain += below(2);
      driver_.set_grid(kThreads, 8);
      next_group_ = 0;
      for (uint32_t worker = 0; worker < kWorkers; ++worker) begin_group(worker);
      uint32_t events = 2 + below(12);
      for (uint32_t i = 0; i < events; ++i) event();
      collect();
    }
  }
  Model model;
  std::set<std::string> pairs, kinds;

 private:
  uint32_t below(uint32_t n) { return random_() % n; }

  void begin_group(uint32_t worker) {
    model.begin(running_[worker], next_group_);
    driver_.begin(next_group_++, int(worker));
    if (below(2)) return;
    // Half of the threadgroups begin with all of their memory written.
    model.access(running_[worker], dispatch_, driver_.dispatch.order_domain, 0, SM_WRITE, false, 0, 64, 0);
    driver_.write(0, driver_.tile(0, int(worker)), 64, 0, int(worker));
    driver_.barrier(SM_MEM_THREADGROUP, int(worker));
    ++running_[worker].epoch[0];
  }
  void event() {
    uint32_t worker = below(kWorkers), what = below(20);
    if (what == 0 && next_group_ < 8) {
      begin_group(worker);
    } else if (what < 3) {
      barrier(worker);
    } else if (what < 6) {
      simdgroup_barrier(worker);
    } else {
      access(worker);
    }
  }
  void barrier(uint32_t worker) {
    uint32_t flags = below(4);
    Running& running = running_[worker];
    driver_.barrier(flags, int(worker));
    if (flags & SM_MEM_THREADGROUP) ++running.epoch[0];
    if (flags & SM_MEM_DEVICE) ++running.epoch[1];
  }
  void simdgroup_barrier(uint32_t worker) {
    uint32_t flags = below(4), simdgroup = below(kSimdgroups);
    Running& running = running_[worker];
    driver_.simdgroup_barrier(simdgroup, flags, int(worker));
    if (flags & SM_MEM_THREADGROUP) ++running.simdgroup_epoch[0][simdgroup];
    if (flags & SM_MEM_DEVICE) ++running.simdgroup_epoch[1][simdgroup];
  }
  void access(uint32_t worker) {
    constexpr uint32_t kWho[] = {0, 1, 2, 32, 33, 64, 69};
    constexpr sm_access_kind kKinds[] = {SM_READ,  SM_READ,   SM_READ,        SM_WRITE,
                                         SM_WRITE, SM_ATOMIC, SM_ATOMIC_READ, SM_ATOMIC_WRITE};
    uint32_t thread = kWho[below(7)];
    sm_access_kind kind = kKinds[below(8)];
    uint32_t size = kind >= SM_ATOMIC ? 4 : 1u << below(5);
    // Around the border of two pages of the history; now and then across it.
    uint32_t offset = 1024 - 16 + size * below(32 / size);
    if (kind < SM_ATOMIC && below(4) == 0) offset += below(3);
    bool device = below(2);
    if (!device) offset -= 1024 - 16;
    uint32_t site = next_site_++;
    model.access(running_[worker], dispatch_, driver_.dispatch.order_domain, thread, kind, device, offset,
                 size, site);
    driver_.access(thread, kind, device ? driver_.out + offset : driver_.tile(offset, int(worker)), size,
                   site, int(worker));
  }
  void collect() {
    for (const Report& report : driver_.finish()) {
      std::string kind = slug(report.kind);
      kinds.insert(kind);
      uint32_t site = report.location.line;
      pairs.insert(report.notes.empty() ? kind + " " + std::to_string(site)
                                        : pair_text(kind.c_str(), site, report.notes[0].location.line));
    }
  }

  std::mt19937 random_;
  Driver driver_;
  Running running_[kWorkers];
  uint64_t dispatch_ = 0;
  uint32_t next_group_ = 0, next_site_ = 1;
};

std::string list(const std::set<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + "; ";
  return all;
}

}  // namespace

TEST("random games: no kind of race missed, no pair reported that the model does not have") {
  std::map<std::string, int> games_with;
  int silent = 0;
  for (uint32_t seed = 1; seed <= 10000; ++seed) {
    Game game(seed);
    game.play();
    if (game.kinds != game.model.kinds) {
      check::fail(
          __FILE__, __LINE__,
          "seed " + std::to_string(seed) + ": found " + list(game.kinds) + " of " + list(game.model.pairs));
    }
    for (const std::string& pair : game.pairs) {
      if (!game.model.pairs.count(pair)) {
        check::fail(__FILE__, __LINE__, "seed " + std::to_string(seed) + ": no such race: " + pair);
      }
    }
    silent += game.model.kinds.empty();
    for (const std::string& kind : game.model.kinds) ++games_with[kind];
  }
  // The games are worth their name: every kind occurs often, and so does silence.
  CHECK_EQUAL(games_with.size(), size_t(4));
  for (const auto& [kind, count] : games_with) CHECK(count > 300 && count < 9700);
  CHECK(silent > 200);
}
