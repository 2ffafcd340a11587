/*
 * Scenario modules: shared objects that export haldma_module (see HALDMA_MODULE in haldma.h).
 */
#ifndef CLI_MODULE_H
#define CLI_MODULE_H

#include <haldma.h>

/* NULL: said why. A module stays loaded to the end of the program. */
const struct haldma_module *cli_module_load(const char *path);

/* NULL: said why, and what there is. A name of NULL means the only scenario. */
const struct haldma_scenario *cli_module_scenario(const struct haldma_module *module, const char *path,
                                                  const char *name);

/* The scenario that a token's program is; NULL: said why. */
const struct haldma_scenario *cli_module_scenario_of(const struct haldma_module *module, const char *path,
                                                     uint32_t program);

#endif
