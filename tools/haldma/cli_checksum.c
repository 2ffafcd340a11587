/*
 * Checksums: of values, not of how they are written, so that white space and the order of members do not
 * matter.
 */
#include "cli_checksum.h"

#include "cli_describe.h"

#include <stdlib.h>

static const char member[] = "checksum";

uint64_t cli_hash_on(uint64_t before, const char *text)
{
    const uint64_t prime = UINT64_C(0x100000001B3);
    uint64_t hash = before;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * prime;
    return hash;
}

static json_t *checksum_of(const json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
    EMU_ASSERT(text != NULL);
    json_t *checksum = cli_hash_json(cli_hash_on(CLI_HASH_OF_NOTHING, text));
    free(text);
    return checksum;
}

void cli_checksum_set(json_t *object)
{
    json_object_set_new(object, member, checksum_of(object));
}

bool cli_checksum_holds(const json_t *object)
{
    json_t *rest = json_copy((json_t *)(uintptr_t)object);
    json_object_del(rest, member);
    json_t *checksum = checksum_of(rest);
    bool holds = json_equal(checksum, json_object_get(object, member));
    json_decref(checksum);
    json_decref(rest);
    return holds;
}
