// Reports as text and JSON, and the log.
#include "report/report.h"

#include <thread>

#include "check.h"
#include "report/json.h"

using namespace softmetal;

namespace {

Report race() {
  Report report;
  report.kind = ReportKind::kThreadgroupRace;
  report.message = "thread 37 reads what thread 5 writes";
  report.kernel = "f";
  report.location = {"k.metal", 15, 3, "f"};
  report.thread = ThreadPosition{{1, 2, 3}, {5, 1, 0}, 37, 1, 5};
  report.argument = ArgumentPlace{"tile", "threadgroup", 0, 20, 256};
  report.notes.push_back({"thread 5 writes it here", {"k.metal", 12, 7, "f"}});
  return report;
}

}  // namespace

TEST("a report reads like a compiler's message") {
  CHECK_EQUAL(to_text(race()),
              "k.metal:15:3: error: thread 37 reads what thread 5 writes [threadgroup-race]\n"
              "k.metal:12:7: note: thread 5 writes it here\n"
              "    kernel f, threadgroup (1, 2, 3), thread 37 (5, 1, 0), simdgroup 1, lane 5\n"
              "    threadgroup(0) 'tile' + 20 of 256 bytes");
}

TEST("what a report does not know, its text leaves out") {
  Report report;
  report.kind = ReportKind::kLeak;
  report.message = "2 objects of class MTLBuffer are alive";
  CHECK_EQUAL(to_text(report), "error: 2 objects of class MTLBuffer are alive [leak]");
  report.location.file = "k.metal";
  CHECK_EQUAL(to_text(report), "k.metal: error: 2 objects of class MTLBuffer are alive [leak]");
  report.location.line = 4;
  CHECK_EQUAL(to_text(report), "k.metal:4: error: 2 objects of class MTLBuffer are alive [leak]");
}

TEST("offsets before an argument, and repeats") {
  Report report = race();
  report.notes.clear();
  report.thread.reset();
  report.argument->offset = -4;
  report.occurrences = 9;
  CHECK_EQUAL(to_text(report),
              "k.metal:15:3: error: thread 37 reads what thread 5 writes [threadgroup-race]\n"
              "    kernel f\n"
              "    threadgroup(0) 'tile' - 4 of 256 bytes\n"
              "    seen 9 times");
}

TEST("a report as JSON has every field") {
  CHECK_EQUAL(
      to_json(race()),
      std::string("{\"kind\": \"threadgroup-race\", \"message\": \"thread 37 reads what thread 5 writes\", "
                  "\"kernel\": \"f\", "
                  "\"location\": {\"file\": \"k.metal\", \"line\": 15, \"column\": 3, \"function\": \"f\"}, "
                  "\"thread\": {\"threadgroup\": [1, 2, 3], \"thread\": [5, 1, 0], \"index\": 37, "
                  "\"simdgroup\": 1, \"lane\": 5}, "
                  "\"argument\": {\"name\": \"tile\", \"table\": \"threadgroup\", \"index\": 0, \"offset\": "
                  "20, \"length\": 256}, "
                  "\"notes\": [{\"message\": \"thread 5 writes it here\", \"location\": {\"file\": "
                  "\"k.metal\", \"line\": 12, "
                  "\"column\": 7, \"function\": \"f\"}}], \"text\": ") +
          json_string(to_text(race())) + ", \"occurrences\": 1}");
}

TEST("JSON strings are escaped, and stay UTF-8 whatever comes in") {
  CHECK_EQUAL(json_string("a\"b\\c\n\t\r\x01"), "\"a\\\"b\\\\c\\n\\t\\r\\u0001\"");
  CHECK_EQUAL(json_string("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
              "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80\"");
  CHECK_EQUAL(json_string("\xff-\xc3"), "\"\\ufffd-\\ufffd\"");
  CHECK_EQUAL(json_string("\xc0\xaf"), "\"\\ufffd\\ufffd\"");             // overlong
  CHECK_EQUAL(json_string("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");  // a surrogate
  CHECK_EQUAL(json_string("\xf4\x90\x80\x80"), "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST("every kind has a slug of its own") {
  std::vector<std::string> slugs = {
#define SOFTMETAL_REPORT(identifier, slug, meaning) slug,
#include "report/kinds.inc"
#undef SOFTMETAL_REPORT
  };
  size_t i = 0;
  for (ReportKind kind : {
#define SOFTMETAL_REPORT(identifier, slug, meaning) ReportKind::identifier,
#include "report/kinds.inc"
#undef SOFTMETAL_REPORT
       }) {
    CHECK_EQUAL(std::string(slug(kind)), slugs[i]);
    for (size_t k = 0; k < i; ++k) CHECK(slugs[k] != slugs[i]);
    ++i;
  }
}

TEST("the log keeps a finding once and adds up how often it came") {
  ReportLog log;
  Report again = race();
  again.message = "thread 38 reads what thread 6 writes";
  again.occurrences = 4;
  log.add(race());
  log.add(again);
  Report other = race();
  other.notes[0].location.line = 13;
  log.add(other);
  std::vector<Report> all = log.all();
  CHECK_EQUAL(all.size(), size_t(2));
  CHECK_EQUAL(all[0].occurrences, uint64_t(5));
  CHECK_EQUAL(all[0].message, race().message);
  CHECK_EQUAL(all[1].occurrences, uint64_t(1));
  log.clear();
  CHECK(log.all().empty());
  log.add(race());
  CHECK_EQUAL(log.all().size(), size_t(1));
}

TEST("findings without a place in a shader are told apart by their message") {
  ReportLog log;
  for (const char* message : {"setBytes of 5000 bytes", "setBytes of 5001 bytes", "setBytes of 5000 bytes"}) {
    Report report;
    report.kind = ReportKind::kSetBytes;
    report.message = message;
    log.add(report);
  }
  CHECK_EQUAL(log.all().size(), size_t(2));
}

TEST("a full log counts what it leaves out") {
  ReportLog log;
  for (int i = 1; i <= 10007; ++i) {
    Report report = race();
    report.location.line = i;
    log.add(report);
  }
  std::vector<Report> all = log.all();
  CHECK_EQUAL(all.size(), size_t(10001));
  CHECK(all.back().kind == ReportKind::kMore);
  CHECK_EQUAL(all.back().occurrences, uint64_t(7));
}

TEST("the log takes reports from many threads") {
  ReportLog log;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 1; i <= 500; ++i) {
        Report report = race();
        report.location.line = i;
        log.add(report);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<Report> all = log.all();
  CHECK_EQUAL(all.size(), size_t(500));
  for (const Report& report : all) CHECK_EQUAL(report.occurrences, uint64_t(4));
}
