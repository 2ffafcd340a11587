/*
 * A worker is told by its arguments what is explored, and by lines which part of it.
 */
#include "jobs_arguments.h"

#include <inttypes.h>
#include <stdio.h>

static void say(struct jobs_arguments *a, const char *word)
{
    EMU_ASSERT(a->count < JOBS_ARGUMENTS_MAX - 1);
    a->words[a->count++] = (char *)(uintptr_t)word;
}

static void say_number(struct jobs_arguments *a, const char *option, int64_t number)
{
    say(a, option);
    snprintf(a->numbers[a->count], JOBS_NUMBER_TEXT, "%" PRId64, number);
    say(a, a->numbers[a->count]);
}

void jobs_arguments_of_worker(struct jobs_arguments *a, const struct cli_options *o,
                              const struct cli_session *session, const char *program)
{
    a->count = 0;
    say(a, program);
    say(a, "explore");
    say(a, "--worker");
    say(a, "--scenario");
    say(a, session->scenario->name);
    if (haldma_platform_find(session->platform) != NULL) {
        say(a, "--platform");
        say(a, session->platform);
    }
    say(a, "--strategy");
    say(a, cli_strategy_names[o->strategy]);
    say_number(a, "--seed", (int64_t)o->seed);
    if (o->preemptions != CLI_UNBOUNDED)
        say_number(a, "--preemptions", o->preemptions);
    if (o->interrupts != CLI_UNBOUNDED)
        say_number(a, "--interrupts", o->interrupts);
    if (o->delays != CLI_UNBOUNDED)
        say_number(a, "--delays", o->delays);
    if (o->depth != 0)
        say_number(a, "--depth", o->depth);
    if (o->profile != CLI_PROFILE_OF_SCENARIO) {
        say(a, "--profile");
        say(a, emu_profile_name(cli_profile_of_machine(o->profile)));
    }
    if (o->hardware != CLI_HARDWARE_OF_SCENARIO) {
        say(a, "--hardware");
        say(a, o->hardware == CLI_HARDWARE_FAITHFUL ? "faithful" : "misbehaving");
    }
    if (o->faults_said != NULL) {
        say(a, "--faults");
        say(a, o->faults_said);
    }
    if (o->faults.runs != 0)
        say_number(a, "--fault-runs", (int64_t)o->faults.runs);
    if (o->go_on)
        say(a, "--go-on");
    if (o->suppress != NULL) {
        say(a, "--suppress");
        say(a, o->suppress);
    }
    if (o->fail_on != CLI_NOTE) {
        say(a, "--fail-on");
        say(a, cli_severity_names[o->fail_on]);
    }
    say(a, "--");
    say(a, o->module);
    a->words[a->count] = NULL;
}
