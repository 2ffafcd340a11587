/*
 * A machine without an operating system: processors, strands, clock, memory, bus, devices, choices.
 *
 * One OS thread runs one machine at a time; several machines may live in one process. The machine that
 * runs on this thread is the library's only thread-local. Nothing in this layer knows Windows.
 *
 * A machine lives through many runs. emu_machine_reset() puts it back to power-on without freeing or
 * allocating: what a run allocated (arena, RAM, strands, lines, windows, events) is gone, what was
 * configured (struct emu_config, boot functions, strategy) stays.
 */
#ifndef EMU_MACHINE_H
#define EMU_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emu_machine;

enum {
    EMU_PROCESSORS_MAX = 64,
    EMU_PAGE_SIZE = 4096,
    EMU_PAGE_SHIFT = 12,
};

/* How much of what the documentation leaves open a run makes use of. */
enum emu_profile {
    EMU_PROFILE_HOSTILE,  /* everything legal is a choice */
    EMU_PROFILE_TYPICAL,  /* latitude is not used: the machine does what a common PC does */
    EMU_PROFILE_VERIFIER, /* hostile, and the layers above verify what their callers do */
    EMU_PROFILES
};
/* "hostile", "typical", "verifier" */
const char *emu_profile_name(enum emu_profile profile);
/* Is latitude a choice? */
static inline bool emu_profile_is_hostile(enum emu_profile profile)
{
    return profile != EMU_PROFILE_TYPICAL;
}

/* Zero in any field means its default. */
struct emu_config {
    uint32_t processors;     /* 1 to 64; default 2 */
    uint32_t ram_low_pages;  /* frames below 16 MiB; default 1024 */
    uint32_t ram_mid_pages;  /* frames between 16 MiB and 4 GiB; default 2048 */
    uint32_t ram_high_pages; /* frames above 4 GiB; default 1024; EMU_NO_PAGES for none */
    uint32_t strands_max;    /* strands alive at once, idle ones included; default 256 */
    uint32_t stack_bytes;    /* per strand, a multiple of the page size; default 64 KiB */
    uint64_t step_limit;     /* steps after which a run is a livelock; default 100,000 */
    enum emu_profile profile;
    uint32_t go_past; /* see emu_machine_set_go_past(); 0 when the machine is created */
    bool faults;      /* emu_fault() is a choice (else always false); see fault.h for which fail */
    bool misbehaving; /* every device may do whatever wrong it can (emu/misdeed.h) */
    bool incoherent;  /* devices do not see processors' caches (emu/cache.h) */
};

#define EMU_NO_PAGES UINT32_MAX

/*
 * Creates a machine, or returns NULL with *error set to a one-line reason (a static string): a field out of
 * range, or no memory. The caller owns the machine; emu_machine_destroy(NULL) does nothing.
 */
struct emu_machine *emu_machine_create(const struct emu_config *config, const char **error);
void emu_machine_destroy(struct emu_machine *m);

/* The configuration with its defaults filled in. */
const struct emu_config *emu_machine_config(const struct emu_machine *m);

/* The profile, the fault switch and what hardware may do may change between runs. */
void emu_machine_set_profile(struct emu_machine *m, enum emu_profile profile);
void emu_machine_set_faults(struct emu_machine *m, bool faults);
/* How many findings after which the machine can go on a run goes past (emu/finding.h); at most
 * EMU_REPORTED_MAX of finding.h. 0 when it is created. */
void emu_machine_set_go_past(struct emu_machine *m, uint32_t findings);
void emu_machine_set_misbehaving(struct emu_machine *m, bool misbehaving);

/* The machine whose code runs on this thread, or NULL outside emu_machine_run(). */
struct emu_machine *emu_current(void);

/*
 * Upper layers. A layer's boot function is called at the end of every reset, in order of registration, on the
 * host's stack; it allocates its state with emu_arena_alloc() and keeps it with emu_set_slot().
 */
enum emu_slot { EMU_SLOT_KERNEL, EMU_SLOT_DMA, EMU_SLOT_HOST, EMU_SLOT_COUNT };

typedef void emu_boot_fn(struct emu_machine *m, void *context);
void emu_machine_add_boot(struct emu_machine *m, emu_boot_fn *boot, void *context);
void emu_set_slot(struct emu_machine *m, enum emu_slot slot, void *state);
void *emu_slot(const struct emu_machine *m, enum emu_slot slot);

void emu_machine_reset(struct emu_machine *m);

/* Why emu_machine_run() came back. */
enum emu_stop {
    EMU_STOP_IDLE,    /* nothing can run, nothing is due, nobody who must finish waits */
    EMU_STOP_BUDGET,  /* the step budget is used up; call again to go on */
    EMU_STOP_FINDING, /* emu_machine_finding() tells; only a reset leads on */
    EMU_STOP_WAIT,    /* only what is due after the time limit is left (emu_set_time_limit) */
};

/* Runs until idle, until a finding, or for about max_steps steps (0: no budget). */
enum emu_stop emu_machine_run(struct emu_machine *m, uint64_t max_steps);

/*
 * Private memory of the layers above, invisible to drivers and devices: zeroed, 16-byte aligned, gone at
 * the next reset. Never fails (the emulator stops with an error when its reserve of address space is used
 * up).
 */
void *emu_arena_alloc(struct emu_machine *m, size_t bytes);

/*
 * Memory that lives as long as the machine: zeroed, 16-byte aligned, survives resets. end(block), where
 * given, is called by emu_machine_destroy() before the block is freed, newest first. NULL without memory. Not
 * inside a run's steady state.
 */
void *emu_machine_own(struct emu_machine *m, size_t bytes, void (*end)(void *block));

/*
 * Quiet: no interleaving is explored; every choice takes its default and is not recorded. For set-up and
 * tear-down of a scenario. Nests.
 */
void emu_quiet_begin(struct emu_machine *m);
void emu_quiet_end(struct emu_machine *m);

/* An error of the emulator itself: prints where the machine is, then aborts. On in every build. */
__attribute__((noreturn)) void emu_bug(const char *file, int line, const char *what);
#define EMU_ASSERT(cond)     ((cond) ? (void)0 : emu_bug(__FILE__, __LINE__, #cond))
#define EMU_NEVER_HERE(what) emu_bug(__FILE__, __LINE__, what)

#ifdef __cplusplus
}
#endif
#endif
