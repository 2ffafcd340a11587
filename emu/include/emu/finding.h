/*
 * Findings: what a run is stopped for. A driver error, a broken property, a deadlock, a livelock.
 */
#ifndef EMU_FINDING_H
#define EMU_FINDING_H

#include <emu/callers.h>
#include <emu/machine.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EMU_FINDING_TEXT = 640,
    EMU_FINDING_RULE = 48,
    EMU_FINDING_CODE = 64,
    EMU_FINDING_NAME = 48,
    EMU_FINDING_STRAND = 32,
    EMU_FINDING_PARAMETERS = 4,
    EMU_ORIGINS_MAX = 4
};

/* Where something that a finding is about came from: "adapter#1 was allocated" then and there. */
struct emu_origin {
    char name[EMU_FINDING_NAME]; /* of the object; empty: the finding's message says which */
    char deed[EMU_FINDING_NAME]; /* what was done to it: "allocated", "freed first" */
    char strand[EMU_FINDING_STRAND];
    struct emu_birth birth;
    struct emu_callers callers; /* its stack */
};

struct emu_finding {
    char rule[EMU_FINDING_RULE]; /* rule id: "DMA-CANCEL-1", "property", "deadlock", "livelock" */
    char code[EMU_FINDING_CODE]; /* the documented code, "0xE6/0D"; empty when there is none */
    uint64_t
        parameters[EMU_FINDING_PARAMETERS]; /* of the bug check, where there is one (not part of any hash) */
    /* of the objects that live at the addresses among them; empty: none does */
    char parameter_names[EMU_FINDING_PARAMETERS][EMU_FINDING_NAME];
    char message[EMU_FINDING_TEXT]; /* one sentence: actor, deed, both values; object names, no addresses */
    uint64_t step;                  /* where */
    uint64_t time;
    unsigned cpu;
    uint8_t level;
    char strand[EMU_FINDING_STRAND];
    struct emu_callers callers; /* of whoever raised it */
    unsigned origin_count;
    struct emu_origin origins[EMU_ORIGINS_MAX];
};

/*
 * Says to the finding that is raised next in this run what it is about was done, when and where: object
 * (EMU_NO_OBJECT: none has a name) was deed (a participle, "allocated", "freed first"; copied) at *birth,
 * which emu_birth_note() made in this run. In the order of the calls; from the fifth on, nothing happens. For
 * the path that ends in emu_finding_raise() only.
 */
void emu_finding_came_from(struct emu_machine *m, emu_object object, const char *deed,
                           const struct emu_birth *birth);

/*
 * Stops the machine here; does not return. Only inside emu_machine_run(): on strands, in interrupt handlers,
 * device engines, events and register callbacks. code and parameters may be NULL.
 */
__attribute__((noreturn, format(printf, 5, 6))) void
emu_finding_raise(struct emu_machine *m, const char *rule, const char *code,
                  const uint64_t parameters[EMU_FINDING_PARAMETERS], const char *format, ...);
__attribute__((noreturn)) void emu_finding_vraise(struct emu_machine *m, const char *rule, const char *code,
                                                  const uint64_t parameters[EMU_FINDING_PARAMETERS],
                                                  const char *format, va_list arguments);

/*
 * The same for a finding after which the call can be completed, as if it had been refused or performed: where
 * the run goes past such findings (struct emu_config, go_past) it is written down, and this returns.
 */
__attribute__((format(printf, 5, 6))) void
emu_finding_report(struct emu_machine *m, const char *rule, const char *code,
                   const uint64_t parameters[EMU_FINDING_PARAMETERS], const char *format, ...);

/* A finding that the current or last run went past. */
enum { EMU_REPORTED_MAX = 8 }; /* in a run; the next one stops it */
struct emu_reported {
    struct emu_finding finding;
    size_t choices; /* of the record, when it was made */
    uint64_t hash;  /* of the trace, then: that of the run which halts there */
};
/* From 0 on, in order; NULL: there are no more. Owned by the machine, until its reset. */
const struct emu_reported *emu_machine_reported(const struct emu_machine *m, uint32_t index);

/* The finding that stopped the current or last run, or NULL. Owned by the machine, until its reset. */
const struct emu_finding *emu_machine_finding(const struct emu_machine *m);

#ifdef __cplusplus
}
#endif
#endif
