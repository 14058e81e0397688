/* Controls of the software Metal device, beside Metal's own interface. C; every function may be called from
 * any thread. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets a setting by name ("validate", "seed", ...); an empty value restores the environment's. 0, or -1 and
 * softmetal_last_error(). */
int softmetal_set(const char* name, const char* value);
const char* softmetal_last_error(void); /* of the calling thread's last call; empty when it went well */

/* What can be set: "text" for a terminal, "markdown" for a README, "json". Valid until the calling thread's
 * next call. */
const char* softmetal_settings(const char* format);

/* Everything found since the last clear, as a JSON array; valid until the calling thread's next call. */
const char* softmetal_reports(void);
size_t softmetal_report_count(void);
void softmetal_clear_reports(void);

/* Counts of every dispatch since the last clear, as a JSON array of { kernel, label, counts }. */
const char* softmetal_counts(void);
const char* softmetal_counts_by_kernel(void); /* the same, summed by kernel */
void softmetal_clear_counts(void);

/* Injects a fault: "compile", "pipeline", "allocate", "commit-lost", "commit-timeout", "commit-memory",
   "delay". It strikes at the n-th event from now, n from 1; `times` of them in a row (0 = all from then on).
   delay: n milliseconds. */
int softmetal_inject(const char* fault, uint64_t n, uint64_t times);
void softmetal_clear_faults(void);

/* Objects alive of one class, or of all when null. */
size_t softmetal_live_objects(const char* class_name);

/* The strict check of a text: diagnostics, one a line; empty when legal. Valid until the calling thread's
 * next call. */
const char* softmetal_strict_check(const char* source, const char* file_name);

/* The C++ that one kernel becomes: a translation unit for stdlib/run. `constants` holds its function
 * constants as C++ literals, "0=true,3=7u", or is null. Valid until the calling thread's next call; empty,
 * with softmetal_last_error(), when the source does not compile or has no such kernel. */
const char* softmetal_translation(const char* source, const char* file_name, const char* kernel,
                                  const char* constants);

/* The compiler that shaders are built with, for the log. */
const char* softmetal_compiler(void);

double softmetal_measure_switch_nanoseconds(void);

#ifdef __cplusplus
}
#endif
