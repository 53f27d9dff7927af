/* Threads that get no signals: a wish to stop is the main thread's to see. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "pack_private.h"

#define MOST 8

struct pack_threads {
    pid_t owner;
    unsigned n;
    pthread_t each[];
};

unsigned pack_threads_meant(unsigned threads)
{
    if (threads > 0) {
        return threads;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : processors > MOST ? MOST : (unsigned)processors;
}

bool pack_threads_start(unsigned n, void *(*function)(void *), void *context,
                        struct pack_threads **ret_threads, struct error *err)
{
    struct pack_threads *threads = mem_new(1, sizeof *threads + n * sizeof threads->each[0]);
    sigset_t all, before;
    int failure = 0;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    threads->owner = getpid();
    while (threads->n < n && failure == 0) {
        failure = pthread_create(&threads->each[threads->n], NULL, function, context);
        threads->n += failure == 0 ? 1 : 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (threads->n == 0 && n > 0) {
        mem_free(threads);
        errno = failure;
        return error_set_errno(err, "could not start a thread");
    }
    *ret_threads = threads;
    return true;
}

void pack_threads_join(struct pack_threads **threads)
{
    if (*threads == NULL) {
        return;
    }
    if ((*threads)->owner == getpid()) {
        for (unsigned i = 0; i < (*threads)->n; i++) {
            (void)pthread_join((*threads)->each[i], NULL);
        }
    }
    mem_free(*threads);
    *threads = NULL;
}
