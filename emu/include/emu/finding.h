/*
 * Findings: what a run is stopped for. A driver error, a broken property, a deadlock, a livelock.
 */
#ifndef EMU_FINDING_H
#define EMU_FINDING_H

#include <emu/machine.h>
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EMU_FINDING_TEXT = 640, EMU_FINDING_RULE = 48, EMU_FINDING_CODE = 64 };

struct emu_finding {
    char rule[EMU_FINDING_RULE];    /* rule id: "DMA-CANCEL-1", "property", "deadlock", "livelock" */
    char code[EMU_FINDING_CODE];    /* the documented code, "0xE6/0D"; empty when there is none */
    uint64_t parameters[4];         /* of the bug check, where there is one (not part of any hash) */
    char message[EMU_FINDING_TEXT]; /* one sentence: actor, deed, both values; object names, no addresses */
    uint64_t step;                  /* where */
    uint64_t time;
    unsigned cpu;
    uint8_t level;
    char strand[32];
};

/*
 * Stops the machine here; does not return. Only inside emu_machine_run(): on strands, in interrupt handlers,
 * device engines, events and register callbacks. code and parameters may be NULL.
 */
__attribute__((noreturn, format(printf, 5, 6))) void emu_finding_raise(struct emu_machine *m,
                                                                       const char *rule, const char *code,
                                                                       const uint64_t parameters[4],
                                                                       const char *format, ...);
__attribute__((noreturn)) void emu_finding_vraise(struct emu_machine *m, const char *rule, const char *code,
                                                  const uint64_t parameters[4], const char *format,
                                                  va_list arguments);

/* The finding that stopped the current or last run, or NULL. Owned by the machine, until its reset. */
const struct emu_finding *emu_machine_finding(const struct emu_machine *m);

#ifdef __cplusplus
}
#endif
#endif
