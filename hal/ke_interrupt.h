/*
 * Interrupt objects: how Windows' vectors and the machine's lines go together.
 *
 * A vector is the number of a line (emu_line), its DIRQL is the line's level, its affinity the line's
 * processors: what a bus reports in an interrupt resource is { Level = emu_line_level(line), Vector = line,
 * Affinity = emu_line_processors(line) }. One line carries a chain of interrupt objects in order of
 * connection. The chain of a level-triggered line is walked up to the first routine that claims the
 * interrupt, that of an edge-triggered one to its end.
 */
#ifndef HAL_KE_INTERRUPT_H
#define HAL_KE_INTERRUPT_H

#include <emu/irq.h>
#include <wdm.h>

/* A line that something is or was connected to. */
struct ke_line {
    struct ke_line *next;
    struct _KINTERRUPT *first;
    emu_line line;
    uint32_t inside; /* processors that walk the chain now */
};

/* Lives in the arena: drivers hold pointers and look at nothing. */
struct _KINTERRUPT {
    struct _KINTERRUPT *next; /* of its line, or of the free ones */
    struct _KINTERRUPT *made_before;
    struct ke_line *line; /* NULL: disconnected, or about to be */
    PKSERVICE_ROUTINE routine;
    PKMESSAGE_SERVICE_ROUTINE message_routine; /* set: called instead, for message 0 */
    PVOID context;
    PKSPIN_LOCK lock; /* held while the routine runs */
    KSPIN_LOCK own_lock;
    KIRQL level; /* SynchronizeIrql */
    bool shared;
    bool connected; /* until IoDisconnectInterrupt returns */
    bool active;    /* IoReportInterruptInactive turns it off */
    bool drivers;   /* a driver connected it */
    emu_object object;
};

#endif
