/*
 * The comparison of declared footprints with loads and stores: private to emu, and only in trees configured
 * with HALDMA_CHECK_FOOTPRINTS.
 *
 * While a program's race runs, each access of the layers is written down with its event; when it is over, the
 * clocks of the reduction (happens.h) say which events what was declared puts in order. Two accesses to
 * common bytes, one of them a write, by events that it does not are an emulator error: some event touched
 * what it had not declared, and a search would take the two for independent.
 */
#ifndef EMU_AUDIT_H
#define EMU_AUDIT_H

#include <emu/unseen.h>

#include "emu/happens.h"

/* Some bytes of a word that an event touched. */
struct emu_audit_access {
    uintptr_t word;
    uintptr_t pc;
    uint32_t event;
    uint8_t bytes; /* a bit each */
    uint8_t deed;  /* enum emu_audit_deed */
    uint32_t next; /* 1 + an earlier access to the word that still counts */
};
enum emu_audit_deed { EMU_AUDIT_READ, EMU_AUDIT_WRITE, EMU_AUDIT_FRESH };

struct emu_audit_word {
    uintptr_t word;
    uint32_t stamp;
    uint32_t last; /* 1 + the last access to it */
};

/* What an event announced. */
struct emu_audit_deed_of {
    emu_op op;
    emu_object object;
};

enum { EMU_AUDIT_TOLD = 64 };

struct emu_audit {
    struct emu_happens happens;
    uint32_t unseen; /* blocks that no driver sees, one in the other */
    bool full;       /* more accesses than there is room for: the rest of the run is not compared */
    struct emu_audit_access *log;
    uint32_t count, capacity;
    struct emu_audit_word *words;
    uint32_t word_mask, word_count, stamp;
    struct emu_audit_deed_of *announced; /* by event */
    uint32_t announced_capacity;
    struct {
        uintptr_t first, second;
    } told[EMU_AUDIT_TOLD]; /* pairs of instructions */
    uint32_t told_count;
};

/* Around the race of a program, whose footprints are being written. */
void emu_audit_begin(struct emu_machine *m);
void emu_audit_end(struct emu_machine *m);
void emu_audit_destroy(struct emu_machine *m);
void emu_audit_performed(struct emu_machine *m, emu_op op, emu_object object);

/* audit_private.c: is this a part of the machine that no driver observes? */
bool emu_audit_is_private(const struct emu_machine *m, uintptr_t address);
/* audit_report.c */
void emu_audit_tell(struct emu_machine *m, const struct emu_audit_access *first,
                    const struct emu_audit_access *second);

#endif
