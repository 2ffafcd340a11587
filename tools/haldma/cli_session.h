/*
 * A session: one scenario on its machine.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli_options.h"

#include <haldma.h>

struct cli_session {
    const struct haldma_scenario *scenario;
    const char *platform; /* its name; "custom" for a scenario with a machine of its own */
    unsigned size;        /* of the scenario: see haldma_size() */
    struct emu_machine *machine;
    struct emu_program program;
};

/*
 * The platforms that a scenario is to run on: asked, or where that is NULL all that it is for. Returns how
 * many; 0: it is not for the one that was asked. A scenario with a machine of its own has one, which is NULL.
 */
enum { CLI_PLATFORMS_MAX = 8 };
unsigned cli_session_platforms(const struct haldma_scenario *scenario, const struct haldma_platform *asked,
                               const struct haldma_platform *platforms[CLI_PLATFORMS_MAX]);

/* platform NULL: the first that the scenario is for. size 0: the full one. False: said why. */
bool cli_session_open(struct cli_session *s, const struct haldma_scenario *scenario,
                      const struct haldma_platform *platform, unsigned size, enum cli_profile profile);
void cli_session_close(struct cli_session *s);
/* Before its first run. */
void cli_session_set_hardware(struct cli_session *s, enum cli_hardware hardware);
void cli_session_set_faults(struct cli_session *s, const struct cli_options *options);

/*
 * Opens the session that options->token is for, with the profile and the faults it was made with; the token
 * is read into *token, whose record cli_token_session_close() frees. False: said why.
 */
bool cli_token_session_open(struct cli_session *s, const struct cli_options *options,
                            struct emu_token *token);
void cli_token_session_close(struct cli_session *s, struct emu_token *token);

/*
 * Makes one run from a record, strictly, with the trace recorded where traced; *divergence says whether the
 * run left the record. False: no memory, said so.
 */
bool cli_session_replay(struct cli_session *s, const struct emu_record *record, bool traced,
                        struct emu_divergence *divergence);

/*
 * Makes the machine what the token was made on, as far as that can be said of a machine: its hardware, and
 * how many findings a run goes past. False: it is another one.
 */
bool cli_session_fit(struct cli_session *s, const struct emu_token *token);

/* The token of a run of this session (free() it); NULL: the run has too many choices for one. */
char *cli_session_token(const struct cli_session *s, const struct emu_record *record, uint64_t hash);

/* The run took other choices, or ended otherwise, than the token says: says how. False when it did neither.
 */
bool cli_session_left_token(const struct cli_session *s, const struct emu_token *token,
                            const struct emu_divergence *divergence);

#endif
