/*
 * A session: one scenario on its machine.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli_options.h"

#include <haldma.h>

struct cli_session {
    const struct haldma_scenario *scenario;
    struct emu_machine *machine;
    struct emu_program program;
};

/* False: said why. */
bool cli_session_open(struct cli_session *s, const struct haldma_scenario *scenario,
                      enum cli_profile profile);
void cli_session_close(struct cli_session *s);

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

/* The token of a run of this session (free() it); NULL: the run has too many choices for one. */
char *cli_session_token(const struct cli_session *s, const struct emu_record *record, uint64_t hash);

/* The run took other choices, or ended otherwise, than the token says: says how. False when it did neither.
 */
bool cli_session_left_token(const struct cli_session *s, const struct emu_token *token,
                            const struct emu_divergence *divergence);

#endif
