/*
 * What a step declared and what it touched, compared: see docs/partial-order.md.
 *
 * Debug builds (CMAKE_BUILD_TYPE Debug, or with sanitizers) compare in every run what functions say they
 * change (EMU_DECLARED) with what their events declared. In a tree that is configured with
 * HALDMA_CHECK_FOOTPRINTS the layers' own loads and stores are compared, too: two events that touch the same
 * bytes, one of them to write, and that nothing declared orders are an emulator error. In every other build
 * nothing of this exists.
 *
 * What no driver can observe need not be declared, but has to be marked where it lives, with the reason.
 */
#ifndef EMU_UNSEEN_H
#define EMU_UNSEEN_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * For a function that changes an object which its callers announce: the event that is under way declares the
 * object, before it or until its context's next announcement. Evaluates its arguments in debug builds alone.
 */
#if defined(EMU_EXPECT_FOOTPRINTS) || defined(EMU_CHECK_FOOTPRINTS)
#define EMU_DECLARED(machine, object, access) emu_declared((machine), (object), (access), __FILE__, __LINE__)
#else
#define EMU_DECLARED(machine, object, access) ((void)sizeof(object))
#endif
void emu_declared(struct emu_machine *m, emu_object object, enum emu_access access, const char *file,
                  int line);

/*
 * EMU_UNSEEN(machine, "why") in front of a block: what the block touches makes no difference to any driver,
 * in whatever order contexts do it (which of the free slots is taken). The block is not left but by its end,
 * and makes no step.
 */
#ifdef EMU_CHECK_FOOTPRINTS
#define EMU_UNSEEN(machine, why)                                                      \
    for (bool emu_unseen_once = emu_unseen_begin((machine), "" why); emu_unseen_once; \
         emu_unseen_once = emu_unseen_end(machine))
#else
#define EMU_UNSEEN(machine, why) \
    for (bool emu_unseen_once = ((void)(machine), true); emu_unseen_once; emu_unseen_once = false)
#endif
bool emu_unseen_begin(struct emu_machine *m, const char *why); /* true */
bool emu_unseen_end(struct emu_machine *m);                    /* false */

/* The bytes begin a new life: who touched them before is forgotten. emu_access_fresh() does it, too. */
void emu_unseen_fresh(struct emu_machine *m, const void *address, size_t bytes);

/* A load or store of a layer, by the instruction before pc. */
void emu_unseen_memory(struct emu_machine *m, const volatile void *address, size_t bytes, bool is_write,
                       uintptr_t pc);

#ifdef __cplusplus
}
#endif
#endif
