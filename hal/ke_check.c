/*
 * What a finding says when a service was called at a wrong interrupt level.
 */
#include "hal/ke_check.h"

static const char *const level_names[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};
enum { NAMED_LEVELS = sizeof(level_names) / sizeof(level_names[0]) };

static void level_wrong(struct emu_machine *m, const char *rule, const char *code, const char *what,
                        const char *bound, uint8_t limit) __attribute__((noreturn));

static void level_wrong(struct emu_machine *m, const char *rule, const char *code, const char *what,
                        const char *bound, uint8_t limit)
{
    const uint8_t level = emu_level(m);
    const uint64_t parameters[4] = {0, level, limit, 0};
    emu_finding_raise(m, rule, code, parameters, "%s at level %u; it may be called at %s %s (%u)", what,
                      level, limit < NAMED_LEVELS ? level_names[limit] : "level", bound, limit);
}

void ke_level_too_high(struct emu_machine *m, const char *rule, const char *code, const char *what,
                       uint8_t highest)
{
    level_wrong(m, rule, code, what, "at most", highest);
}

void ke_level_too_low(struct emu_machine *m, const char *rule, const char *code, const char *what,
                      uint8_t lowest)
{
    level_wrong(m, rule, code, what, "at least", lowest);
}
