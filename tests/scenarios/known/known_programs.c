/*
 * Programs whose number of classes is known. They need the bare machine only.
 *
 * readers(n), lastzero(n), indexer(n) and filesystem(n) are the programs by which reducing searches are
 * compared since Flanagan and Godefroid (2005) and Abdulla and others (2014); the protocol is a cancellable
 * request queue.
 */
#include "known_programs.h"

#include "shared.h"

enum { THREADS_MAX = 24 };

/* What the threads of a run share. */
struct board {
    unsigned n;
    shared_word words[128];
    shared_lock locks[64];
    unsigned called[8], cancelled[8];
    bool queued[8];
    bool busy;
    unsigned numbers[THREADS_MAX];
};

/* A scenario's own, made anew by each run's set_up. */
static struct board *board;

static void begin(unsigned n)
{
    shared_describe();
    board = emu_arena_alloc(emu_current(), sizeof *board);
    board->n = n;
}

static void start(unsigned count, void (*routine)(void *))
{
    for (unsigned i = 0; i < count; i++) {
        board->numbers[i] = i;
        shared_thread("thread", i, routine, &board->numbers[i]);
    }
}

static unsigned number_of(const void *context)
{
    return *(const unsigned *)context;
}

/* ---- readers(n): one writes, n read: each reads before or after ---- */

static void readers_thread(void *context)
{
    if (number_of(context) == board->n)
        shared_write(&board->words[0], 1);
    else
        shared_read(&board->words[0]);
}

void known_readers(unsigned n)
{
    begin(n);
    start(n + 1, readers_thread);
}

/* ---- lastzero(n): n threads count up, each from its left neighbour; one looks for the last zero ---- */

static void lastzero_thread(void *context)
{
    unsigned i = number_of(context);
    if (i > 0) {
        shared_write(&board->words[i], shared_read(&board->words[i - 1]) + 1);
        return;
    }
    unsigned at = board->n;
    while (shared_read(&board->words[at]) != 0)
        at--;
}

void known_lastzero(unsigned n)
{
    begin(n);
    start(n + 1, lastzero_thread);
}

/* ---- indexer(n): n threads put four messages each into a hash table ---- */

enum { TABLE = 128, MESSAGES = 4, TABLE_SPREAD = 7, TABLE_STEP = 11 };

static void indexer_thread(void *context)
{
    unsigned i = number_of(context);
    for (unsigned message = 1; message <= MESSAGES; message++) {
        unsigned word = message * TABLE_STEP + i;
        unsigned at = word * TABLE_SPREAD % TABLE;
        while (!shared_exchange(&board->words[at], 0, word))
            at = (at + 1) % TABLE;
    }
}

void known_indexer(unsigned n)
{
    begin(n);
    start(n, indexer_thread);
}

/* ---- filesystem(n): n threads give blocks to inodes ---- */

enum { INODES = 32, BLOCKS = 26, INODE_WORD = 0, BLOCK_WORD = INODES, INODE_LOCK = 0, BLOCK_LOCK = INODES };

static void filesystem_thread(void *context)
{
    unsigned i = number_of(context) % INODES;
    shared_acquire(&board->locks[INODE_LOCK + i]);
    if (shared_read(&board->words[INODE_WORD + i]) == 0) {
        for (unsigned b = i * 2 % BLOCKS;; b = (b + 1) % BLOCKS) {
            shared_acquire(&board->locks[BLOCK_LOCK + b]);
            bool taken = shared_read(&board->words[BLOCK_WORD + b]) != 0;
            if (!taken) {
                shared_write(&board->words[BLOCK_WORD + b], 1);
                shared_write(&board->words[INODE_WORD + i], b + 1);
            }
            shared_release(&board->locks[BLOCK_LOCK + b]);
            if (!taken)
                break;
        }
    }
    shared_release(&board->locks[INODE_LOCK + i]);
}

void known_filesystem(unsigned n)
{
    begin(n);
    start(n, filesystem_thread);
}

/* ---- protocol(n): n requesters, n who cancel, one who releases ---- */

static void request(unsigned i)
{
    shared_acquire(&board->locks[0]);
    bool granted = !board->busy;
    board->busy = true;
    board->queued[i] = !granted;
    shared_release(&board->locks[0]);
    if (granted)
        board->called[i]++;
}

static void cancel(unsigned i)
{
    shared_acquire(&board->locks[0]);
    bool removed = board->queued[i];
    board->queued[i] = false;
    shared_release(&board->locks[0]);
    board->cancelled[i] += removed;
}

static void release(void)
{
    shared_acquire(&board->locks[0]);
    unsigned next = 0;
    while (next < board->n && !board->queued[next])
        next++;
    bool found = next < board->n;
    if (found)
        board->queued[next] = false;
    board->busy = found;
    shared_release(&board->locks[0]);
    if (found)
        board->called[next]++;
}

static void protocol_thread(void *context)
{
    unsigned i = number_of(context);
    if (i < board->n)
        request(i);
    else if (i < 2 * board->n)
        cancel(i - board->n);
    else
        release();
}

void known_protocol(unsigned n)
{
    begin(n);
    board->busy = true;
    start(2 * n + 1, protocol_thread);
}

/* The same with a mistake: who cancels looks and takes in two steps. */
static void cancel_carelessly(unsigned i)
{
    shared_acquire(&board->locks[0]);
    bool queued = board->queued[i];
    shared_release(&board->locks[0]);
    if (!queued)
        return;
    shared_acquire(&board->locks[0]);
    board->queued[i] = false;
    shared_release(&board->locks[0]);
    board->cancelled[i]++;
}

static void careless_thread(void *context)
{
    unsigned i = number_of(context);
    if (i >= board->n && i < 2 * board->n)
        cancel_carelessly(i - board->n);
    else
        protocol_thread(context);
}

void known_careless(unsigned n)
{
    begin(n);
    board->busy = true;
    start(2 * n + 1, careless_thread);
}

/* Nobody is called and told that his request was cancelled. */
void known_protocol_check(void)
{
    for (unsigned i = 0; i < board->n; i++)
        if (board->called[i] + board->cancelled[i] > 1)
            emu_finding_raise(emu_current(), "property", NULL, NULL, "request %u was called and cancelled",
                              i);
}
