/*
 * The end of the program when the emulator, or a driver's code, cannot go on.
 */
#ifndef CLI_ABORT_H
#define CLI_ABORT_H

struct cli_session;

/* A failed assertion of the emulator ends with status 3, and so does a crash, which no other handler has
 * claimed. */
void cli_abort_install(void);

/* The session whose run would be the one that crashed: its token is printed then. NULL: none. */
void cli_abort_watch(const struct cli_session *session);

#endif
