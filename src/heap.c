/* How glibc keeps the heap of a process that runs for long, set before main.
 *
 * Large documents come and go on every thread. By default glibc keeps a heap for each thread, and takes blocks of a size
 * that was freed once from the heap too, where one small block that lives on keeps megabytes from going back: after 108
 * hostile feeds (SEC-05) a process held 246 MB that needs 120 (benches/hostile.rs). mallopt(3) has no safe form in Rust.
 *
 * Must never do: touch what the operator has set; anything with another C library. */
#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

__attribute__((constructor)) static void newswire_keep_heap_small(void) {
    if (getenv("GLIBC_TUNABLES") || getenv("MALLOC_ARENA_MAX") || getenv("MALLOC_MMAP_THRESHOLD_"))
        return;
    mallopt(M_ARENA_MAX, 1);
    /* A block of this size or more is a mapping of its own and goes back when it is freed. */
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}
#endif
