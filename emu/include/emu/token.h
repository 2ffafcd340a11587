/*
 * Schedule tokens: a run's record as a short printable, URL-safe text.
 *
 * "hd1." and then, in base64url without padding:
 *
 *     1 byte    format (1) in bits 0 to 3, deflated 4, profile typical 5, faults 6, profile verifier 7
 *     4 bytes   hash of the program's name            (numbers are little-endian)
 *     4 bytes   hash of the configuration
 *     4 bytes   low half of the trace's hash
 *     n bytes   the choices; deflated: their length as a varint, then a raw deflate stream
 *     4 bytes   CRC-32 of all before
 *
 * The choices are varints: how many there were, how many of them are deviations, then for each deviation 8 *
 * (defaults skipped before it) + kind, and the number of (count, value) among all pairs ordered by count,
 * then value: (2,1) is 0, (3,1) is 1, (3,2) is 2, (4,1) is 3. Two bytes are enough for most.
 *
 * What is not a deviation is not stored, so a strict replay of a token checks the kind and count of
 * deviations; the caller checks the number of choices and the hash at the end, which tell the rest.
 */
#ifndef EMU_TOKEN_H
#define EMU_TOKEN_H

#include <emu/choose.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emu_token {
    uint32_t program;       /* emu_token_program(name) */
    uint32_t configuration; /* emu_token_configuration(machine) */
    enum emu_profile profile;
    bool faults;
    uint32_t hash;            /* low half of the trace hash that the run ended with */
    struct emu_record record; /* read: deviations only, see struct emu_record */
};

/* A record with more choices has no token. */
enum { EMU_TOKEN_CHOICES_MAX = 1 << 20 };

/* FNV-1a. */
uint32_t emu_token_program(const char *name);
/* Folds a number into such a hash, for layers above that have a configuration of their own. */
uint32_t emu_token_fold(uint32_t hash, uint64_t number);
/* Everything of the configuration that decides what is explored, without profile and faults. */
uint32_t emu_token_configuration(const struct emu_machine *m);

/* Allocates the text (free() it); NULL without memory, or when the record is too long. */
char *emu_token_write(const struct emu_token *token);
/* False with *why set to a one-line reason (static). On success the caller frees token->record. */
bool emu_token_read(const char *text, struct emu_token *token, const char **why);

#ifdef __cplusplus
}
#endif
#endif
