/*
 * Signals that end the program say so, name the run with a token where that still works, and end with the
 * status for it.
 *
 * The handler has a stack of its own: the one that crashed may be a strand's that overflowed. Making a token
 * takes memory, which a handler must not count on: should it hang, the alarm ends the program all the same.
 */
#include "cli_abort.h"

#include "cli_session.h"
#include "cli_status.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024, TOKEN_SECONDS = 2 };

static const struct cli_session *volatile watched;

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void give_up(int number)
{
    (void)number;
    _exit(CLI_EMULATOR);
}

static void fail(int number)
{
    signal(SIGALRM, give_up);
    alarm(TOKEN_SECONDS);
    if (number == SIGABRT)
        say("haldma: an error of the emulator itself; please report it\n");
    else
        say("haldma: the driver, the scenario or the emulator crashed (invalid memory access or "
            "instruction)\n");
    if (watched != NULL) {
        const struct emu_machine *m = watched->machine;
        const char *token = haldma_token(m, watched->scenario, emu_machine_record(m), emu_trace_hash(m));
        if (token != NULL) {
            say("token: ");
            say(token);
            say("\n");
        }
    }
    _exit(CLI_EMULATOR);
}

void cli_abort_install(void)
{
    static char stack[STACK_BYTES];
    static const int crashes[] = {SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_handler = fail, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND)};
    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        struct sigaction before;
        sigaction(crashes[i], NULL, &before);
        if (before.sa_handler == SIG_DFL) /* a sanitizer may have its own */
            sigaction(crashes[i], &action, NULL);
    }
}

void cli_abort_watch(const struct cli_session *session)
{
    watched = session;
}
