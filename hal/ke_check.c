/*
 * What a finding says when a service was called at a wrong interrupt level.
 */
#include "hal/ke_check.h"

#include <stdio.h>
#include <wdm.h>

static const char *const level_names[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};
enum { NAMED_LEVELS = sizeof(level_names) / sizeof(level_names[0]) };

enum { TEXT_BYTES = 160 };

/* "IoCreateDevice at level 2; it may be called at PASSIVE_LEVEL at most (0)" */
static const char *text_of(const struct emu_machine *m, const char *what, const char *bound, uint8_t limit,
                           char out[TEXT_BYTES])
{
    snprintf(out, TEXT_BYTES, "%s at level %u; it may be called at %s %s (%u)", what, emu_level(m),
             limit < NAMED_LEVELS ? level_names[limit] : "level", bound, limit);
    return out;
}

void ke_level_too_high(struct emu_machine *m, const char *rule, const char *code, const char *what,
                       uint8_t highest)
{
    char text[TEXT_BYTES];
    emu_finding_raise(m, rule, code, (const uint64_t[4]){0, emu_level(m), highest, 0}, "%s",
                      text_of(m, what, "at most", highest, text));
}

void ke_level_too_low(struct emu_machine *m, const char *rule, const char *code, const char *what,
                      uint8_t lowest)
{
    char text[TEXT_BYTES];
    emu_finding_raise(m, rule, code, (const uint64_t[4]){0, emu_level(m), lowest, 0}, "%s",
                      text_of(m, what, "at least", lowest, text));
}

void ke_called_too_high(struct emu_machine *m, const char *code, const char *what, uint8_t highest)
{
    char text[TEXT_BYTES];
    if (emu_level(m) > DISPATCH_LEVEL)
        ke_level_too_high(m, KE_RULE_LEVEL, code, what, highest);
    emu_finding_report(m, KE_RULE_LEVEL, code, (const uint64_t[4]){0, emu_level(m), highest, 0}, "%s",
                       text_of(m, what, "at most", highest, text));
}
