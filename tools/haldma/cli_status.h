/*
 * What the program's exit status says.
 */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

enum cli_status {
    CLI_CLEAN = 0,     /* all was well */
    CLI_FINDING = 1,   /* there is a finding */
    CLI_BAD_INPUT = 2, /* options, files, modules or tokens that cannot be used */
    CLI_EMULATOR = 3,  /* an error of the emulator itself */
};

#endif
