/*
 * Prints and wakeup trees: what an event that is not under way would touch, and sequences of such events that
 * are still to be explored. Private to emu.
 *
 * A print is a footprint that outlives its run.
 */
#ifndef EMU_WAKEUP_H
#define EMU_WAKEUP_H

#include "emu/happens.h"

enum { EMU_PRINT_MAX = 14 };

struct emu_print {
    emu_actor actor;
    uint8_t count;
    bool all;      /* too much to hold: anything may be touched */
    bool in_order; /* on its processor it commutes with what it stands apart from */
    struct emu_standing standing;
    struct {
        uint64_t key;
        uint8_t access;
    } touched[EMU_PRINT_MAX];
};

/* The print of an event of the run; add() widens one by what another run's event of the same place touched.
 */
void emu_print_take(struct emu_print *p, const struct emu_happens *h, uint32_t event);
void emu_print_add(struct emu_print *p, const struct emu_happens *h, uint32_t event);
/* Does performing the event leave what the print stands for as it was? */
bool emu_print_commutes(const struct emu_print *p, const struct emu_footprints *f, uint32_t event);

/* One event to come, its brothers that are alternatives, and what follows it. */
struct emu_wake {
    struct emu_print print;
    uint32_t brother; /* next alternative; 0: none */
    uint32_t child;
    bool single; /* nothing is known of it but its actor: sequences that begin with it are added below it */
};

struct emu_wakes {
    struct emu_wake *pool; /* [0] is none */
    uint32_t used, capacity, free;
};

void emu_wakes_destroy(struct emu_wakes *w);
uint32_t emu_wake_new(struct emu_wakes *w);
void emu_wake_drop(struct emu_wakes *w, uint32_t first);    /* with its brothers and all that follows them */
void emu_wake_drop_one(struct emu_wakes *w, uint32_t wake); /* and what follows it */

/*
 * Is the print's event one that the sequence could begin with? The events are of the run; a match is taken
 * out of the sequence.
 */
bool emu_wake_begins(const struct emu_print *p, const struct emu_happens *h, uint32_t *sequence,
                     uint32_t *count);
/* Adds the sequence below the list that *first begins, unless it is covered there. True when it was added. */
bool emu_wake_insert(struct emu_wakes *w, uint32_t *first, const struct emu_happens *h, uint32_t *sequence,
                     uint32_t count);

#endif
