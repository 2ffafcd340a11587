/*
 * Loading a module and finding a scenario in it; every way in which that fails is one line.
 */
#include "cli_module.h"

#include "cli_output.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* dlopen looks for a name without a slash elsewhere than here. */
static void *open_here(const char *path)
{
    if (strchr(path, '/') != NULL)
        return dlopen(path, RTLD_NOW | RTLD_LOCAL);
    size_t size = strlen(path) + sizeof "./";
    char *here = malloc(size);
    if (here == NULL)
        return NULL;
    snprintf(here, size, "./%s", path);
    void *handle = dlopen(here, RTLD_NOW | RTLD_LOCAL);
    free(here);
    return handle;
}

/* Every scenario has what is shown and called. */
static bool is_filled_in(const struct haldma_module *module)
{
    for (uint32_t i = 0; i < module->count; i++) {
        const struct haldma_scenario *s = &module->scenarios[i];
        if (s->name == NULL || s->summary == NULL || s->set_up == NULL)
            return false;
    }
    return true;
}

/* Names that a shell, a token and a JSON reader take as they are, and that say which scenario is meant. */
static bool names_are_good(const struct haldma_module *module, const char *path)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    for (uint32_t i = 0; i < module->count; i++) {
        const char *name = module->scenarios[i].name;
        if (name[0] == '\0' || name[strspn(name, letters)] != '\0') {
            cli_complain("%s: the name of scenario %u is not of letters, digits and underscores only", path,
                         (unsigned)i + 1);
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            const char *other = module->scenarios[j].name;
            if (emu_token_program(other) != emu_token_program(name))
                continue;
            if (strcmp(other, name) == 0)
                cli_complain("%s has two scenarios of the name %s", path, name);
            else
                cli_complain("%s: tokens cannot tell the scenarios %s and %s apart; rename one", path, other,
                             name);
            return false;
        }
    }
    return true;
}

const struct haldma_module *cli_module_load(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        cli_complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    if (!S_ISREG(status.st_mode)) {
        cli_complain("%s is no regular file", path);
        return NULL;
    }
    void *handle = open_here(path);
    if (handle == NULL) {
        cli_complain("%s cannot be loaded: %s", path, dlerror());
        return NULL;
    }
    const struct haldma_module *module = dlsym(handle, "haldma_module");
    if (module == NULL)
        cli_complain("%s is no scenario module: it does not export haldma_module", path);
    else if (module->abi != HALDMA_MODULE_ABI)
        cli_complain("%s was built for another haldma: its module interface is %u, this one's is %u", path,
                     (unsigned)module->abi, (unsigned)HALDMA_MODULE_ABI);
    else if (module->count == 0)
        cli_complain("%s has no scenarios", path);
    else if (module->scenarios == NULL)
        cli_complain("%s has a count of scenarios, but no array of them", path);
    else if (!is_filled_in(module))
        cli_complain("%s has a scenario without a name, a summary or a set_up", path);
    else if (names_are_good(module, path))
        return module;
    dlclose(handle);
    return NULL;
}

/* "a, b, c" on standard error. */
static void name_all(const struct haldma_module *module)
{
    for (uint32_t i = 0; i < module->count; i++)
        fprintf(stderr, "%s%s", i > 0 ? ", " : "", module->scenarios[i].name);
    fputc('\n', stderr);
}

const struct haldma_scenario *cli_module_scenario(const struct haldma_module *module, const char *path,
                                                  const char *name)
{
    if (name == NULL && module->count == 1)
        return &module->scenarios[0];
    for (uint32_t i = 0; name != NULL && i < module->count; i++) {
        if (strcmp(module->scenarios[i].name, name) == 0)
            return &module->scenarios[i];
    }
    if (name == NULL)
        fprintf(stderr, "haldma: %s has several scenarios; say which with --scenario: ", path);
    else
        fprintf(stderr, "haldma: %s has no scenario '%s'; it has: ", path, name);
    name_all(module);
    return NULL;
}

const struct haldma_scenario *cli_module_scenario_of(const struct haldma_module *module, const char *path,
                                                     uint32_t program)
{
    for (uint32_t i = 0; i < module->count; i++) {
        if (emu_token_program(module->scenarios[i].name) == program)
            return &module->scenarios[i];
    }
    fprintf(stderr, "haldma: the token is for a scenario that %s does not have; it has: ", path);
    name_all(module);
    return NULL;
}
