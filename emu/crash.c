/*
 * Crashes as findings: see crash.h.
 *
 * The handler only notes what happened and changes where the interrupted code goes on: on a stack of its own,
 * in land(), which raises the finding as code on the strand would. Nothing returns to what crashed; the next
 * reset begins anew.
 */
#include <emu/crash.h>
#include <emu/finding.h>
#include <emu/sanitized.h>

#include "emu/machine_state.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#if !EMU_SANITIZED && defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#define CAN_CATCH 1
#else
#define CAN_CATCH 0
#endif

enum { STACK_BYTES = 64 * 1024, STACK_ALIGNMENT = 16, NEAR_NULL = 0x10000, PLACE_TEXT = 128 };

struct emu_crash {
    struct emu_strand *strand; /* that crashed in this run; NULL: none */
    int number;                /* signal; 0: it hangs */
    struct emu_crash_place place;
    uintptr_t address; /* that was touched */
    bool wrote, jumped;
    const struct emu_fill *fill; /* of which the address seems to be made; NULL: of none */
    uint64_t run, step;          /* when the last tick came */
    unsigned ticks;              /* since then without a step */
    unsigned char stack[STACK_BYTES] __attribute__((aligned(STACK_ALIGNMENT)));
};

bool emu_crash_catch(struct emu_machine *m)
{
#if CAN_CATCH
    if (m->crash == NULL)
        m->crash = calloc(1, sizeof *m->crash);
#endif
    return m->crash != NULL;
}

void emu_crash_fills(struct emu_machine *m, const struct emu_fill *fills, unsigned count)
{
    m->fills = fills;
    m->fill_count = count;
}

void emu_crash_destroy(struct emu_machine *m)
{
    free(m->crash);
}

void emu_crash_settle(struct emu_machine *m)
{
    struct emu_crash *c = m->crash;
    if (c->strand == NULL)
        return;
    c->strand->deepest = (uintptr_t)c->strand->stack_low; /* whatever may be on that stack */
    c->strand = NULL;
}

const struct emu_crash_place *emu_crash_place(const struct emu_machine *m)
{
    const struct emu_crash *c = m->crash;
    return c->strand != NULL && c->strand == m->self ? &c->place : NULL;
}

#if CAN_CATCH

/* ---- Where it happened --------------------------------------------------------------------------------- */

/* "in copier.so at 0x1a2c": the same wherever the module lies. */
static const char *place_text(uintptr_t place, char text[PLACE_TEXT])
{
    Dl_info info;
    if (dladdr((void *)place, &info) == 0 || info.dli_fname == NULL) {
        snprintf(text, PLACE_TEXT, "in code that no module has");
        return text;
    }
    const char *slash = strrchr(info.dli_fname, '/');
    const char *module = slash != NULL ? slash + 1 : info.dli_fname;
    unsigned long long offset = place - (uintptr_t)info.dli_fbase;
    if (info.dli_sname != NULL)
        snprintf(text, PLACE_TEXT, "in %s (%s at 0x%llx)", info.dli_sname, module, offset);
    else
        snprintf(text, PLACE_TEXT, "in %s at 0x%llx", module, offset);
    return text;
}

static bool is_overflow(const struct emu_crash *c)
{
    uintptr_t low = (uintptr_t)c->strand->stack_low;
    return c->address < low && low - c->address <= EMU_PAGE_SIZE;
}

__attribute__((noreturn)) static void raise_access(struct emu_machine *m, const struct emu_crash *c,
                                                   const char *place)
{
    const char *deed = c->jumped ? "jumps to" : c->wrote ? "writes to" : "reads from";
    if (is_overflow(c))
        emu_finding_raise(m, EMU_RULE_CRASH_STACK, NULL, NULL, "the stack of %s overflows, %s",
                          c->strand->name, place);
    if (c->address < NEAR_NULL)
        emu_finding_raise(m, EMU_RULE_CRASH_ACCESS, NULL, NULL, "%s %s address 0x%llx, %s", c->strand->name,
                          deed, (unsigned long long)c->address, place);
    if (c->fill != NULL)
        emu_finding_raise(m, EMU_RULE_CRASH_ACCESS, NULL, NULL,
                          "%s %s an address made of 0x%02X, which fills %s, %s", c->strand->name, deed,
                          c->fill->byte, c->fill->what, place);
    emu_finding_raise(m, EMU_RULE_CRASH_ACCESS, NULL, NULL, "%s %s an address that is not there, %s",
                      c->strand->name, deed, place);
}

/* On the stack for it, where the strand crashed. */
__attribute__((noreturn)) static void land(void)
{
    struct emu_machine *m = emu_current();
    struct emu_crash *c = m->crash;
    char text[PLACE_TEXT];
    const char *place = place_text(c->place.pc, text), *name = c->strand->name;
    c->strand->deepest = 0; /* this stack is none of its own */
    switch (c->number) {
    case SIGSEGV:
    case SIGBUS:
        raise_access(m, c, place);
    case SIGFPE:
        emu_finding_raise(m, EMU_RULE_CRASH_DIVISION, NULL, NULL, "%s divides by zero, %s", name, place);
    case SIGABRT:
        emu_finding_raise(m, EMU_RULE_CRASH_ABORT, NULL, NULL, "%s calls abort()", name);
    case SIGTRAP:
        emu_finding_raise(m, EMU_RULE_CRASH_INSTRUCTION, NULL, NULL, "%s meets a breakpoint, %s", name,
                          place);
    case 0:
        emu_finding_raise(m, EMU_RULE_HANG, NULL, NULL,
                          "%s goes on without a step: a loop without a yield point, %s", name, place);
    default:
        emu_finding_raise(m, EMU_RULE_CRASH_INSTRUCTION, NULL, NULL,
                          "%s comes to an instruction that cannot be performed, %s", name, place);
    }
}

#endif

/* ---- In a handler -------------------------------------------------------------------------------------- */

/* The machine whose code was interrupted, where it catches crashes and has not crashed already. */
static struct emu_machine *crashing(void)
{
    struct emu_machine *m = emu_current();
    bool catches = m != NULL && m->crash != NULL && m->crash->strand == NULL && !m->halted;
    return catches && m->self != &m->host ? m : NULL;
}

#if CAN_CATCH

/* The fill of which a register is made, but for an offset. */
static const struct emu_fill *fill_of(const struct emu_machine *m, uint64_t value)
{
    enum { OFFSET_BITS = 16 };
    const uint64_t each_byte = 0x0101010101010101;
    for (unsigned i = 0; i < m->fill_count; i++)
        if ((value ^ m->fills[i].byte * each_byte) >> OFFSET_BITS == 0)
            return &m->fills[i];
    return NULL;
}

/* The processor does not say which address it was, where there could be none: one of its registers had it. */
static const struct emu_fill *find_fill(const struct emu_machine *m, const ucontext_t *u)
{
    const struct emu_fill *fill = NULL;
#if defined(__x86_64__)
    static const int general[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_R8, REG_R9,
                                  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP};
    for (unsigned i = 0; fill == NULL && i < sizeof general / sizeof general[0]; i++)
        fill = fill_of(m, (uint64_t)u->uc_mcontext.gregs[general[i]]);
#else
    for (unsigned i = 0; fill == NULL && i < sizeof u->uc_mcontext.regs / sizeof u->uc_mcontext.regs[0]; i++)
        fill = fill_of(m, u->uc_mcontext.regs[i]);
#endif
    return fill;
}

/* Notes where the interrupted code was, and lets it go on elsewhere. */
static void redirect(ucontext_t *u, struct emu_crash *c)
{
    uintptr_t top = (uintptr_t)c->stack + STACK_BYTES;
#if defined(__x86_64__)
    enum { WRITING = 1 << 1, FETCHING = 1 << 4, WORD = 8 };
    greg_t *registers = u->uc_mcontext.gregs;
    uintptr_t place = (uintptr_t)registers[REG_RIP];
    c->wrote = (registers[REG_ERR] & WRITING) != 0;
    c->jumped = c->number == SIGSEGV && place == c->address;
    uintptr_t sp = (uintptr_t)registers[REG_RSP], low = (uintptr_t)c->strand->stack_low;
    if (c->jumped && sp >= low && sp - low < c->strand->fiber.bytes)
        memcpy(&place, (const void *)sp, sizeof place); /* who called */
    c->place = (struct emu_crash_place){place, (uintptr_t)registers[REG_RBP], sp};
    registers[REG_RIP] = (greg_t)(uintptr_t)land;
    registers[REG_RSP] = (greg_t)(top - WORD); /* as a call leaves it */
#else
    enum { FRAME_POINTER = 29, LINK = 30 };
    uintptr_t place = u->uc_mcontext.pc;
    c->jumped = c->number == SIGSEGV && place == c->address;
    if (c->jumped)
        place = u->uc_mcontext.regs[LINK];
    c->place = (struct emu_crash_place){place, u->uc_mcontext.regs[FRAME_POINTER], u->uc_mcontext.sp};
    u->uc_mcontext.pc = (uintptr_t)land;
    u->uc_mcontext.sp = top;
#endif
}

static void go_down(struct emu_machine *m, int number, uintptr_t address, void *context)
{
    struct emu_crash *c = m->crash;
    c->strand = m->self;
    c->number = number;
    c->address = address;
    c->fill = address == UINTPTR_MAX ? find_fill(m, context) : NULL;
    redirect(context, c);
}

#else

static void go_down(struct emu_machine *m, int number, uintptr_t address, void *context)
{
    (void)m, (void)number, (void)address, (void)context;
    EMU_NEVER_HERE("a crash is caught where none can be");
}

#endif

bool emu_crash_signal(int number, const siginfo_t *info, void *context)
{
    static const int caught[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    struct emu_machine *m = crashing();
    size_t which = 0;
    while (which < sizeof caught / sizeof caught[0] && caught[which] != number)
        which++;
    if (m == NULL || which == sizeof caught / sizeof caught[0])
        return false;
    /* The processor does not say which address, where it is none that there could be. */
    uintptr_t address = info->si_code != SI_KERNEL ? (uintptr_t)info->si_addr : UINTPTR_MAX;
    go_down(m, number, address, context);
    return true;
}

bool emu_crash_tick(void *context)
{
    struct emu_machine *m = crashing();
    if (m == NULL)
        return false;
    struct emu_crash *c = m->crash;
    bool same = c->run == m->epoch && c->step == m->steps;
    c->ticks = same ? c->ticks + 1 : 0;
    c->run = m->epoch;
    c->step = m->steps;
    if (c->ticks < EMU_HANG_TICKS)
        return false;
    c->ticks = 0;
    go_down(m, 0, 0, context);
    return true;
}
