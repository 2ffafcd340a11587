/*
 * Crashes of what runs on a machine are findings (emu/crash.h). Signals that end the program all the same,
 * and code that ends it unasked, say so, name the run with a token where that still works, and end with the
 * status for it.
 *
 * The handler has a stack of its own: the one that crashed may be a strand's that overflowed. Making a token
 * takes memory, which a handler must not count on: should it hang, the alarm ends the program all the same.
 */
#include "cli_abort.h"

#include "cli_describe.h"
#include "cli_session.h"
#include "cli_status.h"

#include <emu/crash.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { STACK_BYTES = 256 * 1024, TOKEN_SECONDS = 2, TICK_US = 500000 };

static const struct cli_session *volatile watched;
static volatile sig_atomic_t guarded;

#define CRASHED "haldma: the driver, the scenario or the emulator crashed "

static const struct {
    int number;
    const char *line;
} ends[] = {
    {SIGABRT, "haldma: an error of the emulator itself; please report it\n"},
    {SIGSEGV, CRASHED "(invalid memory access or instruction)\n"},
    {SIGBUS, CRASHED "(invalid memory access or instruction)\n"},
    {SIGILL, CRASHED "(invalid memory access or instruction)\n"},
    {SIGFPE, CRASHED "(invalid memory access or instruction)\n"},
    {SIGTRAP, CRASHED "(breakpoint)\n"},
    {SIGSYS, CRASHED "(forbidden system call)\n"},
    {SIGXFSZ, "haldma: a file would have grown beyond its limit\n"},
};
enum { ENDS = sizeof ends / sizeof ends[0] };

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

/* Nothing else is done on the way out. */
__attribute__((noreturn)) static void leave(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

static void give_up(int number)
{
    (void)number;
    leave(CLI_EMULATOR);
}

/* Says why, names the run, and leaves. */
__attribute__((noreturn)) static void end(const char *line)
{
    guarded = 0;
    signal(SIGALRM, give_up);
    alarm(TOKEN_SECONDS);
    say(line);
    if (watched != NULL) {
        const struct emu_machine *m = watched->machine;
        char *token = cli_session_token(watched, emu_machine_record(m), emu_trace_hash(m));
        say(token != NULL ? "token: " : "no token: ");
        say(token != NULL ? token : CLI_NO_TOKEN);
        say("\n");
    }
    leave(CLI_EMULATOR);
}

static void fail(int number, siginfo_t *info, void *context)
{
    if (emu_crash_signal(number, info, context))
        return;
    signal(number, SIG_DFL); /* should it come again on the way out */
    unsigned i = 0;
    while (i < ENDS - 1 && ends[i].number != number)
        i++;
    end(ends[i].line);
}

static void tick(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info;
    emu_crash_tick(context);
}

void cli_abort_guard(bool on)
{
    guarded = on;
}

/* ---- Ends that somebody asked for -------------------------------------------------------------------------
 */

static void check_exit(void)
{
    if (guarded)
        end("haldma: the driver or the scenario ended the program\n");
}

/* The library's own, for modules: they get it from the program first. */
void _exit(int status)
{
    check_exit();
    leave(status);
}

void _Exit(int status)
{
    _exit(status);
}

/* ---- Installing -------------------------------------------------------------------------------------------
 */

void cli_abort_install(void)
{
    static char stack[STACK_BYTES];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    struct sigaction action = {.sa_sigaction = fail, .sa_flags = SA_ONSTACK | SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    for (unsigned i = 0; i < ENDS; i++) {
        struct sigaction before;
        sigaction(ends[i].number, NULL, &before);
        if (before.sa_handler == SIG_DFL) /* a sanitizer may have its own */
            sigaction(ends[i].number, &action, NULL);
    }
    action.sa_sigaction = tick;
    action.sa_flags |= SA_RESTART;
    sigaction(SIGVTALRM, &action, NULL);
    setitimer(ITIMER_VIRTUAL, &(struct itimerval){{0, TICK_US}, {0, TICK_US}}, NULL);
    atexit(check_exit);
    at_quick_exit(check_exit);
}

void cli_abort_watch(const struct cli_session *session)
{
    watched = session;
}
