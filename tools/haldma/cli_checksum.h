/*
 * Checksums: of text, and in JSON that another process is to read as it was written.
 */
#ifndef CLI_CHECKSUM_H
#define CLI_CHECKSUM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* FNV-1a: the hash of a text whose beginning has the hash before. */
#define CLI_HASH_OF_NOTHING UINT64_C(0xCBF29CE484222325)
uint64_t cli_hash_on(uint64_t before, const char *text);

/* Gives an object one more member, the checksum of all others. */
void cli_checksum_set(json_t *object);
/* Is the object as it was then? */
bool cli_checksum_holds(const json_t *object);

#endif
