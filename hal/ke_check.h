/*
 * What the Ke services ask of their callers: the interrupt level, mostly.
 */
#ifndef HAL_KE_CHECK_H
#define HAL_KE_CHECK_H

#include <emu/access.h>
#include <emu/cpu.h>
#include <emu/finding.h>
#include <emu/unseen.h>

#include "hal/kernel.h"
#include "hal/ops.h"

/* Room for the name of one object in a message. */
enum { KE_NAME_BYTES = 48 };

/* Stops the run: what was called above (below) the level that its page allows. */
__attribute__((noreturn)) void ke_level_too_high(struct emu_machine *m, const char *rule, const char *code,
                                                 const char *what, uint8_t highest);
__attribute__((noreturn)) void ke_level_too_low(struct emu_machine *m, const char *rule, const char *code,
                                                const char *what, uint8_t lowest);

/* Of a service under KE-LEVEL-1: goes on where the run goes past it, unless the level is above
 * DISPATCH_LEVEL; the service is performed, and where it has to wait, that is the next finding. */
void ke_called_too_high(struct emu_machine *m, const char *code, const char *what, uint8_t highest);

/* The code of a call to a kernel routine at a wrong level that has no number of its own. */
#define KE_CODE_WRONG_LEVEL "0xC4/E5"
/* The codes of the DDI compliance rules of this name, for the routines that their pages list. */
#define KE_CODE_IRQL_DISPATCH          "0xC4/20003"
#define KE_CODE_IRQL_EX_APC_LTE2       "0xC4/20006"
#define KE_CODE_IRQL_EX_PASSIVE        "0xC4/20008"
#define KE_CODE_IRQL_IO_APC_LTE        "0xC4/20009"
#define KE_CODE_IRQL_IO_PASSIVE1       "0xC4/2000A"
#define KE_CODE_IRQL_IO_PASSIVE2       "0xC4/2000B"
#define KE_CODE_IRQL_IO_PASSIVE3       "0xC4/2000C"
#define KE_CODE_IRQL_IO_PASSIVE4       "0xC4/2000D"
#define KE_CODE_IRQL_IO_PASSIVE5       "0xC4/2000E"
#define KE_CODE_IRQL_KE_APC_LTE1       "0xC4/2000F"
#define KE_CODE_IRQL_KE_APC_LTE2       "0xC4/20010"
#define KE_CODE_IRQL_KE_DISPATCH_LTE   "0xC4/20011"
#define KE_CODE_IRQL_KE_SET_EVENT      "0xC4/20016"
#define KE_CODE_IRQL_MM_APC_LTE        "0xC4/20019"
#define KE_CODE_IRQL_MM_DISPATCH       "0xC4/2001A"
#define KE_CODE_IRQL_OB_PASSIVE        "0xC4/2001B"
#define KE_CODE_IRQL_PS_PASSIVE        "0xC4/2001C"
#define KE_CODE_IRQL_RTL_PASSIVE       "0xC4/2001E"
#define KE_CODE_IRQL_ZW_PASSIVE        "0xC4/2001F"
#define KE_CODE_IRQL_IO_RTL_ZW_PASSIVE "0xC4/20023"
/* The rule of services that have no other one about levels. */
#define KE_RULE_LEVEL "KE-LEVEL-1"

static inline void ke_level_at_most(struct emu_machine *m, uint8_t highest, const char *rule,
                                    const char *code, const char *what)
{
    if (__builtin_expect(emu_level(m) > highest, 0)) {
        ke_level_too_high(m, rule, code, what, highest);
    }
}

static inline void ke_level_at_least(struct emu_machine *m, uint8_t lowest, const char *rule,
                                     const char *code, const char *what)
{
    if (__builtin_expect(emu_level(m) < lowest, 0)) {
        ke_level_too_low(m, rule, code, what, lowest);
    }
}

/* The same, for a service that has nothing to say about levels but what docs/levels.md has. */
static inline void ke_called_at_most(uint8_t highest, const char *code, const char *what)
{
    struct emu_machine *m = emu_current();
    if (__builtin_expect(emu_level(m) > highest, 0)) {
        ke_called_too_high(m, code, what, highest);
    }
}

static inline void ke_called_at(uint8_t level, const char *code, const char *what)
{
    ke_level_at_most(emu_current(), level, KE_RULE_LEVEL, code, what);
    ke_level_at_least(emu_current(), level, KE_RULE_LEVEL, code, what);
}

/* A yield point after an effect that others may have been waiting for. */
static inline void ke_after(struct emu_machine *m)
{
    emu_step(m, HAL_OP_KE_AFTER, EMU_NO_OBJECT, 0);
}

static inline struct ke_processor *ke_processor(struct hal_kernel *k)
{
    return &k->ke.processors[emu_cpu(k->machine)];
}

/* What a processor was doing when a handler began on it. */
struct ke_handler {
    uintptr_t stack;
    uint8_t floor;
};

/* A handler (of interrupts, of DPCs) begins at this level, on this stack; handler keeps what it nests in. */
static inline void ke_handler_begin(struct hal_kernel *k, struct ke_handler *handler, uint8_t level)
{
    struct ke_processor *p = ke_processor(k);
    EMU_UNSEEN(k->machine, "a handler that is over has left everything as it was")
    {
        *handler = (struct ke_handler){p->handler_stack, p->floor};
        p->handler_stack = (uintptr_t)handler;
        p->floor = level;
    }
}

static inline void ke_handler_end(struct hal_kernel *k, const struct ke_handler *handler)
{
    struct ke_processor *p = ke_processor(k);
    EMU_UNSEEN(k->machine, "a handler that is over has left everything as it was")
    {
        p->handler_stack = handler->stack;
        p->floor = handler->floor;
    }
}

/* The level below which the handler that runs must not go. */
static inline uint8_t ke_handler_floor(struct hal_kernel *k)
{
    uint8_t floor = 0;
    EMU_UNSEEN(k->machine, "a handler that is over has left everything as it was")
    {
        floor = ke_processor(k)->floor;
    }
    return floor;
}

#endif
