/*
 * Deeds: what was done to what lives at an address, when, and by whom, for findings that are about it.
 *
 * The innermost functions are noted with it; nothing of it enters a trace or decides anything. A machine
 * keeps the last EMU_DEEDS_MAX of a run; of what is older, findings say nothing.
 */
#ifndef EMU_DEED_H
#define EMU_DEED_H

#include <emu/callers.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { EMU_DEEDS_MAX = 512 };

/*
 * The running context does this to what lives at the address, now; deed is a participle and is not copied.
 * emu_deed_first(): it begins there ("allocated", "initialized"), and what was noted there before is of
 * another one.
 */
void emu_deed_first(struct emu_machine *m, const void *address, const char *deed);
void emu_deed_note(struct emu_machine *m, const void *address, const char *deed);

/* Where what lives there now began; NULL: that was not noted, or is forgotten. */
const struct emu_birth *emu_deed_birth(const struct emu_machine *m, const void *address);

/*
 * Says to the finding that is raised next what was done to what lives there: its first deed, and of the
 * others the last ones, as many as there is room for (emu_finding_came_from()).
 */
void emu_deed_tell(struct emu_machine *m, const void *address);

#ifdef __cplusplus
}
#endif
#endif
