/*
 * What the tests of verification share: a machine that verifies, and the form of a test that commits a
 * mistake and says with which parameters that is told.
 *
 * The body says what must come just before it does it; after the run the finding is compared with that.
 */
#ifndef VERIFIED_H
#define VERIFIED_H

#include "dma/world.h"

#include <stdio.h>

/* A parameter that is an address of the verifier's own: anything but 0. */
#define VERIFIED_OWN UINT64_MAX

struct verified_told {
    unsigned code;
    uint64_t second, third, fourth;
};

static struct verified_told verified_wanted;

static inline uint64_t verified_pointer(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* The next call is the mistake. */
static inline void verified_told(unsigned code, uint64_t second, uint64_t third, uint64_t fourth)
{
    verified_wanted = (struct verified_told){code, second, third, fourth};
}

static inline void verified_compare(const struct emu_finding *finding)
{
    const uint64_t wanted[] = {verified_wanted.code, verified_wanted.second, verified_wanted.third,
                               verified_wanted.fourth};
    for (unsigned i = 0; i < 4; i++) {
        if (wanted[i] == VERIFIED_OWN)
            assert_int_not_equal(finding->parameters[i], 0);
        else
            assert_int_equal(finding->parameters[i], wanted[i]);
    }
}

/* code of 0xE6, or 0: the body holds. */
static inline void verified_run_on(struct haldma_config *config, void (*body)(void *), const char *code)
{
    char rule[EMU_FINDING_RULE], text[EMU_FINDING_CODE];
    struct rig_outcome outcome;
    struct emu_machine *m = world_machine(config);
    verified_wanted = (struct verified_told){0, 0, 0, 0};
    rig_run(m, body, NULL, &outcome);
    emu_machine_destroy(m);
    if (code == NULL) {
        rig_assert_idle(&outcome);
        return;
    }
    snprintf(rule, sizeof rule, "DMA-VERIFY-%s", code);
    snprintf(text, sizeof text, "0xE6/%s", code);
    rig_assert_stopped(&outcome, rule, text);
    verified_compare(&outcome.finding);
}

static inline struct haldma_config verified_config(void)
{
    struct haldma_config config = world_config();
    config.verify = HALDMA_VERIFY_DMA;
    return config;
}

static inline void verified_run(void **state)
{
    const struct world_test *test = *state;
    struct haldma_config config = verified_config();
    verified_run_on(&config, test->body, test->code);
}

#define VERIFIED(body, code)                                  \
    {                                                         \
#body, verified_run, NULL, NULL, &(struct world_test) \
        {                                                     \
            body, NULL, code                                  \
        }                                                     \
    }

#endif
