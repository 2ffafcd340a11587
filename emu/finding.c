/*
 * Findings: stopping a run, and saying why.
 */
#include "emu/machine_state.h"

#include <stdio.h>
#include <string.h>

void emu_finding_came_from(struct emu_machine *m, emu_object object, const char *deed,
                           const struct emu_birth *birth)
{
    if (m->origin_count == EMU_ORIGINS_MAX)
        return;
    struct emu_origin *o = &m->origins[m->origin_count++];
    memset(o, 0, sizeof *o);
    if (object != EMU_NO_OBJECT)
        emu_object_text(m, object, o->name, sizeof o->name);
    snprintf(o->deed, sizeof o->deed, "%s", deed);
    if (birth->strand != EMU_NO_OBJECT)
        emu_object_text(m, birth->strand, o->strand, sizeof o->strand);
    o->birth = *birth;
    emu_birth_callers(m, birth, &o->callers);
}

static void take_parameters(const struct emu_machine *m, const uint64_t *parameters, struct emu_finding *f)
{
    for (unsigned i = 0; i < EMU_FINDING_PARAMETERS; i++) {
        f->parameters[i] = parameters[i];
        emu_object object = emu_object_find(m, (const void *)(uintptr_t)parameters[i]);
        if (object != EMU_NO_OBJECT)
            emu_object_text(m, object, f->parameter_names[i], sizeof f->parameter_names[i]);
    }
}

/* What happened, into m->finding and the trace. */
static void write_down(struct emu_machine *m, const char *rule, const char *code, const uint64_t *parameters,
                       const char *format, va_list arguments)
{
    EMU_ASSERT(emu_current() == m && m->self != &m->host && !m->halted);
    struct emu_strand *self = m->self;
    struct emu_finding *f = &m->finding;
    self->soiled = true;
    memset(f, 0, sizeof *f);
    snprintf(f->rule, sizeof f->rule, "%s", rule);
    snprintf(f->code, sizeof f->code, "%s", code != NULL ? code : "");
    snprintf(f->strand, sizeof f->strand, "%s", self->name);
    vsnprintf(f->message, sizeof f->message, format, arguments);
    if (parameters != NULL)
        take_parameters(m, parameters, f);
    f->step = m->steps;
    f->time = m->now;
    f->cpu = self->cpu;
    f->level = m->cpus[self->cpu].level;
    emu_callers_take(m, &f->callers);
    memcpy(f->origins, m->origins, sizeof f->origins);
    f->origin_count = m->origin_count;
    m->origin_count = 0;
    /* Runs that fail for another reason are other runs. */
    emu_hash_text(m, EMU_OP_FINDING, f->rule, strlen(f->rule));
    emu_hash_text(m, EMU_OP_FINDING, f->code, strlen(f->code));
    emu_note(m, EMU_OP_FINDING, EMU_NO_OBJECT, 0);
}

__attribute__((noreturn)) static void halt(struct emu_machine *m)
{
    m->halted = true;
    emu_stop_here(m, EMU_STOP_FINDING);
    EMU_NEVER_HERE("a machine goes on after a finding");
}

void emu_finding_vraise(struct emu_machine *m, const char *rule, const char *code,
                        const uint64_t parameters[EMU_FINDING_PARAMETERS], const char *format,
                        va_list arguments)
{
    write_down(m, rule, code, parameters, format, arguments);
    halt(m);
}

void emu_finding_report(struct emu_machine *m, const char *rule, const char *code,
                        const uint64_t parameters[EMU_FINDING_PARAMETERS], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_down(m, rule, code, parameters, format, arguments);
    va_end(arguments);
    if (m->reported_count == m->config.go_past)
        halt(m);
    m->reported[m->reported_count++] =
        (struct emu_reported){.finding = m->finding, .choices = m->record.length, .hash = m->hash};
}

const struct emu_reported *emu_machine_reported(const struct emu_machine *m, uint32_t index)
{
    return index < m->reported_count ? &m->reported[index] : NULL;
}

void emu_finding_raise(struct emu_machine *m, const char *rule, const char *code,
                       const uint64_t parameters[EMU_FINDING_PARAMETERS], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    emu_finding_vraise(m, rule, code, parameters, format, arguments);
    va_end(arguments);
}

const struct emu_finding *emu_machine_finding(const struct emu_machine *m)
{
    return m->halted ? &m->finding : NULL;
}
