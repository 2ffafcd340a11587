/*
 * The end of the program when the emulator, or a driver's code, cannot go on, or ends it.
 */
#ifndef CLI_ABORT_H
#define CLI_ABORT_H

#include <stdbool.h>

struct cli_session;

/* A failed assertion of the emulator ends with status 3, and so does a crash, which no other handler has
 * claimed. */
void cli_abort_install(void);

/* The session whose run would be the one that crashed: its token is printed then. NULL: none. */
void cli_abort_watch(const struct cli_session *session);

/* While on, code that calls exit() or _exit() ends the program with status 3, whatever it wanted: only
 * main() may end it with a status that says something of findings. */
void cli_abort_guard(bool on);

#endif
