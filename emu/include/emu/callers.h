/*
 * Call stacks: by which functions of drivers and scenarios the running context came here, and where those
 * stand in the sources.
 *
 * A stack is taken by following frame pointers within the running context's own frames: an interrupt
 * handler's ends where the handler begins, a strand's where its stack does. No allocation, no system call, no
 * lock; about 10 ns for two frames and 35 ns for twelve. Drivers, scenarios and the libraries are compiled
 * with frame pointers (haldma_add_driver() and haldma_add_scenarios() see to it).
 *
 * A frame is kept as a module and an offset in it: the same in every run of one build, wherever modules lie.
 * Frames outside of the modules that were made known are left out. Nothing of a stack enters a trace.
 */
#ifndef EMU_CALLERS_H
#define EMU_CALLERS_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    EMU_CALLERS_MAX = 12,  /* frames of a stack, the innermost ones */
    EMU_MODULES_MAX = 32,  /* that a machine can know */
    EMU_MODULE_NAME = 64,  /* bytes of a name, its end included */
    EMU_SOURCE_FILE = 256, /* bytes */
    EMU_SOURCE_NAME = 40
};

struct emu_callers {
    uint8_t count;
    uint8_t module[EMU_CALLERS_MAX]; /* innermost first */
    uint32_t offset[EMU_CALLERS_MAX];
};

/*
 * Makes the code in [low, high) known as a module of this name (copied), as long as the machine lives. Once
 * more is as good as once. False: there is no room, or another module lies there.
 */
bool emu_code_add(struct emu_machine *m, const char *name, uintptr_t low, uintptr_t high);
/* Is it code of a module that was made known? */
bool emu_code_known(const struct emu_machine *m, uintptr_t address);

/* The number of its module, as struct emu_callers has it; EMU_MODULES_MAX where it is of none. */
uint32_t emu_code_module(const struct emu_machine *m, uintptr_t address);

/* The same of the innermost code of a module that the running context is in. */
uint32_t emu_code_running(const struct emu_machine *m);

/* The stack of the running context; empty on the host's stack. */
void emu_callers_take(const struct emu_machine *m, struct emu_callers *callers);

/* A number that equal stacks of one build share, in every process; 0: the stack is empty. */
uint64_t emu_callers_identity(const struct emu_machine *m, const struct emu_callers *callers);

/* Where a context was: the moment, and what its frames return to, innermost first, of whatever code. */
enum { EMU_FRAMES_MAX = 16 };
struct emu_birth {
    uint64_t step;
    emu_object strand; /* or, in a handler, whose stack it ran on */
    uint8_t cpu, level, frames;
    uintptr_t frame[EMU_FRAMES_MAX];
};

/* Of the running context, now. Some 30 instructions and eight for each frame: what code they are of is asked
 * later. */
void emu_birth_note(const struct emu_machine *m, struct emu_birth *birth);
/* Its stack, as emu_callers_take() would have had it. */
void emu_birth_callers(const struct emu_machine *m, const struct emu_birth *birth,
                       struct emu_callers *callers);

/*
 * What is known of an instruction or of a datum: for reports only. Empty where there is no debug information.
 */
struct emu_source {
    char file[EMU_SOURCE_FILE]; /* as the compiler was given it, made absolute */
    char name[EMU_SOURCE_NAME]; /* the function, or the variable with its offset ("Extension+8") */
    unsigned line;
};
/* The last part of the file's path. */
const char *emu_source_base(const struct emu_source *source);

/* Tells count places at once; addresses of code are those that a call returns to. */
typedef void emu_source_fn(const uintptr_t *addresses, struct emu_source *places, size_t count);

/* Who tells places; called on the host's stack, after a run. Stays until it is replaced. May be NULL. */
void emu_sources_set(struct emu_machine *m, emu_source_fn *sources);
/* places that nobody tells are empty. */
void emu_sources_tell(const struct emu_machine *m, const uintptr_t *addresses, struct emu_source *places,
                      size_t count);

/* The frames of a stack: the module of each (the machine's own string), and its place. For reports. */
void emu_callers_tell(const struct emu_machine *m, const struct emu_callers *callers,
                      const char *modules[EMU_CALLERS_MAX], struct emu_source places[EMU_CALLERS_MAX]);

#ifdef __cplusplus
}
#endif
#endif
