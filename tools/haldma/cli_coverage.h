/*
 * The coverage of the space, as text and JSON.
 */
#ifndef CLI_COVERAGE_H
#define CLI_COVERAGE_H

#include <emu/coverage.h>
#include <haldma.h>
#include <jansson.h>
#include <stdio.h>

/* Without memory the program ends. */
struct emu_coverage *cli_coverage_create(void);

/* How many classes, how the rate falls, what is left. With orders: the moments that came in both orders. */
void cli_coverage_text(FILE *out, const struct emu_machine *m, const struct emu_coverage *c, bool orders,
                       bool complete);
json_t *cli_coverage_json(const struct emu_machine *m, const struct emu_coverage *c);

#endif
