/*
 * Modules that the command line refuses: of another interface, without scenarios, with half a scenario, with
 * names that cannot be used, or no modules at all.
 */
#include <haldma.h>

#if defined(CLI_OLD_ABI)
static const struct haldma_scenario scenarios[] = {{"never", "is never run", NULL, NULL, NULL, NULL, 0}};
__attribute__((visibility("default"))) extern const struct haldma_module haldma_module;
const struct haldma_module haldma_module = {HALDMA_MODULE_ABI + 41, 1, scenarios};
#elif defined(CLI_EMPTY)
__attribute__((visibility("default"))) extern const struct haldma_module haldma_module;
const struct haldma_module haldma_module = {HALDMA_MODULE_ABI, 0, NULL};
#elif defined(CLI_NO_ARRAY)
__attribute__((visibility("default"))) extern const struct haldma_module haldma_module;
const struct haldma_module haldma_module = {HALDMA_MODULE_ABI, 1, NULL};
#elif defined(CLI_FIRST_NAME)
static void set_up(void)
{
}
static const struct haldma_scenario scenarios[] = {
    {CLI_FIRST_NAME, "is never run", NULL, set_up, NULL, NULL, 0},
    {CLI_SECOND_NAME, "is never run", NULL, set_up, NULL, NULL, 0},
};
HALDMA_MODULE(scenarios);
#elif defined(CLI_UNFINISHED)
static const struct haldma_scenario scenarios[] = {{"hollow", "has no set_up", NULL, NULL, NULL, NULL, 0}};
HALDMA_MODULE(scenarios);
#else
__attribute__((visibility("default"))) extern const int no_haldma_module;
const int no_haldma_module = 1;
#endif
